/**
 * Finds blocks of the source's file in stretches of basis files, at any offset. Octets are handed
 * in as they are read; nothing is read here. After a match the block after it is expected at once,
 * so what is the same is found without the table; elsewhere the weak sum rolls from octet to octet.
 *
 * Work is bounded whatever the sums and the basis are made of: an offset is compared with at most
 * `chainMax` classes, and strong sums that prove a false alarm are paid from a credit that grows
 * with the octets passed; when it is used up, the rest of the octets at hand goes by untested.
 * What is missed so travels.
 */
import {assert} from '../assert.ts';
import type {OpenSearchMemory, Rolling, SearchMemory} from '../platform/search-memory.ts';
import {BlockTable} from './block-table.ts';
import {filterWordBits} from './filter.ts';
import {makeMatches} from './match-list.ts';
import {PlainMemory} from './plain-memory.ts';
import type {SumsShape} from './shape.ts';
import {StrongSum} from './strong-sum.ts';
import {chunkRow, sumKeys} from './sum-keys.ts';
import type {BlockSums} from './sums.ts';
import {power} from './weak-sum.ts';

/** Octets of false alarms that may be summed for each octet of basis passed. */
const creditPerOctet = 2;

/** False alarms that may be paid at once, in octets and in blocks: they cluster. */
const creditSizeMax = 1 << 22;
const creditBlocksMax = 16;

/** The buffer has room for this many octets, or a block, beyond the block under the window. */
const readSizeMax = 1 << 20;

export type SearchOptions = {
	readonly shape: SumsShape;
	readonly salt: Uint8Array;
	/** Sums of the blocks to find, all of one level, rising and apart. */
	readonly runs: readonly BlockSums[];
	/** Octets of the longest stretch, where it is known: less than a MiB needs less memory. */
	readonly stretchMax?: number;
	/** Where the search works; the plain functions serve where this does not. */
	readonly openMemory?: OpenSearchMemory | undefined;
};

export type SearchStatistics = {
	/** Octets of basis passed. */
	searched: number;
	/** Weak and strong sums agreed. */
	matches: number;
	/** Weak sums agreed and strong ones did not. */
	falseAlarms: number;
	/** Offsets that the credit did not let be tested. */
	untested: number;
	/** Classes in the table that the weak sum of an offset was compared with. */
	compared: number;
	/** Octets of strong sums, of matches and of false alarms. */
	summed: number;
};

export class Search {
	readonly statistics: SearchStatistics = {
		searched: 0,
		matches: 0,
		falseAlarms: 0,
		untested: 0,
		compared: 0,
		summed: 0,
	};
	readonly #table: BlockTable;
	readonly #strong: StrongSum;
	readonly #depth: number;
	readonly #memory: SearchMemory;
	/** Its octets: the keys of chunks, the filter, and from `#start` on those of the basis. */
	readonly #octets: Uint8Array;
	readonly #start: number;
	/** Where the octets of the basis end. */
	#end: number;
	/** Where the window begins. */
	#at: number;
	readonly #rolling: Rolling;
	/** Whether `#rolling` has the weak sum of the window. */
	#isSummed = false;
	#basis = -1;
	/** What to add to a place in `#octets` for the offset in the basis. */
	#origin = 0;
	/** The entry whose block should begin at the window, or -1. */
	#expected = -1;
	#credit: number;
	readonly #creditMax: number;
	/** By entry: the basis file, -1 if not found, and the offset in it. */
	readonly #foundBasis: Int32Array;
	readonly #foundOffset: Float64Array;
	/** By class, under its first entry: the entry that its next match is given to. */
	readonly #turn: Int32Array;

	constructor({shape, salt, runs, stretchMax = readSizeMax, openMemory}: SearchOptions) {
		assert(runs.length > 0, 'there is something to find');
		const table = new BlockTable(shape, runs);
		const keys = sumKeys(shape, salt);
		const {blockSize, weakMask} = table;
		const {multiplier} = keys;
		const chunkKeys = keys.keys.subarray(chunkRow);
		const filterBits = filterWordBits(table.count);
		const filterAt = Math.ceil(chunkKeys.byteLength / 64) * 64;
		const filterShift = 32 - filterBits;
		const start = filterAt + 4 * 2 ** filterBits;
		const readSize = Math.max(blockSize, Math.min(readSizeMax, stretchMax));
		const size = start + blockSize + readSize;
		const memory = openMemory?.(size) ?? new PlainMemory(size);
		const {buffer, byteOffset} = memory.octets;
		new Int32Array(buffer, byteOffset, chunkKeys.length).set(chunkKeys);
		table.fillFilter(new Int32Array(buffer, byteOffset + filterAt, 2 ** filterBits), filterShift);
		const leaving = power(multiplier, blockSize);
		const weak = new Int32Array(1);
		this.#rolling = {blockSize, multiplier, leaving, weakMask, filterAt, filterShift, weak};
		this.#table = table;
		this.#memory = memory;
		this.#octets = memory.octets.subarray(0, size);
		[this.#start, this.#at, this.#end] = [start, start, start];
		this.#strong = new StrongSum(keys, (from, to) => memory.chunkSum(from, to, 0));
		this.#depth = keys.depthOfLevel[runs[0]!.level]!;
		this.#creditMax = Math.max(creditSizeMax, blockSize * creditBlocksMax);
		this.#credit = this.#creditMax;
		this.#foundBasis = new Int32Array(table.count).fill(-1);
		this.#foundOffset = new Float64Array(table.count);
		this.#turn = Int32Array.from({length: table.count}, (_, entry) => entry);
	}

	/** Begins a stretch of a basis file (its number is the caller's) at `offset`. */
	start(basis: number, offset: number): void {
		assert(this.#basis < 0, 'a stretch is open');
		this.#basis = basis;
		this.#origin = offset - this.#start;
		this.#end = this.#start;
		this.#at = this.#start;
		this.#isSummed = false;
		this.#expected = -1;
	}

	/** Where the next octets of the stretch go: at least one; valid until `filled`. */
	space(): Uint8Array {
		return this.#octets.subarray(this.#end);
	}

	/** The first `count` octets of `space()` have been filled: they are searched now. */
	filled(count: number): void {
		assert(this.#basis >= 0 && count <= this.#octets.length - this.#end);
		this.#end += count;
		this.statistics.searched += count;
		this.#earn(count);
		this.#search();
		const passed = this.#at - this.#start;
		this.#octets.copyWithin(this.#start, this.#at, this.#end);
		this.#origin += passed;
		this.#end -= passed;
		this.#at = this.#start;
	}

	/** Searches octets that are in memory already. */
	push(octets: Uint8Array): void {
		for (let from = 0; from < octets.length; ) {
			const space = this.space();
			const piece = octets.subarray(from, from + space.length);
			space.set(piece);
			this.filled(piece.length);
			from += piece.length;
		}
	}

	/** The stretch is at its end; `atFileEnd` if the basis file is too. */
	end(atFileEnd: boolean): void {
		assert(this.#basis >= 0, 'no stretch is open');
		this.#searchEnd(atFileEnd);
		this.#basis = -1;
	}

	/** No more will be searched: its memory may serve another search. */
	close(): void {
		assert(this.#basis < 0, 'a stretch is open');
		this.#memory.close();
	}

	/** All that was found: rows of source offset, basis, basis offset, length (see match-list). */
	matches(): Float64Array {
		const table = this.#table;
		const donor = new Int32Array(table.count).fill(-1);
		for (let entry = 0; entry < table.count; entry++) {
			if (this.#foundBasis[entry]! >= 0) donor[table.classOf(entry)] = entry;
		}
		for (let entry = 0; entry < table.count; entry++) {
			const from = donor[table.classOf(entry)]!;
			if (this.#foundBasis[entry]! >= 0 || from < 0) continue;
			this.#foundBasis[entry] = this.#foundBasis[from]!;
			this.#foundOffset[entry] = this.#foundOffset[from]!;
		}
		return makeMatches(table, this.#foundBasis, this.#foundOffset);
	}

	/** Searches while the window has an octet after it, which the next step would need. */
	#search(): void {
		const rolling = this.#rolling;
		const octets = this.#octets;
		const last = this.#end - rolling.blockSize;
		while (this.#at < last) {
			this.#sumWindow();
			if (this.#isExpected()) continue;
			if (this.#credit < rolling.blockSize) {
				this.#skipTo(last);
				return;
			}
			const at = this.#memory.roll(rolling, this.#at, last);
			this.#at = at;
			if (at === last || this.#isListed()) continue;
			const change = octets[at + rolling.blockSize]! - Math.imul(octets[at]!, rolling.leaving);
			rolling.weak[0] = Math.imul(rolling.weak[0]!, rolling.multiplier) + change;
			this.#at++;
		}
	}

	/** Lets windows go by: none could be tested before more octets come. */
	#skipTo(at: number): void {
		this.statistics.untested += at - this.#at;
		this.#at = at;
		this.#isSummed = false;
	}

	/** The last window, and the short last block of the file. */
	#searchEnd(atFileEnd: boolean): void {
		const {blockSize, tailSize} = this.#table;
		if (this.#at + blockSize === this.#end) {
			this.#sumWindow();
			if (!this.#isExpected() && this.#credit >= blockSize) this.#isListed();
		}
		if (tailSize === 0) return;
		if (this.#expected === this.#table.count - 1 && this.#isTail(this.#at)) return;
		if (atFileEnd) this.#isTail(this.#end - tailSize);
	}

	#sumWindow(): void {
		if (this.#isSummed) return;
		const end = this.#at + this.#table.blockSize;
		this.#rolling.weak[0] = this.#memory.weakSum(this.#at, end, this.#rolling.multiplier);
		this.#isSummed = true;
	}

	/** Whether the block after the last match is at the window; the window moves past it if so. */
	#isExpected(): boolean {
		const entry = this.#expected;
		if (entry < 0) return false;
		const table = this.#table;
		this.#expected = -1;
		if (table.tailSize > 0 && entry === table.count - 1) return this.#isTail(this.#at);
		if ((this.#rolling.weak[0]! & table.weakMask) !== table.weak[entry]) return false;
		if (this.#strongAt(this.#at, table.blockSize) !== table.strong[entry]) {
			this.#pay();
			return false;
		}
		this.#take(entry, this.#at, table.blockSize);
		return true;
	}

	/** Whether any block is at the window; the window moves past it if so. */
	#isListed(): boolean {
		const table = this.#table;
		const weak = this.#rolling.weak[0]! & table.weakMask;
		let strong = 0;
		let isSummed = false;
		for (let entry = table.head(weak); entry >= 0; entry = table.next(entry)) {
			this.statistics.compared++;
			if (table.weak[entry] !== weak) continue;
			if (!isSummed) {
				strong = this.#strongAt(this.#at, table.blockSize);
				isSummed = true;
			}
			if (table.strong[entry] === strong) {
				this.#take(this.#nextOfClass(entry), this.#at, table.blockSize);
				return true;
			}
		}
		if (isSummed) this.#pay();
		return false;
	}

	/** Whether the short last block of the file is at `at`. */
	#isTail(at: number): boolean {
		const table = this.#table;
		const entry = table.count - 1;
		const end = at + table.tailSize;
		if (at < this.#start || end > this.#end || this.#foundBasis[entry]! >= 0) return false;
		const weak = this.#memory.weakSum(at, end, this.#rolling.multiplier);
		if ((weak & table.weakMask) !== table.weak[entry]) return false;
		if (this.#strongAt(at, table.tailSize) !== table.strong[entry]) return false;
		this.#take(entry, at, table.tailSize);
		return true;
	}

	/** The first entry of a class that is not found yet, or its last. */
	#nextOfClass(first: number): number {
		let entry = this.#turn[first]!;
		while (this.#foundBasis[entry]! >= 0 && this.#table.same(entry) >= 0) {
			entry = this.#table.same(entry);
		}
		this.#turn[first] = entry;
		return entry;
	}

	/** An entry's block is at `at`; what was found first stays. */
	#take(entry: number, at: number, length: number): void {
		if (this.#foundBasis[entry]! < 0) {
			this.#foundBasis[entry] = this.#basis;
			this.#foundOffset[entry] = this.#origin + at;
		}
		this.statistics.matches++;
		this.#at = at + length;
		this.#isSummed = false;
		this.#expected = this.#table.following(entry);
	}

	#strongAt(at: number, length: number): number {
		this.statistics.summed += length;
		const sum = this.#strong.sum(at, at + length, this.#depth);
		return sum & this.#table.strongMask;
	}

	#earn(octets: number): void {
		this.#credit = Math.min(this.#creditMax, this.#credit + octets * creditPerOctet);
	}

	#pay(): void {
		this.statistics.falseAlarms++;
		this.#credit -= this.#table.blockSize;
	}
}
