/** Smoothed round trip and its variation, in microseconds. RFC 9002 §5. */
export class RoundTrip {
	/** The last sample; 0 before the first. */
	latest = 0;
	/** Assumed before the first sample. */
	smoothed: number;
	variation: number;
	/** The least ever. */
	min = Infinity;
	sampleCount = 0;

	constructor(initial: number = roundTripInitial) {
		this.smoothed = initial;
		this.variation = initial / 4;
	}

	add(sample: number): void {
		this.latest = sample;
		this.min = Math.min(this.min, sample);
		if (this.sampleCount++ === 0) {
			this.smoothed = sample;
			this.variation = sample / 2;
			return;
		}
		this.variation += (Math.abs(this.smoothed - sample) - this.variation) / 4;
		this.smoothed += (sample - this.smoothed) / 8;
	}

	/** How long an answer may take: longer is silence. RFC 9002 §6.2.1, with its granularity. */
	get patience(): number {
		return this.smoothed + Math.max(4 * this.variation, granularity);
	}

	/**
	 * How much later than `explained` a round trip ends: processes that share their cores, and
	 * networks that hand packets over in lumps. What is sent meanwhile must fit a window (the
	 * aggregation of BBRv2), or a busy machine's path is taken for a narrow one.
	 */
	lateness(explained: number): number {
		if (this.sampleCount === 0) return 0;
		return Math.max(0, this.smoothed + 2 * this.variation - explained);
	}

	/** Forgets everything: the path is another one. */
	reset(): void {
		this.latest = 0;
		this.smoothed = roundTripInitial;
		this.variation = roundTripInitial / 4;
		this.min = Infinity;
		this.sampleCount = 0;
	}
}

/**
 * Before anything is known. RFC 9002 §6.2.2 says 333 ms; the handshake's own sample replaces this
 * almost always, and where it was repeated a shorter guess costs one small packet.
 */
export const roundTripInitial = 100_000;

/** RFC 9002 §6.1.2: timers are not finer than this. */
const granularity = 1000;
