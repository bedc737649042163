/** Walks an entry of a list and what is below it, in the order of their paths. */
import type {Cursor} from './cursor.ts';
import type {EntryPlace, List} from './list.ts';
import {isWithin} from './path.ts';

export class PathOrder {
	/** The entry it stands at; its views are void after the next `next`. */
	readonly entry: Cursor;
	readonly #root: Uint8Array;

	/** `from`: where the entry at `root` stands. */
	constructor(list: List, from: EntryPlace, root: Uint8Array) {
		this.entry = list.cursor(from.page, from.position);
		this.#root = root;
	}

	/** Moves to the next entry; false after the last. */
	next(): boolean {
		const {entry} = this;
		const root = this.#root;
		while (entry.next()) {
			const {path} = entry;
			if (isWithin(path, root)) return true;
			// Between a directory and what is in it come names that go on with less than a slash.
			if (!isWithin(path.subarray(0, root.length), root)) return false;
		}
		return false;
	}
}
