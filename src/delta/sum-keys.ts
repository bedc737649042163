/** What one salt makes of the two sums: the multiplier of the weak, the keys of the strong. */
import {expandKeys} from './key-stream.ts';
import type {SumsShape} from './shape.ts';

/** The strong sum's unit of content: longer blocks are sums of the sums of their chunks. */
export const chunkSizeMax = 1024;

/** Chunks of the finest block of a 16 TiB file: no node of the tree has more children. */
export const childCountMax = 64;

/** Nodes above the chunks: fine (where it has several), middle and coarse blocks. */
export const depthMax = 3;

/** Two keys that stand alone, then four for each 32-bit word. */
export const rowSize = (wordCount: number): number => 2 + 4 * wordCount;

const treeRowSize = rowSize(childCountMax);

export type SumKeys = {
	/** 5 modulo 8, so its powers repeat only after 2^30 octets. */
	readonly multiplier: number;
	readonly keys: Int32Array;
	/** Octets of a chunk: the finest block's, at most 1024. */
	readonly chunkSize: number;
	/** Children of a node, by depth from the chunks up: `depthMax` at most. */
	readonly fanOut: readonly number[];
	/** Depth of each level of the shape: 0 is a chunk, k the nodes of `fanOut[k - 1]`. */
	readonly depthOfLevel: readonly number[];
};

export function sumKeys(shape: SumsShape, salt: Uint8Array): SumKeys {
	const sizes = shape.levels.map(level => level.blockSize).reverse();
	const chunkSize = Math.min(sizes[0]!, chunkSizeMax);
	const fanOut: number[] = [];
	let below = chunkSize;
	for (const size of sizes) {
		if (size > below) fanOut.push(size / below);
		below = size;
	}
	const keys = expandKeys(salt, chunkRow + rowSize(chunkSize / 4));
	const finest = fanOut.length - (sizes.length - 1);
	const depthOfLevel = sizes.map((_, index) => finest + index).reverse();
	return {multiplier: (keys[0]! & ~7) | 5, keys, chunkSize, fanOut, depthOfLevel};
}

/** Where the keys of the nodes at `depth` (1 and up) begin. */
export const treeRow = (depth: number): number => 1 + (depth - 1) * treeRowSize;

/** Where the keys of the chunks begin: last, as their number depends on the chunk. */
export const chunkRow = treeRow(depthMax + 1);
