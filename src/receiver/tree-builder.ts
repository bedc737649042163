/** Makes the next tree: plans what is to be done to the one that it is made from, and does it. */
import {ShoalError} from '../error.ts';
import type {DirHandle} from '../platform/tree.ts';
import {inParallel} from '../pool/in-parallel.ts';
import type {Pool} from '../pool/pool.ts';
import type {ActiveTask} from '../scheduler/active-task.ts';
import {comparePaths} from '../snapshot/path.ts';
import {buildTree, isOfPhase, type TreePhase, treePhases} from '../task/build-tree.ts';
import {changeKind, contentFrom, existing, pickRows} from '../task/change-table.ts';
import {costPerFile} from '../task/cost.ts';
import {octetsAt} from '../task/packed-octets.ts';
import type {ProblemList} from './problem-list.ts';
import {surveyPaths} from './survey-paths.ts';
import {
	borrowingDirectories,
	lendAttributes,
	noPlanRow,
	planTree,
	type TreeRows,
	type TreeRowsOptions,
} from './tree-rows.ts';

export type TreeBuild = TreeRowsOptions & {
	readonly pool: Pool;
	/** The tree that is made, and the one that is published. */
	readonly root: DirHandle;
	readonly from: DirHandle | undefined;
	readonly staging: DirHandle;
	readonly problems: ProblemList;
	/** Rows of the plan that could not be done are added. */
	readonly failed: Set<number>;
	readonly isRoot: boolean;
	readonly sync: boolean;
	/** What the jobs belong to; told how many rows are done. */
	readonly task: ActiveTask;
};

/** Rows of one job. */
const rowsPerJob = 512;

/** Phases whose rows do not depend on each other. */
const parallelPhases: readonly TreePhase[] = ['clear', 'place', 'link'];

/**
 * What cannot be made because the file system does not take it is left out, as a problem; what the
 * current tree has already is never left out.
 * @throws ShoalError what keeps the next tree from being whole
 */
export async function buildNext(build: TreeBuild): Promise<void> {
	const plan = planTree(build);
	const {pool, from, isRoot, task} = build;
	if (from !== undefined) {
		const lent = await surveyPaths(pool, from, borrowingDirectories(plan), task.order);
		lendAttributes(plan, path => lent.find(path), lent.stat, isRoot);
	}
	const run = new Run(build, plan);
	for (const phase of treePhases) await run.phase(phase);
}

class Run {
	readonly #build: TreeBuild;
	readonly #plan: TreeRows;
	readonly #rows: ReturnType<TreeRows['table']['pick']>;
	readonly #order: Record<TreePhase, readonly number[]>;
	readonly #total: number;
	#done = 0;

	constructor(build: TreeBuild, plan: TreeRows) {
		this.#build = build;
		this.#plan = plan;
		const all = Array.from({length: plan.table.count}, (_, row) => row);
		const rows = plan.table.pick(all);
		this.#rows = rows;
		const order: Partial<Record<TreePhase, readonly number[]>> = {};
		const byPath = (a: number, b: number): number =>
			comparePaths(octetsAt(rows.path, a), octetsAt(rows.path, b));
		for (const phase of treePhases) {
			// A directory before what is in it, and when it is finished, after.
			const chosen = all.filter(row => isOfPhase(rows, row, phase)).sort(byPath);
			order[phase] = phase === 'finish' ? chosen.reverse() : chosen;
		}
		// Whoever is root needs no directory unlocked.
		if (build.isRoot) order.unlock = [];
		this.#order = order as Record<TreePhase, readonly number[]>;
		this.#total = treePhases.reduce((sum, phase) => sum + order[phase]!.length, 0);
	}

	async phase(phase: TreePhase): Promise<void> {
		const rows = this.#order[phase];
		const count = Math.ceil(rows.length / rowsPerJob);
		const starts = Array.from({length: count}, (_, at) => at * rowsPerJob);
		const {threadCount} = this.#build.pool;
		const limit = parallelPhases.includes(phase) ? 2 * Math.max(1, threadCount) : 1;
		await inParallel(starts, limit, start =>
			this.#job(phase, Uint32Array.from(rows.slice(start, start + rowsPerJob))),
		);
	}

	async #job(phase: TreePhase, numbers: Uint32Array): Promise<void> {
		const {pool, root, from, staging, sync, task} = this.#build;
		const rows = pickRows(this.#rows, numbers);
		const input = {phase, root, current: from, staging, rows, numbers, sync};
		const output = await pool.run(buildTree, input, {
			...task.order,
			cost: numbers.length * costPerFile,
		});
		for (const [at, index] of output.failed.entries()) {
			const error = new ShoalError(output.codes[at]!, output.messages[at]!);
			this.#fail(phase, numbers[index]!, error);
		}
		this.#done += numbers.length;
		task.advance(this.#done, this.#total);
	}

	#fail(phase: TreePhase, row: number, error: ShoalError): void {
		const {problems, failed, plan} = this.#build;
		const planRow = this.#plan.planRow[row]!;
		const path = octetsAt(this.#rows.path, row);
		if (phase !== 'finish') {
			const isDispensable =
				planRow !== noPlanRow &&
				error.code === 'FILE_UNWRITABLE' &&
				plan.columns.kind[planRow] === changeKind.new &&
				plan.columns.existing[planRow] === existing.none &&
				plan.columns.content[planRow] !== contentFrom.move;
			if (!isDispensable) throw error;
			failed.add(planRow);
		}
		problems.add(error.code, path, error.message);
	}
}
