/**
 * Joins what is to be written into jobs: many small files, or many leaves, in one. A job leaves
 * when it is full, or a few milliseconds after its first item; so octets that arrived never wait
 * for others that may not come.
 */
import type {ErrorCode} from '../error.ts';
import {digestSize} from '../limit.ts';
import type {Clock} from '../platform/clock.ts';
import type {Copy} from '../platform/copy.ts';
import type {DirHandle} from '../platform/tree.ts';
import type {Pool} from '../pool/pool.ts';
import type {JobOptions} from '../scheduler/lane.ts';
import type {Creation} from '../task/attributes.ts';
import type {ChangeTable} from '../task/change-table.ts';
import {costPerFile} from '../task/cost.ts';
import {stage, type stageOp} from '../task/stage.ts';
import {later, millis} from '../unit.ts';

export type StageWriterOptions = {
	readonly pool: Pool;
	readonly clock: Clock;
	readonly copy: Copy;
	readonly table: ChangeTable;
	readonly staging: readonly DirHandle[];
	readonly creation: Creation;
	readonly sync: boolean;
	readonly order: JobOptions;
	/** So many octets that were given to `write` are on disk, or found bad. */
	readonly onWritten: (octets: number) => void;
	/** A file is whole, but its owner, mode or time could not be set. */
	readonly onUnset: (row: number, code: ErrorCode, message: string) => void;
	readonly onFailed: (error: unknown) => void;
	/** `isIdle` has become true. */
	readonly onIdle: () => void;
};

export type StageItem = {
	readonly row: number;
	readonly kind: (typeof stageOp)[keyof typeof stageOp];
	/** In the file. */
	readonly offset: number;
	/** What to write; for a check, nothing. */
	readonly data: Uint8Array;
	/** Octets of the leaf, or of the part in `data`. */
	readonly length: number;
	/** Number of the form that `data` is in; none: it is as it is. */
	readonly form?: number;
	/** `data` is a patch for what this names. */
	readonly lacked?: Uint8Array;
	/** Of the leaf; empty for a part. */
	readonly hash: Uint8Array;
	/** With this the file is whole. */
	readonly finishes: boolean;
	readonly settled: (isGood: boolean) => void;
};

/** A job's octets. Shared memory, so that it neither is copied nor has to be given back. */
const batchSize = 1 << 20;
const batchItemsMax = 256;
const batchDelay = millis(5);

/** Buffers kept for the next jobs. */
const spareMax = 8;

const nothing = new Uint8Array(0);

/** Where its octets are in the job's, instead of them: they were borrowed. */
type Item = Omit<StageItem, 'data'> & {readonly at: number; readonly stored: number};

export class StageWriter {
	readonly #options: StageWriterOptions;
	readonly #spare: Uint8Array[] = [];
	#items: Item[] = [];
	#buffer: Uint8Array | undefined;
	#filled = 0;
	#cancelTimer: (() => void) | undefined;
	readonly #running = new Set<Promise<void>>();

	constructor(options: StageWriterOptions) {
		this.#options = options;
	}

	get isIdle(): boolean {
		return this.#items.length === 0 && this.#running.size === 0;
	}

	/** Copies `data`, which is free afterwards; at most one leaf. */
	write({data, ...item}: StageItem): void {
		const stored = data.length;
		if (this.#filled + stored > batchSize) this.flush();
		this.#buffer ??= this.#spare.pop() ?? new Uint8Array(new SharedArrayBuffer(batchSize));
		this.#options.copy(this.#buffer, this.#filled, data);
		this.#items.push({...item, at: this.#filled, stored});
		this.#filled += stored;
		if (this.#items.length >= batchItemsMax || this.#filled === batchSize) this.flush();
		else this.#arm();
	}

	/** The file of `row` is written and proven: sets its attributes. */
	finish(row: number, settled: () => void): void {
		const item = {row, kind: 0, offset: 0, stored: 0, length: 0, hash: nothing} as const;
		this.#items.push({...item, finishes: true, settled, at: -1});
		if (this.#items.length >= batchItemsMax) this.flush();
		else this.#arm();
	}

	/** Sends off what is collected. */
	flush(): void {
		this.#cancelTimer?.();
		this.#cancelTimer = undefined;
		if (this.#items.length === 0) return;
		const items = this.#items;
		const buffer = this.#buffer ?? nothing;
		const filled = this.#filled;
		this.#items = [];
		this.#buffer = undefined;
		this.#filled = 0;
		const job = this.#run(items, buffer, filled).finally(() => {
			this.#running.delete(job);
			if (this.isIdle) this.#options.onIdle();
		});
		this.#running.add(job);
	}

	/** Resolves when all that was written, and what that led to, is on disk or has failed. */
	async drain(): Promise<void> {
		while (!this.isIdle) {
			this.flush();
			await Promise.allSettled(this.#running);
		}
	}

	#arm(): void {
		const {clock} = this.#options;
		this.#cancelTimer ??= clock.at(later(clock.now(), batchDelay), () => {
			this.#cancelTimer = undefined;
			this.flush();
		});
	}

	async #run(items: readonly Item[], buffer: Uint8Array, filled: number): Promise<void> {
		const {pool, order, onWritten, onUnset, onFailed} = this.#options;
		const ordered = byRow(items);
		try {
			const input = this.#input(ordered, buffer);
			const cost = filled + items.length * costPerFile;
			const {bad, unset, codes, messages} = await pool.run(stage, input.job, {...order, cost});
			for (const [at, index] of unset.entries()) {
				onUnset(input.rows[index]!, codes[at]!, messages[at]!);
			}
			if (buffer.length > 0 && this.#spare.length < spareMax) this.#spare.push(buffer);
			const badOps = new Set(bad);
			let op = 0;
			onWritten(filled);
			for (const item of ordered) {
				const isGood = item.at === -1 || !badOps.has(op);
				if (item.at !== -1) op++;
				item.settled(isGood);
			}
		} catch (error) {
			onFailed(error);
		}
	}

	#input(items: readonly Item[], data: Uint8Array) {
		const {table, staging, creation, sync} = this.#options;
		const rows: number[] = [];
		const finish: number[] = [];
		const ops: {item: Item; row: number}[] = [];
		for (const item of items) {
			if (rows[rows.length - 1] !== item.row) {
				rows.push(item.row);
				finish.push(0);
			}
			if (item.finishes) finish[finish.length - 1] = 1;
			if (item.at !== -1) ops.push({item, row: rows.length - 1});
		}
		const hash = new Uint8Array(ops.length * digestSize);
		const lacked = new Map<number, Uint8Array>();
		for (const [op, {item}] of ops.entries()) {
			hash.set(item.hash, op * digestSize);
			if (item.lacked !== undefined) lacked.set(op, item.lacked);
		}
		const job = {
			staging,
			creation,
			sync,
			rows: table.pick(rows),
			finish: Uint8Array.from(finish),
			row: Uint32Array.from(ops, ({row}) => row),
			kind: Uint8Array.from(ops, ({item}) => item.kind),
			offset: Float64Array.from(ops, ({item}) => item.offset),
			length: Uint32Array.from(ops, ({item}) => item.length),
			stored: Uint32Array.from(ops, ({item}) => item.stored),
			form: Uint8Array.from(ops, ({item}) => item.form ?? 0),
			at: Uint32Array.from(ops, ({item}) => item.at),
			hash,
			data,
			lacked,
		};
		return {job, rows};
	}
}

/** Items of one row together, in their own order. */
function byRow(items: readonly Item[]): Item[] {
	return [...items].sort((a, b) => a.row - b.row);
}
