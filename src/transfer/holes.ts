/**
 * Holes that packets have shown, in the order in which they were shown, until it is certain enough
 * that what is missing was lost and not overtaken. After RACK (RFC 8985): a hole is lost when the
 * packet that showed it is three numbers old, or when the reordering window has passed; once
 * something declared lost has arrived after all, numbers count no more and the window grows.
 */
import type {Micros} from '../unit.ts';
import type {WantState} from './wants.ts';

export class Holes {
	/** Microseconds that an overtaken packet may be late. */
	window: number;
	readonly #policy: ReorderPolicy;
	#roundTrip = 0;
	#want: (WantState | undefined)[] = [];
	/** Positions in the line, the number of the packet that showed it, and when. */
	#flat: number[] = [];
	#head = 0;
	/** Something declared lost has arrived, not long ago. */
	#reordered = false;
	#roundsInOrder = 0;

	constructor(policy: ReorderPolicy = reorderPolicy) {
		this.#policy = policy;
		this.window = policy.initial(0);
	}

	get empty(): boolean {
		return this.#head === this.#want.length;
	}

	add(want: WantState, from: number, to: number, number: number, now: Micros): void {
		want.holeCount++;
		this.#want.push(want);
		this.#flat.push(from, to, number, now);
	}

	/** When the oldest hole is lost by time alone. */
	get dueAt(): number {
		return this.empty ? Infinity : this.#flat[4 * this.#head + 3]! + this.window;
	}

	/** Takes the oldest hole if it is lost by now; its want, or undefined. Fields stay readable. */
	take(largest: number, now: number): WantState | undefined {
		if (this.empty) return undefined;
		const at = 4 * this.#head;
		const byNumber = !this.#reordered && largest >= this.#flat[at + 2]! + this.#policy.numbers;
		if (!byNumber && now < this.#flat[at + 3]! + this.window) return undefined;
		this.from = this.#flat[at]!;
		this.to = this.#flat[at + 1]!;
		this.shownAt = this.#flat[at + 3]!;
		const want = this.#want[this.#head]!;
		this.#want[this.#head++] = undefined;
		if (this.#head >= 256 && this.#head * 2 > this.#want.length) this.#compact();
		want.holeCount--;
		return want;
	}

	/** The hole taken last. */
	from = 0;
	to = 0;
	shownAt = 0;

	/** Something declared lost came `lateness` after it was first missed. */
	onLate(lateness: number): void {
		this.#reordered = true;
		this.#roundsInOrder = 0;
		const most = Math.max(this.#policy.most(this.#roundTrip), this.window);
		this.window = Math.min(most, Math.max(this.window, lateness * 1.25));
	}

	/** A round trip has passed. */
	onRound(roundTrip: number): void {
		this.#roundTrip = roundTrip;
		const least = this.#policy.initial(roundTrip);
		if (!this.#reordered) {
			this.window = least;
		} else if (++this.#roundsInOrder >= this.#policy.rounds) {
			this.#roundsInOrder = 0;
			this.window = Math.max(least, this.window / 2);
			if (this.window === least) this.#reordered = false;
		}
	}

	#compact(): void {
		this.#want = this.#want.slice(this.#head);
		this.#flat = this.#flat.slice(4 * this.#head);
		this.#head = 0;
	}
}

/** How long a hole may wait for what was overtaken. */
export type ReorderPolicy = {
	/** Numbers after which a hole is lost while nothing was ever overtaken. */
	readonly numbers: number;
	/** The window before anything was overtaken, and the most it may grow to. */
	initial(roundTrip: number): number;
	most(roundTrip: number): number;
	/** Rounds in order after which the window shrinks. */
	readonly rounds: number;
};

/** RFC 9002 §6.1.1 (three packets), RFC 8985 §6.2 (a quarter round trip, 16 recoveries). */
export const reorderPolicy: ReorderPolicy = {
	numbers: 3,
	initial: roundTrip => Math.max(1000, roundTrip / 4),
	most: roundTrip => Math.max(10_000, roundTrip * 1.5),
	rounds: 16,
};
