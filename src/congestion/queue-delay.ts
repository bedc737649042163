/**
 * The queue on the path as one-way delays show it: how far the least of the last packets lies
 * above the least of the last ten seconds. The clocks' offset cancels out; their drift in ten
 * seconds is far below what matters.
 */
import {TimeMin} from './windowed.ts';

export class QueueDelay {
	/** Microseconds; 0 until there are enough packets. */
	delay = 0;
	/** Mean difference of one packet's delay and the next one's (RFC 3550 §6.4.1). */
	jitter = 0;
	readonly #base = new TimeMin(baseSpan);
	#last = Number.NaN;
	#samples = 0;
	#groupMin = Infinity;
	#formerMin = Infinity;
	#groupCount = 0;

	/** A packet took `oneWay` microseconds, plus or minus what the clocks are apart. */
	add(oneWay: number, now: number): void {
		if (!Number.isNaN(this.#last)) {
			this.#samples = Math.min(this.#samples + 1, 16);
			this.jitter += (Math.abs(oneWay - this.#last) - this.jitter) / this.#samples;
		}
		this.#last = oneWay;
		this.#base.add(oneWay, now);
		this.#groupMin = Math.min(this.#groupMin, oneWay);
		if (++this.#groupCount >= groupSize) {
			this.#formerMin = this.#groupMin;
			this.#groupMin = Infinity;
			this.#groupCount = 0;
		}
		const least = Math.min(this.#formerMin, this.#groupMin);
		this.delay = this.#formerMin === Infinity ? 0 : least - this.#base.value;
	}

	reset(): void {
		this.delay = 0;
		this.jitter = 0;
		this.#base.reset();
		this.#last = Number.NaN;
		this.#samples = 0;
		this.#groupMin = Infinity;
		this.#formerMin = Infinity;
		this.#groupCount = 0;
	}
}

/** Packets of which the least counts: eight to sixteen of them (RFC 9406 §4.2 takes eight). */
const groupSize = 8;

const baseSpan = 10_000_000;
