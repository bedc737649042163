/**
 * Walks the entries of a validated list in path order, and is itself the entry it stands at: no
 * object per entry, and octet fields are made only when asked for.
 */
import {assert} from '../assert.ts';
import {digestSize} from '../limit.ts';
import type {EntryType, EntryView} from './entry.ts';
import {formFlag, hasDigest} from './entry-form.ts';
import {EntryReader} from './entry-reader.ts';

/** What a cursor needs of a list. */
export type Pages = {
	readonly bytes: Uint8Array;
	readonly pageCount: number;
	/** Digest of the empty file. */
	readonly emptyDigest: Uint8Array;
	/** Where page `number` begins in `bytes`; for `pageCount` where the last one ends. */
	pageOffset(number: number): number;
};

const none = new Uint8Array(0);

export class Cursor implements EntryView {
	/** Where the entry stands: its page, and its place in it. */
	page: number;
	position: number;
	readonly #pages: Pages;
	readonly #reader = new EntryReader();

	constructor(pages: Pages, page: number, position: number) {
		assert(page >= 0 && page < pages.pageCount, 'a page of the list');
		this.#pages = pages;
		this.page = page;
		this.position = -1;
		this.#open(page);
		while (this.position + 1 < position) assert(this.next(), 'an entry of the page');
		assert(this.page === page, 'an entry of the page');
	}

	/** Moves to the next entry; false after the last. Views taken before are void. */
	next(): boolean {
		if (this.#reader.next()) {
			this.position++;
			return true;
		}
		assert(!this.#reader.failed, 'a validated list');
		if (this.page + 1 >= this.#pages.pageCount) return false;
		this.page++;
		this.#open(this.page);
		this.position = 0;
		return this.#reader.next();
	}

	/** Leaves out what is left of this page; the next entry is the first of the following one. */
	skipPage(): void {
		this.#reader.offset = this.#reader.end;
	}

	#open(page: number): void {
		const pages = this.#pages;
		this.#reader.open(pages.bytes, pages.pageOffset(page), pages.pageOffset(page + 1));
	}

	get path(): Uint8Array {
		return this.#reader.path.subarray(0, this.#reader.pathSize);
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
		const {bytes, targetOffset, targetSize} = this.#reader;
		return targetSize === 0 ? none : bytes.subarray(targetOffset, targetOffset + targetSize);
	}

	get link(): Uint8Array {
		const {link, linkSize} = this.#reader;
		return linkSize === 0 ? none : link.subarray(0, linkSize);
	}

	get linkCount(): number {
		return this.#reader.linkCount;
	}

	get device(): number {
		return this.#reader.device;
	}

	get unread(): boolean {
		return (this.#reader.form & formFlag.unread) !== 0;
	}

	get xattr(): Uint8Array {
		return this.#octets(this.#reader.xattrOffset);
	}

	get digest(): Uint8Array {
		const {digestOffset, type, form} = this.#reader;
		if (digestOffset !== 0) return this.#octets(digestOffset);
		return hasDigest(type, form, 1) ? this.#pages.emptyDigest : none;
	}

	get flatDigest(): Uint8Array {
		const {flatOffset, form} = this.#reader;
		if (flatOffset !== 0) return this.#octets(flatOffset);
		return form & formFlag.flat ? this.#pages.emptyDigest : none;
	}

	#octets(offset: number): Uint8Array {
		return offset === 0 ? none : this.#reader.bytes.subarray(offset, offset + digestSize);
	}
}
