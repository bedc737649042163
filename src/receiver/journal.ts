/**
 * What a publish is about to do, as octets: written and synced before its first step, removed after
 * its last. Whoever finds one does its steps again; each of them can be.
 */

import {assert} from '../assert.ts';
import {ShoalError} from '../error.ts';
import {isValidPath} from '../snapshot/path.ts';
import {type ChangeRows, decodeRows, encodeRows} from '../task/change-table.ts';
import {copyOctets} from '../task/packed-octets.ts';
import {Reader, Writer} from '../wire/codec.ts';
import type {RecordStore} from './publish-record.ts';

export type Journal = {
	/** Where the file systems begin that the rows' devices count. */
	readonly roots: readonly Uint8Array[];
	/** What is put in place is synced. */
	readonly sync: boolean;
	readonly rows: ChangeRows;
};

const recordName = 'publish-journal';
const magic = 0x5348_4a4c;
const version = 1;

/** File systems below one DEST. */
const rootsMax = 65_535;

export function writeJournal(store: RecordStore, {roots, sync, rows}: Journal): void {
	const octets = encodeRows(rows);
	let size = 13 + octets.length;
	for (const root of roots) size += 8 + root.length;
	const to = new Writer(new Uint8Array(size));
	to.u32(magic);
	to.u32(version);
	to.u8(sync ? 1 : 0);
	to.u32(roots.length);
	for (const root of roots) to.opaque(root);
	to.put(octets);
	assert(!to.overflowed);
	store.writeRecord(recordName, to.written());
}

/** @throws ShoalError STORE_CORRUPT for a journal that cannot be understood */
export function readJournal(store: RecordStore): Journal | undefined {
	const bytes = store.readRecord(recordName);
	if (bytes === undefined) return undefined;
	const from = new Reader(bytes);
	const isKnown = from.u32() === magic && from.u32() === version;
	const sync = from.u8() === 1;
	const count = from.u32();
	const roots: Uint8Array[] = [];
	if (count <= rootsMax) {
		for (let index = 0; index < count && !from.failed; index++)
			roots.push(copyOctets(from.opaque()));
	}
	const rows = decodeRows(bytes.subarray(from.offset));
	const isSound = isKnown && !from.failed && roots.length > 0 && roots.every(isValidPath);
	if (!isSound || rows === undefined || rows.device.some(device => device >= roots.length)) {
		throw new ShoalError('STORE_CORRUPT', `${recordName} is not a journal of this version`);
	}
	return {roots, sync, rows};
}

export function removeJournal(store: RecordStore): void {
	store.removeRecord(recordName);
}
