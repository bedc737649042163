/**
 * One direction of a simulated path, in virtual time: a bounded queue before a bottleneck of fixed
 * rate, then propagation with everything that goes wrong on the way. It decides the fate of each
 * datagram when it is sent, so a run is a function of its seed and costs one event a datagram.
 */
import type {Prng} from './prng.ts';

export type LinkSettings = {
	/** Octets a second, IP and UDP headers counted; Infinity: no bottleneck. */
	readonly rate: number;
	/** Propagation one way, microseconds. */
	readonly delay: number;
	/** Octets that may wait for the bottleneck, headers counted; default: no bound. */
	readonly queue?: number;
	/** Before the queue: a bucket of `burst` octets, filled at `rate`; what finds it empty is lost. */
	readonly policer?: {readonly rate: number; readonly burst: number};
	/** Extra delay, uniform in [0, jitter] microseconds, that keeps the order. */
	readonly jitter?: number;
	/** Share of datagrams lost, each by itself, behind the bottleneck. */
	readonly loss?: number;
	/** Gilbert-Elliott: `share` of the time is bad, in spells of `mean` microseconds; all is lost. */
	readonly burst?: {readonly share: number; readonly mean: number};
	/** That share of datagrams is overtaken: extra delay, uniform in [0, delay] microseconds. */
	readonly reorder?: {readonly share: number; readonly delay: number};
	readonly duplicate?: number;
	/** Share of datagrams of which one octet is changed. */
	readonly corrupt?: number;
	/** Spans of time, in order, in which whatever enters the path is lost. */
	readonly holes?: readonly (readonly [from: number, to: number])[];
	/** Drops by name: `index` counts what was sent into this direction from 0. */
	readonly drop?: (index: number, data: Uint8Array, now: number) => boolean;
};

export type LinkCounts = {
	sent: number;
	sentBytes: number;
	delivered: number;
	/** By the queue, by loss (bursts, holes and masks with it), and changed on the way. */
	overflowed: number;
	lost: number;
	corrupted: number;
	duplicated: number;
};

/** Takes what arrives, with the time; called while `send` runs, for a time in the future. */
export type Arrive = (data: Uint8Array, at: number) => void;

/** IPv4 and UDP headers: what a datagram costs on the link beyond its payload. */
export const headerSize = 28;

export class SimLink {
	readonly counts: LinkCounts = {
		sent: 0,
		sentBytes: 0,
		delivered: 0,
		overflowed: 0,
		lost: 0,
		corrupted: 0,
		duplicated: 0,
	};
	/** May be changed at any time: what is on its way keeps its fate. */
	settings: LinkSettings;
	readonly #prng: Prng;
	/** When the bottleneck has sent all that is queued. */
	#freeAt = 0;
	/** Octets that the policer lets pass now, and when it was asked. */
	#tokens = Infinity;
	#tokensAt = 0;
	/** Arrival of the last datagram that kept its place. */
	#orderAt = 0;
	/** End of the present spell of the burst model, and whether it is a bad one. */
	#spellEnd = -1;
	#bad = false;

	constructor(settings: LinkSettings, prng: Prng) {
		this.settings = settings;
		this.#prng = prng;
	}

	/** Microseconds that a datagram sent at `now` would wait for the bottleneck. */
	waitAt(now: number): number {
		return Math.max(0, this.#freeAt - now);
	}

	/** The buffer is not changed after this call. */
	send(data: Uint8Array, now: number, arrive: Arrive): void {
		const {settings, counts} = this;
		const index = counts.sent++;
		const size = data.length + headerSize;
		counts.sentBytes += size;
		if (this.#inHole(now)) {
			counts.lost++;
			return;
		}
		if (this.#exceeds(size, now)) {
			counts.overflowed++;
			return;
		}
		const leftAt = this.#pass(size, now);
		if (leftAt < 0) {
			counts.overflowed++;
			return;
		}
		if (settings.drop?.(index, data, now) === true || this.#loses(leftAt)) {
			counts.lost++;
			return;
		}
		const arrival = this.#arrival(leftAt);
		counts.delivered++;
		arrive(this.#corrupted(data), Math.round(arrival));
		if (settings.duplicate !== undefined && this.#prng.chance(settings.duplicate)) {
			counts.duplicated++;
			const again = arrival + this.#prng.float() * settings.delay * 0.1;
			arrive(data.slice(), Math.round(again));
		}
	}

	#exceeds(size: number, now: number): boolean {
		const {policer} = this.settings;
		if (policer === undefined) return false;
		const filled = this.#tokens + ((now - this.#tokensAt) * policer.rate) / 1e6;
		this.#tokens = Math.min(policer.burst, filled);
		this.#tokensAt = now;
		if (this.#tokens < size) return true;
		this.#tokens -= size;
		return false;
	}

	/** When the datagram has left the bottleneck; below zero: the queue was full. */
	#pass(size: number, now: number): number {
		const {rate, queue} = this.settings;
		if (rate === Infinity) return now;
		const startAt = Math.max(now, this.#freeAt);
		const waiting = ((startAt - now) * rate) / 1e6;
		if (queue !== undefined && waiting + size > queue && waiting > 0) return -1;
		this.#freeAt = startAt + (size * 1e6) / rate;
		return this.#freeAt;
	}

	#inHole(now: number): boolean {
		const {holes} = this.settings;
		return holes?.some(([from, to]) => now >= from && now < to) ?? false;
	}

	#loses(at: number): boolean {
		const {loss, burst} = this.settings;
		if (loss !== undefined && loss > 0 && this.#prng.chance(loss)) return true;
		if (burst === undefined || burst.share <= 0) return false;
		if (this.#spellEnd < 0) {
			this.#bad = this.#prng.chance(burst.share);
			this.#spellEnd = this.#spell(burst);
		}
		while (this.#spellEnd <= at) {
			this.#bad = !this.#bad;
			this.#spellEnd += this.#spell(burst);
		}
		return this.#bad;
	}

	#spell({share, mean}: {share: number; mean: number}): number {
		return this.#prng.exponential(this.#bad ? mean : (mean * (1 - share)) / share) + 1e-3;
	}

	#arrival(leftAt: number): number {
		const {delay, jitter, reorder} = this.settings;
		if (reorder !== undefined && this.#prng.chance(reorder.share)) {
			return leftAt + delay + this.#prng.float() * reorder.delay;
		}
		let at = leftAt + delay;
		if (jitter !== undefined) at += this.#prng.float() * jitter;
		this.#orderAt = Math.max(at, this.#orderAt);
		return this.#orderAt;
	}

	#corrupted(data: Uint8Array): Uint8Array {
		const {corrupt} = this.settings;
		if (corrupt === undefined || data.length === 0 || !this.#prng.chance(corrupt)) return data;
		this.counts.corrupted++;
		const changed = data.slice();
		changed[this.#prng.below(data.length)]! ^= 1 << this.#prng.below(8);
		return changed;
	}
}
