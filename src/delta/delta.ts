/**
 * What of one file the receiver has already: asks for the file's sums from coarse to fine, the
 * finer ones only where the coarser were not found, and hands out searches for them. It reads
 * nothing and knows no files: bases are numbers, and a search is somebody else's work.
 *
 * Sums are advice that costs octets, so what may be asked is bounded (`allowance`). Next to a
 * match finer sums are asked for at once; elsewhere a few places are tried first, so content that
 * does not match at all (compressed, encrypted, new) ends after one sample of each level.
 *
 * Order of calls: drain `pollWant`, feed `handleBlock` and `handleDone`, drain `pollSearch`, feed
 * `handleMatches`, and again from the start until `done`.
 */
import {assert} from '../assert.ts';
import {
	coveredSize,
	coverOf,
	cutMatches,
	joinMatches,
	matchedSize,
	noMatches,
} from './match-list.ts';
import {
	closed,
	countOf,
	head,
	join,
	noPairs,
	type Pairs,
	pick,
	subtract,
	toUnits,
	unite,
} from './pairs.ts';
import type {SearchInput} from './search-input.ts';
import {type SumsShape, sumsHeaderSize, sumsShape} from './shape.ts';
import {nearStretches, placesOf, splitStretches, unusedStretches} from './stretches.ts';
import {parseSumsHeader} from './sums.ts';

/** A range of the sums object that has been asked for. */
export type SumsRange = {readonly offset: number; readonly length: number};

type Asked = SumsRange & {readonly octets: Uint8Array};

export type DeltaOptions = {
	/** Of the source's file. */
	readonly size: number;
	/** Sizes of the files that may have some of it, the most promising first. */
	readonly basisSizes: readonly number[];
	/** What of the source's file is not here and proven: the whole of it, if nothing is said. */
	readonly missing?: Pairs;
	/** A search over more octets is handed out in parts. */
	readonly shareSizeMin?: number;
};

/** Octets of sums that the first request may bring beyond the coarsest level: one datagram. */
const firstRequestMax = 1024;

/** Places tried where nothing near has matched: a third matching would be missed once in 10^5. */
const sampleCount = 32;

/**
 * What a request costs beside its records: a want of some 18 octets, told twice, and the header of
 * a block. What lies between two stretches and costs less is asked for as well.
 */
export const requestCost = 44;

/** Records asked for at once: with their tables they take 70 MB in each thread that searches. */
const recordsMax = 2 ** 20;

/** A round waits for the network once; the last ones would find little. */
const roundsMax = 8;

/** Parts of a file, and of what was found of it, that its sums may cost. */
export const allowedPart = 1 / 256;
export const allowedOfFound = 1 / 4;

/**
 * Octets of sums that may be asked for of a file of `size` octets, `found` of them found: 0.4 % of
 * the file (256 octets of a small one, an eighth of a tiny one) are the most that content without
 * any match costs beyond itself; more is only spent where four times as much has been saved.
 */
export function allowance(size: number, found: number): number {
	const free = Math.max(size * allowedPart, Math.min(256, size / 8));
	return Math.floor(free + found * allowedOfFound);
}

export class Delta {
	readonly #shape: SumsShape | undefined;
	readonly #basisSizes: readonly number[];
	readonly #missing: Pairs;
	/** Where in the bases to look, if not everywhere. */
	readonly #places: Pairs | undefined;
	readonly #shareSizeMin: number | undefined;
	#salt: Uint8Array | undefined;
	#matches = noMatches;
	/** Of sums, asked for so far. */
	#askedSize = 0;
	/** The level asked for; what of it is counted in units: blocks of the level above. */
	#level = 0;
	/** Units of this level still to ask for, those that a sample stands for, and the sample. */
	#queue: Pairs = noPairs;
	#rest: Pairs = noPairs;
	#sample: Pairs = noPairs;
	/** The round asks for less than it would, and what had been found before it. */
	#isLimited = false;
	#foundBefore = 0;
	#round: Asked[] = [];
	#roundCount = 0;
	#unsent = 0;
	#unanswered = 0;
	#searches: SearchInput[] = [];
	/** By share of the round, what was found; and how many are still searched. */
	#found: Float64Array[] = [];
	#running = 0;
	#done = false;

	constructor({size, basisSizes, missing, shareSizeMin}: DeltaOptions) {
		this.#shape = sumsShape(size);
		this.#basisSizes = basisSizes;
		this.#missing = missing ?? Float64Array.of(0, size);
		if (countOf(this.#missing) < size) this.#places = placesOf(this.#missing);
		this.#shareSizeMin = shareSizeMin;
		if (this.#shape === undefined || basisSizes.every(each => each === 0)) this.#done = true;
		else if (this.#missing.length === 0) this.#done = true;
		else this.#askFirst(this.#shape);
	}

	/** Nothing more will be asked for or searched. */
	get done(): boolean {
		return this.#done;
	}

	/** Found so far of what is missing: rows as in match-list. What they do not cover is literal. */
	get matches(): Float64Array {
		return this.#matches;
	}

	/** What is missing and was not found. */
	get literals(): Pairs {
		return subtract(this.#missing, coverOf(this.#matches));
	}

	/** Octets of sums asked for so far. */
	get sumsSize(): number {
		return this.#askedSize;
	}

	/** The next range of the sums object to fetch. May answer again after `handleMatches`. */
	pollWant(): SumsRange | undefined {
		return this.#round[this.#unsent] === undefined ? undefined : this.#round[this.#unsent++];
	}

	/** Octets of the sums object, in any pieces and order; what was not asked for is ignored. */
	handleBlock(offset: number, data: Uint8Array): void {
		const end = offset + data.length;
		for (let at = this.#firstRange(offset); at < this.#round.length; at++) {
			const range = this.#round[at]!;
			if (range.offset >= end) break;
			const from = Math.max(offset, range.offset);
			const to = Math.min(end, range.offset + range.length);
			if (from < to)
				range.octets.set(data.subarray(from - offset, to - offset), from - range.offset);
		}
	}

	/** All octets of one answer of `pollWant` have been handled. */
	handleDone(): void {
		assert(this.#unanswered > 0, 'a range is done once');
		if (--this.#unanswered === 0) this.#search();
	}

	/** The source has no sums of this file, or will not send them: what was found stands. */
	handleRefused(): void {
		this.#finish();
	}

	/** The next search to run, in any thread. May answer after the last `handleDone` of a round. */
	pollSearch(): SearchInput | undefined {
		return this.#searches.shift();
	}

	/** What one search found. They may end in any order: it makes no difference. */
	handleMatches({share}: SearchInput, matches: Float64Array): void {
		assert(this.#running > 0 && this.#found[share] === undefined, 'a search ends once');
		this.#found[share] = matches;
		if (--this.#running > 0) return;
		for (const each of this.#found) {
			this.#matches = joinMatches(this.#matches, cutMatches(each, this.#missing));
		}
		if (!this.#done) this.#next(this.#shape!);
	}

	#allowance(): number {
		return allowance(countOf(this.#missing), matchedSize(this.#matches));
	}

	/**
	 * The header and the coarsest level, or further levels while they are as good as free; where
	 * parts of the file are here already, of the coarsest level what the others need.
	 */
	#askFirst(shape: SumsShape): void {
		const max = Math.min(firstRequestMax, this.#allowance());
		const sizeTo = (level: number): number => shape.levels[level + 1]?.offset ?? shape.objectSize;
		while (this.#level + 1 < shape.levels.length && sizeTo(this.#level + 1) <= max) this.#level++;
		const {recordSize, levels} = shape;
		const {offset, blockSize, blockCount} = levels[this.#level]!;
		const units = toUnits(this.#missing, blockSize);
		if (this.#level > 0 || countOf(units) === blockCount) {
			this.#ask([{offset: 0, length: sizeTo(this.#level)}]);
			return;
		}
		// A request costs more than the records of what lies between two that are near.
		const pairs = closed(units, Math.floor(requestCost / recordSize));
		const ranges: SumsRange[] = [{offset: 0, length: sumsHeaderSize}];
		for (let at = 0; at < pairs.length; at += 2) {
			const length = (pairs[at + 1]! - pairs[at]!) * recordSize;
			ranges.push({offset: offset + pairs[at]! * recordSize, length});
		}
		this.#ask(ranges);
	}

	#ask(ranges: readonly SumsRange[]): void {
		this.#round = ranges.map(range => ({...range, octets: new Uint8Array(range.length)}));
		this.#roundCount++;
		this.#unsent = 0;
		this.#unanswered = ranges.length;
		for (const {length} of ranges) this.#askedSize += length;
	}

	/** The range of the round that `offset` is in, or the first one after it. */
	#firstRange(offset: number): number {
		let [low, high] = [0, this.#round.length];
		while (low < high) {
			const middle = (low + high) >>> 1;
			const range = this.#round[middle]!;
			if (range.offset + range.length <= offset) low = middle + 1;
			else high = middle;
		}
		return low;
	}

	/** The sums of the round are here. */
	#search(): void {
		const shape = this.#shape!;
		const isFirst = this.#salt === undefined;
		this.#salt ??= parseSumsHeader(this.#round[0]!.octets, shape);
		if (this.#salt === undefined) {
			this.#finish();
			return;
		}
		const {offset, blockSize} = shape.levels[this.#level]!;
		const runs = this.#round
			.filter(range => range.offset + range.length > offset)
			.map(range => ({
				first: Math.max(0, range.offset - offset) / shape.recordSize,
				records: range.octets.subarray(Math.max(0, offset - range.offset)),
			}));
		const margin = shape.levels[this.#level - 1]?.blockSize ?? 0;
		const stretches =
			this.#level > 0 && this.#matches.length === 0 && !isFirst
				? nearStretches(this.#sample, margin, this.#basisSizes)
				: unusedStretches(this.#matches, this.#basisSizes, margin, this.#places);
		const search = {
			fileSize: shape.fileSize,
			salt: this.#salt,
			level: this.#level,
			runs,
			basisSizes: this.#basisSizes,
		};
		let count = 0;
		for (const {records} of runs) count += records.length / shape.recordSize;
		const shares = splitStretches(stretches, blockSize, count, this.#shareSizeMin);
		this.#searches = shares.map((share, index) => ({...search, share: index, stretches: share}));
		this.#found = [];
		this.#running = shares.length;
		this.#round = [];
	}

	/** Decides what comes after a round of searches. */
	#next(shape: SumsShape): void {
		if (this.#queue.length === 0 && this.#sample.length > 0) {
			const parentSize = shape.levels[this.#level - 1]!.blockSize;
			const tried = this.#sample.map(unit => unit * parentSize);
			const isWorth = coveredSize(this.#matches, tried) > this.#costOf(shape, this.#sample);
			if (isWorth) this.#queue = this.#rest;
			this.#sample = noPairs;
		}
		const isVain = this.#isLimited && matchedSize(this.#matches) === this.#foundBefore;
		if (isVain || this.#roundCount === roundsMax) {
			this.#finish();
			return;
		}
		if (this.#queue.length === 0) this.#descend(shape);
		if (this.#queue.length === 0) this.#finish();
		else this.#askQueue(shape);
	}

	/** To the next level: what to ask of it at once, and what to sample. */
	#descend(shape: SumsShape): void {
		const parent = shape.levels[this.#level]!;
		const {literals} = this;
		if (this.#level + 1 === shape.levels.length || literals.length === 0) return;
		this.#level++;
		const units = toUnits(literals, parent.blockSize);
		const ends: number[] = [];
		for (let at = 0; at < units.length; at += 2) {
			const [start, end] = [units[at]!, units[at + 1]!];
			if (start > 0) ends.push(start, start + 1);
			if (end < parent.blockCount) ends.push(end - 1, end);
		}
		const near = join(ends);
		const far = subtract(units, near);
		this.#sample = pick(far, sampleCount);
		this.#rest = subtract(far, this.#sample);
		this.#queue = unite(near, this.#sample);
	}

	/** Asks for as much of the queue as the bounds allow; the rest of it waits for the next round. */
	#askQueue(shape: SumsShape): void {
		const {offset, blockSize, blockCount} = shape.levels[this.#level]!;
		const perUnit = shape.levels[this.#level - 1]!.blockSize / blockSize;
		const allowed = this.#allowance() - this.#askedSize;
		let units = head(this.#queue, Math.floor(recordsMax / perUnit));
		this.#foundBefore = matchedSize(this.#matches);
		this.#isLimited = this.#costOf(shape, units) > allowed;
		if (this.#isLimited) {
			units = pick(this.#queue, Math.floor(allowed / (perUnit * shape.recordSize + requestCost)));
		}
		if (units.length === 0) {
			this.#finish();
			return;
		}
		this.#queue = subtract(this.#queue, units);
		const ranges: SumsRange[] = [];
		const near = Math.floor(requestCost / (perUnit * shape.recordSize));
		const wide = closed(units, near);
		for (let at = 0; at < wide.length; at += 2) {
			const first = wide[at]! * perUnit;
			const count = Math.min(wide[at + 1]! * perUnit, blockCount) - first;
			const length = count * shape.recordSize;
			ranges.push({offset: offset + first * shape.recordSize, length});
		}
		this.#ask(ranges);
	}

	/** What asking for these units of the current level costs. */
	#costOf(shape: SumsShape, units: Pairs): number {
		const {blockSize} = shape.levels[this.#level]!;
		const perUnit = shape.levels[this.#level - 1]!.blockSize / blockSize;
		return countOf(units) * perUnit * shape.recordSize + (units.length / 2) * requestCost;
	}

	#finish(): void {
		this.#done = true;
		this.#round = [];
		this.#searches = [];
	}
}
