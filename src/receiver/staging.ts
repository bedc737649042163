/**
 * The staging directories of a pull, one per file system: private, below DEST, and emptied when
 * the pull has published. What a pull that was cut off left in them is found by its digest.
 */
import {ShoalError} from '../error.ts';
import type {DirHandle, Name, TreeIo} from '../platform/tree.ts';
import {stateDirName} from '../store/state-dir.ts';
import type {Creation} from '../task/attributes.ts';
import {DirectoryWalk} from '../task/directory-walk.ts';
import {octetKey} from '../task/packed-octets.ts';
import {removeTree} from '../task/remove-tree.ts';
import {isStagedContent} from '../task/staged-name.ts';
import {mountedStagingName} from './file-systems.ts';

const encoder = new TextEncoder();
export const stageName = encoder.encode('stage');
const probeName = encoder.encode('probe');

export type StagingOptions = {
	readonly tree: TreeIo;
	readonly root: DirHandle;
	/** Where each file system begins, DEST first. */
	readonly roots: readonly Uint8Array[];
	/** Effective user: nobody else may own a staging directory. */
	readonly uid: number;
};

/** A staging directory, and the directory that it is in. */
type Place = {readonly parent: DirHandle; readonly name: Name; readonly handle: DirHandle};

export class Staging {
	/** By number of the file system. */
	readonly handles: readonly DirHandle[];
	readonly creation: Creation;
	readonly #tree: TreeIo;
	readonly #places: readonly Place[];

	private constructor(tree: TreeIo, places: readonly Place[]) {
		this.#tree = tree;
		this.#places = places;
		this.handles = places.map(({handle}) => handle);
		this.creation = probe(tree, this.handles[0]!);
	}

	/** Makes what is missing; the times of the directories that hold them stay as they were. */
	static open({tree, root, roots, uid}: StagingOptions): Staging {
		const places: Place[] = [];
		const state = openOrMake(tree, root, stateDirName, uid);
		places.push({parent: state, name: stageName, handle: openOrMake(tree, state, stageName, uid)});
		const walk = new DirectoryWalk(tree, root);
		try {
			for (const path of roots.slice(1)) {
				// A handle of its own: that of the walk is only lent.
				const cut = path.lastIndexOf(0x2f);
				const above = walk.directory(path.subarray(0, Math.max(0, cut)));
				const parent = above && tree.openDir(above, path.subarray(cut + 1));
				if (parent === undefined) throw denied('a file system below it is gone');
				const handle = openOrMake(tree, parent, mountedStagingName, uid);
				places.push({parent, name: mountedStagingName, handle});
			}
		} finally {
			walk.release();
		}
		return new Staging(tree, places);
	}

	/** Keys of the names of staged content, for each file system. */
	contents(): Set<string>[] {
		return this.handles.map(
			handle => new Set(this.#tree.list(handle).filter(isStagedContent).map(octetKey)),
		);
	}

	remove(device: number, name: Name): void {
		this.#tree.unlink(this.handles[device]!, name);
	}

	/** Removes whatever is in them but the content named in `keep`. */
	sweep(keep: readonly ReadonlySet<string>[]): void {
		for (const [device, handle] of this.handles.entries()) {
			for (const name of this.#tree.list(handle)) {
				if (keep[device]?.has(octetKey(name)) !== true) removeTree(this.#tree, handle, name);
			}
		}
	}

	/** Empties and removes them. */
	dispose(): void {
		this.sweep([]);
		for (const {parent, name} of this.#places) {
			const before = this.#tree.statDir(parent);
			this.#tree.removeDir(parent, name);
			this.#tree.setDirTimes(parent, before.mtimeSec, before.mtimeNsec);
		}
	}

	close(): void {
		for (const {parent, handle} of this.#places) {
			this.#tree.closeDir(handle);
			this.#tree.closeDir(parent);
		}
	}
}

/** What a new file has, learnt from one. */
function probe(tree: TreeIo, dir: DirHandle): Creation {
	tree.unlink(dir, probeName);
	const file = tree.create(dir, probeName, 0o777);
	try {
		const {uid, gid, mode} = tree.statFile(file);
		return {uid, gid, umask: 0o777 & ~mode};
	} finally {
		tree.closeFile(file);
		tree.unlink(dir, probeName);
	}
}

function openOrMake(tree: TreeIo, parent: DirHandle, name: Name, uid: number): DirHandle {
	let handle = tree.openDir(parent, name);
	if (handle === undefined) {
		if (tree.stat(parent, name) !== undefined) throw denied('its name is taken');
		const before = tree.statDir(parent);
		tree.makeDir(parent, name, 0o700);
		tree.setDirTimes(parent, before.mtimeSec, before.mtimeNsec);
		handle = tree.openDir(parent, name);
		if (handle === undefined) throw denied('it vanished');
	}
	const stat = tree.statDir(handle);
	if (stat.uid !== uid) throw denied('somebody else made it');
	if (stat.mode !== 0o700) tree.setDirMode(handle, 0o700);
	return handle;
}

function denied(why: string): ShoalError {
	return new ShoalError('DESTINATION_DENIED', `the staging directory cannot be used: ${why}`);
}
