/**
 * Lists directories: names, lstat of each, targets of symlinks. A job is given some directories
 * and goes on into what it finds below them until it has listed about as many entries as make a
 * job; directories it did not come to go back to whoever deals out the jobs.
 *
 * Mount points are crossed, as `rsync -a` does without `-x`.
 */
import {type ErrorCode, ShoalError} from '../error.ts';
import {pathSizeMax} from '../limit.ts';
import type {Sha256} from '../platform/crypto.ts';
import type {DirHandle, Name, Stat, TreeIo} from '../platform/tree.ts';
import {entryType} from '../snapshot/entry.ts';
import {equalOctets, joinPath} from '../snapshot/path.ts';
import {type BlockMarks, markBlocks} from './block-digest.ts';
import {DirectoryWalk} from './directory-walk.ts';
import {pathAt} from './packed-octets.ts';
import {ColumnsBuilder, type ScanColumns, typeOf} from './scan-columns.ts';
import {defineTask} from './task.ts';

export type ScanInput = {
	readonly root: DirHandle;
	/** Whole paths of the directories to list, one after another, and where each ends. */
	readonly paths: Uint8Array;
	readonly pathEnds: Uint32Array;
	/** Names left out at the top of the tree. */
	readonly exclude: readonly Uint8Array[];
	/** Entries after which no further directory is begun. */
	readonly entriesWanted: number;
};

/** Something that could not be looked at: the scan goes on without it. */
export type ScanProblem = {
	readonly path: Uint8Array;
	readonly code: ErrorCode;
	readonly message: string;
};

/** Entries of directories, each directory's together, in order of their names. */
export type ScanPart = BlockMarks & {
	readonly columns: ScanColumns;
	/** Block n, the entries of one directory, is `[blockOffsets[n], blockOffsets[n + 1])`. */
	readonly blockOffsets: Uint32Array;
	/** For each directory that was to be listed: its block, or `notListed`. */
	readonly givenBlock: Int32Array;
	/** For each of those: 1 if it has, or may have, entries that are not here. */
	readonly givenUnread: Uint8Array;
	/** For each entry: its block if it is a directory that was listed, else `notListed`. */
	readonly entryBlock: Int32Array;
	/** Entries that are directories and were not come to. */
	readonly left: Uint32Array;
	readonly problems: readonly ScanProblem[];
};

/** In the place of a block: no directory, or one that nobody came to. */
export const notListed = -1;

const none = new Uint8Array(0);

export const scan = defineTask({
	name: 'scan',
	run(input: ScanInput, {tree, sha256, aborted}): ScanPart {
		const scanner = new Scanner(tree, input);
		try {
			while (scanner.isHungry && !aborted()) scanner.step();
		} finally {
			scanner.close();
		}
		return scanner.finish(sha256);
	},
	transfer: ({columns, ...rest}) =>
		[columns.paths, ...Object.values(rest)]
			.filter(column => ArrayBuffer.isView(column))
			.map(column => column.buffer),
});

class Scanner {
	readonly #tree: TreeIo;
	readonly #input: ScanInput;
	readonly #walk: DirectoryWalk;
	readonly #columns: ColumnsBuilder;
	readonly #blockOffsets: number[] = [0];
	/** The directory that each block is of. */
	readonly #blockPaths: Uint8Array[] = [];
	readonly #givenBlock: Int32Array;
	readonly #givenUnread: Uint8Array;
	readonly #blockOf = new Map<number, number>();
	readonly #problems: ScanProblem[] = [];
	/** What to list next, last first: an entry's index, or -1 - n for the nth directory given. */
	readonly #stack: number[] = [];

	constructor(tree: TreeIo, input: ScanInput) {
		this.#tree = tree;
		this.#input = input;
		this.#walk = new DirectoryWalk(tree, input.root);
		this.#columns = new ColumnsBuilder(input.entriesWanted * 2);
		const count = input.pathEnds.length;
		this.#givenBlock = new Int32Array(count).fill(notListed);
		this.#givenUnread = new Uint8Array(count);
		for (let index = count - 1; index >= 0; index--) this.#stack.push(-1 - index);
	}

	get isHungry(): boolean {
		return this.#stack.length > 0 && this.#columns.count < this.#input.entriesWanted;
	}

	/** Lists one directory. */
	step(): void {
		const which = this.#stack.pop()!;
		const problemCount = this.#problems.length;
		const block = this.#list(this.#pathOf(which));
		const isUnread = this.#problems.length > problemCount;
		if (which < 0) {
			this.#givenBlock[-1 - which] = block;
			if (isUnread) this.#givenUnread[-1 - which] = 1;
		} else {
			this.#blockOf.set(which, block);
			if (isUnread) this.#columns.markUnread(which);
		}
	}

	close(): void {
		this.#walk.release();
	}

	finish(sha256: Sha256): ScanPart {
		const entryBlock = new Int32Array(this.#columns.count).fill(notListed);
		for (const [entry, block] of this.#blockOf) entryBlock[entry] = block;
		const columns = this.#columns.finish();
		const blockOffsets = Uint32Array.from(this.#blockOffsets);
		return {
			columns,
			blockOffsets,
			...markBlocks(sha256, columns, blockOffsets, this.#blockPaths),
			givenBlock: this.#givenBlock,
			givenUnread: this.#givenUnread,
			entryBlock,
			left: Uint32Array.from(this.#stack.filter(which => which >= 0)),
			problems: this.#problems,
		};
	}

	/** Adds the directory's entries, as far as there are any to be had, as a block. */
	#list(path: Uint8Array): number {
		const first = this.#columns.count;
		try {
			const dir = this.#walk.directory(path);
			if (dir === undefined) {
				this.#problem(path, 'SOURCE_STALE', 'it was removed or replaced while it was scanned');
			} else {
				this.#tree.visit(dir, (name, stat) => this.#visit(dir, path, name, stat));
			}
		} catch (error) {
			this.#caught(path, error);
		}
		const end = this.#columns.count;
		for (let index = end - 1; index >= first; index--) {
			if (this.#columns.type(index) === entryType.directory) this.#stack.push(index);
		}
		this.#blockPaths.push(path);
		return this.#blockOffsets.push(end) - 2;
	}

	#visit(dir: DirHandle, path: Uint8Array, name: Name, stat: Stat | Error): void {
		if (path.length === 0 && this.#input.exclude.some(one => equalOctets(one, name))) return;
		if (stat instanceof Error) {
			this.#caught(joinPath(path, name), stat);
		} else if (path.length + 1 + name.length > pathSizeMax) {
			const detail = `longer than ${pathSizeMax} octets from the root`;
			this.#problem(joinPath(path, name), 'NAME_UNSUPPORTED', detail);
		} else {
			this.#add(dir, path, name, stat);
		}
	}

	#add(dir: DirHandle, path: Uint8Array, name: Name, stat: Stat): void {
		const type = typeOf(stat.format);
		if (type === undefined) {
			const detail = `of an unknown type, 0o${stat.format.toString(8)}`;
			this.#problem(joinPath(path, name), 'FILE_UNSUPPORTED', detail);
			return;
		}
		try {
			const target = type === entryType.symlink ? this.#tree.readLink(dir, name) : none;
			this.#columns.add(path, name, type, stat, target);
		} catch (error) {
			this.#caught(joinPath(path, name), error);
		}
	}

	#pathOf(which: number): Uint8Array {
		if (which >= 0) return this.#columns.path(which);
		return pathAt(this.#input, -1 - which);
	}

	#caught(path: Uint8Array, error: unknown): void {
		if (!(error instanceof ShoalError)) throw error;
		this.#problem(path, error.code, error.message);
	}

	#problem(path: Uint8Array, code: ErrorCode, message: string): void {
		this.#problems.push({path: path.slice(), code, message});
	}
}
