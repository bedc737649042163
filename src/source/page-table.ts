/**
 * One page of a list decoded for answering wants: paths, sizes and times by position. A page is
 * decoded when it is first wanted and kept while it is among the last few, so that a run over a
 * page costs one decoding, not one for each of its entries.
 */

import {sumsShape} from '../delta/shape.ts';
import {entryType} from '../snapshot/entry.ts';
import type {List} from '../snapshot/list.ts';
import {leavesSize} from '../snapshot/merkle.ts';
import {octetKey} from '../task/packed-octets.ts';
import {type ObjectKind, objectKind} from '../wire/frame.ts';

/** About 160 entries each; what 64 pages hold is some 4 MiB. */
const pagesMax = 64;

export class PageTable {
	readonly count: number;
	readonly paths: Uint8Array[] = [];
	readonly #isFile: Uint8Array;
	readonly #sizes: Float64Array;
	/** Size, mtime seconds, mtime nanoseconds of each entry, as a read compares them. */
	readonly expected: Float64Array;
	readonly #digests: Uint8Array[] = [];
	readonly #versions: string[] = [];

	constructor(list: List, page: number) {
		const sizes: number[] = [];
		const isFile: number[] = [];
		const expected: number[] = [];
		const cursor = list.cursor(page, 0);
		while (cursor.next() && cursor.page === page) {
			this.paths.push(cursor.path.slice());
			this.#digests.push(cursor.digest.slice());
			isFile.push(cursor.type === entryType.file && cursor.link.length === 0 ? 1 : 0);
			sizes.push(cursor.size);
			expected.push(cursor.size, cursor.mtimeSec, cursor.mtimeNsec);
		}
		this.count = sizes.length;
		this.#isFile = Uint8Array.from(isFile);
		this.#sizes = Float64Array.from(sizes);
		this.expected = Float64Array.from(expected);
	}

	/** Names what the entry's content is, and where and how it is read: equal names, equal octets. */
	version(position: number): string {
		let version = this.#versions[position];
		if (version === undefined) {
			const at = position * 3;
			const stat = this.expected.subarray(at, at + 3).join(' ');
			const digest = octetKey(this.#digests[position]!);
			version = `${digest.length} ${digest}${stat} ${octetKey(this.paths[position]!)}`;
			this.#versions[position] = version;
		}
		return version;
	}

	/** Octets that an object of the entry has: 0 where it has none of that kind. */
	objectSize(kind: ObjectKind, position: number): number {
		if (this.#isFile[position] !== 1) return 0;
		const size = this.#sizes[position]!;
		if (kind === objectKind.content) return size;
		if (kind === objectKind.leaves) return leavesSize(size);
		return sumsShape(size)?.objectSize ?? 0;
	}
}

/** The last pages wanted of one list, decoded. */
export class PageTables {
	readonly #list: List;
	readonly #tables = new Map<number, PageTable>();

	constructor(list: List) {
		this.#list = list;
	}

	/** Undefined when the list has no such page. */
	get(page: number): PageTable | undefined {
		let table = this.#tables.get(page);
		if (table !== undefined) {
			this.#tables.delete(page);
		} else {
			if (page >= this.#list.pageCount) return undefined;
			table = new PageTable(this.#list, page);
		}
		this.#tables.set(page, table);
		if (this.#tables.size > pagesMax) {
			this.#tables.delete(this.#tables.keys().next().value!);
		}
		return table;
	}
}
