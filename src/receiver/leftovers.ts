/**
 * What a pull that was cut off left in staging: hashed again, since a name proves nothing. Whole
 * files need no more; of a large file the leaves that are right need not travel again.
 */
import {digestSize, leafSize} from '../limit.ts';
import type {Sha256} from '../platform/crypto.ts';
import {inParallel} from '../pool/in-parallel.ts';
import type {Pool} from '../pool/pool.ts';
import type {JobOptions} from '../scheduler/lane.ts';
import {leafCount, treeRoot} from '../snapshot/merkle.ts';
import {equalOctets} from '../snapshot/path.ts';
import type {ChangeTable} from '../task/change-table.ts';
import {octetKey} from '../task/packed-octets.ts';
import {hashStaged} from '../task/staged-hash.ts';
import {stagedName} from '../task/staged-name.ts';
import type {PartialMap} from './partial-map.ts';
import type {Staging} from './staging.ts';

export type LeftoverOptions = {
	readonly pool: Pool;
	readonly sha256: Sha256;
	readonly table: ChangeTable;
	readonly staging: Staging;
	/** Rows that get a staged file. */
	readonly rows: readonly number[];
	/** Which leaves of large files are worth a look; those of others all are. */
	readonly map: PartialMap;
	readonly order: JobOptions;
};

export type Leftovers = {
	/** Rows whose content is there whole. */
	readonly whole: ReadonlySet<number>;
	/** Of rows of large files that are there in part: hashes of their leaves, zeros for none. */
	readonly partial: ReadonlyMap<number, Uint8Array>;
};

/** Stretches of leaves, for one job: at most 8 MiB, so that one file is work for all threads. */
const leavesPerJob = 128;
const filesPerJob = 256;

type Stretch = {readonly row: number; readonly first: number; readonly count: number};

export async function findLeftovers(options: LeftoverOptions): Promise<Leftovers> {
	const {table, staging, rows, sha256} = options;
	const names = staging.contents();
	const {device, copy, size} = table.columns;
	const isEmpty = names.every(each => each.size === 0);
	const found = rows.filter(row => {
		if (isEmpty) return false;
		const name = stagedName(table.digest(row), copy[row]!);
		if (!names[device[row]!]!.delete(octetKey(name))) return false;
		// Of a longer one, nobody would cut off what is behind the last leaf.
		return staging.sizeOf(device[row]!, name) <= size[row]!;
	});
	// What is left is of no use to this snapshot.
	staging.sweep(keepOnly(options, found));
	const hashes = new Map<number, Uint8Array>();
	const exact = new Set<number>();
	for (const row of found) hashes.set(row, new Uint8Array(leafCount(size[row]!) * digestSize));
	const limit = 2 * Math.max(1, options.pool.threadCount);
	await inParallel(jobsOf(options, found), limit, stretches =>
		hashStretches(options, stretches, hashes, exact),
	);
	const whole = new Set<number>();
	const partial = new Map<number, Uint8Array>();
	for (const [row, leaves] of hashes) {
		const isWhole = exact.has(row) && equalOctets(treeRoot(sha256, leaves), table.digest(row));
		if (isWhole) whole.add(row);
		else if (size[row]! > leafSize) partial.set(row, leaves);
		else staging.remove(device[row]!, stagedName(table.digest(row), copy[row]!));
	}
	return {whole, partial};
}

function keepOnly({table, staging}: LeftoverOptions, found: readonly number[]): Set<string>[] {
	const keep = staging.handles.map(() => new Set<string>());
	for (const row of found) {
		const name = stagedName(table.digest(row), table.columns.copy[row]!);
		keep[table.columns.device[row]!]!.add(octetKey(name));
	}
	return keep;
}

function* jobsOf({table, map}: LeftoverOptions, rows: readonly number[]): Generator<Stretch[]> {
	let job: Stretch[] = [];
	let leaves = 0;
	for (const row of rows) {
		const total = leafCount(table.columns.size[row]!);
		for (const {first, count} of stretchesOf(map, table.digest(row), total)) {
			if (job.length === filesPerJob || (leaves > 0 && leaves + count > leavesPerJob)) {
				yield job;
				job = [];
				leaves = 0;
			}
			job.push({row, first, count});
			leaves += count;
		}
	}
	if (job.length > 0) yield job;
}

/** Runs of leaves to look at, none too long for a job. An empty file has one of no leaves. */
function* stretchesOf(
	map: PartialMap,
	digest: Uint8Array,
	total: number,
): Generator<{first: number; count: number}> {
	const marks = map.get(octetKey(digest));
	if (total === 0) yield {first: 0, count: 0};
	for (let first = 0; first < total; ) {
		if (marks?.[first] === 0) {
			first++;
			continue;
		}
		let end = first + 1;
		while (end < total && end - first < leavesPerJob && marks?.[end] !== 0) end++;
		yield {first, count: end - first};
		first = end;
	}
}

async function hashStretches(
	{pool, table, staging, order}: LeftoverOptions,
	stretches: readonly Stretch[],
	hashes: ReadonlyMap<number, Uint8Array>,
	exact: Set<number>,
): Promise<void> {
	const {device, copy, size} = table.columns;
	const digest = new Uint8Array(stretches.length * digestSize);
	for (const [at, {row}] of stretches.entries()) digest.set(table.digest(row), at * digestSize);
	const output = await pool.run(
		hashStaged,
		{
			staging: staging.handles,
			device: Uint16Array.from(stretches, ({row}) => device[row]!),
			copy: Uint32Array.from(stretches, ({row}) => copy[row]!),
			size: Float64Array.from(stretches, ({row}) => size[row]!),
			digest,
			firstLeaf: Uint32Array.from(stretches, ({first}) => first),
			leafCount: Uint32Array.from(stretches, ({count}) => count),
		},
		order,
	);
	let from = 0;
	for (const [at, {row, first, count}] of stretches.entries()) {
		const present = output.present[at]! * digestSize;
		hashes.get(row)!.set(output.hashes.subarray(from, from + present), first * digestSize);
		from += count * digestSize;
		if (output.size[at] === size[row]) exact.add(row);
	}
}
