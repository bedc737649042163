/** Hashes files of a scanned tree with all threads of a pool. */
import {ShoalError} from '../error.ts';
import {digestSize} from '../limit.ts';
import type {DirHandle} from '../platform/tree.ts';
import type {JobOptions} from '../scheduler/lane.ts';
import {costPerFile} from '../task/cost.ts';
import {
	type HashInput,
	type HashOutput,
	type HashPart,
	hash,
	hashJoin,
	hashPart,
	hashStatus,
	partUnit,
	stale,
} from '../task/hash.ts';
import type {ScanProblem} from '../task/scan.ts';
import type {ScanTable} from '../task/scan-table.ts';
import {inParallel} from './in-parallel.ts';
import type {Pool} from './pool.ts';

export type HashOptions = Omit<JobOptions, 'cost'> & {
	/** Whether sums are made too: a source needs them, a receiver does not. */
	readonly sums: boolean;
	/** Takes what each job found, in no order; no more is hashed ahead of it than jobs run. */
	readonly onHashed: (batch: HashBatch) => void | Promise<void>;
	/** Resolves when so many octets may be read: the operator's limit. */
	readonly pace?: ((octets: number) => Promise<void> | undefined) | undefined;
	/** Told how many octets have been read in all, also while a large file is. */
	readonly onProgress?: (octets: number) => void;
};

/** Some files: entries of the table, in the order of the output's columns. */
export type HashBatch = HashOutput & {readonly entries: Uint32Array};

/** A job takes this much of many small files: about a millisecond for each 32 files or MiB. */
const filesPerJob = 256;
const bytesPerJob = 4 * 1024 * 1024;

/** A larger file is hashed in parts of so much: 20-40 ms of work each. */
const partSize = 4 * partUnit;

/**
 * Hashes the files `entries` (of `table`, the scan of `root`; in its order). One that is no longer
 * what the table says is stale, one that cannot be read is a problem; the others go on.
 */
export async function hashFiles(
	pool: Pool,
	root: DirHandle,
	table: ScanTable,
	entries: Uint32Array,
	options: HashOptions,
): Promise<void> {
	const hashing = new Hashing(pool, root, table, options);
	const limit = 2 * Math.max(1, pool.threadCount);
	await inParallel(groups(table, entries), limit, group => hashing.group(group, limit));
}

/** Runs of entries that make one job each; a large file is a group of its own. */
function* groups(table: ScanTable, entries: Uint32Array): Generator<Uint32Array> {
	const {size} = table.columns;
	let start = 0;
	let bytes = 0;
	for (let index = 0; index < entries.length; index++) {
		const octets = size[entries[index]!]!;
		const isFull = index - start === filesPerJob || bytes + octets > bytesPerJob;
		if (isFull && index > start) {
			yield entries.subarray(start, index);
			start = index;
			bytes = 0;
		}
		bytes += octets;
	}
	if (start < entries.length) yield entries.subarray(start);
}

function sizeOf({columns}: ScanTable, entries: Uint32Array): number {
	let octets = 0;
	for (const entry of entries) octets += columns.size[entry]!;
	return octets;
}

class Hashing {
	readonly #pool: Pool;
	readonly #root: DirHandle;
	readonly #table: ScanTable;
	readonly #options: HashOptions;
	readonly #order: JobOptions;
	/** Drawn for each run; empty when no sums are made. */
	readonly #secret: Uint8Array;
	#octets = 0;

	constructor(pool: Pool, root: DirHandle, table: ScanTable, options: HashOptions) {
		this.#pool = pool;
		this.#root = root;
		this.#table = table;
		this.#options = options;
		const {signal, client, priority, watch} = options;
		this.#order = {signal, client, priority, watch};
		this.#secret = new Uint8Array(options.sums ? digestSize : 0);
		if (options.sums) pool.context.crypto.random(this.#secret);
	}

	async group(entries: Uint32Array, limit: number): Promise<void> {
		const size = this.#table.columns.size[entries[0]!]!;
		const isLarge = entries.length === 1 && size > 2 * partSize;
		if (!isLarge) await this.#options.pace?.(sizeOf(this.#table, entries));
		const output = isLarge
			? await this.#inParts(entries, size, limit)
			: await this.#pool.run(hash, this.#input(entries), this.#orderFor(entries));
		if (!isLarge) this.#advance(sizeOf(this.#table, entries));
		await this.#options.onHashed({...output, entries});
	}

	#advance(octets: number): void {
		this.#octets += octets;
		this.#options.onProgress?.(this.#octets);
	}

	#orderFor(entries: Uint32Array): JobOptions {
		const cost = entries.length * costPerFile + sizeOf(this.#table, entries);
		return {...this.#order, cost};
	}

	/** As `hash` does for one file, by several threads. */
	async #inParts(entries: Uint32Array, size: number, limit: number): Promise<HashOutput> {
		const input = this.#input(entries);
		const parts = new Array<HashPart | undefined>(Math.ceil(size / partSize));
		try {
			await inParallel(parts.keys(), limit, async index => {
				const start = index * partSize;
				const range = {...input, start, end: Math.min(size, start + partSize)};
				const cost = range.end - start;
				await this.#options.pace?.(cost);
				parts[index] = await this.#pool.run(hashPart, range, {...this.#order, cost});
				this.#advance(cost);
			});
		} catch (error) {
			if (!(error instanceof ShoalError) || error.code !== 'FILE_UNREADABLE') throw error;
			const {code, message} = error;
			return failed(hashStatus.unreadable, {path: input.paths, code, message});
		}
		const found = parts.filter(part => part?.leafHashes !== undefined) as WholePart[];
		if (found.length < parts.length) {
			return failed(hashStatus.stale, stale(input.paths));
		}
		const job = {
			size,
			secret: input.secret,
			number: input.numbers[0]!,
			leafHashes: found.map(part => part.leafHashes),
			sums: found.flatMap(part => part.sums ?? []),
		};
		const {digest, leaves, sums} = await this.#pool.run(hashJoin, job, this.#order);
		return {
			status: Uint8Array.of(hashStatus.hashed),
			digests: digest,
			leaves,
			leavesEnds: Float64Array.of(leaves.length),
			sums,
			sumsEnds: Float64Array.of(sums.length),
			hashedAtMs: Math.min(...found.map(part => part.hashedAtMs)),
			problems: [],
		};
	}

	#input(entries: Uint32Array): HashInput {
		const {columns} = this.#table;
		const pathEnds = new Uint32Array(entries.length);
		let end = 0;
		for (const [index, entry] of entries.entries()) {
			end += this.#table.path(entry).length;
			pathEnds[index] = end;
		}
		const paths = new Uint8Array(end);
		for (const [index, entry] of entries.entries()) {
			const path = this.#table.path(entry);
			paths.set(path, pathEnds[index]! - path.length);
		}
		return {
			root: this.#root,
			paths,
			pathEnds,
			expected: {
				size: Float64Array.from(entries, entry => columns.size[entry]!),
				mtimeSec: Float64Array.from(entries, entry => columns.mtimeSec[entry]!),
				mtimeNsec: Uint32Array.from(entries, entry => columns.mtimeNsec[entry]!),
				ctimeSec: Float64Array.from(entries, entry => columns.ctimeSec[entry]!),
				ctimeNsec: Uint32Array.from(entries, entry => columns.ctimeNsec[entry]!),
				ino: pickBig(columns.ino, entries),
				dev: pickBig(columns.dev, entries),
			},
			numbers: entries.slice(),
			secret: this.#secret,
		};
	}
}

type WholePart = HashPart & {readonly leafHashes: Uint8Array};

function pickBig(column: BigUint64Array, entries: Uint32Array): BigUint64Array {
	const picked = new BigUint64Array(entries.length);
	for (let index = 0; index < entries.length; index++) picked[index] = column[entries[index]!]!;
	return picked;
}

function failed(status: number, problem: ScanProblem): HashOutput {
	return {
		status: Uint8Array.of(status),
		digests: new Uint8Array(digestSize),
		leaves: new Uint8Array(0),
		leavesEnds: Float64Array.of(0),
		sums: new Uint8Array(0),
		sumsEnds: Float64Array.of(0),
		hashedAtMs: 0,
		problems: [problem],
	};
}
