/**
 * What to ask for before there is a plan: where DEST is empty, all contents that a list names will
 * be wanted, so they can be while the list is still coming, page by page. Nothing is done with what
 * comes until the list is whole, valid and planned; then the plan's rows take the place of those
 * here, and what the plan does not want is dropped.
 */
import type {Sha256} from '../platform/crypto.ts';
import {EntryReader} from '../snapshot/entry-reader.ts';
import {type ChangeTable, noRow} from '../task/change-table.ts';
import {octetKey} from '../task/packed-octets.ts';
import {type LargeFile, RequestQueue, type RowRequest} from './request-queue.ts';

export type HandedOver = {
	/** Rows that were not asked for. */
	readonly rows: readonly number[];
	/** The row that was asked for in part. */
	readonly large: LargeFile | undefined;
};

export class Ahead {
	readonly #reader: EntryReader;
	/** Contents in the order in which pages came, each digest once. */
	readonly #columns = {page: [] as number[], position: [] as number[], size: [] as number[]};
	readonly #rows: number[] = [];
	/** Between these and the row before stands a content that is not asked for. */
	readonly #apart = new Set<number>();
	/** By digest: of several entries with one content, the plan may want it for another. */
	readonly #rowOf = new Map<string, number>();
	readonly #queue: RequestQueue;
	readonly #requests: RowRequest[] = [];
	#isOver = false;

	constructor(sha256: Sha256) {
		this.#reader = new EntryReader(sha256());
		this.#queue = new RequestQueue({
			table: {columns: this.#columns},
			rows: this.#rows,
			isClear: (_, to) => !this.#apart.has(to),
		});
	}

	/** A page of the list, proven; they come in any order. */
	addPage(page: number, bytes: Uint8Array): void {
		const reader = this.#reader;
		if (this.#isOver || reader.failed) return;
		reader.open(bytes, 0, bytes.length);
		let isApart = false;
		for (let position = 0; reader.next(); position++) {
			const {digest, size} = reader;
			if (digest.length === 0 || size === 0) continue;
			const key = octetKey(digest);
			if (this.#rowOf.has(key)) {
				isApart = true;
				continue;
			}
			const row = this.#rows.length;
			this.#rowOf.set(key, row);
			this.#columns.page.push(page);
			this.#columns.position.push(position);
			this.#columns.size.push(size);
			this.#rows.push(row);
			if (isApart) this.#apart.add(row);
			isApart = false;
		}
	}

	/** What to ask for next; its answers are for the update that this is handed over to. */
	nextRequest(): RowRequest | undefined {
		if (this.#isOver) return undefined;
		const request = this.#queue.next();
		if (request !== undefined) this.#requests.push(request);
		return request;
	}

	/** Rows of the plan take the place of those here, but not rows of which a part is `resumed`. */
	handOver(
		table: ChangeTable,
		wanted: readonly number[],
		resumed: ReadonlySet<number>,
	): HandedOver {
		this.#isOver = true;
		const {count, large} = this.#queue.begun;
		const planned = new Uint32Array(this.#rows.length).fill(noRow);
		let left = count;
		const rows = wanted.filter(row => {
			if (left === 0) return true;
			const at = this.#rowOf.get(octetKey(table.digest(row))) ?? count;
			if (at >= count || planned[at] !== noRow || resumed.has(row)) return true;
			planned[at] = row;
			left--;
			return false;
		});
		for (const {rows: objects} of this.#requests) {
			objects.forEach((at, object) => {
				if (at !== noRow) objects[object] = planned[at]!;
			});
		}
		const row = large === undefined ? noRow : planned[large.row]!;
		return {rows, large: row === noRow ? undefined : {...large!, row}};
	}
}
