/**
 * What to ask for next: contents in path order, small files of one page together, a large file in
 * ranges with its leaf hashes before them. What has to be asked for again goes first.
 */
import {digestSize, leafSize, wantEntriesMax} from '../limit.ts';
import type {List} from '../snapshot/list.ts';
import {leafCount, leavesSize} from '../snapshot/merkle.ts';
import {type ChangeTable, noRow} from '../task/change-table.ts';
import type {FetchRequest} from '../transfer/request.ts';
import {type ObjectKind, objectKind} from '../wire/frame.ts';

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
	}
}

type Stretch = {
	readonly row: number;
	readonly kind: ObjectKind;
	readonly offset: number;
	readonly size: number;
};

type LargeFile = {readonly row: number; leaves: number; content: number};

export class RequestQueue {
	/** Number of the snapshot in the session that requests are made for. */
	snapshot = 0;
	readonly #table: ChangeTable;
	readonly #list: List;
	/** Rows to fetch, in path order, and how many of them have been begun. */
	readonly #rows: readonly number[];
	#next = 0;
	/** Stretches to ask for out of turn, and how many of them have been. */
	#again: Stretch[] = [];
	#againDone = 0;
	readonly #repeated: RowRequest[] = [];
	/** Rows that turned out to be needed after their turn. */
	readonly #late: number[] = [];
	#large: LargeFile | undefined;
	/** Large files of which only leaf hashes are to be asked for. */
	readonly #resumed: ReadonlySet<number>;

	constructor(
		table: ChangeTable,
		list: List,
		rows: readonly number[],
		resumed: ReadonlySet<number>,
	) {
		this.#table = table;
		this.#list = list;
		this.#rows = rows;
		this.#resumed = resumed;
	}

	/** Undefined: nothing now. */
	next(): RowRequest | undefined {
		const again = this.nextAgain();
		if (again !== undefined) return again;
		if (this.#large !== undefined) return this.#nextOfLarge(this.#large);
		const late = this.#late.pop();
		const row = late ?? this.#rows[this.#next];
		if (row === undefined) return undefined;
		const size = this.#table.columns.size[row]!;
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

	/** Asks for part of what a row needs, before all that has its turn. Sums come as one request. */
	again(row: number, kind: 'content' | 'leaves' | 'sums', offset: number, size: number): void {
		this.#again.push({row, kind: objectKind[kind], offset, size});
	}

	/** The same request anew: its session is gone. */
	repeat(request: RowRequest): void {
		this.#repeated.push(new RowRequest({...request, snapshot: this.snapshot}));
	}

	/** What goes out of turn. */
	nextAgain(): RowRequest | undefined {
		const repeated = this.#repeated.pop();
		if (repeated !== undefined) return repeated;
		const stretch = this.#again[this.#againDone];
		if (stretch === undefined) return undefined;
		const {row, kind, offset, size} = stretch;
		const length = kind === objectKind.sums ? size : Math.min(rangeSize, size);
		if (length < size) {
			this.#again[this.#againDone] = {...stretch, offset: offset + length, size: size - length};
		} else if (++this.#againDone === this.#again.length) {
			this.#again = [];
			this.#againDone = 0;
		}
		return this.#range(row, kind, offset, length);
	}

	#nextOfLarge(file: LargeFile): RowRequest {
		const {row} = file;
		const size = this.#table.columns.size[row]!;
		const leaves = leavesSize(size);
		const isResumed = this.#resumed.has(row);
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

	#range(row: number, kind: ObjectKind, offset: number, length: number): RowRequest {
		const {page, position} = this.#table.columns;
		return new RowRequest({
			snapshot: this.snapshot,
			kind,
			page: page[row]!,
			position: position[row]!,
			count: 1,
			offset,
			length,
			rows: Uint32Array.of(row),
		});
	}

	/**
	 * As many small files of one page as follow one another: what is between them must have no
	 * content of its own, since a run is of whole objects.
	 */
	#run(): RowRequest {
		const {page, position, size} = this.#table.columns;
		const first = this.#rows[this.#next++]!;
		const start = position[first]!;
		const rows = [first];
		let length = size[first]!;
		for (let last = first; this.#next < this.#rows.length; ) {
			const row = this.#rows[this.#next]!;
			if (page[row] !== page[first] || size[row]! > leafSize) break;
			if (length + size[row]! > runSizeMax || position[row]! - start >= wantEntriesMax) break;
			if (!this.#isClear(page[first]!, position[last]! + 1, position[row]!)) break;
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

	/** Whether no entry of `page` from position `from` up to `to` has content. */
	#isClear(page: number, from: number, to: number): boolean {
		if (from > to) return false;
		if (from === to) return true;
		const cursor = this.#list.cursor(page, from);
		while (cursor.next() && cursor.page === page && cursor.position < to) {
			if (cursor.digest.length > 0 && cursor.size > 0) return false;
		}
		return true;
	}
}
