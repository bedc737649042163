/** Whether a start has found the end of the path: its rate grows no more. */
export class Startup {
	/** The greatest rate when it last grew; 0 before the first round. */
	fullRate = 0;
	/** Rounds without growth since. */
	#fullRounds = 0;

	/** A round with `rate` is over. True: there is more to find. */
	grows(rate: number): boolean {
		if (rate < this.fullRate * growthMin) return false;
		this.fullRate = rate;
		this.#fullRounds = 0;
		return true;
	}

	/**
	 * A round without growth. True: the path is full. That holds packets up; where it does not,
	 * something else may be in the way.
	 */
	isFull(isHeldUp: boolean): boolean {
		this.#fullRounds++;
		return this.#fullRounds >= (isHeldUp ? fullRoundsMin : fullRoundsMax);
	}

	reset(): void {
		this.fullRate = 0;
		this.#fullRounds = 0;
	}
}

/** 32 datagrams in the first round trip. */
export const initialWindow = 32 * 1228;

/**
 * They leave in half of it, at twice the rate, as Linux paces a slow start: what they prove comes
 * so much earlier.
 */
export function initialRate(roundTrip: number): number {
	return (2 * initialWindow * 1e6) / roundTrip;
}

/**
 * Microseconds that a sample of the rate is of. Over a whole round trip it lags behind a rate that
 * doubles in one, and says what was sent, not what the path takes. A start sends in trains, each
 * faster than the last: a quarter of a round trip holds one, and once it is sent faster than the
 * path takes it, its packets arrive at the path's rate. So the pace knows the path while less than
 * a full round trip's worth is on its way, and the queue that shows it is short.
 */
export function trainTime(roundTrip: number): number {
	return roundTrip / 4;
}

/** Microseconds between samples: while the rate doubles, an eighth of a round trip is long. */
export function trainSpacing(roundTrip: number): number {
	const eighth = roundTrip / 8;
	return Math.min(eighth, Math.max(eighth / 4, 1000));
}

/** Growth of the rate in a round below which a path may be full; BBR takes three such rounds. */
const growthMin = 1.25;
const fullRoundsMin = 3;
const fullRoundsMax = 8;
