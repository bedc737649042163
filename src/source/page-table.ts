/**
 * One page of a list decoded for answering wants: paths, sizes and times by position. A page is
 * decoded when it is first wanted and kept while it is among the last few, so that a run over a
 * page costs one decoding, not one for each of its entries.
 */

import {sumsShape} from '../delta/shape.ts';
import {leafSize} from '../limit.ts';
import {entryType} from '../snapshot/entry.ts';
import type {EntryPlace, List} from '../snapshot/list.ts';
import {leafCount, leavesSize} from '../snapshot/merkle.ts';
import {OctetPool, octetKey} from '../task/packed-octets.ts';
import {expectedSize} from '../task/read.ts';
import {isSizes, sizeSize} from '../wire/compressed.ts';
import {type ObjectKind, objectKind} from '../wire/frame.ts';

/**
 * About 160 entries and 30 KB each. An update touches pages all over a list, and those who fetch it
 * at about the same time touch the same: they are not to be decoded for each of them.
 */
const pagesMax = 1024;

/** What is known of the files of a tree where it is not what their list says. */
export type KnownStats = {
	/** As `PageTable.expected`; a size of -1: there is no such file. */
	of(place: EntryPlace): readonly [number, number, number, number];
};

export class PageTable {
	readonly count: number;
	readonly #paths = new OctetPool();
	readonly #digests = new OctetPool();
	readonly #isFile: Uint8Array;
	readonly #sizes: Float64Array;
	/** Of each entry, what a read compares: `expectedSize` numbers. */
	readonly expected: Float64Array;
	readonly #versions: string[] = [];

	constructor(list: List, page: number, stats: KnownStats | undefined) {
		const sizes: number[] = [];
		const isFile: number[] = [];
		const expected: number[] = [];
		const cursor = list.cursor(page, 0);
		while (cursor.next() && cursor.page === page) {
			this.#paths.add(cursor.path);
			this.#digests.add(cursor.digest);
			isFile.push(cursor.type === entryType.file && cursor.link.length === 0 ? 1 : 0);
			sizes.push(cursor.size);
			if (stats === undefined) expected.push(cursor.size, cursor.mtimeSec, cursor.mtimeNsec, 0);
			else expected.push(...stats.of(cursor));
		}
		this.count = sizes.length;
		this.#isFile = Uint8Array.from(isFile);
		this.#sizes = Float64Array.from(sizes);
		this.expected = Float64Array.from(expected);
	}

	path(position: number): Uint8Array {
		return this.#paths.at(position);
	}

	/** Of the entry's content; empty where there is none. */
	digest(position: number): Uint8Array {
		return this.#digests.at(position);
	}

	/** Names what the entry's content is, and where and how it is read: equal names, equal octets. */
	version(position: number): string {
		let version = this.#versions[position];
		if (version === undefined) {
			const at = position * expectedSize;
			const stat = this.expected.subarray(at, at + expectedSize).join(' ');
			const digest = octetKey(this.digest(position));
			version = `${digest.length} ${digest}${stat} ${octetKey(this.path(position))}`;
			this.#versions[position] = version;
		}
		return version;
	}

	/** Octets of the entry's content. */
	contentSize(position: number): number {
		return this.#isFile[position] === 1 ? this.#sizes[position]! : 0;
	}

	/** Octets that an object of the entry has: 0 where it has none of that kind. */
	objectSize(kind: ObjectKind, position: number): number {
		const size = this.contentSize(position);
		if (kind === objectKind.content) return size;
		if (kind === objectKind.leaves) return leavesSize(size);
		if (kind === objectKind.sums) return sumsShape(size)?.objectSize ?? 0;
		// How much of its addresses the compressed form fills is known when it has been made.
		return isSizes(kind) ? sizeSize * leafCount(size) : leafSize * leafCount(size);
	}
}

/** The last pages wanted of one list, decoded. */
export class PageTables {
	readonly #list: List;
	#stats: KnownStats | undefined;
	readonly #tables = new Map<number, PageTable>();

	constructor(list: List, stats: KnownStats | undefined) {
		this.#list = list;
		this.#stats = stats;
	}

	/** From now on, this is known of the files. */
	know(stats: KnownStats): void {
		this.#stats = stats;
		this.#tables.clear();
	}

	/** Undefined when the list has no such page. */
	get(page: number): PageTable | undefined {
		let table = this.#tables.get(page);
		if (table !== undefined) {
			this.#tables.delete(page);
		} else {
			if (page >= this.#list.pageCount) return undefined;
			table = new PageTable(this.#list, page, this.#stats);
		}
		this.#tables.set(page, table);
		if (this.#tables.size > pagesMax) {
			this.#tables.delete(this.#tables.keys().next().value!);
		}
		return table;
	}
}
