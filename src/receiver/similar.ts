/**
 * Which files a new one may resemble: one of the same directory that rsync's `--fuzzy` would take,
 * and, of an archive, the files of the directory that has its name.
 */
import type {DirHandle} from '../platform/tree.ts';
import type {Pool} from '../pool/pool.ts';
import type {JobOptions} from '../scheduler/lane.ts';
import {baseName, comparePaths, joinPath, parentPath} from '../snapshot/path.ts';
import type {ChangeTable} from '../task/change-table.ts';
import {copyOctets, OctetPool, octetKey} from '../task/packed-octets.ts';
import {type SiblingsOutput, siblings} from '../task/siblings.ts';
import type {Basis} from './delta-fetch.ts';
import {distanceMax, nameDistance, suffixOf} from './similar-name.ts';

export type SimilarOptions = {
	readonly pool: Pool;
	readonly order: JobOptions;
	/** DEST, then the alternate directories that are to be looked into as well. */
	readonly roots: readonly DirHandle[];
	readonly table: ChangeTable;
	/** New files whose content has to come. */
	readonly rows: readonly number[];
};

/** Files of one directory. */
type Listing = {
	readonly names: OctetPool;
	readonly start: number;
	readonly end: number;
	readonly found: SiblingsOutput;
};

/** Each is an open file in every job that searches; a limit on the descriptors of a process. */
const membersMax = 64;

/** Smaller ones hardly pay their search. */
const memberSizeMin = 4096;

/** Of each row that has any: files to search in, the most promising first. */
export async function findSimilar(options: SimilarOptions): Promise<Map<number, Basis[]>> {
	const {roots, table, rows} = options;
	const wanted = new Map<string, Uint8Array>();
	for (const row of rows) {
		const path = table.path(row);
		for (const each of [parentPath(path), stemOf(path)]) {
			wanted.set(octetKey(each), copyOctets(each));
		}
	}
	const paths = [...wanted.values()].sort(comparePaths);
	const listings: Map<string, Listing>[] = [];
	for (const root of roots) listings.push(await list(options, root, paths));
	const found = new Map<number, Basis[]>();
	for (const row of rows) {
		const bases = [...nearest(options, listings, row), ...members(options, listings, row)];
		if (bases.length > 0) found.set(row, bases);
	}
	return found;
}

/** The directory that an archive is likely made of: `a/b-1.2` for `a/b-1.2.tar`. */
function stemOf(path: Uint8Array): Uint8Array {
	const suffix = suffixOf(baseName(path));
	return suffix.length === 0 ? path : path.subarray(0, path.length - suffix.length);
}

async function list(
	{pool, order}: SimilarOptions,
	root: DirHandle,
	paths: readonly Uint8Array[],
): Promise<Map<string, Listing>> {
	const packed = new OctetPool(paths.length);
	for (const path of paths) packed.add(path);
	const found = await pool.run(siblings, {root, paths: packed.packed()}, order);
	const names = OctetPool.from(found.names);
	const byPath = new Map<string, Listing>();
	for (const [at, path] of paths.entries()) {
		const start = at === 0 ? 0 : found.ends[at - 1]!;
		byPath.set(octetKey(path), {names, start, end: found.ends[at]!, found});
	}
	return byPath;
}

/** A file of the same size and time, whatever its name; else the one whose name is nearest. */
function nearest(
	{roots, table}: SimilarOptions,
	listings: readonly Map<string, Listing>[],
	row: number,
): Basis[] {
	const {size, mtimeSec} = table.columns;
	const path = table.path(row);
	const [parent, name] = [parentPath(path), baseName(path)];
	let best: Basis | undefined;
	let distance = distanceMax;
	for (const [number, listing] of listings.entries()) {
		for (const {at, found, names} of filesOf(listing.get(octetKey(parent)))) {
			if (found.size[at] !== size[row] || found.mtimeSec[at] !== mtimeSec[row]) continue;
			return [basisAt(roots[number]!, parent, names.at(at), found.size[at]!)];
		}
	}
	for (const [number, listing] of listings.entries()) {
		for (const {at, found, names} of filesOf(listing.get(octetKey(parent)))) {
			const each = nameDistance(names.at(at), name, distance);
			if (each > distance) continue;
			distance = each;
			best = basisAt(roots[number]!, parent, names.at(at), found.size[at]!);
		}
	}
	return best === undefined ? [] : [best];
}

/** The largest files of the directory that an archive has its name from. */
function members(
	{roots, table}: SimilarOptions,
	listings: readonly Map<string, Listing>[],
	row: number,
): Basis[] {
	const path = table.path(row);
	const stem = stemOf(path);
	if (stem.length === path.length) return [];
	const all = listings.flatMap((listing, number) =>
		[...filesOf(listing.get(octetKey(stem)))].map(({at, found, names}) =>
			basisAt(roots[number]!, stem, names.at(at), found.size[at]!),
		),
	);
	const large = all.filter(basis => basis.size >= memberSizeMin);
	return large.sort((a, b) => b.size - a.size).slice(0, membersMax);
}

/** Those that have octets. */
function* filesOf(listing: Listing | undefined) {
	if (listing === undefined) return;
	const {start, end, found, names} = listing;
	for (let at = start; at < end; at++) if (found.size[at]! > 0) yield {at, found, names};
}

function basisAt(root: DirHandle, parent: Uint8Array, name: Uint8Array, size: number): Basis {
	return {root, path: copyOctets(joinPath(parent, name)), size};
}
