/**
 * Newer statements on their way to a receiver: one at a time, in order, each repeated until a
 * packet that carried it is receipted, because snapshots are counted by the statements that came.
 */
import type {Writer} from '../wire/codec.ts';
import {encodeFrame} from '../wire/frame.ts';
import type {HeadDiff} from './request.ts';

export class HeadOffer {
	#queue: {readonly statement: Uint8Array; readonly diffs: readonly HeadDiff[]}[] = [];
	/** Packets that carried the first of the queue. */
	#numbers: number[] = [];
	#dueAt = Infinity;

	/** When the first of the queue must be sent (again); Infinity: there is none. */
	get dueAt(): number {
		return this.#dueAt;
	}

	add(statement: Uint8Array, diffs: readonly HeadDiff[]): void {
		this.#queue.push({statement, diffs});
		if (this.#queue.length === 1) this.#dueAt = 0;
	}

	due(now: number): boolean {
		return this.#dueAt <= now;
	}

	/** Writes the frame into packet `number`; false: it does not fit. */
	write(number: number, to: Writer, now: number, patience: number): boolean {
		const mark = to.offset;
		encodeFrame('head', this.#queue[0]!, to);
		if (to.overflowed) {
			to.rewind(mark);
			return false;
		}
		this.#dueAt = now + patience * 2 ** Math.min(this.#numbers.length, backoffMax);
		this.#numbers.push(number);
		return true;
	}

	/** Packets [from, to] have arrived. */
	onReceipt(from: number, to: number): void {
		if (!this.#numbers.some(number => number >= from && number <= to)) return;
		this.#queue.shift();
		this.#numbers = [];
		this.#dueAt = this.#queue.length > 0 ? 0 : Infinity;
	}
}

/** Doublings of the wait between two tries. */
const backoffMax = 6;
