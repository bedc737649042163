/**
 * One rate for several sources: what they may send together. Each has a share, and all shares are
 * the whole at any time. Who does not use its own keeps a little more than it uses, and the others
 * have the rest in equal parts (max-min fairness), so one source can have nearly all.
 */
import {RateDial} from './rate-dial.ts';

/** Octets that a source has sent in all; undefined: it is asked no more. */
export type Used = () => number | undefined;

type Share = {
	readonly dial: RateDial;
	readonly used: Used;
	/** At the last look. */
	before: number;
};

/** Of its share, what a source uses that could use more. */
const usesAll = 0.9;
/** A source with less to do keeps so many times what it used, and this part of an equal share. */
const growth = 1.25;
const keptMin = 1 / 8;

export class RateShares {
	readonly #total: RateDial;
	#shares: Share[] = [];
	readonly #unfollow: () => void;

	constructor(total: RateDial) {
		this.#total = total;
		this.#unfollow = total.onChange(() => this.#part(this.#shares.map(() => Infinity)));
	}

	/** A share of one more source: all are equal until the next look. */
	add(used: Used): RateDial {
		const dial = new RateDial();
		this.#shares.push({dial, used, before: used() ?? 0});
		this.#part(this.#shares.map(() => Infinity));
		return dial;
	}

	/** Parts the rate by what each has used in the last `seconds`. */
	look(seconds: number): void {
		this.#shares = this.#shares.filter(({used}) => used() !== undefined);
		const {rate} = this.#total;
		const least = (rate / this.#shares.length) * keptMin;
		const wanted = this.#shares.map(share => {
			const now = share.used() ?? 0;
			const used = (now - share.before) / seconds;
			share.before = now;
			return used >= share.dial.rate * usesAll ? Infinity : Math.max(used * growth, least);
		});
		this.#part(wanted);
	}

	close(): void {
		this.#unfollow();
	}

	/** Nobody has more than it wants while another lacks; what is left over is everyone's. */
	#part(wanted: readonly number[]): void {
		const order = wanted.map((_, index) => index).sort((a, b) => wanted[a]! - wanted[b]!);
		const given = new Array<number>(wanted.length).fill(0);
		let left = this.#total.rate;
		order.forEach((index, place) => {
			given[index] = Math.min(wanted[index]!, left / (order.length - place));
			if (left < Infinity) left -= given[index]!;
		});
		const spare = left < Infinity ? left / order.length : 0;
		// Who has less from now on is told first: together they never have more than the whole.
		const byChange = [...this.#shares.keys()].sort(
			(a, b) => given[a]! - this.#shares[a]!.dial.rate - (given[b]! - this.#shares[b]!.dial.rate),
		);
		for (const index of byChange) this.#shares[index]!.dial.set(given[index]! + spare);
	}
}
