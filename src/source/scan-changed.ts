/**
 * Looks at the paths that an updater says it touched, and at nothing else but the directories on
 * the way to them, whose times have changed too, and other names of files that are, or were, among
 * them. A directory that is named, or that the list has not yet, is scanned with all below it.
 */
import type {DirHandle} from '../platform/tree.ts';
import {inParallel} from '../pool/in-parallel.ts';
import type {Pool} from '../pool/pool.ts';
import {type ScanOptions, scanFrom} from '../pool/scan-tree.ts';
import {entryType} from '../snapshot/entry.ts';
import type {List} from '../snapshot/list.ts';
import {comparePaths, isWithin, parentPath} from '../snapshot/path.ts';
import {type LookOutput, look, lookFound} from '../task/look.ts';
import {OctetPool, octetKey} from '../task/packed-octets.ts';
import {notListed, type ScanPart, type ScanProblem} from '../task/scan.ts';
import {copyEntries, makeColumns} from '../task/scan-columns.ts';
import type {ScanTable} from '../task/scan-table.ts';
import {otherNames} from './other-names.ts';
import {Zones} from './zones.ts';

export type ChangedScan = {
	/** What is there now; nothing outside the zones. */
	readonly table: ScanTable;
	/** What of the list before it takes the place of. */
	readonly zones: Zones;
};

/** Paths that are looked at in one job. */
const pathsPerJob = 2048;

/** Undefined: the root itself is among the paths, and all of the tree is to be scanned. */
export async function scanChanged(
	pool: Pool,
	root: DirHandle,
	before: List,
	changed: readonly Uint8Array[],
	options: ScanOptions,
): Promise<ChangedScan | undefined> {
	const named = topmost(changed.filter(path => !isExcluded(path, options)));
	if (named.some(path => path.length === 0)) return undefined;
	const others: Uint8Array[] = [];
	for (;;) {
		const looking = new Looking(before, named, others);
		await looking.look(pool, root, options);
		const {zones, part, whole} = looking.sort();
		const table = await scanFrom(pool, root, {part, directories: whole}, options);
		const more = otherNames(before, zones, table, looking.zonePaths);
		if (more.length === 0) return {table, zones};
		others.push(...more);
	}
}

function isExcluded(path: Uint8Array, {exclude = []}: ScanOptions): boolean {
	return exclude.some(name => isWithin(path, name));
}

/** Sorted, without those that are below another. */
function topmost(paths: readonly Uint8Array[]): Uint8Array[] {
	const keys = new Set(paths.map(octetKey));
	const kept = new Map<string, Uint8Array>();
	for (const path of paths) {
		let above = path;
		let isBelow = false;
		while (above.length > 0 && !isBelow) {
			above = parentPath(above);
			isBelow = keys.has(octetKey(above));
		}
		if (!isBelow) kept.set(octetKey(path), path);
	}
	return [...kept.values()];
}

/** One round: what is looked at, and what it makes of the list. */
class Looking {
	readonly #before: List;
	/** Named paths and other names of files, not the directories on the way. */
	readonly #named: ReadonlySet<string>;
	readonly #paths: readonly Uint8Array[];
	readonly #found: LookOutput[] = [];
	/** Paths that count with all below them. */
	readonly zonePaths: Uint8Array[] = [];

	constructor(before: List, named: readonly Uint8Array[], others: readonly Uint8Array[]) {
		this.#before = before;
		this.#named = new Set([...named, ...others].map(octetKey));
		const all = new Map<string, Uint8Array>();
		for (const path of others) all.set(octetKey(path), path);
		for (const path of named) {
			for (let above = path; ; above = parentPath(above)) {
				const key = octetKey(above);
				if (all.has(key)) break;
				all.set(key, above);
				if (above.length === 0) break;
			}
		}
		this.#paths = [...all.values()].sort(comparePaths);
	}

	async look(pool: Pool, root: DirHandle, {exclude: _, onProgress, ...order}: ScanOptions) {
		const starts = Array.from(
			{length: Math.ceil(this.#paths.length / pathsPerJob)},
			(_each, index) => index * pathsPerJob,
		);
		await inParallel(starts, 2 * Math.max(1, pool.threadCount), async start => {
			const paths = new OctetPool();
			const some = this.#paths.slice(start, start + pathsPerJob);
			for (const path of some) paths.add(path);
			const input = {root, paths: paths.packed()};
			this.#found[start / pathsPerJob] = await pool.run(look, input, order);
			onProgress?.(start + some.length);
		});
	}

	/** What is there as a part of a scan, and which of its directories are to be scanned. */
	sort(): {zones: Zones; part: ScanPart; whole: number[]} {
		const rows: Row[] = [];
		const whole: number[] = [];
		const single: Uint8Array[] = [];
		const zoneKeys = new Set<string>();
		const rowOf = new Map<string, Row>();
		let row = -1;
		for (const [index, path] of this.#paths.entries()) {
			const from = this.#found[Math.floor(index / pathsPerJob)]!;
			const at = index % pathsPerJob;
			if (at === 0) row = -1;
			const found = from.found[at]!;
			if (found === lookFound.present) row++;
			if (isBelow(path, zoneKeys)) continue;
			const key = octetKey(path);
			if (found === lookFound.unseen) {
				const above = rowOf.get(octetKey(parentPath(path)));
				if (above !== undefined) above.from.columns.unread[above.row] = 1;
			}
			if (found === lookFound.present) {
				const isDirectory = from.columns.type[row] === entryType.directory;
				const known = isDirectory && !this.#named.has(key) ? this.#directory(path) : undefined;
				if (known !== undefined) {
					single.push(path);
					if (known.unread) from.columns.unread[row] = 1;
				} else if (isDirectory) {
					whole.push(rows.length);
				}
				rowOf.set(key, {from, row});
				rows.push({from, row});
				if (known !== undefined) continue;
			}
			zoneKeys.add(key);
			this.zonePaths.push(path);
		}
		const problems = this.#found.flatMap(({problems: some}) => some);
		return {zones: new Zones(single, this.zonePaths), part: partOf(rows, problems), whole};
	}

	/** What the list says of a directory; undefined if it has none there. */
	#directory(path: Uint8Array): {readonly unread: boolean} | undefined {
		const place = this.#before.find(path);
		if (place === undefined) return undefined;
		const cursor = this.#before.cursor(place.page, place.position);
		cursor.next();
		return cursor.type === entryType.directory ? {unread: cursor.unread} : undefined;
	}
}

/** An entry of what a job has found. */
type Row = {readonly from: LookOutput; readonly row: number};

function isBelow(path: Uint8Array, zones: ReadonlySet<string>): boolean {
	if (zones.size === 0) return false;
	for (let above = path; above.length > 0; ) {
		above = parentPath(above);
		if (zones.has(octetKey(above))) return true;
	}
	return false;
}

function partOf(rows: readonly Row[], problems: readonly ScanProblem[]): ScanPart {
	let pathsSize = 0;
	let targetsSize = 0;
	for (const {from, row} of rows) {
		const {pathOffsets, targetOffsets} = from.columns;
		pathsSize += pathOffsets[row + 1]! - pathOffsets[row]!;
		targetsSize += targetOffsets[row + 1]! - targetOffsets[row]!;
	}
	const columns = makeColumns(rows.length, pathsSize, targetsSize);
	for (const [at, {from, row}] of rows.entries()) copyEntries(from.columns, row, 1, columns, at);
	return {
		columns,
		blockOffsets: Uint32Array.of(0, rows.length),
		blockDigests: new Uint8Array(0),
		blockFlags: new Uint8Array(1),
		givenBlock: new Int32Array(0),
		givenUnread: new Uint8Array(0),
		entryBlock: new Int32Array(rows.length).fill(notListed),
		left: new Uint32Array(0),
		problems,
	};
}
