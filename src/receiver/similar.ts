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
import {distanceMax, editsMax, nameDistance, suffixOf} from './similar-name.ts';

export type SimilarOptions = {
	readonly pool: Pool;
	readonly order: JobOptions;
	/** DEST, then the alternate directories that are to be looked into as well. */
	readonly roots: readonly DirHandle[];
	readonly table: ChangeTable;
	/** New files whose content has to come. */
	readonly rows: readonly number[];
};

/** Files of one directory, in order of their names' octets. */
type Listing = {
	readonly names: OctetPool;
	readonly start: number;
	readonly end: number;
	readonly found: SiblingsOutput;
	/** The first of each size and time. */
	readonly bySizeAndTime: ReadonlyMap<string, number>;
};

/** By path, in each of the roots. */
type Listings = readonly ReadonlyMap<string, Listing>[];

/** Each is an open file in every job that searches; a limit on the descriptors of a process. */
const membersMax = 64;

/** Smaller ones hardly pay their search. */
const memberSizeMin = 4096;

/**
 * Octets of names held against octets of others, for all rows together: a second or two, in which
 * nothing else is done. Names of a directory that would cost more are held against those alone that
 * stand next to them.
 */
const comparedMax = 2 ** 29;

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
	const known = new Map<string, readonly Basis[]>();
	let left = comparedMax;
	rows.forEach((row, index) => {
		const similar = nearest(options, listings, row, left / (rows.length - index));
		left -= similar.compared;
		const bases = [...similar.bases, ...members(options, listings, row, known)];
		if (bases.length > 0) found.set(row, bases);
	});
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
		const [start, end] = [at === 0 ? 0 : found.ends[at - 1]!, found.ends[at]!];
		const bySizeAndTime = new Map<string, number>();
		for (let file = end - 1; file >= start; file--) {
			if (found.size[file]! > 0) {
				bySizeAndTime.set(timedSize(found.size[file]!, found.mtimeSec[file]!), file);
			}
		}
		byPath.set(octetKey(path), {names, start, end, found, bySizeAndTime});
	}
	return byPath;
}

function timedSize(size: number, mtimeSec: number): string {
	return `${size} ${mtimeSec}`;
}

/**
 * A file of the same size and time, whatever its name; else the one whose name is nearest, of as
 * many as may be `compared` for at most `share`.
 */
function nearest(
	{roots, table}: SimilarOptions,
	listings: Listings,
	row: number,
	share: number,
): {readonly bases: readonly Basis[]; readonly compared: number} {
	const {size, mtimeSec} = table.columns;
	const path = table.path(row);
	const [parent, name] = [parentPath(path), baseName(path)];
	const here = listings.map(listing => listing.get(octetKey(parent)));
	const key = timedSize(size[row]!, mtimeSec[row]!);
	for (const [number, listing] of here.entries()) {
		const at = listing?.bySizeAndTime.get(key);
		if (listing === undefined || at === undefined) continue;
		const basis = basisAt(roots[number]!, parent, listing.names.at(at), size[row]!);
		return {bases: [basis], compared: 0};
	}
	// Those that are longer by more edits are not held against it.
	const cost = (name.length + editsMax) ** 2;
	const countMax = Math.floor(share / cost / roots.length);
	let best: Basis | undefined;
	let distance = distanceMax;
	let count = 0;
	for (const [number, listing] of here.entries()) {
		if (listing === undefined) continue;
		for (const at of nextTo(listing, name, countMax)) {
			count++;
			if (listing.found.size[at]! === 0) continue;
			const each = nameDistance(listing.names.at(at), name, distance);
			if (each > distance) continue;
			distance = each;
			best = basisAt(roots[number]!, parent, listing.names.at(at), listing.found.size[at]!);
		}
	}
	return {bases: best === undefined ? [] : [best], compared: count * cost};
}

/** All files, in order; of more than `countMax` those about where `name` would stand. */
function* nextTo({names, start, end}: Listing, name: Uint8Array, countMax: number) {
	let [low, high] = [start, end];
	while (low < high) {
		const middle = (low + high) >> 1;
		if (comparePaths(names.at(middle), name) < 0) low = middle + 1;
		else high = middle;
	}
	const from = Math.max(start, Math.min(low - (countMax >> 1), end - countMax));
	const to = Math.min(end, from + countMax);
	for (let at = from; at < to; at++) yield at;
}

/** The largest files of the directory that an archive has its name from. */
function members(
	{roots, table}: SimilarOptions,
	listings: Listings,
	row: number,
	known: Map<string, readonly Basis[]>,
): readonly Basis[] {
	const path = table.path(row);
	const stem = stemOf(path);
	if (stem.length === path.length) return [];
	const key = octetKey(stem);
	const before = known.get(key);
	if (before !== undefined) return before;
	const all = listings.flatMap((listing, number) =>
		largeOf(roots[number]!, stem, listing.get(key)),
	);
	const largest = all.sort((a, b) => b.size - a.size).slice(0, membersMax);
	known.set(key, largest);
	return largest;
}

function largeOf(root: DirHandle, stem: Uint8Array, listing: Listing | undefined): Basis[] {
	const bases: Basis[] = [];
	if (listing === undefined) return bases;
	const {start, end, found, names} = listing;
	for (let at = start; at < end; at++) {
		const size = found.size[at]!;
		if (size >= memberSizeMin) bases.push(basisAt(root, stem, names.at(at), size));
	}
	return bases;
}

function basisAt(root: DirHandle, parent: Uint8Array, name: Uint8Array, size: number): Basis {
	return {root, path: copyOctets(joinPath(parent, name)), size};
}
