/** A rate that its owner may change while runs go by it. */
export class RateDial {
	#rate: number;
	readonly #followers = new Set<() => void>();

	/** Octets a second; Infinity: no limit. */
	constructor(rate = Infinity) {
		this.#rate = rate;
	}

	/** `rate` itself, or one that nobody else has. */
	static of(rate: number | RateDial | undefined): RateDial {
		return rate instanceof RateDial ? rate : new RateDial(rate);
	}

	/** Octets a second. */
	get rate(): number {
		return this.#rate;
	}

	/** Takes effect at once, in all runs that were given this dial. */
	set(rate: number): void {
		if (rate === this.#rate) return;
		this.#rate = rate;
		for (const follow of this.#followers) follow();
	}

	/** Calls `follow` after each change, until the answer is called. */
	onChange(follow: () => void): () => void {
		this.#followers.add(follow);
		return () => this.#followers.delete(follow);
	}
}
