/**
 * Finds blocks of the source's file in stretches of basis files, at any offset. Octets are handed
 * in as they are read; nothing is read here. After a match the block after it is expected at once,
 * so what is the same is found without the table; elsewhere the weak sum rolls from octet to octet.
 *
 * Work is bounded whatever the sums and the basis are made of: a lookup compares at most
 * `chainMax` classes, and strong sums that prove a false alarm are paid from a credit that grows
 * with the octets passed; when it is used up, offsets go by untested. What is missed so travels.
 */
import {assert} from '../assert.ts';
import {BlockTable, mix} from './block-table.ts';
import {makeMatches} from './match-list.ts';
import type {SumsShape} from './shape.ts';
import {StrongSum} from './strong-sum.ts';
import {sumKeys} from './sum-keys.ts';
import type {BlockSums} from './sums.ts';
import {power, weakSum} from './weak-sum.ts';

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
};

export type SearchStatistics = {
	/** Octets of basis passed. */
	searched: number;
	/** Weak and strong sums agreed. */
	matches: number;
	/** Weak sums agreed and strong ones did not. */
	falseAlarms: number;
	/** Offsets that a weak sum named and the credit did not let be tested. */
	untested: number;
};

export class Search {
	readonly statistics: SearchStatistics = {
		searched: 0,
		matches: 0,
		falseAlarms: 0,
		untested: 0,
	};
	readonly #table: BlockTable;
	readonly #strong: StrongSum;
	readonly #depth: number;
	readonly #multiplier: number;
	/** Multiplier to the power of a block's octets: what leaves the window. */
	readonly #leaving: number;
	readonly #buffer: Uint8Array;
	readonly #view: DataView;
	/** Octets in the buffer. */
	#filled = 0;
	/** Where the window begins in the buffer. */
	#at = 0;
	/** Whether `#weak` holds the weak sum of the window. */
	#rolling = false;
	readonly #weak = new Int32Array(1);
	#basis = -1;
	/** Offset in the basis of the buffer's first octet. */
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

	constructor({shape, salt, runs, stretchMax = readSizeMax}: SearchOptions) {
		assert(runs.length > 0, 'there is something to find');
		const table = new BlockTable(shape, runs);
		const keys = sumKeys(shape, salt);
		const {blockSize} = table;
		this.#table = table;
		this.#strong = new StrongSum(keys);
		this.#depth = keys.depthOfLevel[runs[0]!.level]!;
		this.#multiplier = keys.multiplier;
		this.#leaving = power(keys.multiplier, blockSize);
		const readSize = Math.max(blockSize, Math.min(readSizeMax, stretchMax));
		this.#buffer = new Uint8Array(blockSize + readSize);
		this.#view = new DataView(this.#buffer.buffer);
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
		this.#origin = offset;
		this.#filled = 0;
		this.#at = 0;
		this.#rolling = false;
		this.#expected = -1;
	}

	/** Where the next octets of the stretch go: at least one; valid until `filled`. */
	space(): Uint8Array {
		return this.#buffer.subarray(this.#filled);
	}

	/** The first `count` octets of `space()` have been filled: they are searched now. */
	filled(count: number): void {
		assert(this.#basis >= 0 && count <= this.#buffer.length - this.#filled);
		this.#filled += count;
		this.statistics.searched += count;
		this.#earn(count);
		this.#search();
		this.#buffer.copyWithin(0, this.#at, this.#filled);
		this.#origin += this.#at;
		this.#filled -= this.#at;
		this.#at = 0;
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
		const {blockSize} = this.#table;
		const buffer = this.#buffer;
		const last = this.#filled - blockSize;
		while (this.#at < last) {
			this.#sumWindow();
			if (this.#isExpected()) continue;
			const at = roll(
				buffer,
				this.#at,
				last,
				this.#table,
				this.#multiplier,
				this.#leaving,
				this.#weak,
			);
			this.#at = at;
			if (at === last || this.#isListed()) continue;
			const change = buffer[at + blockSize]! - Math.imul(buffer[at]!, this.#leaving);
			this.#weak[0] = Math.imul(this.#weak[0]!, this.#multiplier) + change;
			this.#at++;
		}
	}

	/** The last window, and the short last block of the file. */
	#searchEnd(atFileEnd: boolean): void {
		const {blockSize, tailSize} = this.#table;
		if (this.#at + blockSize === this.#filled) {
			this.#sumWindow();
			if (!this.#isExpected()) this.#isListed();
		}
		if (tailSize === 0) return;
		if (this.#expected === this.#table.count - 1 && this.#isTail(this.#at)) return;
		if (atFileEnd) this.#isTail(this.#filled - tailSize);
	}

	#sumWindow(): void {
		if (this.#rolling) return;
		const end = this.#at + this.#table.blockSize;
		this.#weak[0] = weakSum(this.#view, this.#at, end, this.#multiplier);
		this.#rolling = true;
	}

	/** Whether the block after the last match is at the window; the window moves past it if so. */
	#isExpected(): boolean {
		const entry = this.#expected;
		if (entry < 0) return false;
		const table = this.#table;
		this.#expected = -1;
		if (table.tailSize > 0 && entry === table.count - 1) return this.#isTail(this.#at);
		if ((this.#weak[0]! & table.weakMask) !== table.weak[entry]) return false;
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
		const weak = this.#weak[0]! & table.weakMask;
		let strong = 0;
		let isSummed = false;
		for (let entry = table.head(weak); entry >= 0; entry = table.next(entry)) {
			if (table.weak[entry] !== weak) continue;
			if (!isSummed) {
				if (this.#credit < table.blockSize) {
					this.statistics.untested++;
					return false;
				}
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
		if (at < 0 || end > this.#filled || this.#foundBasis[entry]! >= 0) return false;
		const weak = weakSum(this.#view, at, end, this.#multiplier) & table.weakMask;
		if (weak !== table.weak[entry]) return false;
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
		this.#rolling = false;
		this.#expected = this.#table.following(entry);
	}

	#strongAt(at: number, length: number): number {
		const sum = this.#strong.sum(this.#view, at, at + length, this.#depth);
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

/**
 * The first offset from `at` on whose weak sum passes both filters, or `last`, the first one not
 * looked at; `weak` holds the sum at `at`, then at the answer. One flat function over locals, with
 * the product of what leaves off the way from sum to sum: 480 MB/s, and half of that when one
 * offset in 16 left the loop, as it did with a single filter (bench/kernel/search).
 */
function roll(
	octets: Uint8Array,
	at: number,
	last: number,
	{blockSize, filter, mixFilter, filterShift, weakMask}: BlockTable,
	multiplier: number,
	leaving: number,
	weak: Int32Array,
): number {
	let sum = weak[0]!;
	let offset = at;
	for (; offset < last; offset++) {
		const index = sum >>> filterShift;
		if ((filter[index >>> 5]! & (1 << index)) !== 0) {
			const mixed = Math.imul(sum & weakMask, mix) >>> filterShift;
			if ((mixFilter[mixed >>> 5]! & (1 << mixed)) !== 0) break;
		}
		const change = (octets[offset + blockSize]! - Math.imul(octets[offset]!, leaving)) | 0;
		sum = (Math.imul(sum, multiplier) + change) | 0;
	}
	weak[0] = sum;
	return offset;
}
