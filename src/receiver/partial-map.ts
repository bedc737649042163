/**
 * Which leaves of large files were proven when a pull was stopped. It only saves reading what is
 * not there: every leaf that it names is hashed again.
 */
import {assert} from '../assert.ts';
import {digestSize} from '../limit.ts';
import {octetKey} from '../task/packed-octets.ts';
import {Reader, Writer} from '../wire/codec.ts';
import type {RecordStore} from './publish-record.ts';

/** By key of the file's digest: one octet per leaf, 1 if it was proven. */
export type PartialMap = ReadonlyMap<string, Uint8Array>;

const recordName = 'partial-map';

/** Files and leaves that are believed: a terabyte. */
const filesMax = 1 << 16;
const leavesMax = 1 << 24;

export function writePartialMap(
	store: RecordStore,
	files: readonly {digest: Uint8Array; verified: Uint8Array}[],
): void {
	if (files.length === 0) return;
	let size = 4;
	for (const {verified} of files) size += digestSize + 4 + Math.ceil(verified.length / 8);
	const to = new Writer(new Uint8Array(size));
	to.u32(files.length);
	for (const {digest, verified} of files) {
		to.put(digest);
		to.u32(verified.length);
		const bits = new Uint8Array(Math.ceil(verified.length / 8));
		for (const [leaf, mark] of verified.entries()) bits[leaf >>> 3]! |= mark << (leaf & 7);
		to.put(bits);
	}
	assert(!to.overflowed);
	store.writeRecord(recordName, to.written());
}

/** Reads and removes it: after a crash it would say less than there is. */
export function takePartialMap(store: RecordStore): PartialMap {
	const map = new Map<string, Uint8Array>();
	const bytes = store.readRecord(recordName);
	if (bytes === undefined) return map;
	store.removeRecord(recordName);
	const from = new Reader(bytes);
	const count = from.u32();
	for (let file = 0; file < Math.min(count, filesMax); file++) {
		const digest = from.take(digestSize);
		const leaves = from.u32();
		if (leaves > leavesMax) break;
		const bits = from.take(Math.ceil(leaves / 8));
		if (from.failed) break;
		const verified = new Uint8Array(leaves);
		for (let leaf = 0; leaf < leaves; leaf++) {
			verified[leaf] = (bits[leaf >>> 3]! >>> (leaf & 7)) & 1;
		}
		map.set(octetKey(digest), verified);
	}
	return map;
}
