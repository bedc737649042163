/**
 * A set of whole numbers as ranges [from, to): sorted, apart from each other, flat in one array.
 * Growing at the end or filling a hole costs a binary search; only a new hole moves what follows.
 */
export class RangeSet {
	/** from, to, from, to, … in ascending order. */
	#edges = new Float64Array(8);
	/** Numbers in `#edges` that are in use: twice the ranges. */
	#used = 0;
	#total = 0;

	/** How many ranges there are. */
	get count(): number {
		return this.#used / 2;
	}

	/** How many numbers are in the set. */
	get total(): number {
		return this.#total;
	}

	from(index: number): number {
		return this.#edges[2 * index]!;
	}

	to(index: number): number {
		return this.#edges[2 * index + 1]!;
	}

	/** Adds [from, to); answers how many of its numbers are new. */
	add(from: number, to: number): number {
		if (from >= to) return 0;
		const edges = this.#edges;
		const used = this.#used;
		if (used > 0 && from === edges[used - 1]!) {
			edges[used - 1] = to;
			this.#total += to - from;
			return to - from;
		}
		// Ranges that touch [from, to): they become one with it.
		const first = this.#firstEndingAt(from);
		let end = first;
		let covered = 0;
		while (end < used && edges[end]! <= to) {
			covered += edges[end + 1]! - edges[end]!;
			end += 2;
		}
		const low = end > first ? Math.min(from, edges[first]!) : from;
		const high = end > first ? Math.max(to, edges[end - 1]!) : to;
		this.#splice(first, end, 2);
		this.#edges[first] = low;
		this.#edges[first + 1] = high;
		const added = high - low - covered;
		this.#total += added;
		return added;
	}

	/** Removes [from, to); answers how many numbers were in the set. */
	remove(from: number, to: number): number {
		if (from >= to || this.#used === 0) return 0;
		const first = this.#firstEndingAt(from + 1);
		let end = first;
		let covered = 0;
		while (end < this.#used && this.#edges[end]! < to) {
			covered += this.#edges[end + 1]! - this.#edges[end]!;
			end += 2;
		}
		if (end === first) return 0;
		const low = this.#edges[first]!;
		const high = this.#edges[end - 1]!;
		const keepLow = low < from ? 2 : 0;
		const keepHigh = high > to ? 2 : 0;
		this.#splice(first, end, keepLow + keepHigh);
		if (keepLow > 0) {
			this.#edges[first] = low;
			this.#edges[first + 1] = from;
		}
		if (keepHigh > 0) {
			this.#edges[first + keepLow] = to;
			this.#edges[first + keepLow + 1] = high;
		}
		const kept = (keepLow > 0 ? from - low : 0) + (keepHigh > 0 ? high - to : 0);
		this.#total -= covered - kept;
		return covered - kept;
	}

	has(value: number): boolean {
		const index = this.#firstEndingAt(value + 1);
		return index < this.#used && this.#edges[index]! <= value;
	}

	/** The first number at or above `from` that is not in the set. */
	nextGap(from: number): number {
		const index = this.#firstEndingAt(from + 1);
		if (index < this.#used && this.#edges[index]! <= from) return this.#edges[index + 1]!;
		return from;
	}

	/** The first number at or above `from` that is in the set; Infinity: there is none. */
	nextMember(from: number): number {
		const index = this.#firstEndingAt(from + 1);
		return index < this.#used ? Math.max(from, this.#edges[index]!) : Infinity;
	}

	/** How many numbers of [from, to) are not in the set. */
	missing(from: number, to: number): number {
		let missing = 0;
		for (let at = this.nextGap(from); at < to; ) {
			const end = Math.min(to, this.nextMember(at));
			missing += end - at;
			at = this.nextGap(end);
		}
		return missing;
	}

	clear(): void {
		this.#used = 0;
		this.#total = 0;
	}

	/** Index of the first range whose end is at or above `value`, times two. */
	#firstEndingAt(value: number): number {
		const edges = this.#edges;
		let low = 0;
		let high = this.#used / 2;
		// What arrives is mostly near the end.
		if (high > 2 && edges[2 * high - 3]! < value) low = high - 1;
		while (low < high) {
			const middle = (low + high) >> 1;
			if (edges[2 * middle + 1]! < value) low = middle + 1;
			else high = middle;
		}
		return 2 * low;
	}

	/** Makes room for `size` numbers in place of those at [first, end). */
	#splice(first: number, end: number, size: number): void {
		const used = this.#used + size - (end - first);
		if (used > this.#edges.length) {
			const larger = new Float64Array(2 * this.#edges.length);
			larger.set(this.#edges);
			this.#edges = larger;
		}
		this.#edges.copyWithin(first + size, end, this.#used);
		this.#used = used;
	}
}
