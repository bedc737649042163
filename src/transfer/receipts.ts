/**
 * Which packet numbers have arrived, as the receipts tell it: each receipt repeats those of the
 * three feedbacks before, so that a lost feedback hides nothing. wire/README.md §5.
 */
import {varintSize, type Writer} from '../wire/codec.ts';
import {frameTable} from '../wire/frame.ts';

export class Receipts {
	/** Highest number that arrived; -1: none. */
	largest = -1;
	largestAt = 0;
	/** Packets with content since the last feedback. */
	pending = 0;
	/** Octets of their payloads. */
	pendingBytes = 0;
	/** One octet for each of the last numbers: 1 arrived. */
	readonly #seen = new Uint8Array(remembered);
	/** Lowest number that arrived before each of the last feedbacks, the newest first. */
	readonly #lows = new Float64Array(repeated + 1).fill(Infinity);
	/** The ranges of one frame, from the highest down: gap and length, two by two. */
	readonly #ranges = new Float64Array(2 * rangesMax);

	/** Number `number` has arrived, for the first time. */
	add(number: number, now: number): void {
		if (number > this.largest) {
			const from = Math.max(this.largest + 1, number - remembered + 1);
			for (let skipped = from; skipped < number; skipped++) {
				this.#seen[skipped % remembered] = 0;
			}
			this.largest = number;
			this.largestAt = now;
		} else if (number <= this.largest - remembered) {
			return;
		}
		this.#seen[number % remembered] = 1;
		if (number < this.#lows[0]!) this.#lows[0] = number;
	}

	/** What came has content: a receipt is owed. */
	owe(octets: number): void {
		this.pending++;
		this.pendingBytes += octets;
	}

	/** Writes the frame, as many ranges as fit in `room` octets. */
	write(to: Writer, now: number, room: number): void {
		if (this.largest < 0) return;
		const rangeCount = this.#collect(room);
		to.u8(frameTable.receipt.type);
		to.varint(this.largest);
		to.varint(Math.max(0, now - this.largestAt));
		to.varint(rangeCount);
		for (let index = 0; index < 2 * rangeCount; index++) to.varint(this.#ranges[index]!);
	}

	/** A feedback went out. */
	next(): void {
		this.#lows.copyWithin(1, 0, repeated);
		this.#lows[0] = Infinity;
		this.pending = 0;
		this.pendingBytes = 0;
	}

	#collect(room: number): number {
		const lowest = Math.min(...this.#lows, this.largest);
		const low = Math.max(lowest, this.largest - remembered + 1);
		const seen = this.#seen;
		let used = headerSize;
		let rangeCount = 0;
		let end = this.largest;
		for (let at = this.largest; rangeCount < rangesMax; ) {
			const gap = end - at;
			const top = at;
			while (at >= low && seen[at % remembered] === 1) at--;
			const length = top - at;
			used += varintSize(gap) + varintSize(length);
			if (used > room && rangeCount > 0) break;
			this.#ranges[2 * rangeCount] = gap;
			this.#ranges[2 * rangeCount + 1] = length;
			rangeCount++;
			end = at;
			while (at >= low && seen[at % remembered] === 0) at--;
			if (at < low) break;
		}
		return rangeCount;
	}
}

/** Feedbacks whose receipts are told again. */
const repeated = 3;

/** Numbers whose arrival is remembered: the replay window of a session. */
const remembered = 8192;

/** As many as one frame may hold. */
const rangesMax = 256;

/** Type, largest, delay and count of the frame, at most. */
const headerSize = 1 + 8 + 8 + 2;
