/** What a scan finds, in columns: a million entries are a few dozen buffers, not objects. */
import {holeSize} from '../limit.ts';
import type {Stat} from '../platform/tree.ts';
import {type EntryType, entryType} from '../snapshot/entry.ts';

/**
 * One place per entry in each column; `paths` and `targets` have one offset more than entries. All
 * are parts of one buffer.
 */
export type ScanColumns = {
	/** Whole paths, one after another: path n is `paths[pathOffsets[n], pathOffsets[n + 1])`. */
	readonly paths: Uint8Array;
	readonly pathOffsets: Uint32Array;
	/** Targets of symlinks, likewise; empty for everything else. */
	readonly targets: Uint8Array;
	readonly targetOffsets: Uint32Array;
	/** `entryType`. */
	readonly type: Uint8Array;
	readonly mode: Uint16Array;
	readonly uid: Uint32Array;
	readonly gid: Uint32Array;
	/** Octets of a regular file, else 0. */
	readonly size: Float64Array;
	readonly mtimeSec: Float64Array;
	readonly mtimeNsec: Uint32Array;
	readonly ctimeSec: Float64Array;
	readonly ctimeNsec: Uint32Array;
	readonly ino: BigUint64Array;
	readonly dev: BigUint64Array;
	/** Names that the file system counts, wherever they are; 1 for directories. */
	readonly linkCount: Uint32Array;
	/** Of a device: major × 2^32 + minor, else 0. */
	readonly device: Float64Array;
	/** 1 for a directory whose entries could not be listed. */
	readonly unread: Uint8Array;
	/** 1 for a file of which so much less is allocated than it is long that it has holes. */
	readonly sparse: Uint8Array;
};

/** Columns with one place per entry and no offsets: all are copied alike. */
export const plainColumns = [
	'type',
	'mode',
	'uid',
	'gid',
	'size',
	'mtimeSec',
	'mtimeNsec',
	'ctimeSec',
	'ctimeNsec',
	'ino',
	'dev',
	'linkCount',
	'device',
	'unread',
	'sparse',
] as const satisfies readonly (keyof ScanColumns)[];

/** One buffer, since each one costs when it is made, handed to another thread, and freed. */
export function makeColumns(count: number, pathsSize: number, targetsSize: number): ScanColumns {
	const offsetsSize = 2 * (count + 1);
	const room = new Room(count * octetsPerEntry + offsetsSize * 4 + pathsSize + targetsSize);
	return {
		size: room.take(Float64Array, count),
		mtimeSec: room.take(Float64Array, count),
		ctimeSec: room.take(Float64Array, count),
		ino: room.take(BigUint64Array, count),
		dev: room.take(BigUint64Array, count),
		device: room.take(Float64Array, count),
		pathOffsets: room.take(Uint32Array, count + 1),
		targetOffsets: room.take(Uint32Array, count + 1),
		uid: room.take(Uint32Array, count),
		gid: room.take(Uint32Array, count),
		mtimeNsec: room.take(Uint32Array, count),
		ctimeNsec: room.take(Uint32Array, count),
		linkCount: room.take(Uint32Array, count),
		mode: room.take(Uint16Array, count),
		type: room.take(Uint8Array, count),
		unread: room.take(Uint8Array, count),
		sparse: room.take(Uint8Array, count),
		paths: room.take(Uint8Array, pathsSize),
		targets: room.take(Uint8Array, targetsSize),
	};
}

/** Six doubles, five words, a half and three octets. */
const octetsPerEntry = 73;

/** Octets that are given out one column after another, the widest numbers first. */
class Room {
	readonly #buffer: ArrayBuffer;
	#end = 0;

	constructor(size: number) {
		this.#buffer = new ArrayBuffer(size);
	}

	take<Column>(kind: ColumnKind<Column>, count: number): Column {
		const start = this.#end;
		this.#end += count * kind.BYTES_PER_ELEMENT;
		return new kind(this.#buffer, start, count);
	}
}

type ColumnKind<Column> = {
	readonly BYTES_PER_ELEMENT: number;
	new (buffer: ArrayBuffer, offset: number, count: number): Column;
};

/** Copies `count` entries with their octets: a stretch of one table to a place in another. */
export function copyEntries(
	from: ScanColumns,
	start: number,
	count: number,
	to: ScanColumns,
	at: number,
): void {
	for (const name of plainColumns) {
		const column = from[name] as Uint8Array;
		(to[name] as Uint8Array).set(column.subarray(start, start + count), at);
	}
	copyOctets(from.paths, from.pathOffsets, start, count, to.paths, to.pathOffsets, at);
	copyOctets(from.targets, from.targetOffsets, start, count, to.targets, to.targetOffsets, at);
}

function copyOctets(
	from: Uint8Array,
	fromOffsets: Uint32Array,
	start: number,
	count: number,
	to: Uint8Array,
	toOffsets: Uint32Array,
	at: number,
): void {
	const first = fromOffsets[start]!;
	const moved = toOffsets[at]! - first;
	to.set(from.subarray(first, fromOffsets[start + count]!), toOffsets[at]!);
	for (let index = 1; index <= count; index++) {
		toOffsets[at + index] = fromOffsets[start + index]! + moved;
	}
}

/** Columns that grow: an entry is added at the end and never changed, but for `unread`. */
export class ColumnsBuilder {
	count = 0;
	#columns: ScanColumns;

	constructor(capacity: number) {
		this.#columns = makeColumns(capacity, capacity * 64, capacity);
	}

	/** A view, valid until the builder is dropped. */
	path(index: number): Uint8Array {
		const {paths, pathOffsets} = this.#columns;
		return paths.subarray(pathOffsets[index]!, pathOffsets[index + 1]!);
	}

	type(index: number): number {
		return this.#columns.type[index]!;
	}

	markUnread(index: number): void {
		this.#columns.unread[index] = 1;
	}

	/** Adds the entry `name` in `directory`; the root is an empty name in an empty directory. */
	add(
		directory: Uint8Array,
		name: Uint8Array,
		type: EntryType,
		stat: Stat,
		target: Uint8Array,
	): void {
		const index = this.count;
		this.#reserve(1, directory.length + 1 + name.length, target.length);
		const to = this.#columns;
		let end = to.pathOffsets[index]!;
		if (directory.length > 0) {
			to.paths.set(directory, end);
			end += directory.length;
			to.paths[end++] = 0x2f;
		}
		to.paths.set(name, end);
		to.pathOffsets[index + 1] = end + name.length;
		if (target.length > 0) to.targets.set(target, to.targetOffsets[index]!);
		to.targetOffsets[index + 1] = to.targetOffsets[index]! + target.length;
		to.type[index] = type;
		to.mode[index] = stat.mode;
		to.uid[index] = stat.uid;
		to.gid[index] = stat.gid;
		to.size[index] = type === entryType.file ? stat.size : 0;
		to.mtimeSec[index] = stat.mtimeSec;
		to.mtimeNsec[index] = stat.mtimeNsec;
		to.ctimeSec[index] = stat.ctimeSec;
		to.ctimeNsec[index] = stat.ctimeNsec;
		to.ino[index] = stat.ino;
		to.dev[index] = stat.dev;
		to.linkCount[index] = type === entryType.directory ? 1 : stat.linkCount;
		to.device[index] = stat.device;
		to.sparse[index] = type === entryType.file && hasHoles(stat) ? 1 : 0;
		this.count++;
	}

	/** The columns, cut to what is in them. */
	finish(): ScanColumns {
		const from = this.#columns;
		const to = makeColumns(
			this.count,
			from.pathOffsets[this.count]!,
			from.targetOffsets[this.count]!,
		);
		copyEntries(from, 0, this.count, to, 0);
		return to;
	}

	#reserve(more: number, morePaths: number, moreTargets: number): void {
		const {type, paths, targets, pathOffsets, targetOffsets} = this.#columns;
		const {count} = this;
		const end = count + more;
		const pathsSize = pathOffsets[count]! + morePaths;
		const targetsSize = targetOffsets[count]! + moreTargets;
		if (end <= type.length && pathsSize <= paths.length && targetsSize <= targets.length) return;
		const larger = makeColumns(
			end <= type.length ? type.length : 2 * end,
			Math.max(paths.length, 2 * pathsSize),
			Math.max(targets.length, 2 * targetsSize),
		);
		copyEntries(this.#columns, 0, count, larger, 0);
		this.#columns = larger;
	}
}

/** Type of an entry by the S_IFMT part of its mode; undefined for what no tree can hold. */
export function typeOf(format: number): EntryType | undefined {
	switch (format) {
		case 0o100000:
			return entryType.file;
		case 0o040000:
			return entryType.directory;
		case 0o120000:
			return entryType.symlink;
		case 0o010000:
			return entryType.fifo;
		case 0o140000:
			return entryType.socket;
		case 0o060000:
			return entryType.blockDevice;
		case 0o020000:
			return entryType.charDevice;
		default:
			return undefined;
	}
}

/** A short file may lie in its inode and have no block: that is no hole. stat(2): blocks of 512. */
function hasHoles({size, blocks}: Stat): boolean {
	return blocks * 512 + holeSize <= size;
}
