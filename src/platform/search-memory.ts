/**
 * Memory with the inner loops of the search for blocks over it, so that they may run where the
 * memory is: src/delta/README.md says what each of them computes. All offsets are into `octets`.
 */

/** A weak sum that rolls over the octets, and the blocks that it is compared with. */
export type Rolling = {
	readonly blockSize: number;
	readonly multiplier: number;
	/** The multiplier to the power of `blockSize`. */
	readonly leaving: number;
	/** The bits of a weak sum that count. */
	readonly weakMask: number;
	/** Where the filter is: 2^(32 - `filterShift`) words. */
	readonly filterAt: number;
	readonly filterShift: number;
	/** One number, the weak sum of the window: before `roll`, and after it. */
	readonly weak: Int32Array;
};

export type SearchMemory = {
	/** As many as were asked for, holding anything; words in it are at multiples of 4. */
	readonly octets: Uint8Array;
	/** The weak sum of the octets from `start` to before `end`, int32. */
	weakSum(start: number, end: number, multiplier: number): number;
	/** The strong sum of a chunk, int32; its keys are at `keysAt`, int32 in this machine's order. */
	chunkSum(start: number, end: number, keysAt: number): number;
	/** The first window from `at` on that may be a block, or `last`, which is not looked at. */
	roll(rolling: Rolling, at: number, last: number): number;
	/** The memory may be used for something else. */
	close(): void;
};

/** Undefined where there is nothing faster than the plain functions. */
export type OpenSearchMemory = (size: number) => SearchMemory | undefined;
