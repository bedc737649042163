/**
 * What stands before the table of blocks: words of 32 bits, found by the high bits of a weak sum,
 * in which each block has set one bit of every octet. An offset that is no block finds all four
 * of its bits by accident once in a thousand times, so the table is looked at that seldom.
 */

/** Words for each block: many while they stay in a core's own cache (half a MiB), then few. */
const wordsPerBlock = 2;
const wordsPerBlockMin = 1;
const wordBitsCached = 17;

/** 4 MiB. The weak sums of a short record keep 24 bits, so no index may use more. */
const wordBitsMax = 20;
const wordBitsMin = 3;

/** An odd number near 2^32 / the golden ratio: its product brings all bits to the high ones. */
export const filterMix = 0x9e37_79b1;

/** log2 of the words of a filter for `count` blocks. */
export function filterWordBits(count: number): number {
	const wanted = Math.min(wordBitsCached, log2Ceil(count * wordsPerBlock));
	return Math.min(wordBitsMax, Math.max(wordBitsMin, wanted, log2Ceil(count * wordsPerBlockMin)));
}

/** The four bits of a weak sum (already cut) in its word, one in each octet. */
export function filterBits(weak: number): number {
	const mixed = Math.imul(weak, filterMix) >>> 5;
	const low = (1 << (mixed & 7)) | (1 << (8 | ((mixed >>> 8) & 7)));
	return low | (1 << (16 | ((mixed >>> 16) & 7))) | (1 << (24 | (mixed >>> 24)));
}

/** Adds a block to a filter of 2^(32 - shift) words. */
export function addToFilter(filter: Int32Array, shift: number, weak: number): void {
	filter[weak >>> shift]! |= filterBits(weak);
}

const log2Ceil = (value: number): number => 32 - Math.clz32(Math.max(1, value) - 1);
