/** Walks the entries of a validated list in path order, and is itself the entry it stands at. */
import {assert} from '../assert.ts';
import type {EntryType, EntryView} from './entry.ts';
import {EntryReader} from './entry-reader.ts';
import type {EntryWriter} from './entry-writer.ts';

/** What a cursor needs of a list. */
export type Pages = {
	readonly bytes: Uint8Array;
	/** Digest of the empty file. */
	readonly emptyDigest: Uint8Array;
	/** Where a page begins in `bytes`, and where it ends. */
	pageOffset(page: number): number;
	pageEnd(page: number): number;
	pageEntryCount(page: number): number;
	/** The next page that there is; undefined after the last. */
	pageAfter(page: number): number | undefined;
};

export class Cursor implements EntryView {
	/** Where the entry stands: its page, and its place in it. */
	page: number;
	position = -1;
	readonly #pages: Pages;
	readonly #reader: EntryReader;

	constructor(pages: Pages, page: number, position: number) {
		assert(position >= 0 && position < pages.pageEntryCount(page), 'an entry of the page');
		this.#pages = pages;
		this.#reader = new EntryReader(pages.emptyDigest);
		this.page = page;
		this.#open();
		while (this.position + 1 < position) this.next();
	}

	/** Moves to the next entry; false after the last. Views taken before are void. */
	next(): boolean {
		if (!this.#reader.next()) {
			assert(!this.#reader.failed, 'a validated list');
			const page = this.#pages.pageAfter(this.page);
			if (page === undefined) return false;
			this.page = page;
			this.#open();
			assert(this.#reader.next(), 'a validated list');
		}
		this.position++;
		return true;
	}

	/** The page that the next entry begins; undefined if that is inside a page, or none is left. */
	get nextPage(): number | undefined {
		if (this.position === -1) return this.page;
		if (this.#reader.offset < this.#reader.end) return undefined;
		return this.#pages.pageAfter(this.page);
	}

	/** Passes over the whole of `nextPage`; there is no entry to look at until `next`. */
	skipPage(): void {
		const page = this.nextPage;
		assert(page !== undefined, 'at the start of a page');
		this.page = page;
		this.#open();
		this.#reader.offset = this.#reader.end;
		this.position = this.#pages.pageEntryCount(page) - 1;
	}

	#open(): void {
		const {page} = this;
		const pages = this.#pages;
		this.#reader.open(pages.bytes, pages.pageOffset(page), pages.pageEnd(page));
		this.position = -1;
	}

	/** Writes the entry; false, and nothing is written, if its path is not after the last there. */
	copyTo(writer: EntryWriter): boolean {
		return writer.addCopy(this.#reader);
	}

	/** Octets that the entry adds to what can be fetched. */
	get contentSize(): number {
		return this.#reader.contentSize;
	}

	/** Octets of the path that are as in the entry before, unless that was passed over. */
	get shared(): number {
		return this.#reader.shared;
	}

	/** Order of the two paths: negative, zero or positive. */
	comparePath(other: Cursor): number {
		return this.#reader.comparePath(other.#reader);
	}

	/** Whether all but the paths of two entries is the same. */
	isSame(other: Cursor): boolean {
		return this.#reader.isSame(other.#reader);
	}

	get path(): Uint8Array {
		return this.#reader.path;
	}

	get type(): EntryType {
		return this.#reader.type;
	}

	get size(): number {
		return this.#reader.size;
	}

	get mtimeSec(): number {
		return this.#reader.mtimeSec;
	}

	get mtimeNsec(): number {
		return this.#reader.mtimeNsec;
	}

	get mode(): number {
		return this.#reader.mode;
	}

	get uid(): number {
		return this.#reader.uid;
	}

	get gid(): number {
		return this.#reader.gid;
	}

	get owner(): Uint8Array {
		return this.#reader.owner;
	}

	get group(): Uint8Array {
		return this.#reader.group;
	}

	get target(): Uint8Array {
		return this.#reader.target;
	}

	get link(): Uint8Array {
		return this.#reader.link;
	}

	get linkCount(): number {
		return this.#reader.linkCount;
	}

	get device(): number {
		return this.#reader.device;
	}

	get unread(): boolean {
		return this.#reader.unread;
	}

	get sparse(): boolean {
		return this.#reader.sparse;
	}

	get xattr(): Uint8Array {
		return this.#reader.xattr;
	}

	get digest(): Uint8Array {
		return this.#reader.digest;
	}

	get flatDigest(): Uint8Array {
		return this.#reader.flatDigest;
	}
}
