/**
 * How much to have on its way where a queue stands because others send too. Every shoal there sees
 * the same queue, and each steers for a delay that is the shorter the more it gets (`queueMaxAt` of
 * the model). So the only balance is that all get the same, whatever their round trips are; the
 * target is that of Swift (SIGCOMM 2020, §3.1), with the rate in place of the window.
 *
 * Delays are told from the least, so from time to time the queue has to be empty, which takes
 * everybody at once. The beat of the source's clock, which all that it sends to see, says when.
 */
export class Sharing {
	/** Octets on their way. */
	window = 0;
	/** Octets a second that came through lately. */
	rate = 0;
	/** What it had when the queue was last seen empty: to go on from, if others are found. */
	#held = 0;
	#beat = 0;
	/** Rounds in a row without a queue. */
	#emptyRounds = 0;

	/** From a rate, with half of the queue that it may have. */
	begin(rate: number, span: number, held = 0): void {
		this.window = (rate * span) / 1e6;
		this.rate = rate;
		this.#held = held;
		this.#emptyRounds = 0;
	}

	/**
	 * A round of sharing is over, with a queue of `delay` where `target` is asked for; what is added
	 * is that part of the usual. True: nobody fills what is left free, so nobody else is there.
	 */
	onRound(delay: number, target: number, isLimited: boolean, part: number): boolean {
		if (delay > target) this.window *= 1 - decrease * (1 - target / delay);
		else if (!isLimited) this.window *= 1 + part * increase * (1 - delay / target);
		this.#emptyRounds = delay < target / 2 ? this.#emptyRounds + 1 : 0;
		return this.#emptyRounds >= emptyRoundsMin / part;
	}

	/** A short queue is full, and it is others that fill it. */
	giveWay(): void {
		this.window *= givenWay;
	}

	onRate(rate: number): void {
		this.rate += (rate - this.rate) / rateRounds;
	}

	/** The source's clock has gone on to `time`. True once for each beat: now all look. */
	isBeat(time: number): boolean {
		const beat = Math.floor(time / beatSpan);
		if (beat === this.#beat) return false;
		this.#beat = beat;
		return true;
	}

	/** What this side had before it gave way to those that do not. */
	get windowBefore(): number {
		return Math.max(this.window, this.#held);
	}
}

/**
 * Microseconds between two looks: 4.2 s, a part of 2^32, where the wire's time begins anew. Each
 * costs half of some round trips. With 8.4 s a queue that is mistaken for CUBIC's stays for longer.
 */
const beatSpan = 2 ** 22;

/**
 * Of the window, at most, in a round. Swift halves it at most too; its increase is one packet, here
 * a tenth, so that 10 shoals come to equal shares within 10 s (test/sim/fairness.test.ts).
 */
const decrease = 0.5;
const increase = 0.1;

/** Rounds of the usual increase; with three, shoals left. */
const emptyRoundsMin = 6;

/**
 * What is kept in each round in which others fill a short queue: CUBIC's own losses there do not
 * reach this side, so without it CUBIC gave way alone.
 */
const givenWay = 0.9;

/** Rounds that the mean of the rate is of. */
const rateRounds = 8;

/**
 * Of the usual increase, where a queue is that part of a round trip: a round adds a quarter of the
 * queue at most. A tenth of what is on its way is all of a queue of a tenth: it ran over at once.
 */
export function shortGrowth(queue: number): number {
	return Math.min(1, queue / (4 * increase));
}
