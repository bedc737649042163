/** A snapshot, validated, held as its canonical octets. README.md §5. */
import {assert} from '../assert.ts';
import {concatenate} from '../concatenate.ts';
import type {Sha256} from '../platform/crypto.ts';
import {Cursor} from './cursor.ts';
import {headerSize} from './header.ts';
import {comparePaths, equalOctets} from './path.ts';
import {Slice} from './slice.ts';
import {type ListParts, type ListProblem, takeApart, validateList} from './validate.ts';

export type {ListProblem} from './validate.ts';

/** Where an entry stands: what a want names. */
export type EntryPlace = {readonly page: number; readonly position: number};

/** The level by which the top node, with the header before it, can be named in every list. */
export const topLevel = 255;

export class List {
	/** The snapshot's name: a digest over everything in it. */
	readonly root: Uint8Array;
	/** Header and nodes, level by level, the pages last; of a slice, those that it has. */
	readonly bytes: Uint8Array;
	/** The part that is here; undefined: all of it. Numbers of pages are those of the whole list. */
	readonly slice: Slice | undefined;
	readonly entryCount: number;
	/** Octets of all contents that can be fetched: each hard-link group once. */
	readonly contentBytes: number;
	readonly pageCount: number;
	/** Entries in the pages that are here. */
	readonly presentCount: number;
	/** Octets of the header and the top node. */
	readonly topSize: number;
	/** Level of the top node; pages are level 0. */
	readonly levels: number;
	/** Digest of the empty file. */
	readonly emptyDigest: Uint8Array;
	readonly #parts: ListParts;

	private constructor(
		bytes: Uint8Array,
		parts: ListParts,
		emptyDigest: Uint8Array,
		slice: Slice | undefined,
	) {
		const {root, header, levels} = parts;
		this.bytes = bytes;
		this.slice = slice;
		this.root = root;
		this.entryCount = header.entryCount;
		this.contentBytes = header.contentBytes;
		this.pageCount = header.pageCount;
		this.presentCount = levels[0]!.table.entryCounts
			.subarray(0, levels[0]!.table.count)
			.reduce((sum, count) => sum + count, 0);
		this.topSize = headerSize + header.topNodeSize;
		this.levels = header.levels;
		this.emptyDigest = emptyDigest;
		this.#parts = parts;
	}

	/** Validates the whole list, or the slice. Keeps `bytes`, which must not change any more. */
	static open(bytes: Uint8Array, sha256: Sha256, slice?: Slice): List | ListProblem {
		const parts = validateList(bytes, sha256, slice);
		return 'problem' in parts ? parts : new List(bytes, parts, sha256(), slice);
	}

	/** Opens a list that was made here: its octets are known by a digest, and not looked through. */
	static openOwn(bytes: Uint8Array, sha256: Sha256): List | ListProblem {
		const parts = takeApart(bytes, sha256);
		return 'problem' in parts ? parts : new List(bytes, parts, sha256(), undefined);
	}

	/** Opens what `encode` has answered. */
	static read(bytes: Uint8Array, sha256: Sha256): List | ListProblem {
		const read = Slice.read(bytes);
		return read === undefined
			? List.open(bytes, sha256)
			: List.open(read.nodes, sha256, read.slice);
	}

	/** What is to be kept of it on a disk: the list itself, or the slice with what it is one of. */
	encode(): Uint8Array {
		return this.slice === undefined ? this.bytes : concatenate([this.slice.encode(), this.bytes]);
	}

	/** Entries that the source could not read. */
	get unreadCount(): number {
		let count = this.#parts.unreadCount;
		if (count !== undefined) return count;
		count = 0;
		for (const cursor = this.cursor(); cursor.next(); ) if (cursor.unread) count++;
		return count;
	}

	/** Whether everything at `path` and below is here. */
	holds(path: Uint8Array): boolean {
		return this.slice?.holds(path) ?? true;
	}

	/** Whether both have the same of the same snapshot. */
	isSame(other: List): boolean {
		const [here, there] = [this.slice, other.slice];
		if (here === undefined || there === undefined) {
			return here === there && equalOctets(this.root, other.root);
		}
		return equalOctets(this.root, other.root) && equalOctets(here.path, there.path);
	}

	/** Octets of a page: a view. */
	page(page: number): Uint8Array {
		return this.bytes.subarray(this.pageOffset(page), this.pageEnd(page));
	}

	/** Where a page begins in `bytes`. */
	pageOffset(page: number): number {
		return this.#parts.levels[0]!.offsets[this.#indexOf(page)]!;
	}

	/** Where a page ends in `bytes`. */
	pageEnd(page: number): number {
		return this.#parts.levels[0]!.offsets[this.#indexOf(page) + 1]!;
	}

	/** The next page that is here; undefined after the last. */
	pageAfter(page: number): number | undefined {
		return this.#parts.levels[0]!.firstPages[this.#indexOf(page) + 1];
	}

	/** Entries in a page. */
	pageEntryCount(page: number): number {
		return this.#parts.levels[0]!.table.entryCounts[this.#indexOf(page)]!;
	}

	/** Hash of a page: a view. */
	pageHash(page: number): Uint8Array {
		return this.#parts.levels[0]!.table.hash(this.#indexOf(page));
	}

	/** First path of a page: a view. */
	firstPath(page: number): Uint8Array {
		return this.#parts.levels[0]!.table.key(this.#indexOf(page));
	}

	/** Last path of a page, found by reading the page. */
	lastPath(page: number): Uint8Array {
		const cursor = this.cursor(page, this.pageEntryCount(page) - 1);
		cursor.next();
		return cursor.path;
	}

	/** What the entries of a page add to `contentBytes`. */
	pageContentBytes(page: number): number {
		const known = this.#parts.pageContentBytes?.[this.#indexOf(page)];
		if (known !== undefined) return known;
		let sum = 0;
		const cursor = this.cursor(page);
		for (let left = this.pageEntryCount(page); left > 0; left--) {
			cursor.next();
			sum += cursor.contentSize;
		}
		return sum;
	}

	/**
	 * Octets of a page (level 0) or index node, named by the number of the first page below it; the
	 * top node comes with the header before it. A view; undefined if there is no such node here.
	 */
	node(level: number, firstPage: number): Uint8Array | undefined {
		if (level === this.levels || level === topLevel) {
			return firstPage === 0 ? this.bytes.subarray(0, this.topSize) : undefined;
		}
		const part = this.#parts.levels[level];
		if (part === undefined) return undefined;
		const index = indexOf(part.firstPages, firstPage);
		if (index < 0 || part.firstPages[index] !== firstPage) return undefined;
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

	/** Where the entry with this path stands; of a slice, in the pages that are here. */
	find(path: Uint8Array): EntryPlace | undefined {
		const cursor = this.seek(path);
		if (cursor === undefined || !equalOctets(cursor.path, path)) return undefined;
		return {page: cursor.page, position: cursor.position};
	}

	/** A cursor that stands at the first entry at `path` or after it; undefined if none is. */
	seek(path: Uint8Array): Cursor | undefined {
		const {table, firstPages} = this.#parts.levels[0]!;
		let low = 0;
		let high = table.count;
		while (low < high) {
			const middle = (low + high) >>> 1;
			if (comparePaths(table.key(middle), path) <= 0) low = middle + 1;
			else high = middle;
		}
		const cursor = this.cursor(firstPages[Math.max(0, low - 1)]!);
		while (cursor.next()) if (comparePaths(cursor.path, path) >= 0) return cursor;
		return undefined;
	}

	/** Index of a page among those that are here. */
	#indexOf(page: number): number {
		const {firstPages} = this.#parts.levels[0]!;
		const index = this.slice === undefined ? page : indexOf(firstPages, page);
		assert(firstPages[index] === page, 'a page of the list');
		return index;
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
