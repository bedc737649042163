/** The greatest of what was added in the last rounds; one bucket a round. */
export class RoundMax {
	readonly #buckets: Float64Array;
	#at = 0;
	#max = 0;

	constructor(rounds: number) {
		this.#buckets = new Float64Array(rounds);
	}

	/** 0 when there is nothing. */
	get value(): number {
		return this.#max;
	}

	add(value: number): void {
		if (value > this.#buckets[this.#at]!) this.#buckets[this.#at] = value;
		if (value > this.#max) this.#max = value;
	}

	/** The oldest round is forgotten. */
	nextRound(): void {
		this.#at = (this.#at + 1) % this.#buckets.length;
		this.#buckets[this.#at] = 0;
		this.#max = Math.max(...this.#buckets);
	}

	/** Nothing in the window is greater than `value`. */
	cap(value: number): void {
		for (let index = 0; index < this.#buckets.length; index++) {
			this.#buckets[index] = Math.min(this.#buckets[index]!, value);
		}
		this.#max = Math.min(this.#max, value);
	}

	reset(): void {
		this.#buckets.fill(0);
		this.#max = 0;
	}
}

/** The least of what was added in the last `span` microseconds, to a sixteenth of it. */
export class TimeMin {
	readonly #span: number;
	readonly #least = new Float64Array(16).fill(Infinity);
	#slot = -1;
	#min = Infinity;

	constructor(span: number) {
		this.#span = span;
	}

	/** Infinity when there is nothing. */
	get value(): number {
		return this.#min;
	}

	add(value: number, now: number): void {
		const slot = Math.floor((now * 16) / this.#span);
		if (slot !== this.#slot) this.#advance(slot);
		const index = slot % 16;
		if (value < this.#least[index]!) this.#least[index] = value;
		if (value < this.#min) this.#min = value;
	}

	reset(): void {
		this.#least.fill(Infinity);
		this.#min = Infinity;
	}

	#advance(slot: number): void {
		// After a silence the old least stands until there is something newer to compare with.
		const passed = this.#slot < 0 ? 16 : Math.min(slot - this.#slot, 15);
		for (let index = 0; index < passed; index++) this.#least[(slot - index) % 16] = Infinity;
		this.#slot = slot;
		this.#min = Math.min(...this.#least);
	}
}
