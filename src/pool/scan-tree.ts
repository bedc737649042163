/** Scans a tree with all threads of a pool. */
import {ShoalError} from '../error.ts';
import type {Platform} from '../platform/platform.ts';
import type {Processes} from '../platform/thread.ts';
import type {DirHandle} from '../platform/tree.ts';
import type {JobOptions} from '../scheduler/lane.ts';
import {entryType} from '../snapshot/entry.ts';
import {markBlocks} from '../task/block-digest.ts';
import {costPerEntry} from '../task/cost.ts';
import {notListed, type ScanPart, scan} from '../task/scan.ts';
import {ColumnsBuilder} from '../task/scan-columns.ts';
import {type ScanTable, TableBuilder} from '../task/scan-table.ts';
import {inTurns} from './in-turns.ts';
import type {Pool} from './pool.ts';

export type ScanOptions = Omit<JobOptions, 'cost'> & {
	/** Names left out at the top of the tree: the state directory's. */
	readonly exclude?: readonly Uint8Array[] | undefined;
	/** Where the tree is so large that to start processes of their own for its scan pays. */
	readonly processesOn?: Platform['processesOn'] | undefined;
	/** Told the number of entries found so far, after each job. */
	readonly onProgress?: ((entryCount: number) => void) | undefined;
};

/**
 * Entries that make a job: about 6 ms of work, so what a job costs beside its work (some 0.1 ms)
 * does not show, and the first directories are soon spread over all threads.
 */
const entriesPerJob = 1024;

/** Directories given to one job at most: most have fewer than 20 entries. */
const directoriesPerJob = 64;

/** Every path below `root`. @throws ShoalError TREE_MISSING; the rest become problems */
export async function scanTree(
	pool: Pool,
	root: string | Uint8Array,
	options: ScanOptions = {},
): Promise<ScanTable> {
	const parts = await scanParts(pool, root, options);
	return inTurns(pool, parts.finish(), options.signal);
}

/** As `scanTree`, in parts still. */
export async function scanParts(
	pool: Pool,
	root: string | Uint8Array,
	options: ScanOptions = {},
): Promise<TableBuilder> {
	const {tree} = pool.context;
	const dir = tree.openRoot(root);
	try {
		const start = {part: rootPart(pool, dir), directories: [0]};
		const processes = pool.threadCount > 0 ? await options.processesOn?.(dir) : undefined;
		const inProcesses = processes && (await scanIn(processes, pool, start, options));
		return inProcesses ?? (await new TreeScan(pool, dir, start, options).run());
	} finally {
		tree.closeDir(dir);
	}
}

/** Undefined: they could not be started, or did not last. */
async function scanIn(
	{threads, root}: Processes,
	pool: Pool,
	start: ScanStart,
	options: ScanOptions,
): Promise<TableBuilder | undefined> {
	const beside = pool.beside(threads);
	try {
		return await new TreeScan(beside, root, start, options).run();
	} catch (error) {
		const isLost = error instanceof ShoalError && error.code === 'THREAD_LOST';
		if (!isLost) throw error;
		return undefined;
	} finally {
		await beside.close();
	}
}

/** Entries that have been looked at, in order, and which of them are directories to scan. */
export type ScanStart = {readonly part: ScanPart; readonly directories: readonly number[]};

/** What a scan begins at, with all that is below those of its directories. */
export async function scanFrom(
	pool: Pool,
	root: DirHandle,
	start: ScanStart,
	options: ScanOptions,
): Promise<ScanTable> {
	const parts = await new TreeScan(pool, root, start, options).run();
	return inTurns(pool, parts.finish(), options.signal);
}

/** A directory that nobody has listed yet: an entry of a part. */
type Pending = {readonly part: ScanPart; readonly entry: number};

class TreeScan {
	readonly #pool: Pool;
	readonly #root: DirHandle;
	readonly #options: ScanOptions;
	readonly #table: TableBuilder;
	/** The last one first: depth first keeps few pending. */
	readonly #pending: Pending[] = [];

	constructor(pool: Pool, root: DirHandle, start: ScanStart, options: ScanOptions) {
		const {part, directories} = start;
		this.#pool = pool;
		this.#root = root;
		this.#options = options;
		this.#table = new TableBuilder(part);
		for (const entry of directories) this.#pending.push({part, entry});
		this.#pending.reverse();
	}

	/** Ends only when no job runs any more: they use the root's handle. */
	async run(): Promise<TableBuilder> {
		const running = new Set<Promise<void>>();
		const runningMax = 2 * Math.max(1, this.#pool.threadCount);
		try {
			while (this.#pending.length > 0 || running.size > 0) {
				while (this.#pending.length > 0 && running.size < runningMax) {
					const job = this.#runJob().finally(() => running.delete(job));
					running.add(job);
				}
				await Promise.race(running);
			}
		} finally {
			await Promise.allSettled(running);
		}
		return this.#table;
	}

	async #runJob(): Promise<void> {
		const {exclude = [], onProgress, processesOn: _, ...order} = this.#options;
		const share = Math.ceil(this.#pending.length / (2 * Math.max(1, this.#pool.threadCount)));
		const given = this.#pending.splice(-Math.min(share, directoriesPerJob)).reverse();
		const input = {
			root: this.#root,
			...pathsOf(given),
			exclude,
			entriesWanted: entriesPerJob,
		};
		const cost = entriesPerJob * costPerEntry;
		const part = await this.#pool.run(scan, input, {...order, cost});
		this.#table.add(part);
		for (let index = given.length - 1; index >= 0; index--) {
			const {part: from, entry} = given[index]!;
			if (part.givenBlock[index] === notListed) this.#pending.push(given[index]!);
			else this.#table.listed(from, entry, part, index);
		}
		for (const entry of part.left) this.#pending.push({part, entry});
		onProgress?.(this.#table.count);
	}
}

function rootPart({context: {tree, sha256}}: Pool, root: DirHandle): ScanPart {
	const none = new Uint8Array(0);
	const columns = new ColumnsBuilder(1);
	columns.add(none, none, entryType.directory, tree.statDir(root), none);
	const found = columns.finish();
	const blockOffsets = Uint32Array.of(0, 1);
	return {
		columns: found,
		blockOffsets,
		...markBlocks(sha256, found, blockOffsets, [none]),
		givenBlock: new Int32Array(0),
		givenUnread: new Uint8Array(0),
		entryBlock: Int32Array.of(notListed),
		left: new Uint32Array(0),
		problems: [],
	};
}

/** The paths of the directories, one after another, as a job takes them. */
function pathsOf(given: readonly Pending[]): {paths: Uint8Array; pathEnds: Uint32Array} {
	const pathEnds = new Uint32Array(given.length);
	let size = 0;
	for (const [index, {part, entry}] of given.entries()) {
		const {pathOffsets} = part.columns;
		size += pathOffsets[entry + 1]! - pathOffsets[entry]!;
		pathEnds[index] = size;
	}
	const paths = new Uint8Array(size);
	for (const [index, {part, entry}] of given.entries()) {
		const {paths: from, pathOffsets} = part.columns;
		const path = from.subarray(pathOffsets[entry]!, pathOffsets[entry + 1]!);
		paths.set(path, pathEnds[index]! - path.length);
	}
	return {paths, pathEnds};
}
