/** Runs a Delta to its end in memory: the source answers from its sums object, in any order. */
import platform from '#platform';
import {Delta} from '../../src/delta/delta.ts';
import {literalRanges, matchRowSize} from '../../src/delta/match-list.ts';
import {makeSearch, type SearchInput} from '../../src/delta/search-input.ts';
import {stretchRowSize} from '../../src/delta/stretches.ts';
import {joinSums, SumsBuilder} from '../../src/delta/sums-builder.ts';
import type {Prng} from './prng.ts';

/** The sums object of `content`. */
export function makeSums(content: Uint8Array, salt: Uint8Array): Uint8Array {
	const openMemory = platform.openSearchMemory;
	const builder = new SumsBuilder({size: content.length, salt, openMemory});
	builder.update(content);
	return joinSums(content.length, salt, [builder.finish()]);
}

export type DeltaRun = {
	readonly matches: Float64Array;
	/** Octets of sums that were asked for. */
	readonly sumsSize: number;
	readonly rangeCount: number;
	/** Times that sums were waited for. */
	readonly roundCount: number;
	/** Octets of basis that were searched, all searches together. */
	readonly searched: number;
};

export type DeltaRunOptions = {
	readonly size: number;
	readonly sums: Uint8Array;
	readonly bases: readonly Uint8Array[];
	readonly prng: Prng;
	readonly shareSizeMin?: number;
	readonly missing?: Float64Array;
};

export function runDelta({size, sums, bases, prng, ...options}: DeltaRunOptions): DeltaRun {
	const basisSizes = bases.map(basis => basis.length);
	const delta = new Delta({size, basisSizes, ...options});
	let [rangeCount, roundCount, searched] = [0, 0, 0];
	while (!delta.done) {
		const pieces: [number, Uint8Array][] = [];
		const before = rangeCount;
		for (let want = delta.pollWant(); want !== undefined; want = delta.pollWant()) {
			rangeCount++;
			const end = want.offset + want.length;
			for (let at = want.offset; at < end; at += 1100) {
				pieces.push([at, sums.subarray(at, Math.min(end, at + 1100))]);
			}
		}
		roundCount++;
		while (pieces.length > 0) {
			const [piece] = pieces.splice(prng.below(pieces.length), 1);
			delta.handleBlock(...piece!);
		}
		for (let left = rangeCount - before; left > 0; left--) delta.handleDone();
		const searches: SearchInput[] = [];
		for (let next = delta.pollSearch(); next !== undefined; next = delta.pollSearch()) {
			searches.push(next);
		}
		while (searches.length > 0) {
			const [input] = searches.splice(prng.below(searches.length), 1);
			const search = makeSearch(input!, platform.openSearchMemory);
			const {stretches} = input!;
			for (let row = 0; row < stretches.length; row += stretchRowSize) {
				const [basis, start, end] = stretches.subarray(row, row + stretchRowSize);
				search.start(basis!, start!);
				search.push(bases[basis!]!.subarray(start!, end!));
				search.end(end === basisSizes[basis!]);
				searched += end! - start!;
			}
			search.close();
			delta.handleMatches(input!, search.matches());
		}
	}
	return {matches: delta.matches, sumsSize: delta.sumsSize, rangeCount, roundCount, searched};
}

/** The file as a receiver puts it together: matches from the bases, literals from the source. */
export function assemble(
	matches: Float64Array,
	bases: readonly Uint8Array[],
	source: Uint8Array,
): Uint8Array {
	const result = new Uint8Array(source.length);
	for (let row = 0; row < matches.length; row += matchRowSize) {
		const [to, basis, from, length] = matches.subarray(row, row + matchRowSize);
		result.set(bases[basis!]!.subarray(from!, from! + length!), to!);
	}
	const literals = literalRanges(matches, source.length);
	for (let pair = 0; pair < literals.length; pair += 2) {
		const [start, end] = [literals[pair]!, literals[pair + 1]!];
		result.set(source.subarray(start, end), start);
	}
	return result;
}
