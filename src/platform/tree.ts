/**
 * A directory tree as the program may touch it: every operation is anchored at a held directory
 * handle and a single name, so no operation ever follows a symlink below the root. Calls block:
 * they run in worker threads. Names are octets. Failures are ShoalError (FILE_*, DESTINATION_*,
 * TREE_MISSING) with the Node error as cause; an absent name is `undefined` where said.
 */
export type Name = Uint8Array;

/** A held directory. Numbers are file descriptors, so a handle is valid in every thread. */
export type DirHandle = {readonly fd: number};

/** An open file: a file descriptor, valid in every thread. */
export type FileHandle = {readonly fd: number};

/** lstat, flat: seconds and nanoseconds apart, because nanoseconds exceed 2^53. */
export type Stat = {
	/** S_IFMT part of st_mode: 0o100000 file, 0o040000 directory, 0o120000 symlink, … */
	readonly format: number;
	/** Permission, setuid, setgid and sticky bits: 12 bits. */
	readonly mode: number;
	readonly uid: number;
	readonly gid: number;
	readonly size: number;
	readonly linkCount: number;
	/** Up to 64 bits: kept whole. */
	readonly ino: bigint;
	readonly dev: bigint;
	readonly mtimeSec: number;
	readonly mtimeNsec: number;
	readonly ctimeSec: number;
	readonly ctimeNsec: number;
	/** 512-octet blocks allocated: fewer than the size says means sparse. */
	readonly blocks: number;
	/** Of a block or character device: major × 2^32 + minor; else 0. */
	readonly device: number;
};

/** What of a file's stat says that it is the same, unchanged file. */
export type StatIdentity = Pick<
	Stat,
	'size' | 'mtimeSec' | 'mtimeNsec' | 'ctimeSec' | 'ctimeNsec' | 'ino' | 'dev'
>;

export type TreeIo = {
	/** Opens `path` (a string or octets, symlinks followed to it). @throws TREE_MISSING */
	openRoot(path: string | Uint8Array): DirHandle;
	/** Opens a subdirectory; a symlink is refused. Undefined when absent or not a directory. */
	openDir(dir: DirHandle, name: Name): DirHandle | undefined;
	closeDir(dir: DirHandle): void;
	/** Where `dir` is now, as far as the system tells: for messages, and to know it again. */
	pathOf(dir: DirHandle): Uint8Array;
	/** Names in `dir` without `.` and `..`, unsorted. */
	list(dir: DirHandle): Name[];
	/**
	 * Calls `each` with every name in `dir`, in order of octets, and its lstat: both are borrowed
	 * until `each` returns. A name that has vanished meanwhile is left out; one that cannot be
	 * looked at comes with the error.
	 */
	visit(dir: DirHandle, each: (name: Name, stat: Stat | Error) => void): void;
	/** Of the held directory itself. */
	statDir(dir: DirHandle): Stat;
	/** lstat; undefined when absent. */
	stat(dir: DirHandle, name: Name): Stat | undefined;
	readLink(dir: DirHandle, name: Name): Uint8Array;

	/** For reading; a symlink or something that is not a regular file is refused (undefined). */
	openRead(dir: DirHandle, name: Name): FileHandle | undefined;
	/** Exclusive creation for reading and writing. */
	create(dir: DirHandle, name: Name, mode: number): FileHandle;
	/**
	 * Exclusive creation of a file that shares the blocks of `file` (reflink), with its mode. False:
	 * it was not made, as on most file systems; an ordinary copy says what is in the way.
	 */
	clone(file: FileHandle, dir: DirHandle, name: Name): boolean;
	/** An existing regular file for reading and writing; undefined when absent or not one. */
	openWrite(dir: DirHandle, name: Name): FileHandle | undefined;
	/** Octets read at `offset`: fewer than asked only at the end of the file. */
	read(file: FileHandle, into: Uint8Array, offset: number): number;
	/** Writes all of `from` at `offset`. */
	write(file: FileHandle, from: Uint8Array, offset: number): void;
	truncate(file: FileHandle, size: number): void;
	statFile(file: FileHandle): Stat;
	sync(file: FileHandle | DirHandle): void;
	closeFile(file: FileHandle): void;

	makeDir(dir: DirHandle, name: Name, mode: number): void;
	makeLink(dir: DirHandle, name: Name, toDir: DirHandle, toName: Name): void;
	makeSymlink(dir: DirHandle, name: Name, target: Uint8Array): void;
	rename(dir: DirHandle, name: Name, toDir: DirHandle, toName: Name): void;
	/** False when it was absent. */
	unlink(dir: DirHandle, name: Name): boolean;
	/** False when it was absent. @throws FILE_UNWRITABLE when not empty */
	removeDir(dir: DirHandle, name: Name): boolean;

	/** Never through a symlink: `name` is refused if it is one. */
	setMode(dir: DirHandle, name: Name, mode: number): void;
	/** Of the symlink itself if `name` is one. */
	setOwner(dir: DirHandle, name: Name, uid: number, gid: number): void;
	/** Of the symlink itself if `name` is one. To less than a microsecond (Node's utimes). */
	setTimes(dir: DirHandle, name: Name, mtimeSec: number, mtimeNsec: number): void;
	/** Of the held directory itself: of a root, say, which has no name that is within reach. */
	setDirMode(dir: DirHandle, mode: number): void;
	setDirOwner(dir: DirHandle, uid: number, gid: number): void;
	setDirTimes(dir: DirHandle, mtimeSec: number, mtimeNsec: number): void;
	/** Octets free for this user on the file system that holds `dir`. */
	freeSpace(dir: DirHandle): number;
};
