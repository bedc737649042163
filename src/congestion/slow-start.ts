/**
 * Says when slow start has met a queue (HyStart++, RFC 9406), so that it ends before the queue
 * overflows. The RFC samples round trips; a receiver sees the way to it with every packet, and as
 * only differences count, the offset of the clocks does not.
 */
export class SlowStart {
	/** Conservative: there may be a queue, and the window grows by a quarter of what it would. */
	conservative = false;
	/** The least delay of this round and of the last one, and when it became conservative. */
	#least = Infinity;
	#leastBefore = Infinity;
	#baseline = Infinity;
	#samples = 0;
	#rounds = 0;

	/** What a window grows by for `size` octets that arrived. RFC 9406 §4.2, paced: without L. */
	growth(size: number): number {
		return this.conservative ? size / growthDivisor : size;
	}

	onPacket(delay: number, minRoundTrip: number): void {
		this.#samples++;
		this.#least = Math.min(this.#least, delay);
		if (this.#samples < samplesMin) return;
		if (this.conservative) {
			// It was no queue after all: on with slow start.
			if (this.#least < this.#baseline) this.conservative = false;
			return;
		}
		const threshold = Math.max(thresholdMin, Math.min(minRoundTrip / 8, thresholdMax));
		if (this.#least >= this.#leastBefore + threshold) {
			this.conservative = true;
			this.#baseline = this.#least;
			this.#rounds = 0;
		}
	}

	/** A round trip is over. True: slow start is, too. */
	onRound(): boolean {
		// A round of fewer packets says nothing of its own.
		if (this.#samples >= samplesMin) {
			this.#leastBefore = this.#least;
			this.#least = Infinity;
			this.#samples = 0;
		}
		return this.conservative && ++this.#rounds >= roundsMax;
	}

	reset(): void {
		this.conservative = false;
		this.#least = Infinity;
		this.#leastBefore = Infinity;
		this.#baseline = Infinity;
		this.#samples = 0;
		this.#rounds = 0;
	}
}

/** RFC 9406 §4.3: samples in a round that say something, and rounds of conservative growth. */
const samplesMin = 8;
const roundsMax = 5;
const growthDivisor = 4;

/** RFC 9406 §4.3, in microseconds. */
const thresholdMin = 4000;
const thresholdMax = 16_000;
