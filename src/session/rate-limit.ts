import type {Micros} from '../unit.ts';

/** So many a second, and as many at once: for work and answers that strangers can ask for. */
export class RateLimit {
	readonly #perSecond: number;
	#left: number;
	#filledAt: Micros;

	constructor(perSecond: number, now: Micros) {
		this.#perSecond = perSecond;
		this.#left = perSecond;
		this.#filledAt = now;
	}

	/** Takes one, if one is left. */
	take(now: Micros): boolean {
		const gained = ((now - this.#filledAt) * this.#perSecond) / 1e6;
		this.#left = Math.min(this.#perSecond, this.#left + gained);
		this.#filledAt = now;
		if (this.#left < 1) return false;
		this.#left -= 1;
		return true;
	}
}
