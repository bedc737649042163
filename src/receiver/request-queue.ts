/**
 * What to ask for next: contents in path order, small files of one page together, a large file in
 * ranges with its leaf hashes before them. What has to be asked for again goes first.
 */
import {digestSize, leafSize, wantEntriesMax} from '../limit.ts';
import type {List} from '../snapshot/list.ts';
import {leafCount, leavesSize} from '../snapshot/merkle.ts';
import {type ChangeTable, noRow} from '../task/change-table.ts';
import type {FetchRequest, Sized} from '../transfer/request.ts';
import {type ObjectKind, objectKind} from '../wire/frame.ts';
import type {LeafPart} from '../wire/patch.ts';

/** Octets of small files in one request, and of a large one in one range. */
const runSizeMax = 256 * 1024;
const rangeSize = 512 * 1024;

/** Leaf hashes are asked for in stretches of so much: those of 512 MiB of content. */
const leavesRangeSize = 256 * 1024;

/** A request that knows which rows it serves. */
export class RowRequest implements FetchRequest {
	readonly snapshot: number;
	readonly kind: ObjectKind;
	readonly page: number;
	readonly position: number;
	readonly count: number;
	readonly offset: number;
	readonly length: number;
	readonly sizes?: Float64Array;
	readonly part?: LeafPart;
	readonly sized?: Sized;
	/** Of each object its row, `noRow` where it has none. */
	readonly rows: Uint32Array;

	constructor(fields: FetchRequest & {readonly rows: Uint32Array}) {
		this.snapshot = fields.snapshot;
		this.kind = fields.kind;
		this.page = fields.page;
		this.position = fields.position;
		this.count = fields.count;
		this.offset = fields.offset;
		this.length = fields.length;
		this.rows = fields.rows;
		if (fields.sizes !== undefined) this.sizes = fields.sizes;
		if (fields.part !== undefined) this.part = fields.part;
		if (fields.sized !== undefined) this.sized = fields.sized;
	}
}

export type AgainKind = 'content' | 'leaves' | 'sums' | 'patch';

type Stretch = {
	readonly row: number;
	readonly kind: ObjectKind;
	readonly offset: number;
	readonly size: number;
	readonly part: LeafPart | undefined;
};

/** A large file that is being asked for: octets of its leaf hashes and content that have been. */
export type LargeFile = {readonly row: number; leaves: number; content: number};

/** Where the contents are that rows stand for. */
export type Wanted = {
	readonly table: {
		readonly columns: {
			readonly page: ArrayLike<number>;
			readonly position: ArrayLike<number>;
			readonly size: ArrayLike<number>;
		};
	};
	/** Whether between two rows of one page no entry has content. */
	isClear(from: number, to: number): boolean;
	/** Rows to fetch, in path order; more may come. */
	readonly rows: readonly number[];
	/** Large files of which only leaf hashes are to be asked for. */
	readonly resumed?: ReadonlySet<number>;
	/** One that was begun elsewhere: the rest of it is asked for first. */
	readonly large?: LargeFile | undefined;
};

export class RequestQueue {
	/** Number of the snapshot in the session that requests are made for. */
	snapshot = 0;
	readonly #wanted: Wanted;
	/** Rows that have been begun. */
	#next = 0;
	/** Stretches to ask for out of turn, and how many of them have been. */
	#again: Stretch[] = [];
	#againDone = 0;
	/** Rows that turned out to be needed after their turn. */
	readonly #late: number[] = [];
	#large: LargeFile | undefined;

	constructor(wanted: Wanted) {
		this.#wanted = wanted;
		this.#large = wanted.large;
	}

	/** How many of the rows have been begun, and the one that is not asked for to its end. */
	get begun(): {readonly count: number; readonly large: LargeFile | undefined} {
		return {count: this.#next, large: this.#large};
	}

	/** Undefined: nothing now. */
	next(): RowRequest | undefined {
		const again = this.nextAgain();
		if (again !== undefined) return again;
		if (this.#large !== undefined) return this.#nextOfLarge(this.#large);
		const late = this.#late.pop();
		const row = late ?? this.#wanted.rows[this.#next];
		if (row === undefined) return undefined;
		const size = this.#wanted.table.columns.size[row]!;
		if (size <= leafSize) {
			return late === undefined ? this.#run() : this.#range(row, objectKind.content, 0, size);
		}
		if (late === undefined) this.#next++;
		this.#large = {row, leaves: 0, content: 0};
		return this.#nextOfLarge(this.#large);
	}

	/** Fetches `row` though it was not among the rows at first. */
	add(row: number): void {
		this.#late.push(row);
	}

	/**
	 * Asks for part of what a row needs, before all that has its turn. Sums come as one request; of
	 * a patch, `size` is the most that it may have.
	 */
	again(row: number, kind: AgainKind, offset: number, size: number, part?: LeafPart): void {
		this.#again.push({row, kind: objectKind[kind], offset, size, part});
	}

	/** What goes out of turn. */
	nextAgain(): RowRequest | undefined {
		const stretch = this.#again[this.#againDone];
		if (stretch === undefined) return undefined;
		const {row, kind, offset, size, part} = stretch;
		const length = kind === objectKind.sums ? size : Math.min(rangeSize, size);
		if (length < size) {
			this.#again[this.#againDone] = {...stretch, offset: offset + length, size: size - length};
		} else if (++this.#againDone === this.#again.length) {
			this.#again = [];
			this.#againDone = 0;
		}
		return this.#range(row, kind, offset, length, part);
	}

	#nextOfLarge(file: LargeFile): RowRequest {
		const {row} = file;
		const size = this.#wanted.table.columns.size[row]!;
		const leaves = leavesSize(size);
		const isResumed = this.#wanted.resumed?.has(row) === true;
		// Leaf hashes go before the content that they are of; the levels above them come first.
		const above = leaves - leafCount(size) * digestSize;
		const covered = (Math.max(0, file.leaves - above) / digestSize) * leafSize;
		if (file.leaves < leaves && (isResumed || file.content >= covered)) {
			const length = Math.min(leavesRangeSize, leaves - file.leaves);
			const request = this.#range(row, objectKind.leaves, file.leaves, length);
			file.leaves += length;
			// What an earlier run left of it is compared first: contents are wanted after that.
			if (isResumed && file.leaves === leaves) this.#large = undefined;
			return request;
		}
		const length = Math.min(rangeSize, size - file.content);
		const request = this.#range(row, objectKind.content, file.content, length);
		file.content += length;
		if (file.content === size) this.#large = undefined;
		return request;
	}

	#range(
		row: number,
		kind: ObjectKind,
		offset: number,
		length: number,
		part?: LeafPart,
	): RowRequest {
		const {page, position} = this.#wanted.table.columns;
		return new RowRequest({
			snapshot: this.snapshot,
			kind,
			page: page[row]!,
			position: position[row]!,
			count: 1,
			offset,
			length,
			rows: Uint32Array.of(row),
			...(part && {part}),
		});
	}

	/**
	 * As many small files of one page as follow one another: what is between them must have no
	 * content of its own, since a run is of whole objects.
	 */
	#run(): RowRequest {
		const {table, rows: all} = this.#wanted;
		const {page, position, size} = table.columns;
		const first = all[this.#next++]!;
		const start = position[first]!;
		const rows = [first];
		let length = size[first]!;
		for (let last = first; this.#next < all.length; ) {
			const row = all[this.#next]!;
			if (page[row] !== page[first] || size[row]! > leafSize) break;
			if (length + size[row]! > runSizeMax || position[row]! - start >= wantEntriesMax) break;
			if (!this.#wanted.isClear(last, row)) break;
			rows.push(row);
			length += size[row]!;
			last = row;
			this.#next++;
		}
		if (rows.length === 1) return this.#range(first, objectKind.content, 0, length);
		const count = position[rows[rows.length - 1]!]! - start + 1;
		const sizes = new Float64Array(count);
		const rowOf = new Uint32Array(count).fill(noRow);
		for (const row of rows) {
			sizes[position[row]! - start] = size[row]!;
			rowOf[position[row]! - start] = row;
		}
		return new RowRequest({
			snapshot: this.snapshot,
			kind: objectKind.content,
			page: page[first]!,
			position: start,
			count,
			offset: 0,
			length,
			sizes,
			rows: rowOf,
		});
	}
}

/** Looks between two rows of a table in the list that their places are of. */
export function clearIn(list: List, table: ChangeTable): Wanted['isClear'] {
	return (from, to) => {
		const {columns} = table;
		const page = columns.page[from]!;
		const start = columns.position[from]! + 1;
		const end = columns.position[to]!;
		if (start >= end) return start === end;
		const cursor = list.cursor(page, start);
		while (cursor.next() && cursor.page === page && cursor.position < end) {
			if (cursor.digest.length > 0 && cursor.size > 0) return false;
		}
		return true;
	};
}
