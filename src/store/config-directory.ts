/**
 * The user's configuration directory: keys, and what is known of sources. It is never below a tree
 * that is mirrored. Nothing in it is opened through a symlink, and nothing is believed that
 * somebody else could have written.
 */
import {ShoalError} from '../error.ts';
import type {Platform} from '../platform/platform.ts';
import type {ProcessInfo} from '../platform/process.ts';
import type {DirHandle, Stat, TreeIo} from '../platform/tree.ts';
import {Lock} from './lock.ts';

/** What it asks of the world. */
export type ConfigIo = Pick<Platform, 'tree' | 'process'>;

export type ConfigFile = {
	readonly content: Uint8Array;
	/** Mode bits: who may read it. */
	readonly mode: number;
};

/** Every file in it is a few lines for each source that this user has met. */
const fileSizeMax = 16 << 20;

const encoder = new TextEncoder();

export class ConfigDirectory {
	readonly path: string;
	readonly #tree: TreeIo;
	readonly #dir: DirHandle;
	readonly #process: ProcessInfo;

	private constructor(io: ConfigIo, path: string, dir: DirHandle) {
		this.#tree = io.tree;
		this.#process = io.process;
		this.#dir = dir;
		this.path = path;
	}

	/**
	 * Opens it; it is made, for this user alone, when missing and asked for.
	 * @throws ShoalError KEY_UNSAFE when others can write there
	 */
	static open(io: ConfigIo, path: string, create: boolean): ConfigDirectory | undefined {
		const {tree} = io;
		let dir: DirHandle;
		try {
			dir = tree.openRoot(path);
		} catch (error) {
			if (!(error instanceof ShoalError) || error.code !== 'TREE_MISSING') throw error;
			if (!create) return undefined;
			dir = makeAll(tree, path);
		}
		if (othersCanWrite(io.process, tree.statDir(dir))) {
			tree.closeDir(dir);
			throw new ShoalError('KEY_UNSAFE', `others can write in ${path}`);
		}
		return new ConfigDirectory(io, path, dir);
	}

	/** Undefined when absent. @throws ShoalError KEY_UNSAFE when others can write it */
	read(name: string): ConfigFile | undefined {
		const octets = encoder.encode(name);
		const stat = this.#tree.stat(this.#dir, octets);
		if (stat === undefined) return undefined;
		const file = this.#tree.openRead(this.#dir, octets);
		if (file === undefined) {
			throw new ShoalError('KEY_UNSAFE', `${this.path}/${name} is not a regular file`);
		}
		try {
			const opened = this.#tree.statFile(file);
			this.#mustBeOurs(name, opened);
			const content = new Uint8Array(opened.size);
			const size = this.#tree.read(file, content, 0);
			return {content: content.subarray(0, size), mode: opened.mode};
		} finally {
			this.#tree.closeFile(file);
		}
	}

	/** Replaces it as a whole, readable by this user alone. */
	write(name: string, content: Uint8Array): void {
		const temporary = this.#stage(name, content);
		this.#tree.rename(this.#dir, temporary, this.#dir, encoder.encode(name));
		this.#tree.sync(this.#dir);
	}

	/** Makes it, readable by this user alone; false if it is there, whoever was faster. */
	create(name: string, content: Uint8Array): boolean {
		const octets = encoder.encode(name);
		const temporary = this.#stage(name, content);
		try {
			this.#tree.makeLink(this.#dir, temporary, this.#dir, octets);
		} catch (error) {
			if (this.#tree.stat(this.#dir, octets) === undefined) throw error;
			return false;
		} finally {
			this.#tree.unlink(this.#dir, temporary);
		}
		this.#tree.sync(this.#dir);
		return true;
	}

	/** Writes it beside its place, under a name that no other process uses. */
	#stage(name: string, content: Uint8Array): Uint8Array {
		const own = this.#process.identity.replace(/\W+/g, '-').slice(-40);
		const temporary = encoder.encode(`.${name}.${own}.new`);
		this.#tree.unlink(this.#dir, temporary);
		const file = this.#tree.create(this.#dir, temporary, 0o600);
		try {
			this.#tree.write(file, content, 0);
			this.#tree.sync(file);
		} finally {
			this.#tree.closeFile(file);
		}
		return temporary;
	}

	/** When it was written last, and by which file: another answer is another content. */
	stamp(name: string): string {
		const stat = this.#tree.stat(this.#dir, encoder.encode(name));
		return stat === undefined ? '' : `${stat.ino} ${stat.ctimeSec} ${stat.ctimeNsec}`;
	}

	/** Does what no other process must do meanwhile. @throws ShoalError STORE_LOCKED */
	alone<T>(act: () => T): T {
		const lock = Lock.take(this.#tree, this.#process, this.#dir, this.path);
		try {
			return act();
		} finally {
			lock.release();
		}
	}

	close(): void {
		this.#tree.closeDir(this.#dir);
	}

	#mustBeOurs(name: string, stat: Stat): void {
		if (othersCanWrite(this.#process, stat)) {
			throw new ShoalError('KEY_UNSAFE', `others can write ${this.path}/${name}`);
		}
		if (stat.size > fileSizeMax) {
			throw new ShoalError('STORE_CORRUPT', `${this.path}/${name} is too large to be true`);
		}
	}
}

/** Who owns a file could write it, whatever its mode says; root can write all. */
function othersCanWrite({uid}: ProcessInfo, stat: Stat): boolean {
	return (stat.uid !== uid && stat.uid !== 0) || (stat.mode & 0o022) !== 0;
}

/** Makes the directories of `path` that are missing, for this user alone. */
function makeAll(tree: TreeIo, path: string): DirHandle {
	const cut = path.replace(/\/+$/, '').lastIndexOf('/');
	const name = encoder.encode(path.slice(cut + 1).replace(/\/+$/, ''));
	let parent: DirHandle;
	try {
		parent = tree.openRoot(cut <= 0 ? '/' : path.slice(0, cut));
	} catch (error) {
		if (!(error instanceof ShoalError) || error.code !== 'TREE_MISSING' || cut <= 0) throw error;
		parent = makeAll(tree, path.slice(0, cut));
	}
	try {
		tree.makeDir(parent, name, 0o700);
		const dir = tree.openDir(parent, name);
		if (dir !== undefined) return dir;
		throw new ShoalError('STORE_FAILED', `${path} vanished while it was made`);
	} finally {
		tree.closeDir(parent);
	}
}
