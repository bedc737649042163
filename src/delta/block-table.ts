/**
 * The blocks of one level that are looked for, found by their weak sum in a table of short chains,
 * flat. Blocks with equal sums form a class, which is in the table once, however many they are.
 */
import {assert} from '../assert.ts';
import {addToFilter} from './filter.ts';
import type {SumsShape} from './shape.ts';
import {type BlockSums, strongMask, weakMask} from './sums.ts';

/**
 * The most classes that one lookup compares. Sums of honest content spread over twice as many
 * buckets as there are blocks, so that one in 10^8 has more than 8; sums made to collide would
 * otherwise cost a walk over all of them at every offset (rsync's CVE-2026-70453). A class past
 * the bound is only found where it follows its neighbour: it travels, and the result is right.
 */
export const chainMax = 8;

/** The weak sums of a short record keep 24 bits, so no index may use more. */
const indexBitsMax = 24;

export class BlockTable {
	readonly blockSize: number;
	/** Of the last block of the file, if it is short and in the table; else 0. */
	readonly tailSize: number;
	readonly count: number;
	/** Number of each entry's block in its level, rising. */
	readonly block: Uint32Array;
	readonly weak: Int32Array;
	readonly strong: Int32Array;
	readonly weakMask: number;
	readonly strongMask: number;
	readonly #heads: Int32Array;
	readonly #headShift: number;
	/** The next class in the bucket, by the first entry of a class; -1 at the end. */
	readonly #next: Int32Array;
	/** The next entry of the same class, -1 at the end. */
	readonly #same: Int32Array;
	/** The class of an entry: its first entry. */
	readonly #class: Int32Array;

	/** `runs` of one level, rising and apart. */
	constructor(shape: SumsShape, runs: readonly BlockSums[]) {
		const level = shape.levels[runs[0]!.level]!;
		this.blockSize = level.blockSize;
		this.weakMask = weakMask(shape);
		this.strongMask = strongMask(shape);
		this.count = runs.reduce((sum, run) => sum + run.weak.length, 0);
		this.block = new Uint32Array(this.count);
		this.weak = new Int32Array(this.count);
		this.strong = new Int32Array(this.count);
		let at = 0;
		for (const {first, weak, strong} of runs) {
			assert(at === 0 || this.block[at - 1]! < first, 'runs rise');
			this.weak.set(weak, at);
			this.strong.set(strong, at);
			for (let index = 0; index < weak.length; index++) this.block[at++] = first + index;
		}
		const short = shape.fileSize % level.blockSize;
		const hasTail = short > 0 && this.block[this.count - 1] === level.blockCount - 1;
		this.tailSize = hasTail ? short : 0;

		const headBits = indexBits(this.count * 2);
		this.#headShift = 32 - headBits;
		this.#heads = new Int32Array(2 ** headBits).fill(-1);
		this.#next = new Int32Array(this.count).fill(-1);
		this.#same = new Int32Array(this.count).fill(-1);
		this.#class = new Int32Array(this.count);
		this.#index(hasTail ? this.count - 1 : this.count);
	}

	/** The first class in the bucket of a weak sum: follow with `next`; -1 at the end. */
	head(weak: number): number {
		return this.#heads[weak >>> this.#headShift]!;
	}

	next(entry: number): number {
		return this.#next[entry]!;
	}

	/** The next entry with the same sums, or -1. */
	same(entry: number): number {
		return this.#same[entry]!;
	}

	/** The first entry with the same sums as this one. */
	classOf(entry: number): number {
		return this.#class[entry]!;
	}

	/** The entry of the block after this entry's, or -1. */
	following(entry: number): number {
		const next = entry + 1;
		return next < this.count && this.block[next] === this.block[entry]! + 1 ? next : -1;
	}

	/** Fills a filter of 2^(32 - shift) words with all that can be found in the table. */
	fillFilter(filter: Int32Array, shift: number): void {
		filter.fill(0);
		for (const first of this.#heads) {
			for (let entry = first; entry >= 0; entry = this.#next[entry]!) {
				addToFilter(filter, shift, this.weak[entry]!);
			}
		}
	}

	/** From the last entry to the first, so that each class comes to stand under its first. */
	#index(end: number): void {
		const {weak, strong} = this;
		for (let entry = end - 1; entry >= 0; entry--) {
			const bucket = weak[entry]! >>> this.#headShift;
			let length = 0;
			let before = -1;
			let found = this.#heads[bucket]!;
			while (found >= 0) {
				if (weak[found] === weak[entry] && strong[found] === strong[entry]) break;
				before = found;
				found = this.#next[found]!;
				length++;
			}
			if (found < 0) {
				if (length === chainMax) continue;
				this.#next[entry] = this.#heads[bucket]!;
				this.#heads[bucket] = entry;
			} else {
				this.#same[entry] = found;
				this.#next[entry] = this.#next[found]!;
				if (before < 0) this.#heads[bucket] = entry;
				else this.#next[before] = entry;
			}
		}
		this.#class.fill(-1);
		for (let entry = 0; entry < this.count; entry++) {
			if (this.#class[entry]! >= 0) continue;
			for (let each = entry; each >= 0; each = this.#same[each]!) this.#class[each] = entry;
		}
	}
}

/** Bits of an index with at least `places` places. */
function indexBits(places: number): number {
	let bits = 1;
	while (bits < indexBitsMax && 2 ** bits < places) bits++;
	return bits;
}
