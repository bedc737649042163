/**
 * What a source has sent and what of it was receipted: how much is in flight, and how much has
 * lately been proved to arrive. It believes receipts alone, never what a grant claims.
 */
export class SentLog {
	/** Octets ever sent. */
	total = 0;
	inFlight = 0;
	/** Highest number receipted; -1: none. */
	largest = -1;
	/** Rings indexed by position modulo their size. */
	#number = new Float64Array(ringMin);
	#sentAt = new Float64Array(ringMin);
	/** Octets sent before the packet, and its own. */
	#before = new Float64Array(ringMin);
	#size = new Uint32Array(ringMin);
	#state = new Uint8Array(ringMin);
	#head = 0;
	#tail = 0;
	/** Packets before it are not in flight any more, receipted or not. */
	#flightHead = 0;
	/** Octets receipted by a time, the last moments of a round trip. */
	readonly #provenAt = new Float64Array(momentsMax);
	readonly #proven = new Float64Array(momentsMax);
	#moments = 0;
	#receiptedTotal = 0;

	add(number: number, size: number, now: number): void {
		if (this.#tail - this.#head === this.#number.length) this.#grow();
		const at = this.#tail++ & (this.#number.length - 1);
		this.#number[at] = number;
		this.#sentAt[at] = now;
		this.#before[at] = this.total;
		this.#size[at] = size;
		this.#state[at] = inFlight;
		this.total += size;
		this.inFlight += size;
	}

	/**
	 * Packets [from, to] have arrived. Answers when the highest of them was sent if that is the
	 * highest ever receipted, else -1: a sample of the round trip.
	 */
	receipt(from: number, to: number): number {
		const mask = this.#number.length - 1;
		for (let at = this.#find(from); at < this.#tail; at++) {
			const index = at & mask;
			if (this.#number[index]! > to) break;
			if (this.#state[index] === receipted) continue;
			if (this.#state[index] === inFlight) this.inFlight -= this.#size[index]!;
			this.#state[index] = receipted;
			this.#receiptedTotal += this.#size[index]!;
		}
		if (to <= this.largest) return -1;
		this.largest = to;
		const at = this.#find(to);
		return at < this.#tail && this.#number[at & mask] === to ? this.#sentAt[at & mask]! : -1;
	}

	/** The receipts of one feedback are taken in. `step`: moments closer than that are one. */
	closeMoment(now: number, step: number): void {
		if (this.#moments > 0) {
			const last = (this.#moments - 1) % momentsMax;
			if (now - this.#provenAt[last]! < step) {
				this.#proven[last] = this.#receiptedTotal;
				return;
			}
		}
		const at = this.#moments++ % momentsMax;
		this.#provenAt[at] = now;
		this.#proven[at] = this.#receiptedTotal;
	}

	/** Octets receipted since `since`. */
	receiptedSince(since: number): number {
		for (let at = this.#moments - 1; at >= Math.max(0, this.#moments - momentsMax); at--) {
			if (this.#provenAt[at % momentsMax]! < since) {
				return this.#receiptedTotal - this.#proven[at % momentsMax]!;
			}
		}
		return this.#moments <= momentsMax ? this.#receiptedTotal : 0;
	}

	/** Octets sent before packet `number`: what was sent since counts against a grant. */
	before(number: number): number {
		const at = this.#find(number);
		return at < this.#tail ? this.#before[at & (this.#number.length - 1)]! : this.total;
	}

	/**
	 * Packets sent by `time` without a receipt are gone: they count no more as in flight. They are
	 * remembered a while longer, since a receipt may still come.
	 */
	expire(time: number): void {
		const mask = this.#number.length - 1;
		while (this.#flightHead < this.#tail && this.#sentAt[this.#flightHead & mask]! <= time) {
			const index = this.#flightHead++ & mask;
			if (this.#state[index] !== inFlight) continue;
			this.#state[index] = gone;
			this.inFlight -= this.#size[index]!;
		}
		const kept = Math.max(keptMin, this.#tail - this.#flightHead);
		this.#head = Math.max(this.#head, this.#flightHead - kept);
	}

	/** When the oldest packet that may be in flight was sent; Infinity: none is. */
	get oldestAt(): number {
		const mask = this.#number.length - 1;
		while (this.#flightHead < this.#tail && this.#state[this.#flightHead & mask] !== inFlight) {
			this.#flightHead++;
		}
		return this.#flightHead === this.#tail ? Infinity : this.#sentAt[this.#flightHead & mask]!;
	}

	/** Nothing that is under way counts: the path is another one. */
	reset(): void {
		this.#head = this.#tail;
		this.#flightHead = this.#tail;
		this.inFlight = 0;
		this.#moments = 0;
		this.#receiptedTotal = 0;
	}

	/** Position of the first packet with at least this number. */
	#find(number: number): number {
		const mask = this.#number.length - 1;
		let low = this.#head;
		let high = this.#tail;
		while (low < high) {
			const middle = Math.floor((low + high) / 2);
			if (this.#number[middle & mask]! < number) low = middle + 1;
			else high = middle;
		}
		return low;
	}

	#grow(): void {
		const size = this.#number.length;
		const larger = <A extends Float64Array | Uint32Array | Uint8Array>(old: A, to: A): A => {
			for (let at = this.#head; at < this.#tail; at++) {
				to[at & (2 * size - 1)] = old[at & (size - 1)]!;
			}
			return to;
		};
		this.#number = larger(this.#number, new Float64Array(2 * size));
		this.#sentAt = larger(this.#sentAt, new Float64Array(2 * size));
		this.#before = larger(this.#before, new Float64Array(2 * size));
		this.#size = larger(this.#size, new Uint32Array(2 * size));
		this.#state = larger(this.#state, new Uint8Array(2 * size));
	}
}

/** States of a packet. */
const inFlight = 0;
const receipted = 1;
const gone = 2;

/** Packets remembered after they are gone, at least. */
const keptMin = 64;

/** Packets remembered at first; doubled as more are in flight. */
const ringMin = 64;

/** Moments of the last round trip that are told apart. */
const momentsMax = 64;
