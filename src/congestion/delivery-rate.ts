/**
 * How fast octets get through, from send times and arrivals: the octets that came in an interval
 * of about a round trip, over the longer of the time in which they were sent and in which they
 * came (draft-cheng-iccrg-delivery-rate-estimation). So neither a burst on arrival nor one at the
 * source is mistaken for a fast path. Time in which the source had nothing to send does not count.
 */
export class DeliveryRate {
	/** The last sample: octets a second, and whether the source had nothing more to send in it. */
	rate = 0;
	sendRate = 0;
	limited = false;
	/** Octets that ever arrived. */
	total = 0;
	#limitedCount = 0;
	#sentAt = -Infinity;
	#arrivedAt = -Infinity;
	/** Idle time so far: all times below are without it. */
	#idle = 0;
	/** Marks, the newest last: octets by then, times of sending and arrival, limited packets. */
	readonly #marks = new Float64Array(4 * marksMax);
	#count = 0;

	/**
	 * A packet came. Answers true when there is a new sample; `interval` is about a round trip. No
	 * sample begins at one that is late: it would have those that waited with it, and not the time
	 * in which they came.
	 */
	add(
		size: number,
		sentAt: number,
		now: number,
		limited: boolean,
		interval: number,
		spacing: number,
		isLate: boolean,
	): boolean {
		this.total += size;
		const gap = Math.min(sentAt - this.#idle - this.#sentAt, now - this.#idle - this.#arrivedAt);
		if (limited && gap > interval / 4 && gap < Infinity) this.#idle += gap;
		this.#sentAt = Math.max(this.#sentAt, sentAt - this.#idle);
		this.#arrivedAt = now - this.#idle;
		if (limited) this.#limitedCount++;
		const marked = this.#count > 0 ? this.#field(this.#count - 1, 2) : -Infinity;
		if (this.#arrivedAt - marked < spacing) return false;
		const fresh = this.#sample(interval, this.#arrivedAt);
		if (!isLate) this.#mark(this.#arrivedAt);
		return fresh;
	}

	/** Octets a second since the newest mark that is at least `span` old. */
	rateSince(span: number, now: number): number {
		for (let mark = this.#count - 1; mark >= this.#oldest; mark--) {
			const elapsed = now - this.#idle - this.#field(mark, 2);
			if (elapsed >= span) return ((this.total - this.#field(mark, 0)) * 1e6) / elapsed;
		}
		return 0;
	}

	reset(): void {
		this.#count = 0;
		this.#sentAt = -Infinity;
		this.#arrivedAt = -Infinity;
		this.rate = 0;
	}

	#sample(interval: number, now: number): boolean {
		for (let mark = this.#count - 1; mark >= this.#oldest; mark--) {
			const bytes = this.total - this.#field(mark, 0);
			const arrived = now - this.#field(mark, 2);
			const enough = arrived >= interval && bytes >= bytesMin;
			if (!enough && mark > this.#oldest) continue;
			const sent = this.#sentAt - this.#field(mark, 1);
			const elapsed = Math.max(sent, arrived);
			if (bytes < bytesLeast || elapsed <= 0) return false;
			this.rate = (bytes * 1e6) / elapsed;
			this.sendRate = sent > 0 ? (bytes * 1e6) / sent : Infinity;
			this.limited = this.#limitedCount > this.#field(mark, 3);
			return true;
		}
		return false;
	}

	#mark(now: number): void {
		const at = 4 * (this.#count++ % marksMax);
		this.#marks[at] = this.total;
		this.#marks[at + 1] = this.#sentAt;
		this.#marks[at + 2] = now;
		this.#marks[at + 3] = this.#limitedCount;
	}

	get #oldest(): number {
		return Math.max(0, this.#count - marksMax);
	}

	#field(mark: number, field: number): number {
		return this.#marks[4 * (mark % marksMax) + field]!;
	}
}

/** With a mark every thirty-second of a round trip, eight round trips. */
const marksMax = 256;

/** A sample is of eight full packets, or four while there are no more. */
const bytesMin = 8 * 1228;
const bytesLeast = 4 * 1228;
