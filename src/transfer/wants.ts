/**
 * The wants of a receiver: which are outstanding, what of each has been shown as sent, which the
 * source has not confirmed yet. Numbers rise by one; at most `wantsMax` are outstanding, and no
 * number runs further ahead of the lowest unconfirmed one.
 */
import {wantsMax} from '../limit.ts';
import type {Line, Piece} from './line.ts';

/** One want: positions are those of its line. */
export class WantState {
	readonly number: number;
	readonly line: Line;
	readonly from: number;
	readonly to: number;
	readonly piece: Piece;
	/** Everything before it has been shown as sent: it arrived, or is a hole. */
	high: number;
	/** Holes of it that may still be filled by what was overtaken. */
	holeCount = 0;
	/** Octets of it declared lost, and when the last of them was first missed. */
	lostBytes = 0;
	missedAt = 0;
	/** How often it was told, and in which feedback last. */
	sends = 0;
	version = 0;
	confirmed = false;
	open = true;
	/** When it was made, and whether its octets are on their way already, as far as is known. */
	askedAt = 0;
	isCopy = false;

	constructor(number: number, line: Line, from: number, piece: Piece) {
		this.number = number;
		this.line = line;
		this.from = from;
		this.to = from + piece.length;
		this.piece = {...piece};
		this.high = from;
	}
}

export class Wants {
	/** By number: the open ones, and closed ones whose losses may still arrive. */
	readonly #byNumber = new Map<number, WantState>();
	/** Number of the next want. */
	next = 0;
	/** All below it are confirmed. */
	taken = 0;
	/** All below it are closed. */
	below = 0;
	/** All below it have been shown as sent to their end. */
	sent = 0;
	openCount = 0;
	/** Octets of open wants not yet shown as sent. */
	ahead = 0;
	/** Closed wants that are kept, oldest first. */
	#kept: number[] = [];
	#last: WantState | undefined;

	get room(): boolean {
		return this.openCount < wantsMax && this.next - this.taken < wantsMax;
	}

	add(line: Line, from: number, piece: Piece): WantState {
		const want = new WantState(this.next++, line, from, piece);
		this.#byNumber.set(want.number, want);
		this.openCount++;
		this.ahead += piece.length;
		return want;
	}

	get(number: number): WantState | undefined {
		if (this.#last?.number === number) return this.#last;
		const want = this.#byNumber.get(number);
		if (want !== undefined) this.#last = want;
		return want;
	}

	/** Everything of `want` before `high` has been shown as sent. */
	advance(want: WantState, high: number): void {
		if (want.open) this.ahead -= high - want.high;
		want.high = high;
	}

	/** Closes `want` if nothing of it can be missing any more. */
	settle(want: WantState): void {
		if (want.open && want.high === want.to && want.holeCount === 0) this.close(want);
	}

	close(want: WantState): void {
		if (!want.open) return;
		want.open = false;
		want.confirmed = true;
		this.openCount--;
		this.ahead -= want.to - want.high;
		if (want.lostBytes > 0) {
			this.#kept.push(want.number);
			if (this.#kept.length > 2 * keptMax) this.#forget();
		} else {
			this.#byNumber.delete(want.number);
		}
		while (this.below < this.next && this.#byNumber.get(this.below)?.open !== true) this.below++;
	}

	/** The source has taken in all wants below `taken`. */
	confirm(taken: number): void {
		for (; this.taken < taken; this.taken++) {
			const want = this.#byNumber.get(this.taken);
			if (want !== undefined) want.confirmed = true;
		}
	}

	/** Calls `visit` for every open want, lowest first, until it answers false. */
	forEachOpen(from: number, visit: (want: WantState) => boolean): void {
		for (let number = Math.max(from, this.below); number < this.next; number++) {
			const want = this.#byNumber.get(number);
			if (want?.open === true && !visit(want)) return;
		}
	}

	#forget(): void {
		for (const number of this.#kept.slice(0, keptMax)) this.#byNumber.delete(number);
		this.#kept = this.#kept.slice(keptMax);
	}
}

/** Closed wants that are remembered so that late octets of theirs are known and of use. */
const keptMax = 1024;
