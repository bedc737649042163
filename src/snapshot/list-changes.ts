/** Walks what differs between two lists, in path order. Pages that both have are passed unread. */
import type {Cursor} from './cursor.ts';
import type {List} from './list.ts';
import {equalOctets} from './path.ts';

export class ListChanges {
	/** After `next`: what the change is; `changed` in any field but the path. */
	kind: 'added' | 'removed' | 'changed' = 'changed';
	/** Entries passed since the change before that are the same in both lists. */
	kept = 0;
	/** The entry in the old list, for `removed` and `changed`; in the new one, for the others. */
	readonly before: Cursor;
	readonly after: Cursor;
	readonly #from: List;
	readonly #to: List;
	#hasBefore = false;
	#hasAfter = false;

	constructor(from: List, to: List) {
		this.#from = from;
		this.#to = to;
		this.before = from.cursor();
		this.after = to.cursor();
	}

	/** Moves to the next change; false after the last. Views of entries taken before are void. */
	next(): boolean {
		this.kept = 0;
		this.#leave();
		while (this.#hasBefore || this.#hasAfter) {
			const {before, after} = this;
			const order = !this.#hasBefore ? 1 : !this.#hasAfter ? -1 : before.comparePath(after);
			this.kind = order < 0 ? 'removed' : order > 0 ? 'added' : 'changed';
			if (order !== 0 || !before.isSame(after)) return true;
			this.kept++;
			this.#leave();
		}
		return false;
	}

	/** Passes what it stands at: at first, both beginnings, as if they were equal entries. */
	#leave(): void {
		if (this.kind === 'changed') this.kept += this.#passPages();
		if (this.kind !== 'added') this.#hasBefore = this.before.next();
		if (this.kind !== 'removed') this.#hasAfter = this.after.next();
	}

	/** Passes both cursors over pages that are the same in both lists; answers how many entries. */
	#passPages(): number {
		let count = 0;
		for (;;) {
			const [before, after] = [this.before.nextPage, this.after.nextPage];
			if (before === undefined || after === undefined) return count;
			if (!equalOctets(this.#from.pageHash(before), this.#to.pageHash(after))) return count;
			count += this.#from.pageEntryCount(before);
			this.before.skipPage();
			this.after.skipPage();
		}
	}
}
