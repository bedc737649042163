/**
 * The file system as src/platform/tree.ts promises it, on synchronous node:fs. Every path given to
 * Node is made by an Anchor, and every open refuses symlinks, so nothing here follows a link below
 * the root. Node has no fchmod without opening, no openat and no utimensat with nanoseconds; what
 * stands in for them is said where it is used.
 */
import {
	type BigIntStats,
	chmodSync,
	chownSync,
	closeSync,
	constants,
	copyFileSync,
	fchmodSync,
	fstatSync,
	fsyncSync,
	ftruncateSync,
	lchownSync,
	linkSync,
	lstatSync,
	lutimesSync,
	mkdirSync,
	openSync,
	readdirSync,
	readlinkSync,
	readSync,
	renameSync,
	rmdirSync,
	statfsSync,
	symlinkSync,
	unlinkSync,
	utimesSync,
	writeSync,
} from 'node:fs';
import {ShoalError} from '../src/error.ts';
import type {DirHandle, FileHandle, Name, Stat, TreeIo} from '../src/platform/tree.ts';
import {type Anchor, checkName, descriptorsPath, procAnchor} from './anchor.ts';
import {checkedAnchor} from './anchor-checked.ts';
import {emptyStat, type FlatStat, fillStat, flatStat} from './stat.ts';
import {isWorkerProcess} from './thread.ts';
import {type Intent, nodeCode, treeError} from './tree-error.ts';

/** O_NONBLOCK so that a fifo in a file's place cannot hold a thread; libuv adds O_CLOEXEC. */
const opening = constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;
const openingDir = constants.O_RDONLY | constants.O_DIRECTORY;

/** Without octets of its own, or not at all; never over or through what has the name. */
const cloning = constants.COPYFILE_FICLONE_FORCE | constants.COPYFILE_EXCL;

/** Opens a place in the tree, not its content: needs no right to read it. open(2), Linux only. */
const O_PATH = 0o10000000;

/** What `open` answers for something absent or of another type than asked for. */
const notThat = ['ENOENT', 'ELOOP', 'EMLINK', 'ENOTDIR', 'ENXIO', 'EISDIR', 'ENODEV'];

/** More than any system gives: NAME_MAX is 255, in UTF-16 units on some. */
const nameSizeMost = 1024;

const bigint = {bigint: true} as const;
const bigintOrNone = {bigint: true, throwIfNoEntry: false} as const;
const asOctets = {encoding: 'buffer'} as const;

/** Where a descriptor can be named by a path, if anywhere. */
const descriptors = descriptorsPath();

export function openTree(anchor: Anchor = procAnchor() ?? checkedAnchor()): TreeIo {
	return new NodeTree(anchor);
}

/** The working directory, before a name. */
const here = Buffer.alloc(0);

/** False: it is gone, or may not be entered; to look at what is in it then tells what it is. */
function goInto(directory: Buffer): boolean {
	try {
		process.chdir(directory.toString());
		return true;
	} catch (error) {
		if (nodeCode(error) === undefined) throw error;
		return false;
	}
}

/** A text of such octets is the same path as they are, and costs less than a Buffer. */
function isAscii(octets: Uint8Array, start: number, end: number): boolean {
	for (let at = start; at < end; at++) if (octets[at]! > 0x7f) return false;
	return true;
}

class NodeTree implements TreeIo {
	readonly #anchor: Anchor;
	/** Paths are built in here: a call into Node copies its path before it returns. */
	#path = Buffer.alloc(1024);
	#prefix: Buffer = this.#path.subarray(0, 0);

	constructor(anchor: Anchor) {
		this.#anchor = anchor;
	}

	openRoot(path: string | Uint8Array): DirHandle {
		const octets = Buffer.from(path as string);
		try {
			return this.#anchor.hold(openSync(octets, openingDir), octets);
		} catch (error) {
			const code = nodeCode(error);
			if (code === 'ENOENT' || code === 'ENOTDIR') {
				const what = code === 'ENOENT' ? 'does not exist' : 'is not a directory';
				throw new ShoalError('TREE_MISSING', `${String(path)} ${what}`, {cause: error});
			}
			throw treeError(error, 'read', 'cannot open directory', octets);
		}
	}

	openDir(dir: DirHandle, name: Name): DirHandle | undefined {
		const path = this.#reach(dir, name);
		const fd = this.#open(dir, name, path, openingDir | opening, 'read');
		return fd === undefined ? undefined : this.#anchor.hold(fd, path);
	}

	closeDir(dir: DirHandle): void {
		closeSync(dir.fd);
	}

	pathOf(dir: DirHandle): Uint8Array {
		return this.#anchor.describe(dir);
	}

	list(dir: DirHandle): Name[] {
		try {
			return readdirSync(this.#anchor.prefix(dir), asOctets);
		} catch (error) {
			throw this.#error(error, 'read', 'cannot list', dir);
		}
	}

	/**
	 * Names as Latin-1 are their octets, and cost half of what as many Buffers do. A process of its
	 * own goes into the directory: an lstat takes 3.1 us then, and 5.4 by a path through /proc.
	 */
	visit(dir: DirHandle, each: (name: Name, stat: Stat | Error) => void): void {
		const anchored = this.#anchor.prefix(dir);
		const prefix = isWorkerProcess && goInto(anchored) ? here : anchored;
		const before = prefix.toString('latin1');
		const isText = isAscii(prefix, 0, prefix.length);
		let names: string[];
		try {
			names = readdirSync(prefix.length === 0 ? '.' : prefix, 'latin1').sort();
		} catch (error) {
			throw this.#error(error, 'read', 'cannot list', dir);
		}
		const path = Buffer.concat([prefix, Buffer.alloc(nameSizeMost)]);
		const flat = emptyStat();
		for (const text of names) {
			const end = prefix.length + path.write(text, prefix.length, 'latin1');
			const name = path.subarray(prefix.length, end);
			const isPlain = isText && isAscii(path, prefix.length, end);
			const stat = this.#look(dir, name, isPlain ? before + text : path.subarray(0, end), flat);
			if (stat !== undefined) each(name, stat);
		}
	}

	statDir(dir: DirHandle): Stat {
		return this.statFile(dir);
	}

	stat(dir: DirHandle, name: Name): Stat | undefined {
		let stats: BigIntStats | undefined;
		try {
			stats = lstatSync(this.#reach(dir, name), bigintOrNone);
		} catch (error) {
			throw this.#error(error, 'read', 'cannot stat', dir, name);
		}
		return stats === undefined ? undefined : flatStat(stats);
	}

	readLink(dir: DirHandle, name: Name): Uint8Array {
		try {
			return readlinkSync(this.#reach(dir, name), asOctets);
		} catch (error) {
			throw this.#error(error, 'read', 'cannot read symlink', dir, name);
		}
	}

	openRead(dir: DirHandle, name: Name): FileHandle | undefined {
		const path = this.#reach(dir, name);
		return this.#openFile(dir, name, path, constants.O_RDONLY, 'read');
	}

	create(dir: DirHandle, name: Name, mode: number): FileHandle {
		const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | opening;
		try {
			return {fd: openSync(this.#reach(dir, name), flags, mode)};
		} catch (error) {
			throw this.#error(error, 'write', 'cannot create', dir, name);
		}
	}

	/** Node copies by path alone: that to a descriptor is the very file that was opened. */
	clone(file: FileHandle, dir: DirHandle, name: Name): boolean {
		if (descriptors === undefined) return false;
		const path = this.#reach(dir, name);
		try {
			copyFileSync(`${descriptors}/${file.fd}`, path, cloning);
			return true;
		} catch (error) {
			if (nodeCode(error) !== undefined) return false;
			throw error;
		}
	}

	openWrite(dir: DirHandle, name: Name): FileHandle | undefined {
		const path = this.#reach(dir, name);
		return this.#openFile(dir, name, path, constants.O_RDWR, 'write');
	}

	read(file: FileHandle, into: Uint8Array, offset: number): number {
		let done = 0;
		try {
			while (done < into.length) {
				const got = readSync(file.fd, into, done, into.length - done, offset + done);
				if (got === 0) break;
				done += got;
			}
		} catch (error) {
			throw this.#error(error, 'read', 'cannot read', file);
		}
		return done;
	}

	write(file: FileHandle, from: Uint8Array, offset: number): void {
		let done = 0;
		try {
			while (done < from.length) {
				done += writeSync(file.fd, from, done, from.length - done, offset + done);
			}
		} catch (error) {
			throw this.#error(error, 'write', 'cannot write', file);
		}
	}

	truncate(file: FileHandle, size: number): void {
		try {
			ftruncateSync(file.fd, size);
		} catch (error) {
			throw this.#error(error, 'write', 'cannot set the size of', file);
		}
	}

	statFile(file: FileHandle): Stat {
		try {
			return flatStat(fstatSync(file.fd, bigint));
		} catch (error) {
			throw this.#error(error, 'read', 'cannot stat', file);
		}
	}

	sync(file: FileHandle | DirHandle): void {
		try {
			fsyncSync(file.fd);
		} catch (error) {
			throw this.#error(error, 'write', 'cannot sync', file);
		}
	}

	/** Network file systems report a failed write as late as this. close(2). */
	closeFile(file: FileHandle): void {
		try {
			closeSync(file.fd);
		} catch (error) {
			throw this.#error(error, 'write', 'cannot close', file);
		}
	}

	makeDir(dir: DirHandle, name: Name, mode: number): void {
		this.#change('cannot make directory', dir, name, path => mkdirSync(path, mode));
	}

	makeLink(dir: DirHandle, name: Name, toDir: DirHandle, toName: Name): void {
		const existing = Buffer.from(this.#reach(dir, name));
		this.#change('cannot make link', toDir, toName, path => linkSync(existing, path));
	}

	makeSymlink(dir: DirHandle, name: Name, target: Uint8Array): void {
		const octets = Buffer.from(target);
		this.#change('cannot make symlink', dir, name, path => symlinkSync(octets, path));
	}

	rename(dir: DirHandle, name: Name, toDir: DirHandle, toName: Name): void {
		const existing = Buffer.from(this.#reach(dir, name));
		this.#change('cannot rename to', toDir, toName, path => renameSync(existing, path));
	}

	unlink(dir: DirHandle, name: Name): boolean {
		return this.#remove('cannot remove', dir, name, unlinkSync);
	}

	removeDir(dir: DirHandle, name: Name): boolean {
		return this.#remove('cannot remove directory', dir, name, rmdirSync);
	}

	/**
	 * chmod(2) follows symlinks, so the place itself is opened and changed by its descriptor. With
	 * O_PATH that needs no right to the content; without it, a file nobody may read is refused.
	 */
	setMode(dir: DirHandle, name: Name, mode: number): void {
		this.#change('cannot set the mode of', dir, name, path => {
			const fd = openSync(
				path,
				opening | (descriptors !== undefined ? O_PATH : constants.O_RDONLY),
			);
			try {
				if (descriptors === undefined) return fchmodSync(fd, mode);
				if (fstatSync(fd).isSymbolicLink()) throw refusedSymlink(path);
				chmodSync(`${descriptors}/${fd}`, mode);
			} finally {
				closeSync(fd);
			}
		});
	}

	setOwner(dir: DirHandle, name: Name, uid: number, gid: number): void {
		this.#change('cannot set the owner of', dir, name, path => lchownSync(path, uid, gid));
	}

	/** The access time becomes now, as rsync leaves it. */
	setTimes(dir: DirHandle, name: Name, mtimeSec: number, mtimeNsec: number): void {
		this.#change('cannot set the time of', dir, name, path => {
			lutimesSync(path, Date.now() / 1000, timeOf(mtimeSec, mtimeNsec));
		});
	}

	setDirMode(dir: DirHandle, mode: number): void {
		this.#changeDir('cannot set the mode of', dir, path => chmodSync(path, mode));
	}

	/** The path to a held directory is a link of the kernel's own, so these calls follow it. */
	setDirOwner(dir: DirHandle, uid: number, gid: number): void {
		this.#changeDir('cannot set the owner of', dir, path => chownSync(path, uid, gid));
	}

	setDirTimes(dir: DirHandle, mtimeSec: number, mtimeNsec: number): void {
		this.#changeDir('cannot set the time of', dir, path => {
			utimesSync(path, Date.now() / 1000, timeOf(mtimeSec, mtimeNsec));
		});
	}

	freeSpace(dir: DirHandle): number {
		try {
			const {bavail, bsize} = statfsSync(this.#anchor.prefix(dir));
			return bavail * bsize;
		} catch (error) {
			throw this.#error(error, 'read', 'cannot see the free space of', dir);
		}
	}

	#look(
		dir: DirHandle,
		name: Name,
		path: Buffer | string,
		into: FlatStat,
	): Stat | Error | undefined {
		try {
			const stats = lstatSync(path, bigintOrNone);
			return stats === undefined ? undefined : fillStat(stats, into);
		} catch (error) {
			const failure = this.#error(error, 'read', 'cannot stat', dir, name);
			if (failure instanceof ShoalError) return failure;
			throw failure;
		}
	}

	/** A path to `name` in `dir`, valid until the next one is made. */
	#reach(dir: DirHandle, name: Name): Buffer {
		checkName(name);
		const start = this.#begin(dir, name.length);
		this.#path.set(name, start);
		return this.#path.subarray(0, start + name.length);
	}

	/** Makes room for a path in `dir`; answers where the name goes. */
	#begin(dir: DirHandle, nameSize: number): number {
		const prefix = this.#anchor.prefix(dir);
		if (prefix.length + nameSize > this.#path.length) {
			this.#path = Buffer.alloc(2 * (prefix.length + nameSize));
			this.#path.set(prefix);
		} else if (prefix !== this.#prefix) {
			this.#path.set(prefix);
		}
		this.#prefix = prefix;
		return prefix.length;
	}

	/** A descriptor, or undefined where there is nothing of the type that `flags` ask for. */
	#open(
		dir: DirHandle,
		name: Name,
		path: Uint8Array,
		flags: number,
		intent: Intent,
	): number | undefined {
		try {
			return openSync(path as Buffer, flags);
		} catch (error) {
			if (notThat.includes(nodeCode(error) ?? '')) return undefined;
			throw this.#error(error, intent, 'cannot open', dir, name);
		}
	}

	/** As `#open`, for regular files only: that a device opens says nothing about what it is. */
	#openFile(
		dir: DirHandle,
		name: Name,
		path: Uint8Array,
		flags: number,
		intent: Intent,
	): FileHandle | undefined {
		const fd = this.#open(dir, name, path, flags | opening, intent);
		if (fd === undefined) return undefined;
		try {
			if (fstatSync(fd).isFile()) return {fd};
		} catch (error) {
			closeSync(fd);
			throw this.#error(error, intent, 'cannot stat', dir, name);
		}
		closeSync(fd);
		return undefined;
	}

	#change(action: string, dir: DirHandle, name: Name, act: (path: Buffer) => void): void {
		try {
			act(this.#reach(dir, name));
		} catch (error) {
			throw this.#error(error, 'write', action, dir, name);
		}
	}

	#changeDir(action: string, dir: DirHandle, act: (path: Buffer) => void): void {
		try {
			act(this.#anchor.prefix(dir));
		} catch (error) {
			throw this.#error(error, 'write', action, dir);
		}
	}

	#remove(action: string, dir: DirHandle, name: Name, act: (path: Buffer) => void): boolean {
		try {
			act(this.#reach(dir, name));
			return true;
		} catch (error) {
			if (nodeCode(error) === 'ENOENT') return false;
			throw this.#error(error, 'write', action, dir, name);
		}
	}

	/** Describes what failed as fully as the system lets us: the directory's path and the name. */
	#error(
		error: unknown,
		intent: Intent,
		action: string,
		held: DirHandle | FileHandle,
		name?: Name,
	): unknown {
		if (nodeCode(error) === undefined) return error;
		const place = this.#anchor.describe(held);
		const path = name === undefined ? place : Buffer.concat([place, Buffer.from('/'), name]);
		return treeError(error, intent, action, path);
	}
}

/**
 * What `utimes` of Node makes a time of that is never nearer to 1970, and reads back as what, set
 * again, comes out the same. Node takes a number below zero for "now", but text as the number that
 * it says.
 */
function timeOf(sec: number, nsec: number): number | string {
	if (sec >= 0) return secondsOf(sec, nsec);
	return nsec === 0 ? String(sec) : String(-secondsOf(-sec - 1, 1e9 - nsec));
}

/**
 * The first double that is not less: libuv splits it as here, towards zero, and before its 1.52
 * cuts the rest to whole microseconds. So a whole one stays that, and other times come out less
 * than a microsecond off; from 1.52 on, by less than a double's unit (0.24 us until 2038).
 */
function secondsOf(sec: number, nsec: number): number {
	const nearest = sec + nsec / 1e9;
	if ((nearest - sec) * 1e9 >= nsec) return nearest;
	return nearest + (nearest * Number.EPSILON) / 2;
}

function refusedSymlink(path: Uint8Array): Error {
	return Object.assign(new Error(`a symlink: ${String(path)}`), {code: 'ELOOP', errno: -40});
}
