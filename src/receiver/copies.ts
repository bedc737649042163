/** Contents that are here already, in DEST or staged for a twin: copies them, many at a time. */
import type {DirHandle} from '../platform/tree.ts';
import type {Pool} from '../pool/pool.ts';
import type {JobOptions} from '../scheduler/lane.ts';
import type {ChangeTable} from '../task/change-table.ts';
import {copyContent} from '../task/content-copy.ts';
import type {Staging} from './staging.ts';

export type CopiesOptions = {
	readonly pool: Pool;
	/** DEST and its alternates: `ChangeTable.sourceRoot` counts them. */
	readonly roots: readonly DirHandle[];
	readonly staging: Staging;
	readonly table: ChangeTable;
	/** Its content is in staging. */
	readonly onCopied: (row: number) => void;
	/** What was to be copied has changed since it was looked at. */
	readonly onGone: (row: number) => void;
	readonly onFailed: (error: unknown) => void;
	/** A job has ended. */
	readonly onEnded: () => void;
};

/** Octets and files that one job copies. */
const copySizeMax = 16 << 20;
const copyFilesMax = 64;

export class Copies {
	readonly #options: CopiesOptions;
	/** Rows that can be copied by now. */
	#rows: number[] = [];
	readonly #running = new Set<Promise<void>>();

	constructor(options: CopiesOptions) {
		this.#options = options;
	}

	get isIdle(): boolean {
		return this.#running.size === 0;
	}

	add(...rows: readonly number[]): void {
		for (const row of rows) this.#rows.push(row);
	}

	/** Starts with all that was added. */
	start(order: JobOptions): void {
		const {table, onEnded} = this.#options;
		const rows = this.#rows;
		this.#rows = [];
		let job: number[] = [];
		let size = 0;
		const start = (): void => {
			if (job.length === 0) return;
			const one = this.#copy(job, order).finally(() => {
				this.#running.delete(one);
				onEnded();
			});
			this.#running.add(one);
			job = [];
			size = 0;
		};
		for (const row of rows) {
			if (job.length === copyFilesMax || size > copySizeMax) start();
			job.push(row);
			size += table.columns.size[row]!;
		}
		start();
	}

	/** Resolves when nothing runs any more. */
	async settle(): Promise<void> {
		while (this.#running.size > 0) await Promise.allSettled(this.#running);
	}

	async #copy(rows: readonly number[], order: JobOptions): Promise<void> {
		const {pool, roots, staging, table, onCopied, onGone, onFailed} = this.#options;
		const {device, twin, size} = table.columns;
		try {
			const twinDevice = Uint16Array.from(rows, row => device[twin[row]!] ?? 0);
			const {bad} = await pool.run(
				copyContent,
				{
					roots,
					rootOf: Uint8Array.from(rows, row => table.sourceRoot(row)),
					staging: staging.handles,
					rows: table.pick(rows),
					twinDevice,
				},
				{...order, cost: rows.reduce((sum, row) => sum + size[row]!, 1)},
			);
			const failed = new Set(bad);
			for (const [at, row] of rows.entries()) {
				if (failed.has(at)) onGone(row);
				else onCopied(row);
			}
		} catch (error) {
			onFailed(error);
		}
	}
}
