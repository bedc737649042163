/** Makes the canonical octets of a snapshot: same entries, same octets. README.md §5. */

import {assert} from '../assert.ts';
import {concatenate} from '../concatenate.ts';
import {digestSize} from '../limit.ts';
import type {Sha256} from '../platform/crypto.ts';
import type {Cursor} from './cursor.ts';
import {type EntryView, entryType} from './entry.ts';
import {formFlag, formOf} from './entry-form.ts';
import {EntryWriter} from './entry-writer.ts';
import {encodeHeader} from './header.ts';
import type {List} from './list.ts';
import {type NodeLevel, NodeTable, pagePrefix, writeNodes} from './node-table.ts';
import {endsPage} from './page-rule.ts';

export class ListBuilder {
	readonly #sha256: Sha256;
	readonly #writer: EntryWriter;
	readonly #pages = new NodeTable();
	/** First path of the page being written, and its size. */
	#key = new Uint8Array(0);
	#pageOffset = 0;
	#pageEntryCount = 0;
	#entryCount = 0;
	#contentBytes = 0;

	/** `size`: octets that the list is expected to come to, for room made once. */
	constructor(sha256: Sha256, size?: number) {
		this.#sha256 = sha256;
		this.#writer = new EntryWriter(size);
	}

	/** Octets of the pages so far. */
	get size(): number {
		return this.#writer.size;
	}

	get entryCount(): number {
		return this.#entryCount;
	}

	/** The last entry's path: a view. Not known after `tryAddPage`. */
	get path(): Uint8Array {
		return this.#writer.path;
	}

	/** The next entry in path order; the tree's root (the empty path) is the first. */
	add(entry: EntryView): void {
		assert(this.tryAdd(entry), 'entries in the order of their paths, the root first');
	}

	/** As `add`; false, and nothing is done, for an entry out of order. */
	tryAdd(entry: EntryView): boolean {
		if (this.#entryCount === 0 && entry.path.length > 0) return false;
		if (!this.#writer.add(entry)) return false;
		this.#added(contentSize(entry));
		return true;
	}

	/** As `add` of the entry that `cursor` stands at, whose octets are copied as far as can be. */
	addCopy(cursor: Cursor): void {
		assert(this.#entryCount > 0 || cursor.path.length === 0, 'the root first');
		assert(cursor.copyTo(this.#writer), 'entries in the order of their paths');
		this.#added(cursor.contentSize);
	}

	#added(content: number): void {
		const writer = this.#writer;
		if (this.#pageEntryCount === 0) this.#key = writer.path.slice();
		this.#pageEntryCount++;
		this.#entryCount++;
		this.#contentBytes += content;
		const size = writer.size - this.#pageOffset;
		if (endsPage(writer.pathHash, size, this.#pageEntryCount)) this.#endPage();
	}

	/**
	 * Copies a whole page, which must come after all that was added. False, and nothing is done,
	 * when the entries would not make the same page here: inside a page, or for a list's last one.
	 */
	tryAddPage(list: List, page: number): boolean {
		if (this.#pageEntryCount > 0 || page + 1 === list.pageCount) return false;
		if (this.#entryCount === 0 && page > 0) return false;
		const octets = list.page(page);
		this.#writer.addPage(octets);
		const key = list.firstPath(page);
		const entryCount = list.pageEntryCount(page);
		this.#pages.push(key, key.length, list.pageHash(page), octets.length, entryCount, 1);
		this.#pageOffset = this.#writer.size;
		this.#entryCount += entryCount;
		this.#contentBytes += list.pageContentBytes(page);
		return true;
	}

	/** The list; the builder is spent. */
	finish(): Uint8Array {
		assert(this.#entryCount > 0, 'a root directory');
		if (this.#pageEntryCount > 0) this.#endPage();
		const levels: NodeLevel[] = [];
		let table = this.#pages;
		do {
			const level = writeNodes(this.#sha256, levels.length + 1, table);
			levels.push(level);
			table = level.table;
		} while (table.count > 1);
		const header = encodeHeader({
			levels: levels.length,
			pageCount: this.#pages.count,
			entryCount: this.#entryCount,
			contentBytes: this.#contentBytes,
			topNodeSize: levels.at(-1)!.bytes.length,
		});
		const pages = this.#writer.bytes.subarray(0, this.#writer.size);
		return concatenate([header, ...levels.reverse().map(level => level.bytes), pages]);
	}

	#endPage(): void {
		const writer = this.#writer;
		const page = writer.bytes.subarray(this.#pageOffset, writer.size);
		const hash = this.#sha256(pagePrefix, page);
		assert(hash.length === digestSize);
		this.#pages.push(this.#key, this.#key.length, hash, page.length, this.#pageEntryCount, 1);
		this.#pageOffset = writer.size;
		this.#pageEntryCount = 0;
		writer.startPage();
	}
}

/** Octets that the entry adds to what can be fetched. */
export function contentSize(entry: EntryView): number {
	if (entry.type !== entryType.file) return 0;
	return formOf(entry) & (formFlag.further | formFlag.unread) ? 0 : entry.size;
}
