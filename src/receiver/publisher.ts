/** Goes through the phases of a publish: the same for a new one and for one that was cut off. */
import type {ErrorCode} from '../error.ts';
import type {DirHandle} from '../platform/tree.ts';
import {inParallel} from '../pool/in-parallel.ts';
import type {Pool} from '../pool/pool.ts';
import type {ActiveTask} from '../scheduler/active-task.ts';
import {entryType} from '../snapshot/entry.ts';
import {comparePaths, equalOctets, isWithin} from '../snapshot/path.ts';
import {
	type ChangeRows,
	changeKind,
	contentFrom,
	existing,
	pickRows,
} from '../task/change-table.ts';
import {costPerFile} from '../task/cost.ts';
import {octetsAt} from '../task/packed-octets.ts';
import {type PublishPhase, publish, publishPhases} from '../task/publish.ts';
import type {Journal} from './journal.ts';

export type PublisherOptions = {
	readonly pool: Pool;
	readonly root: DirHandle;
	readonly staging: readonly DirHandle[];
	/** Whoever is root needs no directory unlocked. */
	readonly isRoot: boolean;
	readonly journal: Journal;
	/** What the jobs belong to; told how many rows are done. */
	readonly task: ActiveTask;
};

export type Failure = {readonly code: ErrorCode; readonly message: string};

/** Rows of one job. */
const rowsPerJob = 512;

/** Phases whose rows do not depend on each other. */
const parallelPhases: readonly PublishPhase[] = ['aside', 'place', 'link', 'attribute', 'restore'];

/** Rows that failed, by their number in the journal. */
export async function runJournal(options: PublisherOptions): Promise<Map<number, Failure>> {
	const run = new Run(options);
	for (const phase of publishPhases) await run.phase(phase);
	return run.failures;
}

class Run {
	readonly failures = new Map<number, Failure>();
	readonly #options: PublisherOptions;
	readonly #rows: ChangeRows;
	readonly #plan: Record<PublishPhase, number[]>;
	#done = 0;
	readonly #total: number;

	constructor(options: PublisherOptions) {
		this.#options = options;
		this.#rows = options.journal.rows;
		this.#plan = planPhases(this.#rows, options.isRoot);
		this.#total = publishPhases.reduce((sum, phase) => sum + this.#plan[phase].length, 0);
	}

	async phase(phase: PublishPhase): Promise<void> {
		const rows = this.#left(phase);
		if (rows.length === 0) return;
		const starts = Array.from(
			{length: Math.ceil(rows.length / rowsPerJob)},
			(_, at) => at * rowsPerJob,
		);
		const {threadCount} = this.#options.pool;
		const limit = parallelPhases.includes(phase) ? 2 * Math.max(1, threadCount) : 1;
		await inParallel(starts, limit, start =>
			this.#job(phase, Uint32Array.from(rows.slice(start, start + rowsPerJob))),
		);
	}

	/** What earlier phases have not made impossible, or pointless. */
	#left(phase: PublishPhase): number[] {
		const rows = this.#plan[phase];
		if (this.failures.size === 0) return phase === 'restore' ? [] : rows;
		switch (phase) {
			case 'directory':
			case 'place':
			case 'link':
				return rows.filter(row => !this.failures.has(row));
			case 'restore':
				return rows.filter(row => this.failures.has(row));
			case 'clear':
				return rows.filter(row => !this.failures.has(row));
			case 'delete':
				return rows.filter(row => !this.#isStillNeeded(octetsAt(this.#rows.path, row)));
			default:
				return rows;
		}
	}

	/**
	 * A file whose inode should have moved, and did not, is still the only one; and what is in a
	 * directory whose successor could not take its place stays with it.
	 */
	#isStillNeeded(path: Uint8Array): boolean {
		const {content, source, path: paths} = this.#rows;
		for (const row of this.failures.keys()) {
			const moves = content[row] === contentFrom.move;
			if (moves && equalOctets(octetsAt(source, row), path)) return true;
			const wasDirectory = this.#rows.existing[row] === existing.directory;
			const isReplaced = wasDirectory && this.#rows.type[row] !== entryType.directory;
			if (isReplaced && isWithin(path, octetsAt(paths, row))) return true;
		}
		return false;
	}

	async #job(phase: PublishPhase, numbers: Uint32Array): Promise<void> {
		const {pool, root, staging, journal, task} = this.#options;
		const rows = pickRows(this.#rows, numbers);
		const {sync} = journal;
		const input = {phase, root, staging, rows, numbers, sync};
		const cost = numbers.length * costPerFile;
		const output = await pool.run(publish, input, {...task.order, cost});
		for (const [at, index] of output.failed.entries()) {
			const row = numbers[index]!;
			const failure = {code: output.codes[at]!, message: output.messages[at]!};
			if (!this.failures.has(row)) this.failures.set(row, failure);
		}
		this.#done += numbers.length;
		task.advance(this.#done, this.#total);
	}
}

function planPhases(rows: ChangeRows, isRoot: boolean): Record<PublishPhase, number[]> {
	const plan: Record<PublishPhase, number[]> = {
		unlock: [],
		aside: [],
		directory: [],
		place: [],
		link: [],
		attribute: [],
		restore: [],
		delete: [],
		clear: [],
		finish: [],
	};
	for (let row = 0; row < rows.count; row++) planRow(rows, row, isRoot, plan);
	const byPath = (a: number, b: number): number =>
		comparePaths(octetsAt(rows.path, a), octetsAt(rows.path, b));
	// A directory before what is in it, and when it is removed or finished, after.
	plan.unlock.sort(byPath);
	plan.directory.sort(byPath);
	plan.delete.sort((a, b) => byPath(b, a));
	plan.finish.sort((a, b) => byPath(b, a));
	return plan;
}

function planRow(
	rows: ChangeRows,
	row: number,
	isRoot: boolean,
	plan: Record<PublishPhase, number[]>,
): void {
	const kind = rows.kind[row]!;
	const isDirectory = rows.type[row] === entryType.directory;
	const was = rows.existing[row]!;
	if (!isRoot && isDirectory && isLocked(rows, row)) plan.unlock.push(row);
	if (kind === changeKind.deleted) {
		plan.delete.push(row);
		return;
	}
	if (isDirectory) plan.finish.push(row);
	if (kind === changeKind.touch) return;
	if (kind === changeKind.metadata) {
		if (!isDirectory) plan.attribute.push(row);
		return;
	}
	if (was !== existing.none && (was === existing.directory) !== isDirectory) {
		plan.aside.push(row);
		plan.restore.push(row);
		plan.clear.push(row);
	}
	if (isDirectory) {
		const isMade = kind === changeKind.new || was !== existing.directory;
		if (isMade && octetsAt(rows.path, row).length > 0) plan.directory.push(row);
	} else if (rows.content[row] === contentFrom.link) plan.link.push(row);
	else plan.place.push(row);
}

/** A directory that its owner may not list, enter and change: now, or once it is finished. */
function isLocked(rows: ChangeRows, row: number): boolean {
	const mode = rows.existing[row] === existing.none ? rows.mode[row]! : rows.existingMode[row]!;
	return (mode & 0o700) !== 0o700;
}
