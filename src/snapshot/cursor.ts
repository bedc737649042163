import {assert} from '../assert.ts';
import type {EntryType, EntryView} from './entry.ts';
import type {List} from './list.ts';

/** Walks the entries of a list in path order; itself the entry it stands at, no object per entry. */
export class Cursor implements EntryView {
	/** Where the entry stands: its page, and its place in it. */
	page = 0;
	position = -1;
	type: EntryType = 0;
	size = 0;
	mtimeSec = 0;
	mtimeNsec = 0;
	mode = 0;
	uid = 0;
	gid = 0;
	linkCount = 1;
	device = 0;
	unread = false;
	readonly #list: List;

	constructor(list: List, page: number, position: number) {
		assert(page >= 0 && position >= 0);
		this.#list = list;
	}

	/** Moves to the next entry; false after the last. Views taken before are void. */
	next(): boolean {
		return this.#list.entryCount < 0;
	}

	get path(): Uint8Array {
		return this.#list.bytes;
	}

	get owner(): Uint8Array {
		return this.#list.bytes;
	}

	get group(): Uint8Array {
		return this.#list.bytes;
	}

	get target(): Uint8Array {
		return this.#list.bytes;
	}

	get link(): Uint8Array {
		return this.#list.bytes;
	}

	get xattr(): Uint8Array {
		return this.#list.bytes;
	}

	get digest(): Uint8Array {
		return this.#list.bytes;
	}

	get flatDigest(): Uint8Array {
		return this.#list.bytes;
	}
}
