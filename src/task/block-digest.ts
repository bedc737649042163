/**
 * Digests of what a scan found in each directory: of the directory's path and of all columns of its
 * entries. Equal digests are of the same directory with the same in it, times of change and inodes
 * included; what is in directories below it has digests of its own.
 */
import {digestSize} from '../limit.ts';
import type {Sha256} from '../platform/crypto.ts';
import {entryType} from '../snapshot/entry.ts';
import type {ScanColumns} from './scan-columns.ts';

/** What is known of a block, the entries of one directory: bits. */
export const blockFlag = {
	/** It has a file that the file system counts under several names. */
	linked: 1,
	/** It is as it was when its digest was noted. */
	asBefore: 2,
	/** What was made of it may be made otherwise another time, without a change of it. */
	uncertain: 4,
} as const;

export type BlockMarks = {
	/** One digest a block. */
	readonly blockDigests: Uint8Array;
	readonly blockFlags: Uint8Array;
};

/** Of an entry: six wide columns, five narrow ones, small ones in one, where its octets end. */
const entryWords = 6 * 2 + 5 + 1 + 2;
const headWords = 4;

/** Blocks are `[offsets[n], offsets[n + 1])`; `directories` are their paths. */
export function markBlocks(
	sha256: Sha256,
	columns: ScanColumns,
	offsets: Uint32Array,
	directories: readonly Uint8Array[],
): BlockMarks {
	const count = directories.length;
	const blockDigests = new Uint8Array(count * digestSize);
	const blockFlags = new Uint8Array(count);
	const digester = new BlockDigester(columns);
	for (let block = 0; block < count; block++) {
		const [start, end] = [offsets[block]!, offsets[block + 1]!];
		const octets = digester.octets(directories[block]!, start, end);
		blockDigests.set(sha256(octets), block * digestSize);
		if (hasLinks(columns, start, end)) blockFlags[block] = blockFlag.linked;
	}
	return {blockDigests, blockFlags};
}

function hasLinks({type, linkCount}: ScanColumns, start: number, end: number): boolean {
	for (let entry = start; entry < end; entry++) {
		if (linkCount[entry]! > 1 && type[entry] === entryType.file) return true;
	}
	return false;
}

/** Puts a block together: one digest of 2 KiB costs less than one of twenty columns. */
class BlockDigester {
	readonly #columns: ScanColumns;
	/** Columns of 64 bits as words. */
	readonly #wide: readonly Uint32Array[];
	#words = new Uint32Array(1024);
	#octets = new Uint8Array(this.#words.buffer);

	constructor(columns: ScanColumns) {
		const {size, mtimeSec, ctimeSec, ino, dev, device} = columns;
		this.#columns = columns;
		this.#wide = [size, mtimeSec, ctimeSec, ino, dev, device].map(
			column => new Uint32Array(column.buffer, column.byteOffset, column.length * 2),
		);
	}

	/** A view, valid until the next call. */
	octets(directory: Uint8Array, start: number, end: number): Uint8Array {
		const {paths, pathOffsets, targets, targetOffsets} = this.#columns;
		const parts = [
			directory,
			paths.subarray(pathOffsets[start]!, pathOffsets[end]!),
			targets.subarray(targetOffsets[start]!, targetOffsets[end]!),
		];
		const wordCount = headWords + (end - start) * entryWords;
		let at = wordCount * 4;
		this.#reserve(at + parts.reduce((sum, {length}) => sum + length, 0));
		this.#words[0] = end - start;
		for (const [index, part] of parts.entries()) {
			this.#words[1 + index] = part.length;
			this.#octets.set(part, at);
			at += part.length;
		}
		this.#fill(start, end);
		return this.#octets.subarray(0, at);
	}

	#fill(start: number, end: number): void {
		const {uid, gid, mtimeNsec, ctimeNsec, linkCount} = this.#columns;
		const {mode, type, unread, sparse, pathOffsets, targetOffsets} = this.#columns;
		const words = this.#words;
		let at = headWords;
		for (let entry = start; entry < end; entry++) {
			for (const column of this.#wide) {
				words[at++] = column[entry * 2]!;
				words[at++] = column[entry * 2 + 1]!;
			}
			words[at++] = uid[entry]!;
			words[at++] = gid[entry]!;
			words[at++] = mtimeNsec[entry]!;
			words[at++] = ctimeNsec[entry]!;
			words[at++] = linkCount[entry]!;
			words[at++] =
				(mode[entry]! << 16) | (type[entry]! << 8) | (unread[entry]! << 1) | sparse[entry]!;
			words[at++] = pathOffsets[entry + 1]! - pathOffsets[start]!;
			words[at++] = targetOffsets[entry + 1]! - targetOffsets[start]!;
		}
	}

	#reserve(size: number): void {
		if (size <= this.#octets.length) return;
		this.#words = new Uint32Array(2 ** Math.ceil(Math.log2(size)) / 4);
		this.#octets = new Uint8Array(this.#words.buffer);
	}
}
