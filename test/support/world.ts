/**
 * Virtual time: endpoints joined by simulated links, one event after another. Nothing in it waits,
 * so hours of bad network pass in seconds; a hang is a bound on time or steps that was hit.
 */
import type {Clock} from '../../src/platform/clock.ts';
import type {
	Address,
	DatagramLink,
	DatagramSizes,
	LinkHandler,
	Transmit,
} from '../../src/platform/datagram.ts';
import type {Endpoint} from '../../src/session/endpoint.ts';
import {type Micros, never} from '../../src/unit.ts';
import {EventHeap} from './event-heap.ts';
import type {SimLink} from './link.ts';
import type {Prng} from './prng.ts';

type Event =
	| {readonly node: Node; readonly data: Uint8Array; readonly from: Address}
	| {readonly then: () => void}
	| {readonly wake: Node};

type Node = {
	readonly address: Address;
	readonly endpoint: Endpoint | undefined;
	readonly deliver: ((data: Uint8Array, from: Address) => void) | undefined;
	/** When the next wake in the heap is due; Infinity: none. */
	wakeAt: number;
	/** End of the present spell, and whether the process sleeps in it. */
	spellEnd: number;
	asleep: boolean;
};

/** Processes that share their cores: they run and wait in turn, so long on average. */
export type Naps = {
	readonly awake: number;
	readonly asleep: number;
	readonly prng: Prng;
};

export type Outcome = 'done' | 'quiet' | 'late' | 'endless';

export type Bounds = {
	/** Asked after every event: true ends the run. */
	readonly done?: () => boolean;
	/** Virtual time at which the run is given up. */
	readonly until: number;
	readonly stepsMax?: number;
};

export class World {
	#now = 0;
	steps = 0;
	/** Microseconds to which a timer is late: Node's are of whole milliseconds. */
	readonly timerGrain: number;
	readonly #heap = new EventHeap<Event>();
	readonly #nodes = new Map<Address, Node>();
	readonly #links = new Map<string, SimLink>();
	/** Datagrams to addresses that nobody has. */
	unroutable = 0;

	readonly #naps: Naps | undefined;

	constructor(
		options: {
			readonly timerGrain?: number;
			readonly now?: number;
			readonly naps?: Naps | undefined;
		} = {},
	) {
		this.timerGrain = options.timerGrain ?? 1;
		this.#naps = options.naps;
		this.#now = options.now ?? 0;
	}

	get now(): Micros {
		return this.#now as Micros;
	}

	add(address: Address, endpoint: Endpoint): void {
		this.#nodes.set(address, this.#node({address, endpoint, deliver: undefined}));
	}

	/** What `from` sends to `to` takes this way; one link may serve many pairs. */
	route(from: Address, to: Address, link: SimLink): void {
		this.#links.set(`${from} ${to}`, link);
	}

	/** Drains what an endpoint has to send and asks when it wants to be woken. */
	poll(address: Address): void {
		const node = this.#nodes.get(address);
		if (node !== undefined) this.#drain(node);
	}

	at(at: number, then: () => void): void {
		this.#heap.push(Math.max(at, this.#now), {then});
	}

	transmit(from: Address, {data, to}: Transmit): void {
		const link = this.#links.get(`${from} ${to}`);
		const node = this.#nodes.get(to);
		if (link === undefined || node === undefined) {
			this.unroutable++;
			return;
		}
		link.send(data, this.#now, (arrived, at) => {
			this.#heap.push(at, {node, data: arrived, from});
		});
	}

	/** Hands `to` a datagram that no link has carried, after what happens now. */
	inject(from: Address, to: Address, data: Uint8Array): void {
		const node = this.#nodes.get(to);
		if (node === undefined) this.unroutable++;
		else this.#heap.push(this.#now, {node, data, from});
	}

	/** Takes the next event; false when there is none. */
	step(): boolean {
		const at = this.#heap.firstAt;
		const event = this.#heap.pop();
		if (event === undefined) return false;
		this.#now = at;
		this.steps++;
		const process = 'data' in event ? event.node : 'wake' in event ? event.wake : undefined;
		const runsAt = process === undefined ? at : this.#awakeAt(process);
		if (runsAt > at) {
			this.#heap.push(runsAt, event);
		} else if ('data' in event) {
			const {node, data, from} = event;
			if (node.endpoint === undefined) {
				node.deliver?.(data, from);
			} else {
				node.endpoint.handleDatagram(data, from, this.now);
				this.#drain(node);
			}
		} else if ('then' in event) {
			event.then();
		} else {
			this.#wake(event.wake);
		}
		return true;
	}

	/** Drains every endpoint, then runs until `done`, until nothing happens, or to a bound. */
	drive({done, until, stepsMax = Infinity}: Bounds): Outcome {
		for (const node of this.#nodes.values()) this.#drain(node);
		const stepsEnd = this.steps + stepsMax;
		for (;;) {
			if (done?.() === true) return 'done';
			if (this.#heap.firstAt > until) {
				if (this.#heap.size === 0) return 'quiet';
				this.#now = until;
				return 'late';
			}
			if (this.steps >= stepsEnd) return 'endless';
			this.step();
		}
	}

	/** As `drive`, for code with promises in it: lets them settle between events. */
	async driveAsync({done, until, stepsMax = Infinity}: Bounds): Promise<Outcome> {
		const stepsEnd = this.steps + stepsMax;
		for (;;) {
			await new Promise(resolve => setImmediate(resolve));
			if (done?.() === true) return 'done';
			if (this.#heap.firstAt > until) return this.#heap.size === 0 ? 'quiet' : 'late';
			if (this.steps >= stepsEnd) return 'endless';
			const at = this.#heap.firstAt;
			while (this.#heap.firstAt === at) this.step();
		}
	}

	/** A link of the platform at `address`: for a pump that runs over this world. */
	openLink(address: Address, sizes: DatagramSizes = {max: 1200}): DatagramLink {
		return new WorldLink(this, address, sizes, deliver => {
			this.#nodes.set(address, this.#node({address, endpoint: undefined, deliver}));
		});
	}

	/** The platform's clock, in this world's time. */
	get clock(): Clock {
		return {
			now: () => this.now,
			wallMs: () => 1_800_000_000_000 + Math.floor(this.#now / 1000),
			at: (at, then) => {
				let live = true;
				this.at(this.#late(at), () => {
					if (live) then();
				});
				return () => {
					live = false;
				};
			},
		};
	}

	#node(of: Pick<Node, 'address' | 'endpoint' | 'deliver'>): Node {
		return {...of, wakeAt: Infinity, spellEnd: this.#now, asleep: false};
	}

	/** When the process of a node runs next: now, or at the end of its nap. */
	#awakeAt(node: Node): number {
		if (this.#naps === undefined) return this.#now;
		const {awake, asleep, prng} = this.#naps;
		while (node.spellEnd <= this.#now) {
			node.asleep = !node.asleep;
			node.spellEnd += Math.ceil(prng.exponential(node.asleep ? asleep : awake)) + 1;
		}
		return node.asleep ? node.spellEnd : this.#now;
	}

	#late(at: number): number {
		return Math.ceil(Math.max(at, this.#now) / this.timerGrain) * this.timerGrain;
	}

	#wake(node: Node): void {
		if (this.#now < node.wakeAt) return;
		node.wakeAt = Infinity;
		if (node.endpoint!.pollTimeout() <= this.#now) node.endpoint!.handleTimeout(this.now);
		this.#drain(node);
	}

	#drain(node: Node): void {
		const {endpoint, address} = node;
		if (endpoint === undefined) return;
		for (;;) {
			const transmit = endpoint.pollTransmit(this.now);
			if (transmit === undefined) break;
			this.transmit(address, transmit);
		}
		const timeout = endpoint.pollTimeout();
		if (timeout === never) return;
		const at = this.#late(timeout);
		if (at < node.wakeAt) {
			node.wakeAt = at;
			this.#heap.push(at, {wake: node});
		}
	}
}

class WorldLink implements DatagramLink {
	readonly local: Address;
	readonly payloadMax = 65_507;
	readonly sizes: DatagramSizes;
	readonly statistics = {datagramsIn: 0, datagramsOut: 0, bytesIn: 0, bytesOut: 0, sendFailures: 0};
	readonly #world: World;
	#handler: LinkHandler | undefined;
	#isClosed = false;

	constructor(
		world: World,
		local: Address,
		sizes: DatagramSizes,
		bind: (deliver: (data: Uint8Array, from: Address) => void) => void,
	) {
		this.local = local;
		this.sizes = sizes;
		this.#world = world;
		bind((data, from) => {
			if (this.#handler === undefined) return;
			this.statistics.datagramsIn++;
			this.statistics.bytesIn += data.length;
			this.#handler.datagrams([{data, from}]);
		});
	}

	send(batch: readonly Transmit[]): number {
		if (this.#isClosed) {
			this.statistics.sendFailures += batch.length;
			return batch.length;
		}
		for (const transmit of batch) {
			this.statistics.datagramsOut++;
			this.statistics.bytesOut += transmit.data.length;
			this.#world.transmit(this.local, transmit);
		}
		return batch.length;
	}

	drained(then: () => void): void {
		this.#world.at(this.#world.now, then);
	}

	receive(handler: LinkHandler): void {
		this.#handler = handler;
	}

	async close(): Promise<void> {
		this.#isClosed = true;
		this.#handler = undefined;
	}
}
