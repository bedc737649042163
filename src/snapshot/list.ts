/** A snapshot, validated, held as its canonical octets. README.md §5. */
import {assert} from '../assert.ts';
import type {Sha256} from '../platform/crypto.ts';
import {Cursor} from './cursor.ts';
import {headerSize} from './header.ts';
import {comparePaths, equalOctets} from './path.ts';
import {type ListParts, type ListProblem, validateList} from './validate.ts';

export type {ListProblem} from './validate.ts';

/** Where an entry stands: what a want names. */
export type EntryPlace = {readonly page: number; readonly position: number};

/** The level by which the top node, with the header before it, can be named in every list. */
export const topLevel = 255;

export class List {
	/** The snapshot's name: a digest over everything in it. */
	readonly root: Uint8Array;
	readonly bytes: Uint8Array;
	readonly entryCount: number;
	/** Octets of all contents that can be fetched: each hard-link group once. */
	readonly contentBytes: number;
	readonly pageCount: number;
	/** Octets of the header and the top node. */
	readonly topSize: number;
	/** Level of the top node; pages are level 0. */
	readonly levels: number;
	/** Entries that the source could not read. */
	readonly unreadCount: number;
	/** Digest of the empty file. */
	readonly emptyDigest: Uint8Array;
	readonly #parts: ListParts;

	private constructor(bytes: Uint8Array, parts: ListParts, emptyDigest: Uint8Array) {
		const {root, header} = parts;
		this.bytes = bytes;
		this.root = root;
		this.entryCount = header.entryCount;
		this.contentBytes = header.contentBytes;
		this.pageCount = header.pageCount;
		this.topSize = headerSize + header.topNodeSize;
		this.levels = header.levels;
		this.unreadCount = parts.unreadCount;
		this.emptyDigest = emptyDigest;
		this.#parts = parts;
	}

	/** Validates the whole list. Keeps `bytes`, which must not change any more. */
	static open(bytes: Uint8Array, sha256: Sha256): List | ListProblem {
		const parts = validateList(bytes, sha256);
		return 'problem' in parts ? parts : new List(bytes, parts, sha256());
	}

	/** Octets of a page: a view. */
	page(number: number): Uint8Array {
		return this.bytes.subarray(this.pageOffset(number), this.pageOffset(number + 1));
	}

	/** Where page `number` begins in `bytes`; for `pageCount` where the last one ends. */
	pageOffset(number: number): number {
		assert(number >= 0 && number <= this.pageCount, 'a page of the list');
		return this.#parts.levels[0]!.offsets[number]!;
	}

	/** Entries in a page. */
	pageEntryCount(number: number): number {
		assert(number >= 0 && number < this.pageCount, 'a page of the list');
		return this.#parts.levels[0]!.table.entryCounts[number]!;
	}

	/** Hash of a page: a view. */
	pageHash(number: number): Uint8Array {
		assert(number >= 0 && number < this.pageCount, 'a page of the list');
		return this.#parts.levels[0]!.table.hash(number);
	}

	/** First path of a page: a view. */
	firstPath(number: number): Uint8Array {
		assert(number >= 0 && number < this.pageCount, 'a page of the list');
		return this.#parts.levels[0]!.table.key(number);
	}

	/** Last path of a page, found by reading the page. */
	lastPath(number: number): Uint8Array {
		const cursor = this.cursor(number, this.pageEntryCount(number) - 1);
		cursor.next();
		return cursor.path;
	}

	/** What the entries of a page add to `contentBytes`. */
	pageContentBytes(number: number): number {
		assert(number >= 0 && number < this.pageCount, 'a page of the list');
		return this.#parts.pageContentBytes[number]!;
	}

	/**
	 * Octets of a page (level 0) or index node, named by the number of the first page below it; the
	 * top node comes with the header before it. A view; undefined if there is no such node.
	 */
	node(level: number, firstPage: number): Uint8Array | undefined {
		if (level === this.levels || level === topLevel) {
			return firstPage === 0 ? this.bytes.subarray(0, this.topSize) : undefined;
		}
		const part = this.#parts.levels[level];
		if (part === undefined) return undefined;
		const index = level === 0 ? firstPage : indexOf(part.firstPages, firstPage);
		if (index < 0 || index >= part.table.count || part.firstPages[index] !== firstPage) {
			return undefined;
		}
		return this.bytes.subarray(part.offsets[index], part.offsets[index + 1]);
	}

	/** Calls for every node with the hash by which the node above names it; not for the top. */
	eachNode(visit: (hash: Uint8Array, level: number, index: number) => void): void {
		for (let level = 0; level < this.levels; level++) {
			const {table} = this.#parts.levels[level]!;
			for (let index = 0; index < table.count; index++) visit(table.hash(index), level, index);
		}
	}

	/** Octets of the node that `eachNode` called `index` of `level`: a view. */
	nodeAt(level: number, index: number): Uint8Array {
		const {offsets} = this.#parts.levels[level]!;
		return this.bytes.subarray(offsets[index], offsets[index + 1]);
	}

	/** Stands before the entry at `page` and `position`: call `next` first. */
	cursor(page = 0, position = 0): Cursor {
		return new Cursor(this, page, position);
	}

	/** Where the entry with this path stands. */
	find(path: Uint8Array): EntryPlace | undefined {
		const cursor = this.seek(path);
		if (cursor === undefined || !equalOctets(cursor.path, path)) return undefined;
		return {page: cursor.page, position: cursor.position};
	}

	/** A cursor that stands at the first entry at `path` or after it; undefined if none is. */
	seek(path: Uint8Array): Cursor | undefined {
		const cursor = this.cursor(Math.max(0, this.#pageOf(path)));
		while (cursor.next()) if (comparePaths(cursor.path, path) >= 0) return cursor;
		return undefined;
	}

	/** The last page that begins at `path` or before; -1 if none does. */
	#pageOf(path: Uint8Array): number {
		const {table} = this.#parts.levels[0]!;
		let low = 0;
		let high = table.count;
		while (low < high) {
			const middle = (low + high) >>> 1;
			if (comparePaths(table.key(middle), path) <= 0) low = middle + 1;
			else high = middle;
		}
		return low - 1;
	}
}

/** Index of `value` in ascending numbers, or of the last one below it. */
function indexOf(values: Float64Array, value: number): number {
	let low = 0;
	let high = values.length;
	while (low < high) {
		const middle = (low + high) >>> 1;
		if (values[middle]! <= value) low = middle + 1;
		else high = middle;
	}
	return low - 1;
}
