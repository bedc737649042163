/**
 * CUBIC (RFC 9438) with HyStart++ (RFC 9406), as the baseline that the model of the path is
 * compared with: any loss is taken for congestion. It lives at the receiver like every controller
 * here, so what arrives stands for what is acknowledged, and a hole declared lost for a loss that
 * a sender detects.
 */
import type {Micros} from '../unit.ts';
import type {Controller} from './controller.ts';
import {RoundTrip} from './round-trip.ts';
import {SlowStart} from './slow-start.ts';

/** What a reduction changed, for when its loss turns out to be none. */
type Before = {
	readonly window: number;
	readonly threshold: number;
	readonly windowMax: number;
	readonly prior: number;
};

export class Cubic implements Controller {
	readonly #roundTrip: RoundTrip;
	readonly #slowStart = new SlowStart();
	/** Octets: the window, and where slow start ends. */
	#window = initialWindow;
	#threshold = Infinity;
	/** The plateau of the curve, the window before the last reduction, and when that was. */
	#windowMax = 0;
	#prior = 0;
	#epochAt = 0;
	/** Seconds from the beginning of the epoch to the plateau. */
	#k = 0;
	/** What Reno would have by now (RFC 9438 §4.3). */
	#estimate = 0;
	/** Losses until this round ends belong to a reduction that was made. */
	#reduced = false;
	#before: Before | undefined;
	#lostSince = 0;
	#packetAt = 0;
	#arrived = 0;
	#lost = 0;
	#lossRate = 0;

	/** With a window: goes on from there, past slow start; the round trip is kept by the caller. */
	constructor(known?: {readonly window: number; readonly roundTrip: RoundTrip}) {
		this.#roundTrip = known?.roundTrip ?? new RoundTrip();
		if (known === undefined) return;
		this.#window = known.window;
		this.#threshold = known.window;
	}

	get window(): number {
		return Math.floor(this.#window);
	}

	/** Paced a little faster than the window asks for (RFC 9002 §7.7), twice in slow start. */
	get rate(): number {
		const gain = this.#window < this.#threshold ? 2 : 1.25;
		return (gain * this.#window * 1e6) / this.#roundTrip.smoothed;
	}

	get lossRate(): number {
		return this.#lossRate;
	}

	onPacket(size: number, sentAt: number, now: Micros, limited: boolean): void {
		this.#arrived += size;
		const passed = now - this.#packetAt;
		this.#packetAt = now;
		if (this.#window < this.#threshold) {
			this.#slowStart.onPacket(now - sentAt, this.#roundTrip.min);
			// RFC 9438 §5.8: a window that is not used does not grow.
			if (!limited) this.#window += this.#slowStart.growth(size);
			return;
		}
		if (this.#epochAt === 0) this.#beginEpoch(now);
		// RFC 9438 §5.8: nor does the curve go on meanwhile.
		if (limited) this.#epochAt += passed;
		else this.#grow(size, now);
	}

	onRoundTrip(sample: number): void {
		this.#roundTrip.add(sample);
	}

	onLost(octets: number, now: Micros): void {
		this.#lost += octets;
		this.#lostSince += octets;
		if (this.#reduced) return;
		this.#reduced = true;
		this.#lostSince = octets;
		this.#before = {
			window: this.#window,
			threshold: this.#threshold,
			windowMax: this.#windowMax,
			prior: this.#prior,
		};
		// RFC 9438 §4.7, fast convergence: what was not reached again is given to others.
		const converges = this.#window < this.#windowMax;
		this.#windowMax = converges ? (this.#window * (1 + beta)) / 2 : this.#window;
		this.#prior = this.#window;
		this.#window = Math.max(windowMin, this.#window * beta);
		this.#threshold = this.#window;
		this.#beginEpoch(now);
	}

	/** RFC 9438 §4.9.1: where nothing was lost but overtaken, the reduction is taken back. */
	onLate(octets: number, now: Micros): void {
		this.#lost = Math.max(0, this.#lost - octets);
		this.#lostSince -= octets;
		if (this.#before === undefined || this.#lostSince > 0) return;
		const {window, threshold, windowMax, prior} = this.#before;
		this.#before = undefined;
		this.#reduced = false;
		if (window <= this.#window) return;
		this.#window = window;
		this.#threshold = threshold;
		this.#windowMax = windowMax;
		this.#prior = prior;
		this.#beginEpoch(now);
	}

	onRound(): void {
		this.#reduced = false;
		const inSlowStart = this.#window < this.#threshold;
		if (inSlowStart && this.#slowStart.onRound()) this.#threshold = this.#window;
		const all = this.#arrived + this.#lost;
		if (all > 0) this.#lossRate += (this.#lost / all - this.#lossRate) / 8;
		this.#arrived = 0;
		this.#lost = 0;
	}

	/** RFC 9002 §7.6: after silences that last, the window begins anew. */
	onSilence(count: number): void {
		if (count < 3) return;
		this.#threshold = Math.max(windowMin, this.#window * beta);
		this.#window = windowMin;
		this.#epochAt = 0;
		this.#before = undefined;
	}

	onNap(): void {
		// Only losses count here.
	}

	onPathChanged(): void {
		this.#roundTrip.reset();
		this.#slowStart.reset();
		this.#window = initialWindow;
		this.#threshold = Infinity;
		this.#windowMax = 0;
		this.#epochAt = 0;
		this.#before = undefined;
	}

	#beginEpoch(now: Micros): void {
		this.#epochAt = now;
		this.#estimate = this.#window;
		if (this.#windowMax < this.#window) this.#windowMax = this.#window;
		this.#k = Math.cbrt((this.#windowMax - this.#window) / packetSize / cubicScale);
	}

	/** RFC 9438 §4.2 to §4.5: toward what the curve has in a round trip, or Reno would have. */
	#grow(size: number, now: Micros): void {
		const roundTrip = this.#roundTrip.smoothed / 1e6;
		const elapsed = (now - this.#epochAt) / 1e6 + roundTrip;
		const curve = cubicScale * (elapsed - this.#k) ** 3 * packetSize + this.#windowMax;
		const target = Math.min(Math.max(curve, this.#window), 1.5 * this.#window);
		this.#window += ((target - this.#window) * size) / this.#window;
		const alpha = this.#estimate < this.#prior ? (3 * (1 - beta)) / (1 + beta) : 1;
		this.#estimate += (alpha * packetSize * size) / this.#window;
		this.#window = Math.max(this.#window, this.#estimate);
	}
}

/** Microseconds in which CUBIC comes back to `window` octets after a loss (RFC 9438 §4.2). */
export function plateauTime(window: number): number {
	return 1e6 * Math.cbrt(((window / packetSize) * (1 - beta)) / cubicScale);
}

/** RFC 9438 §5: C in packets per cubic second, and what is kept of the window. */
const cubicScale = 0.4;
const beta = 0.7;

/** A full datagram of 1200 octets with IPv4 and UDP headers. */
const packetSize = 1228;

/** Ten packets (RFC 6928), as the senders that it stands for begin; two at least. */
const initialWindow = 10 * packetSize;
const windowMin = 2 * packetSize;
