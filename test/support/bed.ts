/**
 * A whole source and whoever dials it, on clean paths, and a meter of what the source sends to whom:
 * what a peer can get out of a source is measured where it leaves.
 */
import type {Controller} from '../../src/congestion/controller.ts';
import {PathModel} from '../../src/congestion/model.ts';
import type {Crypto} from '../../src/platform/crypto.ts';
import type {Address} from '../../src/platform/datagram.ts';
import type {RowRequest} from '../../src/receiver/request-queue.ts';
import type {Endpoint} from '../../src/session/endpoint.ts';
import {Initiator, type InitiatorEvent} from '../../src/session/initiator.ts';
import type {Payload} from '../../src/session/payload.ts';
import {Fetcher} from '../../src/transfer/fetcher.ts';
import type {FetchHandler} from '../../src/transfer/request.ts';
import {type Micros, never} from '../../src/unit.ts';
import {type LinkSettings, SimLink} from './link.ts';
import {nullCrypto} from './null-crypto.ts';
import {Prng} from './prng.ts';
import {moduleName, SimSource, type SimSourceOptions} from './sim-source.ts';
import {requestsOf, SimTree} from './sim-tree.ts';
import {World} from './world.ts';

export type BedOptions = {
	readonly seed?: number;
	readonly sizes?: readonly number[];
	/** From the source; the way to it is always clean. */
	readonly link?: LinkSettings;
	readonly crypto?: Crypto;
	readonly source?: Partial<SimSourceOptions>;
};

/** Something that the source sent. */
export type Sent = {
	readonly at: number;
	readonly to: Address;
	/** As it is counted against grants and windows. */
	readonly size: number;
	/** Of the datagram. */
	readonly length: number;
};

/** Microseconds one way, unless a test says otherwise; nothing else is in the way. */
export const oneWay = 50_000;
export const roundTrip = 2 * oneWay;

const clean: LinkSettings = {rate: Infinity, delay: oneWay};

/** Octets that may be in flight before anything is proved: 32 datagrams with their headers. */
export const initialWindow = 32 * 1228;

const MiB = 1 << 20;

/** One source, and as many receivers as are seated. */
export class Bed {
	readonly world = new World({now: 1_000_000});
	readonly prng: Prng;
	readonly crypto: Crypto;
	readonly tree: SimTree;
	readonly source: SimSource;
	/** What left the source, in order. */
	readonly sent: Sent[] = [];
	/** Sees every datagram of the source as it leaves. */
	tap: (data: Uint8Array, to: Address) => void = () => undefined;
	readonly #link: LinkSettings;

	constructor(options: BedOptions = {}) {
		this.prng = new Prng(options.seed ?? 1);
		this.crypto = options.crypto ?? nullCrypto(this.prng.fork());
		this.#link = options.link ?? clean;
		const sizes = options.sizes ?? [4 * MiB, 4 * MiB];
		this.tree = new SimTree(sizes, this.crypto.sha256, this.prng.fork());
		const {world, crypto, tree} = this;
		const link = world.openLink('source');
		this.source = new SimSource({world, link, crypto, tree, ...options.source});
	}

	/** Both directions between the source and an address; what the source sends is noted. */
	connect(address: Address, settings: LinkSettings = this.#link): {down: SimLink; up: SimLink} {
		const down = new SimLink(settings, this.prng.fork());
		const up = new SimLink(clean, this.prng.fork());
		const send = down.send.bind(down);
		down.send = (data, now, arrive) => {
			this.sent.push({at: now, to: address, size: counted(data), length: data.length});
			this.tap(data, address);
			send(data, now, arrive);
		};
		this.world.route('source', address, down);
		this.world.route(address, 'source', up);
		return {down, up};
	}

	/** An address where nobody listens: what is sent there counts, and is gone. */
	stranger(address: Address): void {
		this.connect(address);
		this.world.add(address, deaf);
	}

	/** Dials from `address` and rides `payload` in the session. */
	seat(address: Address, payload: Payload): Peer {
		this.connect(address);
		return new Peer(this, address, payload);
	}

	/** Everything that the tree holds, as a pull asks for it. */
	requests(): RowRequest[] {
		const queue = requestsOf(this.tree.list, this.tree);
		const all: RowRequest[] = [];
		for (let next = queue.next(); next; next = queue.next()) all.push(next);
		return all;
	}

	/** An honest receiver of everything. */
	fetcher(handler: Partial<FetchHandler> = {}, controller: Controller = new PathModel()): Fetcher {
		const ignore = () => undefined;
		const fetcher = new Fetcher({
			controller,
			handler: {
				block: ignore,
				refused: ignore,
				done: ignore,
				head: ignore,
				closed: ignore,
				...handler,
			},
			now: this.world.now,
		});
		for (const request of this.requests()) fetcher.fetch(request);
		return fetcher;
	}

	/** Lets `micros` pass. */
	async pass(micros: number, done?: () => boolean): Promise<void> {
		const {world} = this;
		const until = world.now + micros;
		let passed = false;
		world.at(until, () => {
			passed = true;
		});
		await world.driveAsync({until, done: () => passed || done?.() === true});
	}

	sentTo(address: Address, from = 0, to = Infinity): number {
		let size = 0;
		for (const each of this.sent) {
			if (each.to === address && each.at >= from && each.at < to) size += each.size;
		}
		return size;
	}
}

const deaf: Endpoint = {
	handleDatagram: () => undefined,
	handleTimeout: () => undefined,
	pollTransmit: () => undefined,
	pollTimeout: () => never,
};

/** Who dials: a real initiator, at an address that it may change. */
export class Peer {
	address: Address;
	readonly initiator: Initiator;
	readonly events: InitiatorEvent[] = [];
	/** Everything that it sent. */
	readonly datagrams: Uint8Array[] = [];
	/** Called when the answer is there, before a packet of the session is sent. */
	answered: () => void = () => undefined;
	/** Whether it goes on hearing what is sent to addresses that it has left. */
	hearsEverywhere = false;
	readonly #bed: Bed;
	readonly #payload: Payload;

	constructor(bed: Bed, address: Address, payload: Payload) {
		this.#bed = bed;
		this.#payload = payload;
		this.address = address;
		const {crypto, world, source} = bed;
		this.initiator = new Initiator({
			crypto,
			now: world.now,
			wallMs: () => world.clock.wallMs(),
			peer: 'source',
			module: new TextEncoder().encode(moduleName),
			sequence: 0,
			identity: source.identity.public,
		});
		this.#sitDown();
	}

	/** How the session ended, if it did. */
	get end(): InitiatorEvent | undefined {
		return this.events.find(({type}) => type === 'closed' || type === 'failed');
	}

	/** The code with which the source ended the session. */
	get closedWith(): number | undefined {
		const {end} = this;
		return end?.type === 'closed' ? end.code : undefined;
	}

	/** Goes on from another address. */
	move(address: Address, settings?: LinkSettings): void {
		this.address = address;
		this.#bed.connect(address, settings);
		this.#sitDown();
	}

	#sitDown(): void {
		const {world} = this.#bed;
		const {address} = this;
		const isHere = () => this.address === address;
		const endpoint: Endpoint = {
			handleDatagram: (data, from, now) => {
				if (!isHere() && !this.hearsEverywhere) return;
				this.initiator.handleDatagram(data, from, now);
				if (!isHere()) world.poll(this.address);
			},
			handleTimeout: now => {
				if (isHere()) this.initiator.handleTimeout(now);
			},
			pollTransmit: now => {
				if (!isHere()) return undefined;
				this.#drain(now);
				const transmit = this.initiator.pollTransmit(now);
				if (transmit !== undefined) this.datagrams.push(transmit.data.slice());
				return transmit;
			},
			pollTimeout: () => (isHere() ? this.initiator.pollTimeout() : never),
		};
		world.add(address, endpoint);
		world.poll(address);
	}

	#drain(now: Micros): void {
		const {initiator} = this;
		for (let event = initiator.pollEvent(); event; event = initiator.pollEvent()) {
			this.events.push(event);
			if (event.type !== 'answered') continue;
			initiator.attach(this.#payload, now);
			this.answered();
		}
	}
}

/** The header with salt is longer than what every packet counts. */
function counted(data: Uint8Array): number {
	const isSalted = (data[0]! & 0xfe) === 0xc0;
	return data.length + (isSalted ? 8 : 28);
}

/** Datagrams with blocks in them: answers without are smaller. */
export function blocksOf(sent: readonly Sent[]): Sent[] {
	return sent.filter(({length}) => length > 200);
}

/** The most octets sent in any span of so many microseconds. */
export function mostIn(sent: readonly Sent[], span: number): number {
	let most = 0;
	let sum = 0;
	let first = 0;
	for (const {at, size} of sent) {
		sum += size;
		while (sent[first]!.at <= at - span) sum -= sent[first++]!.size;
		most = Math.max(most, sum);
	}
	return most;
}

/**
 * What was sent within a round trip over what might be, at the worst moment: the initial window, or
 * twice what had been proved. The source looks back a quarter longer, because feedback comes in
 * steps, and its moments are a thirty-second apart; its round trip has the time between feedbacks.
 */
export function overProven(
	sent: readonly Sent[],
	proven: readonly {readonly at: number; readonly size: number}[],
): number {
	const span = (roundTrip + feedbackTime) * (1.25 + 1 / 32);
	let over = 0;
	let flight = 0;
	let first = 0;
	let arrived = 0;
	let firstProof = 0;
	let lastProof = 0;
	for (const {at, size, length} of sent) {
		flight += size;
		while (sent[first]!.at <= at - roundTrip) flight -= sent[first++]!.size;
		while (lastProof < proven.length && proven[lastProof]!.at <= at) {
			arrived += proven[lastProof++]!.size;
		}
		while (firstProof < lastProof && proven[firstProof]!.at < at - span) {
			arrived -= proven[firstProof++]!.size;
		}
		// What is small answers a feedback, whatever is in flight.
		if (length > 200) over = Math.max(over, flight / Math.max(initialWindow, 2 * arrived));
	}
	return over;
}

/** Between two feedbacks of one who proves what it receives. */
const feedbackTime = 1000;
