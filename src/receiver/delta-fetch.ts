/**
 * Files of which DEST has an older version: asks for sums, has the old version searched for what
 * is still the same, copies that into staging, and asks for the rest. Several files are under way
 * at once, each at its own stage.
 */
import {assert} from '../assert.ts';
import {allowedOfFound, allowedPart, Delta, requestCost} from '../delta/delta.ts';
import {literalRanges, matchedSize, matchRowSize} from '../delta/match-list.ts';
import type {SearchInput} from '../delta/search-input.ts';
import {sumsShape} from '../delta/shape.ts';
import {ShoalError} from '../error.ts';
import type {DirHandle, FileHandle, TreeIo} from '../platform/tree.ts';
import type {Pool} from '../pool/pool.ts';
import type {JobOptions} from '../scheduler/lane.ts';
import {leavesSize} from '../snapshot/merkle.ts';
import {baseName} from '../snapshot/path.ts';
import type {ChangeTable} from '../task/change-table.ts';
import {DirectoryWalk} from '../task/directory-walk.ts';
import {copyMatches, match} from '../task/match.ts';
import {stagedName} from '../task/staged-name.ts';
import {RangeSet} from '../transfer/range-set.ts';

/** A file to search: below a held directory, by components of which none is a symlink. */
export type Basis = {
	readonly root: DirHandle;
	readonly path: Uint8Array;
	readonly size: number;
};

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
	/** These octets of the row's file are in staging; nothing is proven. */
	readonly onCopied: (row: number, from: number, to: number) => void;
	readonly onFailed: (error: unknown) => void;
};

/** Files whose sums are asked for or searched at once: enough to fill a long path with requests. */
const activeMax = 256;

/** Octets that one job copies. */
const copySizeMax = 16 << 20;

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
	searching: number;
};

export class DeltaFetch {
	readonly #options: DeltaFetchOptions;
	readonly #active = new Map<number, ActiveFile>();
	readonly #running = new Set<Promise<void>>();
	#next = 0;
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

	/** Begins with the next file, unless enough are under way; false: nothing was begun. */
	startNext(): boolean {
		const {rows, table, onWanted} = this.#options;
		const row = rows[this.#next];
		if (row === undefined || this.#active.size >= activeMax) return false;
		const size = table.columns.size[row]!;
		const bases = this.#options.bases[this.#next++]!;
		const basisSizes = bases.map(basis => basis.size);
		const delta = new Delta({size, basisSizes});
		this.#active.set(row, {delta, bases, searching: 0});
		this.#allowed += size * allowedPart;
		if (this.#asked > this.#allowed && !delta.done) delta.handleRefused();
		const leaves = leavesSize(size);
		if (leaves > 0) onWanted(row, 'leaves', 0, leaves);
		this.#advance(row);
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

	/** Resolves when nothing runs any more. */
	async settle(): Promise<void> {
		while (this.#running.size > 0) await Promise.all(this.#running);
	}

	#advance(row: number): void {
		const active = this.#active.get(row)!;
		const {delta, bases} = active;
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
		this.#run(this.#copy(row, bases, delta.matches));
	}

	#run(work: Promise<void>): void {
		const one = work
			.catch((error: unknown) => this.#options.onFailed(error))
			.finally(() => this.#running.delete(one));
		this.#running.add(one);
	}

	async #search(row: number, search: SearchInput): Promise<void> {
		const {pool, order} = this.#options;
		const bases = this.#open(this.#active.get(row)!.bases);
		try {
			const found = bases && (await pool.run(match, {search, bases}, order));
			const active = this.#active.get(row);
			assert(active !== undefined, 'a file is under way while it is searched');
			active.searching--;
			active.delta.handleMatches(search, found?.matches ?? new Float64Array(0));
		} finally {
			for (const basis of bases ?? []) this.#close(basis);
		}
		this.#advance(row);
	}

	/** What does not match is asked for at once; what could not be copied, after that. */
	async #copy(row: number, from: readonly Basis[], matches: Float64Array): Promise<void> {
		const {table, onWanted, onCopied, pool, order} = this.#options;
		const size = table.columns.size[row]!;
		const literals = literalRanges(matches, size);
		for (let at = 0; at < literals.length; at += 2) {
			onWanted(row, 'content', literals[at]!, literals[at + 1]! - literals[at]!);
		}
		if (matches.length === 0) return;
		const bases = this.#open(from);
		const to = this.#openStaged(row);
		const copied = new RangeSet();
		try {
			for (const part of partsOf(bases === undefined ? noMatches : matches)) {
				const output = await pool.run(copyMatches, {matches: part, bases: bases!, to}, order);
				for (let at = 0; at < output.copied.length; at += 2) {
					copied.add(output.copied[at]!, output.copied[at + 1]!);
					onCopied(row, output.copied[at]!, output.copied[at + 1]!);
				}
			}
		} finally {
			for (const basis of bases ?? []) this.#close(basis);
			this.#close(to);
		}
		for (let at = 0; at < matches.length; at += matchRowSize) {
			const end = matches[at]! + matches[at + 3]!;
			for (let from = copied.nextGap(matches[at]!); from < end; from = copied.nextGap(from)) {
				const next = Math.min(end, copied.nextMember(from));
				onWanted(row, 'content', from, next - from);
				from = next;
			}
		}
	}

	/** Undefined when one is no longer there, or cannot be read: then they have nothing to give. */
	#open(bases: readonly Basis[]): FileHandle[] | undefined {
		const {tree} = this.#options.pool.context;
		const opened: FileHandle[] = [];
		for (const {root, path} of bases) {
			const file = openBelow(tree, root, path);
			if (file !== undefined) opened.push(file);
		}
		if (opened.length === bases.length) return opened;
		for (const file of opened) this.#close(file);
		return undefined;
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

const noMatches = new Float64Array(0);

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

/** Rows in parts that are not too long for a job. */
function* partsOf(matches: Float64Array): Generator<Float64Array> {
	let start = 0;
	let size = 0;
	for (let row = 0; row < matches.length; row += matchRowSize) {
		size += matches[row + 3]!;
		if (size < copySizeMax && row + matchRowSize < matches.length) continue;
		yield matches.slice(start, row + matchRowSize);
		start = row + matchRowSize;
		size = 0;
	}
}
