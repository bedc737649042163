/**
 * Several transfers without end through one bottleneck, each with a controller, a round trip and a
 * beginning of its own. What they get is told in octets of content, what they do to the queue in
 * microseconds of waiting.
 */
import type {Controller} from '../../src/congestion/controller.ts';
import {Fetcher, type FetcherOptions} from '../../src/transfer/fetcher.ts';
import type {FetchHandler} from '../../src/transfer/request.ts';
import {Sender, type SenderOptions} from '../../src/transfer/sender.ts';
import {type LinkSettings, SimLink} from './link.ts';
import {PlainSession} from './plain-session.ts';
import {Prng} from './prng.ts';
import {SimStore} from './sim-store.ts';
import {readAll} from './transfer-run.ts';
import {World} from './world.ts';

export type SharedOptions = {
	readonly megabits: number;
	/** Of the bottleneck, in products of its rate and the shortest round trip. */
	readonly queue: number;
	readonly seed?: number;
	/** Whatever else the bottleneck does. */
	readonly down?: Partial<LinkSettings>;
};

export type FlowOptions = {
	readonly controller: () => Controller;
	readonly roundTripMs: number;
	/** When it begins; default: at once. */
	readonly startMs?: number;
	readonly sender?: Partial<SenderOptions>;
	readonly fetcher?: Partial<FetcherOptions>;
};

type Flow = {bytes: number; readonly controller: Controller; readonly fetcher: Fetcher};

export class SharedPath {
	readonly world = new World({now: 1_000_000});
	readonly down: SimLink;
	readonly flows: Flow[] = [];
	/** Microseconds that a datagram would have waited, sampled each ten milliseconds. */
	readonly waits: number[] = [];

	constructor(options: SharedOptions, flows: readonly FlowOptions[]) {
		const {megabits, queue, seed = 1, down} = options;
		const prng = new Prng(seed);
		const rate = megabits * 125_000;
		const least = Math.min(...flows.map(({roundTripMs}) => roundTripMs)) * 1000;
		const delay = least / 2;
		const most = Math.max(10 * 1228, (queue * rate * least) / 1e6);
		this.down = new SimLink({rate, delay, queue: most, ...down}, prng.fork());
		for (const [index, flow] of flows.entries()) {
			const up = new SimLink({rate: Infinity, delay: flow.roundTripMs * 1000 - delay}, prng.fork());
			this.#add(index, flow, up, prng);
		}
		const sample = (): void => {
			this.waits.push(this.down.waitAt(this.world.now));
			this.world.at(this.world.now + 10_000, sample);
		};
		sample();
	}

	/** Mbit/s of content of each flow between two times. */
	measure(fromMs: number, toMs: number): number[] {
		this.#runTo(fromMs);
		const before = this.flows.map(({bytes}) => bytes);
		this.waits.length = 0;
		this.#runTo(toMs);
		return this.flows.map(
			({bytes}, index) => ((bytes - before[index]!) * 8) / (toMs - fromMs) / 1000,
		);
	}

	/** Octets on the link in every second that begins at a tenth of one, between two times. */
	seconds(fromMs: number, toMs: number): number[] {
		const counts: number[] = [];
		for (let ms = fromMs; ms <= toMs; ms += 100) {
			this.#runTo(ms);
			counts.push(this.down.counts.sentBytes);
		}
		return counts.slice(10).map((count, index) => count - counts[index]!);
	}

	/** Microseconds that a share of the samples of the last measurement do not exceed. */
	waitQuantile(share: number): number {
		const sorted = this.waits.toSorted((a, b) => a - b);
		return sorted[Math.floor(sorted.length * share)] ?? 0;
	}

	#runTo(ms: number): void {
		this.world.drive({until: 1_000_000 + ms * 1000});
	}

	#add(index: number, options: FlowOptions, up: SimLink, prng: Prng): void {
		const {world} = this;
		const [source, receiver] = [`source:${index}`, `receiver:${index}`];
		world.route(source, receiver, this.down);
		world.route(receiver, source, up);
		const store = new SimStore([endless], 1);
		const here = new PlainSession(source, prng.fork());
		const there = new PlainSession(receiver, prng.fork());
		const controller = options.controller();
		const count = (octets: number): void => {
			flow.bytes += octets;
		};
		const {now} = world;
		const roundTrip = options.roundTripMs * 1000;
		const handler = counter(count);
		const fetcher = new Fetcher({controller, handler, now, roundTrip, ...options.fetcher});
		const flow: Flow = {bytes: 0, controller, fetcher};
		this.flows.push(flow);
		const sender = new Sender({session: there, source: store, now, ...options.sender});
		here.payload = fetcher;
		there.payload = sender;
		there.onTurn = () => readAll(sender, store);
		world.at(now + (options.startMs ?? 0) * 1000, () => {
			world.add(source, there);
			world.add(receiver, here);
			for (const request of store.contentRequests()) fetcher.fetch(request);
			world.poll(receiver);
		});
	}
}

/** Jain's index of shares: 1 where all are equal, 1/n where one has all. */
export function jain(shares: readonly number[]): number {
	const sum = shares.reduce((a, b) => a + b, 0);
	const squares = shares.reduce((a, b) => a + b * b, 0);
	return (sum * sum) / (shares.length * squares);
}

function counter(count: (octets: number) => void): FetchHandler {
	return {
		block: (_request, _object, _offset, data) => count(data.length),
		refused: () => undefined,
		done: () => undefined,
		head: () => undefined,
		closed: () => undefined,
	};
}

/** Octets: nobody gets to the end of it. */
const endless = 2 ** 40;
