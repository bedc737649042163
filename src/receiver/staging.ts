/**
 * The staging directories of a pull, one per file system: private, below DEST, and emptied when
 * the pull has published. What a pull that was cut off left in them is found by its digest.
 */
import {ShoalError} from '../error.ts';
import type {DirHandle, Name, TreeIo} from '../platform/tree.ts';
import {equalOctets, isValidPath} from '../snapshot/path.ts';
import type {StateDir} from '../store/state-dir.ts';
import type {Creation} from '../task/attributes.ts';
import {DirectoryWalk} from '../task/directory-walk.ts';
import {octetKey} from '../task/packed-octets.ts';
import {removeTree} from '../task/remove-tree.ts';
import {isStagedContent} from '../task/staged-name.ts';
import {Reader, Writer} from '../wire/codec.ts';
import {mountedStagingName} from './file-systems.ts';
import type {RecordStore} from './publish-record.ts';

const encoder = new TextEncoder();
export const stageName = encoder.encode('stage');
const probeName = encoder.encode('probe');
const rootsName = 'staging-roots';

export type StagingOptions = {
	readonly tree: TreeIo;
	readonly root: DirHandle;
	/** Where each file system begins, DEST first. */
	readonly roots: readonly Uint8Array[];
	/** Effective user: nobody else may own a staging directory. */
	readonly uid: number;
	/** Holds that of DEST, and remembers where else there are some, if this run is cut off. */
	readonly home: StateDir;
};

/** A staging directory, and the directory that it is in. */
type Place = {readonly parent: DirHandle; readonly name: Name; readonly handle: DirHandle};

export class Staging {
	/** By number of the file system. */
	readonly handles: readonly DirHandle[];
	readonly creation: Creation;
	readonly #tree: TreeIo;
	readonly #places: readonly Place[];
	readonly #store: RecordStore;

	private constructor(tree: TreeIo, store: RecordStore, places: readonly Place[]) {
		this.#tree = tree;
		this.#store = store;
		this.#places = places;
		this.handles = places.map(({handle}) => handle);
		this.creation = probe(tree, this.handles[0]!);
	}

	/** Makes what is missing; the times of the directories that hold them stay as they were. */
	static open({tree, root, home, roots, uid}: StagingOptions): Staging {
		sweepOthers(tree, root, roots, home);
		if (roots.length > 1) writeRoots(home, roots);
		const places: Place[] = [];
		const handle = openOrMake(tree, home.handle, stageName, uid);
		places.push({parent: home.handle, name: stageName, handle});
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
		return new Staging(tree, home, places);
	}

	/**
	 * Keys of the names of staged content, for each file system. A file that has another name as
	 * well is in a tree already, since a run was cut off there: it is no longer ours to finish.
	 */
	contents(): Set<string>[] {
		const isOwn = (handle: DirHandle, name: Name): boolean =>
			isStagedContent(name) && this.#tree.stat(handle, name)?.linkCount === 1;
		return this.handles.map(
			handle =>
				new Set(
					this.#tree
						.list(handle)
						.filter(each => isOwn(handle, each))
						.map(octetKey),
				),
		);
	}

	/** Octets of staged content. */
	sizeOf(device: number, name: Name): number {
		return this.#tree.stat(this.handles[device]!, name)?.size ?? 0;
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
		if (this.#places.length > 1) this.#store.removeRecord(rootsName);
	}

	close(): void {
		for (const [device, {parent, handle}] of this.#places.entries()) {
			this.#tree.closeDir(handle);
			if (device > 0) this.#tree.closeDir(parent);
		}
	}
}

/** A run that was cut off may have staged on file systems that this one has no business with. */
function sweepOthers(
	tree: TreeIo,
	root: DirHandle,
	roots: readonly Uint8Array[],
	store: RecordStore,
): void {
	const olds = readRoots(store);
	if (olds.length === 0) return;
	const walk = new DirectoryWalk(tree, root);
	try {
		for (const old of olds.slice(1)) {
			if (roots.some(each => equalOctets(each, old))) continue;
			const parent = walk.directory(old);
			if (parent === undefined) continue;
			const {mtimeSec, mtimeNsec} = tree.statDir(parent);
			removeTree(tree, parent, mountedStagingName);
			tree.setDirTimes(parent, mtimeSec, mtimeNsec);
		}
	} finally {
		walk.release();
	}
	store.removeRecord(rootsName);
}

function writeRoots(store: RecordStore, roots: readonly Uint8Array[]): void {
	const size = roots.reduce((sum, root) => sum + root.length + 8, 8);
	const to = new Writer(new Uint8Array(size));
	to.varint(roots.length);
	for (const root of roots) to.opaque(root);
	store.writeRecord(rootsName, to.written());
}

/** None, when the record is not what `writeRoots` makes. */
function readRoots(store: RecordStore): Uint8Array[] {
	const bytes = store.readRecord(rootsName);
	if (bytes === undefined) return [];
	const from = new Reader(bytes);
	const count = from.varint();
	const roots: Uint8Array[] = [];
	for (let index = 0; index < count && !from.failed; index++) roots.push(from.opaque());
	return !from.failed && from.left === 0 && roots.every(isValidPath) ? roots : [];
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
