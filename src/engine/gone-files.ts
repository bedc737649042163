/** Files that only an old list has, by content: each can be where one new file came from. */
import {toHex} from '../hex.ts';
import type {Cursor} from '../snapshot/cursor.ts';
import {entryType} from '../snapshot/entry.ts';
import type {List} from '../snapshot/list.ts';
import {ListChanges} from '../snapshot/list-changes.ts';

export class GoneFiles {
	readonly #from: List;
	/** By digest: index of the last file with it. Each leads to the next, the last to the first. */
	readonly #last = new Map<string, number>();
	readonly #next: number[] = [];
	/** Where each stands. */
	readonly #pages: number[] = [];
	readonly #positions: number[] = [];

	constructor(from: List, to: List) {
		this.#from = from;
		for (const changes = new ListChanges(from, to); changes.next(); ) {
			if (changes.kind === 'removed' && hasContent(changes.before)) this.#add(changes.before);
		}
	}

	/** Path of the first file that is left of those with the content of `entry`. */
	take(entry: Cursor): Uint8Array | undefined {
		if (!hasContent(entry)) return undefined;
		const digest = toHex(entry.digest);
		const last = this.#last.get(digest);
		if (last === undefined) return undefined;
		const first = this.#next[last]!;
		if (first === last) this.#last.delete(digest);
		else this.#next[last] = this.#next[first]!;
		const cursor = this.#from.cursor(this.#pages[first], this.#positions[first]);
		cursor.next();
		return cursor.path;
	}

	#add({digest, page, position}: Cursor): void {
		const key = toHex(digest);
		const index = this.#next.length;
		const last = this.#last.get(key);
		this.#next.push(last === undefined ? index : this.#next[last]!);
		if (last !== undefined) this.#next[last] = index;
		this.#last.set(key, index);
		this.#pages.push(page);
		this.#positions.push(position);
	}
}

function hasContent({type, size, digest}: Cursor): boolean {
	return type === entryType.file && size > 0 && digest.length > 0;
}
