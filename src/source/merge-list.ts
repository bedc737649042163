/**
 * A new list of the one before and what a scan found otherwise, with the diff between the two, in
 * one walk over both. Entries that are as they were are copied, by whole pages where it can be.
 */
import type {Sha256} from '../platform/crypto.ts';
import type {Cursor} from '../snapshot/cursor.ts';
import {DiffWriter} from '../snapshot/diff.ts';
import {isSameEntry} from '../snapshot/entry.ts';
import type {List} from '../snapshot/list.ts';
import {ListBuilder} from '../snapshot/list-builder.ts';
import {comparePaths, sharedSize} from '../snapshot/path.ts';
import {listRoot} from '../snapshot/validate.ts';
import type {Segment} from '../task/scan-table.ts';
import type {TableEntry} from './table-entry.ts';

export type MergedList = {
	readonly bytes: Uint8Array;
	readonly root: Uint8Array;
	/** From the list before. */
	readonly diff: Uint8Array;
};

/** Entries between two turns that others may take: about a millisecond of merging. */
const entriesPerTurn = 2048;

/**
 * `entries` are those of the segments that are not as before. Yields what has to be waited for
 * before one of them is known, by `pending`, and now and then nothing: a turn for others.
 */
export function* mergeList(
	before: List,
	segments: Iterable<Segment>,
	entries: TableEntry,
	pending: (index: number) => Promise<void> | undefined,
	sha256: Sha256,
): Generator<Promise<void> | undefined, MergedList> {
	const merge = new ListMerge(before, sha256);
	let sinceTurn = 0;
	let index = 0;
	for (const {isAsBefore, first, count} of segments) {
		if (isAsBefore) merge.keep(first, count);
		for (const end = isAsBefore ? index : index + count; index < end; index++) {
			for (let wait = pending(index); wait !== undefined; wait = pending(index)) yield wait;
			entries.index = index;
			merge.put(entries);
		}
		sinceTurn += count;
		if (sinceTurn < entriesPerTurn) continue;
		sinceTurn = 0;
		yield undefined;
	}
	return merge.finish(sha256);
}

class ListMerge {
	readonly #before: List;
	readonly #cursor: Cursor;
	/** The cursor stands at an entry that has not been passed; else before its next one. */
	#isAhead = false;
	readonly #builder: ListBuilder;
	readonly #diff = new DiffWriter();
	/** The page that was copied last, if nothing has come after it. */
	#copiedPage: number | undefined;

	constructor(before: List, sha256: Sha256) {
		this.#before = before;
		this.#cursor = before.cursor();
		this.#builder = new ListBuilder(sha256, before.bytes.length);
	}

	/** `count` entries of the list before, the first of which is at `first`. */
	keep(first: Uint8Array, count: number): void {
		this.#dropBefore(first);
		this.#diff.keep(count);
		const cursor = this.#cursor;
		for (let left = count; left > 0; ) {
			const page = this.#isAhead ? undefined : cursor.nextPage;
			if (page !== undefined && left >= this.#before.pageEntryCount(page)) {
				if (this.#builder.tryAddPage(this.#before, page)) {
					cursor.skipPage();
					left -= this.#before.pageEntryCount(page);
					this.#copiedPage = page;
					continue;
				}
			}
			if (!this.#isAhead) cursor.next();
			this.#copy();
			left--;
		}
	}

	/** An entry that is there now. */
	put(entry: TableEntry): void {
		const {path} = entry;
		this.#dropBefore(path);
		if (!this.#isAhead) this.#isAhead = this.#cursor.next();
		if (!this.#isAhead || comparePaths(this.#cursor.path, path) !== 0) {
			this.#diff.add(entry, sharedSize(this.#lastPath, path));
		} else if (isSameEntry(this.#cursor, entry)) {
			this.#diff.keep(1);
			this.#copy();
			return;
		} else {
			this.#diff.change(entry);
			this.#isAhead = false;
		}
		this.#builder.add(entry);
		this.#copiedPage = undefined;
	}

	finish(sha256: Sha256): MergedList {
		this.#dropBefore(undefined);
		const bytes = this.#builder.finish();
		const root = listRoot(bytes, sha256);
		return {bytes, root, diff: this.#diff.finish(this.#before.root, {root, bytes})};
	}

	#copy(): void {
		this.#builder.addCopy(this.#cursor);
		this.#isAhead = false;
		this.#copiedPage = undefined;
	}

	/** Passes what is before `path`, or all that is left. */
	#dropBefore(path: Uint8Array | undefined): void {
		for (;;) {
			if (!this.#isAhead) {
				const page = path && this.#cursor.nextPage;
				if (page !== undefined && comparePaths(this.#before.firstPath(page), path!) >= 0) return;
				this.#isAhead = this.#cursor.next();
			}
			if (!this.#isAhead) return;
			if (path !== undefined && comparePaths(this.#cursor.path, path) >= 0) return;
			this.#diff.drop();
			this.#isAhead = false;
		}
	}

	get #lastPath(): Uint8Array {
		if (this.#copiedPage === undefined) return this.#builder.path;
		return this.#before.lastPath(this.#copiedPage);
	}
}
