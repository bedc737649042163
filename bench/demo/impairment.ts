/**
 * One direction of a bad path: a bottleneck of fixed rate with a bounded queue, then delay, jitter
 * that keeps the order, datagrams that are held back and so overtaken, and loss in bursts (the
 * two-state model of Gilbert). Pure: the time and the seed come in, instants of delivery go out.
 */
import type {Prng} from '../../test/support/prng.ts';

export type PathSettings = {
	/** Octets a second through the bottleneck. */
	readonly rate: number;
	/** One way, before jitter. */
	readonly delayMs: number;
	/** The delay wanders by up to this much above its base. */
	readonly jitterMs: number;
	/** Part of all datagrams that is lost, and how many in a row on average. */
	readonly loss: number;
	readonly burst: number;
	/** Part of all datagrams that is held back, and by how much at most. */
	readonly reorder: number;
	readonly reorderMs: number;
	/** What the bottleneck's queue holds, as the time it takes to drain. */
	readonly queueMs: number;
};

/** What a datagram of UDP costs a link besides its payload: IPv4 and UDP headers. */
const headerSize = 28;

/** Of a datagram, over Ethernet. */
const payloadMax = 1500 - headerSize;

export type PathCounts = {
	datagrams: number;
	octets: number;
	lost: number;
	/** Larger than Ethernet carries: dropped, as by a router that sends no word of it. */
	tooLarge: number;
	overflowed: number;
	heldBack: number;
};

export class Impairment {
	readonly counts: PathCounts = {
		datagrams: 0,
		octets: 0,
		lost: 0,
		tooLarge: 0,
		overflowed: 0,
		heldBack: 0,
	};
	readonly #settings: PathSettings;
	readonly #prng: Prng;
	/** When the bottleneck has sent all that is queued. */
	#freeMs = 0;
	#lastMs = 0;
	#losing = false;
	#wander = 0;

	constructor(settings: PathSettings, prng: Prng) {
		this.#settings = settings;
		this.#prng = prng;
	}

	/** When a datagram of `size` octets that enters now comes out, or undefined if it never does. */
	pass(size: number, nowMs: number): number | undefined {
		const {rate, delayMs, jitterMs, queueMs} = this.#settings;
		this.counts.datagrams++;
		this.counts.octets += size;
		if (size > payloadMax) {
			this.counts.tooLarge++;
			return undefined;
		}
		const startMs = Math.max(nowMs, this.#freeMs);
		if (startMs - nowMs > queueMs) {
			this.counts.overflowed++;
			return undefined;
		}
		this.#freeMs = startMs + (1000 * (size + headerSize)) / rate;
		if (this.#isLost()) {
			this.counts.lost++;
			return undefined;
		}
		this.#wander = clamp(this.#wander + (this.#prng.float() - 0.5) / 4);
		const steady = Math.max(this.#freeMs + delayMs + jitterMs * this.#wander, this.#lastMs);
		if (this.#prng.chance(this.#settings.reorder)) {
			this.counts.heldBack++;
			return steady + this.#settings.reorderMs * this.#prng.float();
		}
		this.#lastMs = steady;
		return steady;
	}

	#isLost(): boolean {
		const {loss, burst} = this.#settings;
		const leave = 1 / burst;
		const enter = (leave * loss) / (1 - loss);
		this.#losing = this.#losing ? !this.#prng.chance(leave) : this.#prng.chance(enter);
		return this.#losing;
	}
}

function clamp(value: number): number {
	return Math.min(1, Math.max(0, value));
}
