/**
 * What the last pull left in DEST: the snapshot, and the stat of each file as it was written. A
 * small head answers whether there is anything to do at all; the list and the columns are read
 * only when there is. The head is removed before a publish begins and written when it has ended.
 */

import {assert} from '../assert.ts';
import {concatenate} from '../concatenate.ts';
import {ShoalError} from '../error.ts';
import {digestSize} from '../limit.ts';
import type {Sha256} from '../platform/crypto.ts';
import {encodeRules} from '../snapshot/filter-rule.ts';
import {List} from '../snapshot/list.ts';
import {equalOctets} from '../snapshot/path.ts';
import {copyOctets} from '../task/packed-octets.ts';
import type {StatColumns} from '../task/survey.ts';
import {Reader, Writer} from '../wire/codec.ts';
import type {ImageName, PlanOptions} from './update-types.ts';

/** Where records are kept: whole, checksummed, replaced in one step. */
export type RecordStore = {
	readRecord(name: string): Uint8Array | undefined;
	writeRecord(name: string, bytes: Uint8Array): void;
	removeRecord(name: string): void;
};

/** `root` names the snapshot, `key` the image and the options that it was applied with. */
export type RecordHead = {
	readonly key: Uint8Array;
	readonly root: Uint8Array;
	/** The directory that was DEST: another one in its place is no image of anything. */
	readonly rootIno: bigint;
	readonly rootDev: bigint;
	/** Of the head that named the snapshot. */
	readonly sequence: number;
	/** Every entry of the image is in place. */
	readonly complete: boolean;
};

const headName = 'publish-head';
const listName = 'publish-list';
/** Written with every record, and last but for its head. */
export const statName = 'publish-stat';
const magic = 0x5348_5052;
const version = 1;

/** The stat of a published entry, by its index in the image; `ino` 0: nothing is known of it. */
const columnTable = {
	ino: BigUint64Array,
	dev: BigUint64Array,
	size: Float64Array,
	mtimeSec: Float64Array,
	ctimeSec: Float64Array,
	mtimeNsec: Uint32Array,
	ctimeNsec: Uint32Array,
	/** 1: the content was verified by its digest, not only taken to be equal. */
	verified: Uint8Array,
} as const;
type ColumnName = keyof typeof columnTable;
const columnNames = Object.keys(columnTable) as ColumnName[];

export type RecordColumns = {[K in ColumnName]: InstanceType<(typeof columnTable)[K]>};

export class PublishRecord {
	readonly list: List;
	readonly columns: RecordColumns;
	/** Of the path within the snapshot that it is an image of. */
	readonly subPath: Uint8Array;

	constructor(list: List, columns: RecordColumns, subPath: Uint8Array) {
		this.list = list;
		this.columns = columns;
		this.subPath = subPath;
	}

	/** Whether entry `index` is still as it was written: then its content is what the list says. */
	isUntouched(index: number, stat: KnownColumns, at: number): boolean {
		const {ino, dev, size, mtimeSec, ctimeSec, mtimeNsec, ctimeNsec} = this.columns;
		return (
			ino[index] === stat.ino[at] &&
			dev[index] === stat.dev[at] &&
			size[index] === stat.size[at] &&
			mtimeSec[index] === stat.mtimeSec[at] &&
			(ctimeNsec[index] === unkeptTime || ctimeSec[index] === stat.ctimeSec[at]) &&
			mtimeNsec[index] === stat.mtimeNsec[at] &&
			(ctimeNsec[index] === unkeptTime || ctimeNsec[index] === stat.ctimeNsec[at])
		);
	}
}

/** What of a file's stat says that it is the same, unchanged file, in columns. */
type KnownColumns = Pick<
	StatColumns,
	'ino' | 'dev' | 'size' | 'mtimeSec' | 'ctimeSec' | 'mtimeNsec' | 'ctimeNsec'
>;

/** In `ctimeNsec`: it is not known, because names of the file come and go elsewhere. */
const unkeptTime = 0xffff_ffff;

/** Leaves to the record what stays true when other trees get and lose names of its files. */
export function forgetChangeTimes({ctimeSec, ctimeNsec}: RecordColumns): void {
	ctimeSec.fill(0);
	ctimeNsec.fill(unkeptTime);
}

export function makeRecordColumns(count: number): RecordColumns {
	const columns: Partial<Record<ColumnName, unknown>> = {};
	for (const name of columnNames) columns[name] = new columnTable[name](count);
	return columns as RecordColumns;
}

/** Copies what `stat` has at `at`. */
export function recordStat(to: RecordColumns, index: number, stat: StatColumns, at: number): void {
	to.ino[index] = stat.ino[at]!;
	to.dev[index] = stat.dev[at]!;
	to.size[index] = stat.size[at]!;
	to.mtimeSec[index] = stat.mtimeSec[at]!;
	to.ctimeSec[index] = stat.ctimeSec[at]!;
	to.mtimeNsec[index] = stat.mtimeNsec[at]!;
	to.ctimeNsec[index] = stat.ctimeNsec[at]!;
}

/** Takes over what another record says of the same entry. */
export function copyRecord(
	to: RecordColumns,
	index: number,
	from: RecordColumns,
	at: number,
): void {
	for (const name of columnNames) to[name][index] = from[name][at]!;
}

/**
 * Names an image and what matters of how it is applied. What only decides how DEST is looked at
 * (`check`, `checksum`, `ignoreTimes`) or how much may go is no part of it.
 */
export function recordKey(sha256: Sha256, image: ImageName, options: PlanOptions): Uint8Array {
	const {identity, module, subPath} = image;
	const selection = selectionKey(options);
	const size = identity.length + module.length + subPath.length + selection.length;
	const to = new Writer(new Uint8Array(64 + size));
	to.u32(version);
	to.opaque(identity);
	to.opaque(module);
	to.opaque(subPath);
	to.opaque(selection);
	const {owner, group, permissions, times, numericIds, sizeOnly} = options;
	for (const flag of [owner, group, permissions, times, numericIds, sizeOnly, options.delete]) {
		to.u8(flag ? 1 : 0);
	}
	// What is in directories that it is compared with is not in DEST.
	if (options.alternates?.kind === 'compare') to.u8(1);
	assert(!to.overflowed);
	return sha256(to.written());
}

/** What was left out, octet by octet; empty: nothing. */
function selectionKey({filters, names, recursive, roots}: PlanOptions): Uint8Array {
	if (filters.length === 0 && names === undefined) return new Uint8Array(0);
	const parts = [encodeRules(filters), Uint8Array.of(names === undefined ? 0 : recursive ? 2 : 1)];
	for (const {path, withContents} of names ?? []) {
		parts.push(path, Uint8Array.of(0, withContents ? 1 : 0));
	}
	if (filters.some(rule => rule.absolute)) {
		parts.push(roots.source, Uint8Array.of(0), roots.destination);
	}
	const sizes = parts.map(part => part.length);
	return concatenate([new Uint8Array(Uint32Array.from(sizes).buffer), ...parts]);
}

export function readHead(store: RecordStore): RecordHead | undefined {
	const bytes = store.readRecord(headName);
	if (bytes === undefined) return undefined;
	const from = new Reader(bytes);
	if (from.u32() !== magic || from.u32() !== version) return undefined;
	const key = copyOctets(from.take(digestSize));
	const root = copyOctets(from.take(digestSize));
	const rootIno = readU64(from);
	const rootDev = readU64(from);
	const sequence = from.varint();
	const complete = from.u8() === 1;
	if (from.failed || from.left > 0) return undefined;
	return {key, root, rootIno, rootDev, sequence, complete};
}

/** From now on the record says nothing of DEST as a whole. */
export function removeHead(store: RecordStore): void {
	store.removeRecord(headName);
}

/**
 * List and columns of the last pull, whether or not its head still stands: each file whose stat
 * is as recorded has the content that the list says. Undefined if there is none, or a bad one.
 */
export function readRecord(store: RecordStore, sha256: Sha256): PublishRecord | undefined {
	const stat = store.readRecord(statName);
	const bytes = stat && store.readRecord(listName);
	if (stat === undefined || bytes === undefined) return undefined;
	const from = new Reader(stat);
	if (from.u32() !== magic || from.u32() !== version) return undefined;
	const order = copyOctets(from.take(4));
	if (order.length < 4 || new Uint32Array(order.buffer)[0] !== magic) return undefined;
	const root = copyOctets(from.take(digestSize));
	const subPath = copyOctets(from.opaque());
	const count = from.u32();
	const columns: Partial<Record<ColumnName, unknown>> = {};
	for (const name of columnNames) {
		const octets = from.take(count * columnTable[name].BYTES_PER_ELEMENT);
		if (from.failed) return undefined;
		columns[name] = new columnTable[name](copyOctets(octets).buffer);
	}
	const list = List.read(bytes, sha256);
	if ('problem' in list || from.left > 0 || !equalOctets(list.root, root)) return undefined;
	return new PublishRecord(list, columns as RecordColumns, subPath);
}

/** The list is only written where it is another one than `known`. */
export function writeRecord(
	store: RecordStore,
	head: RecordHead,
	record: PublishRecord,
	known: PublishRecord | undefined,
): void {
	const {list, columns, subPath} = record;
	const count = columns.ino.length;
	let size = 64 + digestSize + subPath.length;
	for (const name of columnNames) size += columns[name].byteLength;
	const to = new Writer(new Uint8Array(size));
	to.u32(magic);
	to.u32(version);
	// Columns are in this machine's own order of octets.
	to.put(new Uint8Array(Uint32Array.of(magic).buffer));
	to.put(list.root);
	to.opaque(subPath);
	to.u32(count);
	for (const name of columnNames) {
		const {buffer, byteOffset, byteLength} = columns[name];
		to.put(new Uint8Array(buffer, byteOffset, byteLength));
	}
	assert(!to.overflowed);
	if (known === undefined || !known.list.isSame(list)) {
		store.removeRecord(statName);
		store.writeRecord(listName, list.encode());
	}
	store.writeRecord(statName, to.written());
	writeHead(store, head);
}

/** The head first: without it nothing else counts. */
export function removeRecord(store: RecordStore): void {
	for (const name of [headName, statName, listName]) store.removeRecord(name);
}

export function writeHead(store: RecordStore, head: RecordHead): void {
	const {key, root, rootIno, rootDev, sequence, complete} = head;
	const to = new Writer(new Uint8Array(33 + 2 * digestSize));
	to.u32(magic);
	to.u32(version);
	to.put(key);
	to.put(root);
	writeU64(to, rootIno);
	writeU64(to, rootDev);
	to.varint(sequence);
	to.u8(complete ? 1 : 0);
	assert(!to.overflowed);
	store.writeRecord(headName, to.written());
}

function readU64(from: Reader): bigint {
	const high = BigInt(from.u32());
	return (high << 32n) | BigInt(from.u32());
}

function writeU64(to: Writer, value: bigint): void {
	to.u32(Number(value >> 32n));
	to.u32(Number(value & 0xffff_ffffn));
}

/** A record that is damaged says nothing: DEST is looked at instead. */
export function forgiving<T>(read: () => T): T | undefined {
	try {
		return read();
	} catch (error) {
		if (error instanceof ShoalError && error.code === 'STORE_CORRUPT') return undefined;
		throw error;
	}
}
