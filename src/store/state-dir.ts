/**
 * The state directory of a tree: `.shoal` at its root, or wherever the operator says. It belongs to
 * this user alone, is never mirrored, and holds no secret. Small records in it are replaced as a
 * whole and carry a digest, so what is read is what was written, or is said to be damaged.
 */
import {ShoalError} from '../error.ts';
import {escapePath} from '../escape.ts';
import {digestSize} from '../limit.ts';
import type {Sha256} from '../platform/crypto.ts';
import type {ProcessInfo} from '../platform/process.ts';
import type {DirHandle, Name, TreeIo} from '../platform/tree.ts';
import {Lock} from './lock.ts';

const encoder = new TextEncoder();

/** Its name at a tree's root: never scanned, never mirrored, never deleted. */
export const stateDirName = encoder.encode('.shoal');

/** Mode bits of a directory that group or others can write. */
const othersWrite = 0o022;

/** Written before the digest of every record: the version of this form. */
const magic = encoder.encode('shoal record 1\n');

export type StatePlatform = {
	readonly tree: TreeIo;
	readonly process: ProcessInfo;
	readonly sha256: Sha256;
};

export type StateOptions = {
	/** The tree, held open by the caller. */
	readonly root: DirHandle;
	/** Its path, for messages. */
	readonly rootPath: string;
	/** The operator's directory instead of `.shoal`. */
	readonly state?: string;
	/** Another name in `root` than `.shoal`, of a directory that others may pass through. */
	readonly passage?: Name;
	readonly create: boolean;
};

export class StateDir {
	readonly path: string;
	readonly handle: DirHandle;
	readonly platform: StatePlatform;
	#lock: Lock | undefined;
	/** The tree in which `open` made it. */
	#madeIn: {readonly root: DirHandle; readonly name: Name} | undefined;

	private constructor(platform: StatePlatform, path: string, handle: DirHandle) {
		this.platform = platform;
		this.path = path;
		this.handle = handle;
	}

	/** What others can write there they could make us sign. */
	static #make(platform: StatePlatform, path: string, handle: DirHandle): StateDir {
		const {mode} = platform.tree.statDir(handle);
		if ((mode & othersWrite) === 0) return new StateDir(platform, path, handle);
		platform.tree.closeDir(handle);
		throw new ShoalError('STORE_FAILED', `others can write in ${path}`);
	}

	/**
	 * Undefined when there is none and none is to be made. Making `.shoal` leaves the tree's own
	 * modification time as it was.
	 * @throws ShoalError STORE_FAILED, DESTINATION_DENIED, DESTINATION_FULL
	 */
	static open(platform: StatePlatform, options: StateOptions): StateDir | undefined {
		const {root, rootPath, state, create, passage} = options;
		const {tree} = platform;
		if (state === undefined) {
			const dir = StateDir.#openIn(platform, root, rootPath, passage ?? stateDirName, create);
			if (passage === undefined || dir === undefined) return dir;
			if (dir.#madeIn !== undefined) tree.setDirMode(dir.handle, 0o711);
			return dir;
		}
		const handle = openOrMake(tree, state, create);
		return handle === undefined ? undefined : StateDir.#make(platform, state, handle);
	}

	/** One with a lock of its own in another one, which stays open as long. */
	static within(state: StateDir, name: Name, create: boolean): StateDir | undefined {
		return StateDir.#openIn(state.platform, state.handle, state.path, name, create);
	}

	static #openIn(
		platform: StatePlatform,
		root: DirHandle,
		rootPath: string,
		name: Name,
		create: boolean,
	): StateDir | undefined {
		const {tree} = platform;
		const path = `${rootPath}/${escapePath(name)}`;
		const handle = tree.openDir(root, name);
		if (handle !== undefined) return StateDir.#make(platform, path, handle);
		if (tree.stat(root, name) !== undefined) {
			throw new ShoalError('STORE_FAILED', `${path} is not a directory`);
		}
		if (!create) return undefined;
		const made = StateDir.#make(platform, path, makeBeside(tree, root, name, path));
		made.#madeIn = {root, name};
		return made;
	}

	/** Until `unlock` or `close`. @throws ShoalError STORE_LOCKED */
	lock(): void {
		const {tree, process} = this.platform;
		this.#lock ??= Lock.take(tree, process, this.handle, this.path);
	}

	/** Undefined when absent. @throws ShoalError STORE_CORRUPT */
	readRecord(name: string): Uint8Array | undefined {
		const octets = this.readFile(name);
		if (octets === undefined) return undefined;
		const start = magic.length + digestSize;
		const content = octets.subarray(start);
		const digest = this.platform.sha256(content);
		const isWhole =
			octets.length >= start &&
			magic.every((octet, index) => octets[index] === octet) &&
			digest.every((octet, index) => octets[magic.length + index] === octet);
		if (!isWhole) throw new ShoalError('STORE_CORRUPT', `${this.path}/${name} is damaged`);
		return content;
	}

	/** On the disk when it returns; until then the one before it counts. */
	writeRecord(name: string, content: Uint8Array): void {
		this.writeFile(name, magic, this.platform.sha256(content), content);
	}

	removeRecord(name: string): void {
		this.platform.tree.unlink(this.handle, encoder.encode(name));
	}

	/** A whole file; undefined when absent. */
	readFile(name: string): Uint8Array | undefined {
		const {tree} = this.platform;
		const file = tree.openRead(this.handle, encoder.encode(name));
		if (file === undefined) return undefined;
		try {
			const octets = new Uint8Array(tree.statFile(file).size);
			return octets.subarray(0, tree.read(file, octets, 0));
		} finally {
			tree.closeFile(file);
		}
	}

	/** Octets of a file; undefined when absent. */
	sizeOf(name: string): number | undefined {
		return this.platform.tree.stat(this.handle, encoder.encode(name))?.size;
	}

	/** Replaces a whole file by the parts, synced before it takes its place. */
	writeFile(name: string, ...parts: readonly Uint8Array[]): void {
		const {tree} = this.platform;
		const temporary = encoder.encode(`.${name}.new`);
		tree.unlink(this.handle, temporary);
		const file = tree.create(this.handle, temporary, 0o600);
		try {
			let offset = 0;
			for (const part of parts) {
				tree.write(file, part, offset);
				offset += part.length;
			}
			tree.sync(file);
		} finally {
			tree.closeFile(file);
		}
		tree.rename(this.handle, temporary, this.handle, encoder.encode(name));
		tree.sync(this.handle);
	}

	unlock(): void {
		this.#lock?.release();
		this.#lock = undefined;
	}

	/** The tree must be open still: one that was made for nothing is gone again. */
	close(): void {
		this.unlock();
		const {tree} = this.platform;
		const made = tree.list(this.handle).length === 0 ? this.#madeIn : undefined;
		tree.closeDir(this.handle);
		if (made === undefined) return;
		const {root, name} = made;
		const {mtimeSec, mtimeNsec} = tree.statDir(root);
		tree.removeDir(root, name);
		tree.setDirTimes(root, mtimeSec, mtimeNsec);
	}
}

function makeBeside(tree: TreeIo, root: DirHandle, name: Name, path: string): DirHandle {
	const before = tree.statDir(root);
	tree.makeDir(root, name, 0o700);
	const handle = tree.openDir(root, name);
	if (handle === undefined) throw new ShoalError('STORE_FAILED', `${path} vanished`);
	tree.setDirTimes(root, before.mtimeSec, before.mtimeNsec);
	return handle;
}

/** Only the last component is made. */
function openOrMake(tree: TreeIo, path: string, create: boolean): DirHandle | undefined {
	try {
		return tree.openRoot(path);
	} catch (error) {
		if (!(error instanceof ShoalError) || error.code !== 'TREE_MISSING') throw error;
		if (!create) return undefined;
	}
	const trimmed = path.replace(/\/+$/, '');
	const cut = trimmed.lastIndexOf('/');
	const parent = tree.openRoot(cut < 0 ? '.' : trimmed.slice(0, cut) || '/');
	try {
		const name = encoder.encode(trimmed.slice(cut + 1));
		tree.makeDir(parent, name, 0o700);
		return tree.openDir(parent, name);
	} finally {
		tree.closeDir(parent);
	}
}
