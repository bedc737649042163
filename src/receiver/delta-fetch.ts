/**
 * Files of which DEST has an older version: asks for sums, has the old version searched for what
 * is still the same, copies that into staging, and asks for the rest. Several files are under way
 * at once, each at its own stage.
 */
import {allowedOfFound, allowedPart, Delta, requestCost} from '../delta/delta.ts';
import {coverOf, matchedSize, matchRowSize} from '../delta/match-list.ts';
import {countOf, join, type Pairs, subtract} from '../delta/pairs.ts';
import type {SearchInput} from '../delta/search-input.ts';
import {sumsShape} from '../delta/shape.ts';
import {ShoalError} from '../error.ts';
import {digestSize, leafSize} from '../limit.ts';
import type {DirHandle, FileHandle, TreeIo} from '../platform/tree.ts';
import {inParallel} from '../pool/in-parallel.ts';
import type {Pool} from '../pool/pool.ts';
import type {JobOptions} from '../scheduler/lane.ts';
import {leavesSize} from '../snapshot/merkle.ts';
import {baseName} from '../snapshot/path.ts';
import type {ChangeTable} from '../task/change-table.ts';
import {DirectoryWalk} from '../task/directory-walk.ts';
import {type CopyOutput, copyMatches, match} from '../task/match.ts';
import {stagedName} from '../task/staged-name.ts';

/** A file to search: below a held directory, by components of which none is a symlink. */
export type Basis = {
	readonly root: DirHandle;
	readonly path: Uint8Array;
	readonly size: number;
};

/** What an earlier run left of a row's file, held against its leaf hashes. */
export type Rest = {
	/** What is not proven: pairs of start and end. The rest of the staged file is never written. */
	readonly missing: Pairs;
	/** Files that may have some of that, at least one. */
	readonly bases: readonly Basis[];
};

/** By index. */
export type LeafHashes = ReadonlyMap<number, Uint8Array>;

export type DeltaFetchOptions = {
	readonly pool: Pool;
	readonly order: JobOptions;
	readonly staging: readonly DirHandle[];
	readonly table: ChangeTable;
	/** Rows with files that may have some of their content, in path order. */
	readonly rows: readonly number[];
	/** Of each of them, those files: the most promising first, at least one. */
	readonly bases: readonly (readonly Basis[])[];
	readonly onWanted: (
		row: number,
		kind: 'content' | 'leaves' | 'sums',
		offset: number,
		size: number,
	) => void;
	/** These octets of the row's file are in staging; of leaves that were hashed, what they are. */
	readonly onCopied: (row: number, from: number, to: number, hashes: LeafHashes) => void;
	readonly onFailed: (error: unknown) => void;
	/** A search or a copy has ended: of a file that was given up, nothing else tells. */
	readonly onEnded: () => void;
	/** Asks for a patch of these stretches of the row's leaf; false: none is to be had. */
	readonly onLacked: (row: number, leaf: number, stretches: Pairs) => boolean;
};

/** Files whose sums are asked for or searched at once: enough to fill a long path with requests. */
const activeMax = 256;

/** Octets of the file that one job passes. */
const copySizeMax = 16 << 20;

const noHashes: LeafHashes = new Map();

/**
 * Octets of sums that files may cost before any was found in its older version. Sums of one small
 * file may be an eighth of it; over all files they are to stay within what `Delta` allows a large
 * one, so that a tree of compressed files costs no more than it would whole.
 */
const sumsSizeFree = 1 << 16;

/** Whether a file of `size` octets may gain from these. */
export function hasDelta(size: number, bases: readonly Basis[]): boolean {
	return bases.some(basis => basis.size > 0) && sumsShape(size) !== undefined;
}

type ActiveFile = {
	readonly delta: Delta;
	readonly bases: readonly Basis[];
	/** Of a file of which a part is here: its staged file is the last of the bases. */
	readonly rest: Rest | undefined;
	searching: number;
};

export class DeltaFetch {
	/** Rows of several leaves of which more may be in staging than anybody was told. */
	readonly begun = new Set<number>();
	readonly #options: DeltaFetchOptions;
	readonly #active = new Map<number, ActiveFile>();
	readonly #running = new Set<Promise<void>>();
	#next = 0;
	/** Files of which a part is here: they go first. */
	readonly #resumed: {readonly row: number; readonly rest: Rest}[] = [];
	/** Octets of sums that may be asked for, by what was begun and found, and that were. */
	#allowed = sumsSizeFree;
	#asked = 0;

	constructor(options: DeltaFetchOptions) {
		this.#options = options;
	}

	/** Nothing runs. */
	get isIdle(): boolean {
		return this.#running.size === 0;
	}

	/** A part of the row's file is in staging and proven. */
	resume(row: number, rest: Rest): void {
		this.#resumed.push({row, rest});
	}

	/** Begins with the next file, unless enough are under way; false: nothing was begun. */
	startNext(): boolean {
		if (this.#active.size >= activeMax) return false;
		const resumed = this.#resumed.shift();
		if (resumed !== undefined) {
			this.#start(resumed.row, resumed.rest.bases, resumed.rest);
			return true;
		}
		const {rows, bases, table, onWanted} = this.#options;
		const row = rows[this.#next];
		if (row === undefined) return false;
		this.#start(row, bases[this.#next++]!);
		const leaves = leavesSize(table.columns.size[row]!);
		if (leaves > 0) onWanted(row, 'leaves', 0, leaves);
		return true;
	}

	/** Octets of the row's sums object. */
	block(row: number, offset: number, data: Uint8Array): void {
		this.#active.get(row)?.delta.handleBlock(offset, data);
	}

	/** A request for sums has been answered in whole. */
	done(row: number): void {
		const active = this.#active.get(row);
		if (active === undefined || active.delta.done) return;
		active.delta.handleDone();
		this.#advance(row);
	}

	/** There are no sums: what was found by now is used. */
	refused(row: number): void {
		const active = this.#active.get(row);
		if (active === undefined || active.delta.done) return;
		active.delta.handleRefused();
		this.#advance(row);
	}

	/** The row's file is given up: a search of it ends for nothing, and others have its place. */
	forget(row: number): void {
		this.#active.delete(row);
	}

	/** Resolves when nothing runs any more. */
	async settle(): Promise<void> {
		while (this.#running.size > 0) await Promise.all(this.#running);
	}

	#start(row: number, from: readonly Basis[], rest?: Rest): void {
		const {table} = this.#options;
		const size = table.columns.size[row]!;
		const missing = rest?.missing ?? Float64Array.of(0, size);
		const bases = rest === undefined ? from : [...from, this.#stagedBasis(row)];
		const delta = new Delta({size, basisSizes: bases.map(basis => basis.size), missing});
		if (size > leafSize) this.begun.add(row);
		this.#active.set(row, {delta, bases, rest, searching: 0});
		this.#allowed += countOf(missing) * allowedPart;
		if (this.#asked > this.#allowed && !delta.done) delta.handleRefused();
		this.#advance(row);
	}

	#advance(row: number): void {
		const active = this.#active.get(row)!;
		const {delta} = active;
		for (let want = delta.pollWant(); want !== undefined; want = delta.pollWant()) {
			this.#asked += want.length + requestCost;
			this.#options.onWanted(row, 'sums', want.offset, want.length);
		}
		for (let search = delta.pollSearch(); search !== undefined; search = delta.pollSearch()) {
			active.searching++;
			this.#run(this.#search(row, search));
		}
		if (!delta.done || active.searching > 0) return;
		this.#active.delete(row);
		this.#allowed += matchedSize(delta.matches) * allowedOfFound;
		this.#run(this.#copy(row, active));
	}

	#run(work: Promise<void>): void {
		const {onFailed, onEnded} = this.#options;
		const one = work.catch(onFailed).finally(() => {
			this.#running.delete(one);
			onEnded();
		});
		this.#running.add(one);
	}

	async #search(row: number, search: SearchInput): Promise<void> {
		const {pool, order} = this.#options;
		const bases = this.#open(this.#active.get(row)!.bases);
		try {
			const {matches} = await pool.run(match, {search, bases}, order);
			const active = this.#active.get(row);
			if (active === undefined) return;
			active.searching--;
			active.delta.handleMatches(search, matches);
		} finally {
			for (const basis of bases) this.#close(basis);
		}
		this.#advance(row);
	}

	/** What does not match is asked for at once; what could not be copied, after that. */
	async #copy(row: number, {delta, bases: from, rest}: ActiveFile): Promise<void> {
		const {table, onCopied, pool, order} = this.#options;
		const size = table.columns.size[row]!;
		const isSparse = table.columns.holes[row] === 1;
		const missing = rest?.missing ?? Float64Array.of(0, size);
		const staged = rest === undefined ? -1 : from.length - 1;
		const sorted = sortOut(delta.matches, staged, missing);
		const {there, elsewhere} = sorted;
		this.#wantRest(row, size, subtract(subtract(missing, there), coverOf(elsewhere)));
		for (let at = 0; at < there.length; at += 2)
			onCopied(row, there[at]!, there[at + 1]!, noHashes);
		if (elsewhere.length === 0) return;
		const bases = this.#open(from);
		const to = this.#openStaged(row);
		const done: [number, number][] = [];
		try {
			const limit = 2 * Math.max(1, pool.threadCount);
			await inParallel(partsOf(elsewhere), limit, async matches => {
				const input = {matches, bases, to, fileSize: size, isSparse};
				const output = await pool.run(copyMatches, input, order);
				const hashes = hashesOf(output);
				const {copied} = output;
				for (let at = 0; at < copied.length; at += 2) {
					done.push([copied[at]!, copied[at + 1]!]);
					onCopied(row, copied[at]!, copied[at + 1]!, hashes);
				}
			});
		} finally {
			for (const basis of bases) this.#close(basis);
			this.#close(to);
		}
		this.#wantAll(row, subtract(coverOf(elsewhere), join(done.sort(([a], [b]) => a - b).flat())));
	}

	/** Of a leaf that is here in part, what is lacked may come as a patch; the rest as it is. */
	#wantRest(row: number, size: number, ranges: Pairs): void {
		const plain: number[] = [];
		for (const [leaf, stretches] of byLeaf(ranges)) {
			const start = leaf * leafSize;
			const isWhole = countOf(stretches) === Math.min(leafSize, size - start);
			if (!isWhole && this.#options.onLacked(row, leaf, stretches)) continue;
			for (const edge of stretches) plain.push(start + edge);
		}
		this.#wantAll(row, join(plain));
	}

	#wantAll(row: number, ranges: Pairs): void {
		for (let at = 0; at < ranges.length; at += 2) {
			this.#options.onWanted(row, 'content', ranges[at]!, ranges[at + 1]! - ranges[at]!);
		}
	}

	/** Undefined for one that is no longer there, or cannot be read: the others still are. */
	#open(bases: readonly Basis[]): (FileHandle | undefined)[] {
		const {tree} = this.#options.pool.context;
		return bases.map(({root, path}) => openBelow(tree, root, path));
	}

	/** What is in staging of the row's file, as one more to search. */
	#stagedBasis(row: number): Basis {
		const {staging, table} = this.#options;
		const {device, copy, size} = table.columns;
		const path = stagedName(table.digest(row), copy[row]!);
		return {root: staging[device[row]!]!, path, size: size[row]!};
	}

	#openStaged(row: number): FileHandle {
		const {pool, staging, table} = this.#options;
		const {tree} = pool.context;
		const dir = staging[table.columns.device[row]!]!;
		const name = stagedName(table.digest(row), table.columns.copy[row]!);
		return tree.openWrite(dir, name) ?? tree.create(dir, name, 0o600);
	}

	#close(file: FileHandle | undefined): void {
		if (file !== undefined) this.#options.pool.context.tree.closeFile(file);
	}
}

/**
 * Matches with what is in staging already, at its place, are `there`. Others from where staging is
 * not proven would be read while it is written: they are left out.
 */
function sortOut(
	matches: Float64Array,
	staged: number,
	missing: Pairs,
): {there: Pairs; elsewhere: Float64Array} {
	const there: number[] = [];
	const elsewhere: number[] = [];
	for (let at = 0; at < matches.length; at += matchRowSize) {
		const [start, basis, from] = [matches[at]!, matches[at + 1]!, matches[at + 2]!];
		const length = matches[at + 3]!;
		if (basis !== staged) elsewhere.push(start, basis, from, length);
		else if (from === start) there.push(start, start + length);
		else if (isApart(missing, from, from + length)) elsewhere.push(start, basis, from, length);
	}
	return {there: join(there), elsewhere: Float64Array.from(elsewhere)};
}

/** Whether no octet of [from, to) is in `pairs`. */
function isApart(pairs: Pairs, from: number, to: number): boolean {
	return countOf(subtract(Float64Array.of(from, to), pairs)) === to - from;
}

function openBelow(tree: TreeIo, root: DirHandle, path: Uint8Array): FileHandle | undefined {
	const walk = new DirectoryWalk(tree, root);
	try {
		const parent = walk.parent(path);
		return parent && tree.openRead(parent, baseName(path));
	} catch (error) {
		if (error instanceof ShoalError) return undefined;
		throw error;
	} finally {
		walk.release();
	}
}

/** Rows in parts that are not too long for a job; a row is cut where a leaf ends. */
function* partsOf(matches: Float64Array): Generator<Float64Array> {
	let part: number[] = [];
	let limit = 0;
	for (let row = 0; row < matches.length; row += matchRowSize) {
		const [start, basis, from, length] = matches.subarray(row, row + matchRowSize);
		const end = start! + length!;
		for (let at = start!; at < end; ) {
			if (part.length === 0) limit = Math.floor(at / leafSize) * leafSize + copySizeMax;
			const cut = Math.min(end, limit);
			if (cut > at) part.push(at, basis!, from! + at - start!, cut - at);
			at = Math.max(at, cut);
			if (at < end || cut === limit) {
				yield Float64Array.from(part);
				part = [];
			}
		}
	}
	if (part.length > 0) yield Float64Array.from(part);
}

/** Pairs by the leaf that they are in, counted from its start; cut where leaves end. */
function byLeaf(pairs: Pairs): Map<number, Pairs> {
	const cut = new Map<number, number[]>();
	for (let at = 0; at < pairs.length; at += 2) {
		const end = pairs[at + 1]!;
		for (let from = pairs[at]!; from < end; ) {
			const leaf = Math.floor(from / leafSize);
			const start = leaf * leafSize;
			const to = Math.min(end, start + leafSize);
			const stretches = cut.get(leaf) ?? [];
			stretches.push(from - start, to - start);
			cut.set(leaf, stretches);
			from = to;
		}
	}
	return new Map(Array.from(cut, ([leaf, stretches]) => [leaf, Float64Array.from(stretches)]));
}

function hashesOf({leaves, hashes}: CopyOutput): LeafHashes {
	return new Map(
		Array.from(leaves, (leaf, at) => [
			leaf,
			hashes.subarray(at * digestSize, (at + 1) * digestSize),
		]),
	);
}
