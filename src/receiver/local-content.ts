/**
 * Finds content that need not travel: the same digest twice among what is needed, or in a file of
 * DEST that the record knows. A file that was moved or copied at the source costs no octets.
 */
import {digestSize} from '../limit.ts';
import {equalOctets} from '../snapshot/path.ts';
import {type ChangeTable, changeKind, contentFrom} from '../task/change-table.ts';
import {OctetPool, type PackedOctets} from '../task/packed-octets.ts';
import type {StatColumns} from '../task/survey.ts';
import {sameTime} from './compare.ts';
import {Image} from './image.ts';
import type {PublishRecord} from './publish-record.ts';

/** Rows that need content, by its digest. Linear probing over the digest's own octets. */
export class DigestIndex {
	readonly #table: ChangeTable;
	readonly #slots: Int32Array;
	readonly #mask: number;
	count = 0;

	constructor(table: ChangeTable, capacity: number) {
		let size = 16;
		while (size < 2 * capacity) size *= 2;
		this.#table = table;
		this.#slots = new Int32Array(size).fill(-1);
		this.#mask = size - 1;
	}

	/** The row that has this digest already, or -1 and then `row` has it. */
	add(row: number): number {
		const slot = this.#slotOf(this.#table.digest(row));
		if (this.#slots[slot] !== -1) return this.#slots[slot]!;
		this.#slots[slot] = row;
		this.count++;
		return -1;
	}

	/** -1: nobody needs it. */
	find(digest: Uint8Array): number {
		return this.#slots[this.#slotOf(digest)]!;
	}

	#slotOf(digest: Uint8Array): number {
		let slot =
			(digest[0]! | (digest[1]! << 8) | (digest[2]! << 16) | (digest[3]! << 24)) & this.#mask;
		for (;;) {
			const row = this.#slots[slot]!;
			if (row === -1 || equalOctets(this.#table.digest(row), digest)) return slot;
			slot = (slot + 1) & this.#mask;
		}
	}
}

/** Whether a row gets a staged file. */
export function isStaged(table: ChangeTable, row: number): boolean {
	const {content, kind} = table.columns;
	if (kind[row] === changeKind.none) return false;
	const from = content[row];
	return from !== contentFrom.none && from !== contentFrom.link;
}

/** Whether a row's staged file is a further name of one that is elsewhere. */
export function isNamed(from: number): boolean {
	return from === contentFrom.move || from === contentFrom.linked;
}

/**
 * Numbers the staged files of one digest, and makes all but the first of those that would travel
 * twins of it, or copies of what that is a copy of. Empty files have nothing to share.
 */
export function linkTwins(table: ChangeTable): DigestIndex {
	const {columns} = table;
	const first = new DigestIndex(table, table.count);
	const copies = new Map<number, number>();
	for (let row = 0; row < table.count; row++) {
		if (!isStaged(table, row)) continue;
		const same = first.add(row);
		if (same === -1) continue;
		const copy = (copies.get(same) ?? 0) + 1;
		copies.set(same, copy);
		columns.copy[row] = copy;
		if (columns.content[row] !== contentFrom.source || columns.size[row] === 0) continue;
		if (columns.content[same] === contentFrom.source) {
			columns.content[row] = contentFrom.twin;
			columns.twin[row] = same;
		} else if (isHere(columns.content[same]!)) {
			columns.content[row] = contentFrom.copy;
			table.setSource(row, table.source(same), table.sourceRoot(same));
		}
	}
	return first;
}

function isHere(from: number): boolean {
	return from === contentFrom.copy || from === contentFrom.linked;
}

/** A further name of a link that DEST has may have what the first one lacks; copying proves it. */
export function lendContent(
	table: ChangeTable,
	row: number,
	path: Uint8Array,
	stat: StatColumns,
	present: number,
): void {
	const {columns} = table;
	if (columns.content[row] !== contentFrom.source || columns.size[row] === 0) return;
	const time = {mtimeSec: columns.mtimeSec[row]!, mtimeNsec: columns.mtimeNsec[row]!};
	if (columns.size[row] !== stat.size[present] || !sameTime(time, stat, present)) return;
	columns.content[row] = contentFrom.copy;
	table.setSource(row, path);
}

/** Files of the record that have needed content, as they are found; not yet looked at. */
export type LocalFinds = {
	/** The row that needs it, the path that has it, and its index in the record. */
	readonly rows: readonly number[];
	readonly paths: PackedOctets;
	readonly indexes: readonly number[];
	/** The content was proven by its digest, not only taken to be there by size and time. */
	readonly verified: readonly boolean[];
	/** The record knows no other name of the file. */
	readonly alone: readonly boolean[];
};

/** A path for each needed digest, one that goes away if there is such a one. */
export function findRecorded(
	table: ChangeTable,
	needed: DigestIndex,
	record: PublishRecord,
	goesAway: (path: Uint8Array) => boolean,
): LocalFinds {
	const rows: number[] = [];
	const indexes: number[] = [];
	const verified: boolean[] = [];
	const alone: boolean[] = [];
	const paths = new OctetPool();
	const found = new Map<number, boolean>();
	const entries = Image.of(record.list, record.subPath, none)?.entries();
	while (entries?.next()) {
		const {digest, size, link, linkCount} = entries.entry;
		if (digest.length !== digestSize || size === 0) continue;
		if (record.columns.ino[entries.index] === 0n) continue;
		const row = needed.find(digest);
		if (row === -1 || table.columns.content[row] !== contentFrom.source) continue;
		const before = found.get(row);
		if (before === true) continue;
		// What is only taken to have the content is copied, which proves it; it never just moves.
		const isVerified = record.columns.verified[entries.index] === 1;
		const away = isVerified && goesAway(entries.path);
		if (before === false && !away) continue;
		found.set(row, away);
		rows.push(row);
		indexes.push(entries.index);
		verified.push(isVerified);
		alone.push(link.length === 0 && linkCount === 1);
		paths.add(entries.path);
	}
	return {rows, paths: paths.packed(), indexes, verified, alone};
}

const none = new Uint8Array(0);
