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

/** Growth of the rate in a round below which a path may be full; BBR takes three such rounds. */
const growthMin = 1.25;
const fullRoundsMin = 3;
const fullRoundsMax = 8;
