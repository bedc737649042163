/**
 * Makes a tree that nobody reads yet: the next one of a DEST that is published as trees. A name is
 * put in place by linking to its file, in staging or in the current tree, and what was there is
 * replaced by a rename: no file is ever changed, because it may have names in other trees.
 */
import {ShoalError} from '../error.ts';
import {digestSize} from '../limit.ts';
import type {DirHandle, Name, TreeIo} from '../platform/tree.ts';
import {entryType} from '../snapshot/entry.ts';
import {baseName} from '../snapshot/path.ts';
import {setAttributes, setDirectoryAttributes} from './attributes.ts';
import {type ChangeRows, changeKind, contentFrom, existing} from './change-table.ts';
import {DirectoryWalk} from './directory-walk.ts';
import {octetsAt} from './packed-octets.ts';
import {removeTree} from './remove-tree.ts';
import {type RowFailures, takeSteps} from './row-steps.ts';
import {linkName, stagedName} from './staged-name.ts';
import {defineTask} from './task.ts';

/** In order; each is a kind of step for the rows that it is given. */
export const treePhases = [
	/** Directories that this user may not change get the right to it until `finish`. */
	'unlock',
	/** What does not belong there goes, with all below it. */
	'clear',
	'directory',
	/** Files and symlinks. */
	'place',
	/** Further names of hard links, whose first one is in place by now. */
	'link',
	/** Owner, mode and time of directories: last, since all of the above changes their time. */
	'finish',
] as const;
export type TreePhase = (typeof treePhases)[number];

export type BuildInput = {
	readonly phase: TreePhase;
	/** The tree that is made. */
	readonly root: DirHandle;
	/** The one that is published. Undefined: there is none. */
	readonly current: DirHandle | undefined;
	readonly staging: DirHandle;
	readonly rows: ChangeRows;
	/** Of each row, a number that no other has. */
	readonly numbers: Uint32Array;
	readonly sync: boolean;
};

export type BuildOutput = RowFailures;

export const buildTree = defineTask<BuildInput, BuildOutput>({
	name: 'build-tree',
	run(input, {tree, beat}) {
		const step = new Step(tree, input, beat);
		try {
			return takeSteps(input.rows.count, row => step[input.phase](row), beat);
		} finally {
			step.release();
		}
	},
});

class Step implements Record<TreePhase, (row: number) => void> {
	readonly #tree: TreeIo;
	readonly #input: BuildInput;
	readonly #beat: () => void;
	readonly #rows: ChangeRows;
	readonly #walk: DirectoryWalk;
	/** Where names come from: the current tree, or the first names of hard links. */
	readonly #origins: DirectoryWalk | undefined;

	constructor(tree: TreeIo, input: BuildInput, beat: () => void) {
		this.#tree = tree;
		this.#input = input;
		this.#beat = beat;
		this.#rows = input.rows;
		this.#walk = new DirectoryWalk(tree, input.root);
		const origin = input.phase === 'link' ? input.root : input.current;
		this.#origins = origin && new DirectoryWalk(tree, origin);
	}

	unlock(row: number): void {
		const tree = this.#tree;
		const {root} = this.#input;
		const path = this.#path(row);
		const parent = this.#parent(path);
		const stat = path.length === 0 ? tree.statDir(root) : tree.stat(parent, baseName(path));
		if (stat === undefined || (stat.mode & 0o700) === 0o700) return;
		const mode = stat.mode | 0o700;
		if (path.length === 0) tree.setDirMode(root, mode);
		else tree.setMode(parent, baseName(path), mode);
	}

	clear(row: number): void {
		const path = this.#path(row);
		const parent = this.#walk.parent(path);
		if (parent !== undefined) removeTree(this.#tree, parent, baseName(path), this.#beat);
	}

	directory(row: number): void {
		const path = this.#path(row);
		this.#tree.makeDir(this.#parent(path), baseName(path), 0o700);
	}

	place(row: number): void {
		if (this.#rows.content[row] === contentFrom.kept) this.#keep(row);
		else if (this.#rows.type[row] === entryType.symlink) this.#placeSymlink(row);
		else {
			const digest = this.#rows.digest.subarray(row * digestSize);
			this.#put(row, this.#input.staging, stagedName(digest, this.#rows.copy[row]!));
		}
	}

	link(row: number): void {
		this.#putFrom(row, octetsAt(this.#rows.leader, row));
	}

	finish(row: number): void {
		const dir = this.#walk.directory(this.#path(row));
		if (dir === undefined) throw gone();
		setDirectoryAttributes(this.#tree, dir, this.#rows, row);
		if (this.#input.sync) this.#tree.sync(dir);
	}

	release(): void {
		this.#walk.release();
		this.#origins?.release();
	}

	#keep(row: number): void {
		this.#putFrom(row, this.#path(row));
	}

	#putFrom(row: number, origin: Uint8Array): void {
		const from = this.#origins?.parent(origin);
		if (from === undefined) throw gone();
		this.#put(row, from, baseName(origin));
	}

	/** A new symlink: what is shared with another tree is never changed. */
	#placeSymlink(row: number): void {
		const tree = this.#tree;
		const {staging} = this.#input;
		const path = this.#path(row);
		const staged = this.#staged(row);
		tree.unlink(staging, staged);
		tree.makeSymlink(staging, staged, octetsAt(this.#rows.target, row));
		setAttributes(tree, staging, staged, this.#rows, row);
		tree.rename(staging, staged, this.#parent(path), baseName(path));
	}

	/** Gives the file `name` in `from` its name in the tree. */
	#put(row: number, from: DirHandle, name: Name): void {
		const tree = this.#tree;
		const {staging} = this.#input;
		const path = this.#path(row);
		const parent = this.#parent(path);
		if (this.#rows.existing[row] === existing.none) {
			tree.makeLink(from, name, parent, baseName(path));
			return;
		}
		const staged = this.#staged(row);
		tree.unlink(staging, staged);
		tree.makeLink(from, name, staging, staged);
		tree.rename(staging, staged, parent, baseName(path));
		// Between two names of one file rename(2) does nothing at all.
		tree.unlink(staging, staged);
	}

	#staged(row: number): Name {
		return linkName(this.#input.numbers[row]!);
	}

	#path(row: number): Uint8Array {
		return octetsAt(this.#rows.path, row);
	}

	#parent(path: Uint8Array): DirHandle {
		const parent = this.#walk.parent(path);
		if (parent === undefined) throw gone();
		return parent;
	}
}

/** Which rows a phase is for. */
export function isOfPhase(rows: ChangeRows, row: number, phase: TreePhase): boolean {
	const kind = rows.kind[row]!;
	if (phase === 'clear' || kind === changeKind.deleted) {
		return phase === 'clear' && kind === changeKind.deleted;
	}
	if (rows.type[row] === entryType.directory) {
		if (phase === 'directory') {
			return kind === changeKind.new && octetsAt(rows.path, row).length > 0;
		}
		return phase === 'finish' || (phase === 'unlock' && kind === changeKind.touch);
	}
	const isLink = rows.content[row] === contentFrom.link;
	return phase === (isLink ? 'link' : 'place');
}

function gone(): ShoalError {
	return new ShoalError('FILE_UNWRITABLE', 'its directory is not there, or not a directory');
}
