/**
 * What a pull changes in DEST, one row per path, as flat columns: the plan makes it, jobs get parts
 * of it, and the journal is nothing but its octets.
 */
import {assert} from '../assert.ts';
import {digestSize, pathSizeMax} from '../limit.ts';
import {isValidPath} from '../snapshot/path.ts';
import {Reader, Writer} from '../wire/codec.ts';
import {copyOctets, isPacked, OctetPool, type PackedOctets} from './packed-octets.ts';

/**
 * What becomes of a path. `touch`: a directory that stays, whose entries change; `none`: it was
 * thought to change and does not.
 */
export const changeKind = {new: 0, changed: 1, metadata: 2, deleted: 3, touch: 4, none: 5} as const;
export type ChangeKind = (typeof changeKind)[keyof typeof changeKind];

/** Where the content of a regular file comes from. */
export const contentFrom = {
	/** It stays, or there is none. */
	none: 0,
	source: 1,
	/** A file of DEST, by copying it. */
	copy: 2,
	/** A file of DEST that goes away: its inode moves. */
	move: 3,
	/** The row `twin`, which has the same content. */
	twin: 4,
	/** The file at `leader`: a further name of a hard link. */
	link: 5,
	/** The file at the same path of another tree: a further name of it. */
	kept: 6,
	/** A file of an alternate directory: a further name of it. */
	linked: 7,
} as const;

/** What is in the way at a path now. */
export const existing = {none: 0, file: 1, directory: 2, other: 3} as const;

/** An owner, group or mode that stays as it is; -1 of chown(2). */
export const leaveOwner = 0xffff_ffff;
export const leaveMode = 0xffff;

/** In `mtimeNsec`: the time is not set. */
export const leaveTime = 0xffff_ffff;

/** Bit of `mode`: the umask of this process still applies. */
export const modeUnmasked = 0x8000;

/** No row. */
export const noRow = 0xffff_ffff;

const columnTable = {
	/** `entryType`. */
	type: Uint8Array,
	kind: Uint8Array,
	content: Uint8Array,
	existing: Uint8Array,
	existingMode: Uint16Array,
	/** `changeDetail` bits. */
	details: Uint16Array,
	/** 1: runs of zeros become holes. */
	holes: Uint8Array,
	/** Of the file systems below DEST: which staging directory serves this path. */
	device: Uint16Array,
	mode: Uint16Array,
	uid: Uint32Array,
	gid: Uint32Array,
	/** Where the entry is in the snapshot. */
	page: Uint32Array,
	position: Uint32Array,
	mtimeNsec: Uint32Array,
	/** Tells the staged files of one digest apart. */
	copy: Uint32Array,
	/** First row with the same content, or `noRow`. */
	twin: Uint32Array,
	size: Float64Array,
	mtimeSec: Float64Array,
} as const;

/** Octets per row; `source` is the file of DEST that content is taken from. */
const poolNames = ['path', 'target', 'leader', 'source'] as const;

type ColumnName = keyof typeof columnTable;
type Columns = {[K in ColumnName]: InstanceType<(typeof columnTable)[K]>};
type Pools = {[K in (typeof poolNames)[number]]: PackedOctets};

/** Rows as plain data, for a job. */
export type ChangeRows = Columns & Pools & {readonly count: number; readonly digest: Uint8Array};

export type Change = {[K in ColumnName]: number} & {
	path: Uint8Array;
	target: Uint8Array;
	leader: Uint8Array;
	source: Uint8Array;
	/** 32 octets, or empty. */
	digest: Uint8Array;
};

const columnNames = Object.keys(columnTable) as ColumnName[];
const magic = 0x5348_4354;
const version = 2;

export class ChangeTable {
	#count = 0;
	#capacity = 0;
	#digest = new Uint8Array(0);
	#columns: Columns;
	readonly #pools = {
		path: new OctetPool(),
		target: new OctetPool(),
		leader: new OctetPool(),
		source: new OctetPool(),
	};
	/** Sources are set after rows are made, so they live aside until the table is read. */
	readonly #sources = new Map<number, Uint8Array>();
	/** Of sources that are not in DEST. */
	readonly #sourceRoots = new Map<number, number>();

	constructor() {
		const columns: Partial<Record<ColumnName, unknown>> = {};
		for (const name of columnNames) columns[name] = new columnTable[name](0);
		this.#columns = columns as Columns;
	}

	get count(): number {
		return this.#count;
	}

	/** The columns, to read and to set; they are others after the next `add`. */
	get columns(): Columns {
		return this.#columns;
	}

	/** Appends a row of copies of what is given; its number. */
	add(change: Omit<Change, 'source'>): number {
		const row = this.#count++;
		if (row === this.#capacity) this.#grow();
		for (const name of columnNames) this.#columns[name][row] = change[name];
		this.#digest.set(change.digest, row * digestSize);
		this.#pools.path.add(change.path);
		this.#pools.target.add(change.target);
		this.#pools.leader.add(change.leader);
		return row;
	}

	/** Views, valid until the next `add`. */
	path(row: number): Uint8Array {
		return this.#pools.path.at(row);
	}

	target(row: number): Uint8Array {
		return this.#pools.target.at(row);
	}

	leader(row: number): Uint8Array {
		return this.#pools.leader.at(row);
	}

	digest(row: number): Uint8Array {
		return this.#digest.subarray(row * digestSize, (row + 1) * digestSize);
	}

	/** Path in DEST that the content is taken from; empty: none. */
	source(row: number): Uint8Array {
		return this.#sources.get(row) ?? none;
	}

	/** The directory that `source` is in: 0 is DEST, others are its alternates. */
	sourceRoot(row: number): number {
		return this.#sourceRoots.get(row) ?? 0;
	}

	setSource(row: number, path: Uint8Array, root = 0): void {
		this.#sources.set(row, copyOctets(path));
		if (root === 0) this.#sourceRoots.delete(row);
		else this.#sourceRoots.set(row, root);
	}

	/** Copies of rows, in the order given. */
	pick(rows: ArrayLike<number>): ChangeRows {
		const source = new OctetPool(rows.length);
		for (let at = 0; at < rows.length; at++) source.add(this.source(rows[at]!));
		return {
			...pickColumns(this.#columns, this.#digest, rows),
			path: this.#pools.path.pick(rows),
			target: this.#pools.target.pick(rows),
			leader: this.#pools.leader.pick(rows),
			source: source.packed(),
		};
	}

	#grow(): void {
		this.#capacity = Math.max(64, this.#capacity * 2);
		const columns: Partial<Record<ColumnName, unknown>> = {};
		for (const name of columnNames) {
			const column = new columnTable[name](this.#capacity);
			column.set(this.#columns[name]);
			columns[name] = column;
		}
		this.#columns = columns as Columns;
		const digest = new Uint8Array(this.#capacity * digestSize);
		digest.set(this.#digest);
		this.#digest = digest;
	}
}

/** Copies of some of `from`, in the order given. */
export function pickRows(from: ChangeRows, rows: ArrayLike<number>): ChangeRows {
	return {
		...pickColumns(from, from.digest, rows),
		path: OctetPool.from(from.path).pick(rows),
		target: OctetPool.from(from.target).pick(rows),
		leader: OctetPool.from(from.leader).pick(rows),
		source: OctetPool.from(from.source).pick(rows),
	};
}

function pickColumns(
	from: Columns,
	digests: Uint8Array,
	rows: ArrayLike<number>,
): Columns & {count: number; digest: Uint8Array} {
	const columns: Partial<Record<ColumnName, unknown>> = {};
	for (const name of columnNames) {
		const column = from[name];
		const to = new columnTable[name](rows.length);
		for (let at = 0; at < rows.length; at++) to[at] = column[rows[at]!]!;
		columns[name] = to;
	}
	const digest = new Uint8Array(rows.length * digestSize);
	for (let at = 0; at < rows.length; at++) {
		const start = rows[at]! * digestSize;
		digest.set(digests.subarray(start, start + digestSize), at * digestSize);
	}
	return {...(columns as Columns), count: rows.length, digest};
}

const none = new Uint8Array(0);

/**
 * The rows as octets: a head, then each column whole, in the order of this file. They stay on this
 * machine, so columns have its own order of octets, and the head shows another one.
 */
export function encodeRows(rows: ChangeRows): Uint8Array {
	let size = 16 + rows.digest.length;
	for (const name of columnNames) size += rows[name].byteLength;
	for (const name of poolNames) size += 4 + rows[name].ends.byteLength + rows[name].bytes.length;
	const to = new Writer(new Uint8Array(size));
	to.u32(magic);
	to.u32(version);
	to.put(new Uint8Array(new Uint32Array([magic]).buffer));
	to.u32(rows.count);
	to.put(rows.digest);
	for (const name of columnNames) to.put(octetsOf(rows[name]));
	for (const name of poolNames) {
		to.u32(rows[name].bytes.length);
		to.put(octetsOf(rows[name].ends));
		to.put(rows[name].bytes);
	}
	assert(!to.overflowed && to.room === 0);
	return to.bytes;
}

/** Undefined for anything but what `encodeRows` makes on this machine, with valid paths. */
export function decodeRows(bytes: Uint8Array): ChangeRows | undefined {
	const from = new Reader(bytes);
	if (from.u32() !== magic || from.u32() !== version) return undefined;
	const order = from.take(4);
	if (order.length !== 4 || new Uint32Array(copyOctets(order).buffer)[0] !== magic)
		return undefined;
	const count = from.u32();
	const digest = copyOctets(from.take(count * digestSize));
	const columns: Partial<Record<ColumnName, unknown>> = {};
	for (const name of columnNames) {
		const column = columnTable[name];
		const octets = from.take(count * column.BYTES_PER_ELEMENT);
		if (from.failed) return undefined;
		columns[name] = new column(copyOctets(octets).buffer);
	}
	const pools: Partial<Record<(typeof poolNames)[number], PackedOctets>> = {};
	for (const name of poolNames) {
		const size = from.u32();
		const ends = new Uint32Array(copyOctets(from.take(count * 4)).buffer);
		const packed = {ends, bytes: copyOctets(from.take(size))};
		if (from.failed || !isPacked(packed)) return undefined;
		pools[name] = packed;
	}
	if (from.left > 0) return undefined;
	const rows = {...(columns as Columns), ...(pools as Pools), count, digest};
	return hasValidPaths(rows.path) ? rows : undefined;
}

function hasValidPaths(paths: PackedOctets): boolean {
	const pool = OctetPool.from(paths);
	for (let row = 0; row < pool.count; row++) {
		const path = pool.at(row);
		if (path.length > pathSizeMax || !isValidPath(path)) return false;
	}
	return true;
}

function octetsOf(column: {buffer: ArrayBufferLike; byteOffset: number; byteLength: number}) {
	return new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
}

/** A row of nothing: what a new one says, it says beside this. */
export function blankChange(): Omit<Change, 'source'> {
	return {
		path: none,
		target: none,
		leader: none,
		digest: none,
		type: 0,
		kind: 0,
		content: contentFrom.none,
		existing: existing.none,
		existingMode: 0,
		details: 0,
		holes: 0,
		device: 0,
		mode: 0,
		uid: 0,
		gid: 0,
		page: 0,
		position: 0,
		mtimeSec: 0,
		mtimeNsec: 0,
		copy: 0,
		twin: noRow,
		size: 0,
	};
}
