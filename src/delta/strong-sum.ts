/**
 * The strong sum: two lanes of MULTILINEAR-HM (Lemire and Kaser, "Strongly universal string
 * hashing is fast", 2014, theorem 4): 16-bit words under 32-bit keys modulo 2^32, of which the
 * upper 16 bits count. For any two contents fixed before the keys are, the lanes of a chunk agree
 * with probability 2^-16 each, whatever the contents look like; a cryptographic hash could promise
 * no more of as many bits, at a fifth of the speed. A longer block is the same function over the
 * results of its parts (a tree of at most three levels), so a coarse block costs the source
 * nothing beyond its fine ones. It is advice: the digests of leaves decide afterwards.
 */
import {chunkRow, type SumKeys, treeRow} from './sum-keys.ts';

/** The strong sum of the chunk from `start` to before `end`. */
export type SumChunk = (start: number, end: number) => number;

/** Sums one block at a time; the answer is two 16-bit results in one int32, the first one high. */
export class StrongSum {
	readonly #keys: Int32Array;
	readonly #sumChunk: SumChunk;
	/** Octets of a block by depth: [0] is a chunk's. */
	readonly #sizes: readonly number[];

	constructor({keys, chunkSize, fanOut}: SumKeys, sumChunk: SumChunk) {
		this.#keys = keys;
		this.#sumChunk = sumChunk;
		const sizes = [chunkSize];
		for (const count of fanOut) sizes.push(sizes.at(-1)! * count);
		this.#sizes = sizes;
	}

	/** Of the octets from `start` to before `end`: a block at `depth`, the last may be short. */
	sum(start: number, end: number, depth: number): number {
		if (depth === 0) return this.#sumChunk(start, end);
		const keys = this.#keys;
		const childSize = this.#sizes[depth - 1]!;
		let row = treeRow(depth);
		let high = keys[row++]!;
		let low = keys[row++]!;
		for (let at = start; at < end; at += childSize, row += 4) {
			const word = this.sum(at, Math.min(at + childSize, end), depth - 1);
			const first = word & 0xffff;
			const second = word >>> 16;
			high = (high + Math.imul(keys[row]! + first, keys[row + 1]! + second)) | 0;
			low = (low + Math.imul(keys[row + 2]! + first, keys[row + 3]! + second)) | 0;
		}
		return (high & 0xffff_0000) | (low >>> 16);
	}
}

/**
 * Octets are read as little-endian words; what is missing from the last one is zero. The keys of
 * chunks begin at `rowAt` of `keys`.
 */
export function chunkSum(
	view: DataView,
	start: number,
	end: number,
	keys: Int32Array,
	rowAt = chunkRow,
): number {
	let high = keys[rowAt]!;
	let low = keys[rowAt + 1]!;
	let row = rowAt + 2;
	let at = start;
	for (const last = end - 4; at <= last; at += 4, row += 4) {
		const word = view.getInt32(at, true);
		const first = word & 0xffff;
		const second = word >>> 16;
		high = (high + Math.imul(keys[row]! + first, keys[row + 1]! + second)) | 0;
		low = (low + Math.imul(keys[row + 2]! + first, keys[row + 3]! + second)) | 0;
	}
	if (at < end) {
		let word = 0;
		for (let shift = 0; at < end; at++, shift += 8) word |= view.getUint8(at) << shift;
		const first = word & 0xffff;
		const second = word >>> 16;
		high = (high + Math.imul(keys[row]! + first, keys[row + 1]! + second)) | 0;
		low = (low + Math.imul(keys[row + 2]! + first, keys[row + 3]! + second)) | 0;
	}
	return (high & 0xffff_0000) | (low >>> 16);
}
