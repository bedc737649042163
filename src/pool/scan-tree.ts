/** Scans a tree with all threads of a pool. */
import {ShoalError} from '../error.ts';
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
import type {ScanProcesses} from './scan-processes.ts';

export type ScanOptions = Omit<JobOptions, 'cost'> & {
	/** Names left out at the top of the tree: the state directory's. */
	readonly exclude?: readonly Uint8Array[] | undefined;
	/** Processes that were started for it: they scan, and not threads, as long as they last. */
	readonly processes?: ScanProcesses | undefined;
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
	const {processes} = options;
	const found = processes && (await scanIn(processes, options));
	if (found !== undefined) return found;
	const {tree} = pool.context;
	const dir = tree.openRoot(root);
	try {
		return await new TreeScan(pool, dir, startAt(pool, dir), options).run();
	} finally {
		tree.closeDir(dir);
	}
}

/** Undefined: they could not be started, or did not last. */
async function scanIn(
	processes: ScanProcesses,
	options: ScanOptions,
): Promise<TableBuilder | undefined> {
	const {pool, dir, root} = processes;
	try {
		return await new TreeScan(pool, root, startAt(pool, dir), options).run();
	} catch (error) {
		const isLost = error instanceof ShoalError && error.code === 'THREAD_LOST';
		if (!isLost) throw error;
		return undefined;
	} finally {
		// Nobody waits until they are gone but who has started them.
		void processes.close();
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
		const {exclude = [], onProgress, processes: _, ...order} = this.#options;
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

function startAt(pool: Pool, root: DirHandle): ScanStart {
	return {part: rootPart(pool, root), directories: [0]};
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
