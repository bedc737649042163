/** The inner loops of the search in plain TypeScript, for where nothing faster is. */
import type {Rolling, SearchMemory} from '../platform/search-memory.ts';
import {filterMix} from './filter.ts';
import {chunkSum} from './strong-sum.ts';
import {weakSum} from './weak-sum.ts';

export class PlainMemory implements SearchMemory {
	readonly octets: Uint8Array;
	readonly #view: DataView;
	readonly #words: Int32Array;
	/** The words from `#filterAt` on: an index that needs no sum costs the loop half its time. */
	#filter: Int32Array = new Int32Array(0);
	#filterAt = -1;

	constructor(size: number) {
		this.octets = new Uint8Array(Math.ceil(size / 4) * 4);
		this.#view = new DataView(this.octets.buffer);
		this.#words = new Int32Array(this.octets.buffer);
	}

	weakSum(start: number, end: number, multiplier: number): number {
		return weakSum(this.#view, start, end, multiplier);
	}

	chunkSum(start: number, end: number, keysAt: number): number {
		return chunkSum(this.#view, start, end, this.#words, keysAt / 4);
	}

	roll(rolling: Rolling, at: number, last: number): number {
		if (this.#filterAt !== rolling.filterAt) {
			this.#filterAt = rolling.filterAt;
			this.#filter = this.#words.subarray(this.#filterAt / 4);
		}
		return roll(this.octets, this.#filter, rolling, at, last);
	}

	close(): void {
		// The collector has it.
	}
}

/**
 * One flat function over locals, with the product of what leaves off the way from sum to sum:
 * a fifth of the speed of WebAssembly (bench/kernel/search). Two bits of the filter without a
 * branch between them let one window in a hundred pass; a branch for each bit is slower still.
 */
function roll(
	octets: Uint8Array,
	filter: Int32Array,
	rolling: Rolling,
	at: number,
	last: number,
): number {
	const {blockSize, multiplier, leaving, weakMask, filterShift, weak} = rolling;
	let sum = weak[0]!;
	let offset = at;
	for (; offset < last; offset++) {
		const word = filter[sum >>> filterShift]!;
		const mixed = Math.imul(sum & weakMask, filterMix) >>> 5;
		if (((word >>> (mixed & 7)) & (word >>> (8 | ((mixed >>> 8) & 7))) & 1) !== 0) {
			const high = (word >>> (16 | ((mixed >>> 16) & 7))) & (word >>> (24 | (mixed >>> 24)));
			if ((high & 1) !== 0) break;
		}
		const change = (octets[offset + blockSize]! - Math.imul(octets[offset]!, leaving)) | 0;
		sum = (Math.imul(sum, multiplier) + change) | 0;
	}
	weak[0] = sum;
	return offset;
}
