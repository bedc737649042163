/**
 * Puts staged rows in place. Each phase is one kind of step for the rows it is given; a step may be
 * done again after a crash at any instant and then finds what it did before. A step that fails is
 * told with its row, and the others go on.
 */
import {ShoalError} from '../error.ts';
import {digestSize} from '../limit.ts';
import type {DirHandle, Name, TreeIo} from '../platform/tree.ts';
import {entryType} from '../snapshot/entry.ts';
import {baseName, equalOctets} from '../snapshot/path.ts';
import {setAttributes, setDirectoryAttributes, tryAll} from './attributes.ts';
import {type ChangeRows, contentFrom, existing, leaveTime} from './change-table.ts';
import {DirectoryWalk} from './directory-walk.ts';
import {octetsAt} from './packed-octets.ts';
import {removeTree} from './remove-tree.ts';
import {type RowFailures, takeSteps} from './row-steps.ts';
import {asideName, linkName, stagedName} from './staged-name.ts';
import {fileFormat} from './survey.ts';
import {defineTask} from './task.ts';

/** In the order in which a publish goes through them. */
export const publishPhases = [
	/** Directories that this user may not change get the right to it until `finish`. */
	'unlock',
	/** What is of another type than its successor, a directory for one, goes into staging. */
	'aside',
	'directory',
	/** Staged files and symlinks are renamed into place. */
	'place',
	/** Owner, mode and time of what stays. */
	'attribute',
	/** Further names of hard links: the first one has its time by now, so it can be told. */
	'link',
	/** Where nothing could take the place of what `aside` put away, it comes back. */
	'restore',
	'delete',
	/** What `aside` put away is removed. */
	'clear',
	/** Owner, mode and time of directories: last, since all of the above changes their time. */
	'finish',
] as const;
export type PublishPhase = (typeof publishPhases)[number];

export type PublishInput = {
	readonly phase: PublishPhase;
	readonly root: DirHandle;
	readonly staging: readonly DirHandle[];
	readonly rows: ChangeRows;
	/** Of each row, its number in the journal. */
	readonly numbers: Uint32Array;
	readonly sync: boolean;
};

export type PublishOutput = RowFailures;

export const publish = defineTask<PublishInput, PublishOutput>({
	name: 'publish',
	run(input, {tree, beat}) {
		const step = new Step(tree, input, beat);
		try {
			return takeSteps(input.rows.count, row => step[input.phase](row), beat);
		} finally {
			step.release();
		}
	},
});

class Step implements Record<PublishPhase, (row: number) => void> {
	readonly #tree: TreeIo;
	readonly #input: PublishInput;
	readonly #beat: () => void;
	readonly #rows: ChangeRows;
	readonly #walk: DirectoryWalk;
	readonly #leaders: DirectoryWalk;

	constructor(tree: TreeIo, input: PublishInput, beat: () => void) {
		this.#tree = tree;
		this.#input = input;
		this.#beat = beat;
		this.#rows = input.rows;
		this.#walk = new DirectoryWalk(tree, input.root);
		this.#leaders = new DirectoryWalk(tree, input.root);
	}

	unlock(row: number): void {
		const path = this.#path(row);
		const mode = this.#rows.existingMode[row]! | 0o700;
		if (path.length === 0) {
			this.#tree.setDirMode(this.#input.root, mode);
			return;
		}
		const parent = this.#walk.parent(path);
		const stat = parent && this.#tree.stat(parent, baseName(path));
		// A new directory is there only if a publish that was cut off has made it.
		if (stat?.format !== fileFormat.directory) return;
		this.#tree.setMode(parent!, baseName(path), mode);
	}

	aside(row: number): void {
		const staging = this.#staging(row);
		const away = asideName(this.#input.numbers[row]!);
		if (this.#tree.stat(staging, away) !== undefined) return;
		const path = this.#path(row);
		const name = baseName(path);
		const parent = this.#parent(path);
		const stat = this.#tree.stat(parent, name);
		if (stat === undefined) return;
		const isDirectory = stat.format === fileFormat.directory;
		if (isDirectory === (this.#rows.type[row] === entryType.directory)) return;
		this.#tree.rename(parent, name, staging, away);
		this.#walk.release();
	}

	directory(row: number): void {
		const path = this.#path(row);
		const name = baseName(path);
		const parent = this.#parent(path);
		try {
			this.#tree.makeDir(parent, name, 0o700);
		} catch (error) {
			const there = this.#tree.stat(parent, name);
			if (there?.format !== fileFormat.directory) throw error;
		}
	}

	place(row: number): void {
		if (this.#rows.type[row] === entryType.symlink) this.#placeSymlink(row);
		else this.#placeFile(row);
	}

	link(row: number): void {
		const tree = this.#tree;
		const path = this.#path(row);
		const parent = this.#parent(path);
		const leader = octetsAt(this.#rows.leader, row);
		const from = this.#leaders.parent(leader);
		// What is at the first name must be the file that was meant: its own step may have failed.
		if (from === undefined || !this.#isPlaced(from, baseName(leader), row)) {
			throw new ShoalError('FILE_UNWRITABLE', 'the first name of its hard link is not in place');
		}
		const wanted = tree.stat(from, baseName(leader));
		const there = tree.stat(parent, baseName(path));
		if (there !== undefined && there.ino === wanted?.ino && there.dev === wanted.dev) return;
		const staging = this.#staging(row);
		const staged = linkName(this.#input.numbers[row]!);
		tree.unlink(staging, staged);
		tree.makeLink(from, baseName(leader), staging, staged);
		tree.rename(staging, staged, parent, baseName(path));
	}

	attribute(row: number): void {
		const path = this.#path(row);
		setAttributes(this.#tree, this.#parent(path), baseName(path), this.#rows, row);
	}

	restore(row: number): void {
		const staging = this.#staging(row);
		const away = asideName(this.#input.numbers[row]!);
		const path = this.#path(row);
		const parent = this.#parent(path);
		if (this.#tree.stat(staging, away) === undefined) return;
		if (this.#tree.stat(parent, baseName(path)) !== undefined) return;
		this.#tree.rename(staging, away, parent, baseName(path));
	}

	delete(row: number): void {
		const path = this.#path(row);
		const parent = this.#walk.parent(path);
		if (parent === undefined) return;
		const name = baseName(path);
		if (this.#rows.existing[row] === existing.directory) this.#tree.removeDir(parent, name);
		else this.#tree.unlink(parent, name);
	}

	clear(row: number): void {
		const away = asideName(this.#input.numbers[row]!);
		removeTree(this.#tree, this.#staging(row), away, this.#beat);
	}

	finish(row: number): void {
		const path = this.#path(row);
		const dir = this.#walk.directory(path);
		if (dir === undefined) throw gone();
		setDirectoryAttributes(this.#tree, dir, this.#rows, row);
		if (this.#input.sync) this.#tree.sync(dir);
	}

	release(): void {
		this.#walk.release();
		this.#leaders.release();
	}

	#placeFile(row: number): void {
		const path = this.#path(row);
		const name = baseName(path);
		const parent = this.#parent(path);
		const staging = this.#staging(row);
		const digest = this.#rows.digest.subarray(row * digestSize);
		const staged = stagedName(digest, this.#rows.copy[row]!);
		const moves = this.#rows.content[row] === contentFrom.move;
		try {
			this.#tree.rename(staging, staged, parent, name);
		} catch (error) {
			// A publish that was cut off may have done it.
			if (this.#tree.stat(staging, staged) !== undefined) throw error;
			if (!moves && !this.#isPlaced(parent, name, row)) throw error;
		}
		// An inode that moves kept its own until now: another name of it was still in place.
		if (moves) setAttributes(this.#tree, parent, name, this.#rows, row);
	}

	/** Made beside and renamed, so that what is replaced is never absent. */
	#placeSymlink(row: number): void {
		const tree = this.#tree;
		const path = this.#path(row);
		const parent = this.#parent(path);
		const staging = this.#staging(row);
		const staged = linkName(this.#input.numbers[row]!);
		tree.unlink(staging, staged);
		tree.makeSymlink(staging, staged, octetsAt(this.#rows.target, row));
		tryAll(
			() => setAttributes(tree, staging, staged, this.#rows, row),
			() => tree.rename(staging, staged, parent, baseName(path)),
		);
	}

	/** Whether what the row says is there: this tells it from what was there before. */
	#isPlaced(dir: DirHandle, name: Name, row: number): boolean {
		const stat = this.#tree.stat(dir, name);
		if (this.#rows.type[row] === entryType.symlink) {
			if (stat?.format !== fileFormat.symlink) return false;
			return equalOctets(this.#tree.readLink(dir, name), octetsAt(this.#rows.target, row));
		}
		if (stat?.format !== fileFormat.file || stat.size !== this.#rows.size[row]) return false;
		if (this.#rows.mtimeNsec[row] === leaveTime) return true;
		const delta = stat.mtimeSec - this.#rows.mtimeSec[row]!;
		const nanos = delta * 1e9 + stat.mtimeNsec - this.#rows.mtimeNsec[row]!;
		return Math.abs(nanos) < timeGrain;
	}

	#path(row: number): Uint8Array {
		return octetsAt(this.#rows.path, row);
	}

	#staging(row: number): DirHandle {
		return this.#input.staging[this.#rows.device[row]!]!;
	}

	#parent(path: Uint8Array): DirHandle {
		const parent = this.#walk.parent(path);
		if (parent === undefined) throw gone();
		return parent;
	}
}

function gone(): ShoalError {
	return new ShoalError('FILE_UNWRITABLE', 'its directory is not there, or not a directory');
}

/** Times that were set and read again may differ by less, in nanoseconds: Node's utimes. */
const timeGrain = 2000;
