/** Searches basis files for blocks of the source's file, and copies what was found. */
import {matchRowSize} from '../delta/match-list.ts';
import type {SearchStatistics} from '../delta/search.ts';
import {makeSearch, type SearchInput} from '../delta/search-input.ts';
import {stretchRowSize} from '../delta/stretches.ts';
import {ShoalError} from '../error.ts';
import {digestSize, leafSize} from '../limit.ts';
import type {FileHandle, TreeIo} from '../platform/tree.ts';
import {leafHash} from '../snapshot/merkle.ts';
import {writeSparse} from './sparse-file.ts';
import {defineTask} from './task.ts';

const copySize = 1 << 20;

export type MatchInput = {
	/** As `Delta.pollSearch` hands it out. */
	readonly search: SearchInput;
	/** The basis files, in the order of `search.basisSizes`, open for reading; some may be gone. */
	readonly bases: readonly (FileHandle | undefined)[];
};

export type MatchOutput = {
	/** For `Delta.handleMatches`. */
	readonly matches: Float64Array;
	readonly statistics: SearchStatistics;
};

/**
 * One search. A basis that became shorter ends early; one that changes meanwhile yields matches
 * that the leaves' digests refute; one that is gone, or cannot be read, has nothing.
 */
export const match = defineTask<MatchInput, MatchOutput>({
	name: 'match',
	run({search: input, bases}, {tree, aborted, openSearchMemory}) {
		const search = makeSearch(input, openSearchMemory);
		const {stretches, basisSizes} = input;
		for (let row = 0; row < stretches.length && !aborted(); row += stretchRowSize) {
			const basis = stretches[row]!;
			const end = stretches[row + 2]!;
			let offset = stretches[row + 1]!;
			search.start(basis, offset);
			while (offset < end && !aborted()) {
				const space = search.space();
				const into = space.subarray(0, Math.min(space.length, end - offset));
				const count = readThere(tree, bases[basis], into, offset);
				search.filled(count);
				offset += count;
				if (count < into.length) break;
			}
			search.end(offset === basisSizes[basis]);
		}
		search.close();
		return {matches: search.matches(), statistics: search.statistics};
	},
	transfer: ({matches}) => [matches.buffer as ArrayBuffer],
});

export type CopyInput = {
	/** Rows as in match-list. */
	readonly matches: Float64Array;
	readonly bases: readonly (FileHandle | undefined)[];
	/** The file that is put together, open for writing. */
	readonly to: FileHandle;
	/** Octets that the file will have, and whether zeros become holes in it. */
	readonly fileSize: number;
	readonly isSparse: boolean;
};

export type CopyOutput = {
	/** The ranges of the file that were written, rising: pairs of start and end. */
	readonly copied: Float64Array;
	/** Leaves of it that one row covers, and the hashes of what was written there, in that order. */
	readonly leaves: Uint32Array;
	readonly hashes: Uint8Array;
};

/**
 * Copies matches from the bases to their places in the file, and hashes the leaves that it passes
 * whole: what they should be, the caller knows. Other leaves are verified as those that travelled.
 * @throws ShoalError DESTINATION_FULL, DESTINATION_FAILED
 */
export const copyMatches = defineTask<CopyInput, CopyOutput>({
	name: 'copy-matches',
	run({matches, bases, to, fileSize, isSparse}, {tree, sha256, aborted}) {
		const buffer = new Uint8Array(copySize);
		const copied: number[] = [];
		const leaves: number[] = [];
		const found: Uint8Array[] = [];
		for (let row = 0; row < matches.length && !aborted(); row += matchRowSize) {
			const [start, end] = [matches[row]!, matches[row]! + matches[row + 3]!];
			const shift = matches[row + 2]! - start;
			let at = start;
			while (at < end) {
				// Pieces end where leaves do, so that none is cut in two.
				const into = buffer.subarray(0, Math.min(end, leafFloor(at) + copySize) - at);
				const count = readThere(tree, bases[matches[row + 1]!], into, at + shift);
				const octets = into.subarray(0, count);
				if (isSparse) writeSparse(tree, to, octets, at, fileSize);
				else tree.write(to, octets, at);
				for (let leaf = leafCeil(at); ; leaf += leafSize) {
					const leafEnd = Math.min(fileSize, leaf + leafSize);
					if (leaf >= leafEnd || leafEnd > at + count) break;
					leaves.push(leaf / leafSize);
					found.push(leafHash(sha256, octets.subarray(leaf - at, leafEnd - at)));
				}
				at += count;
				if (count < into.length) break;
			}
			if (at > start) copied.push(start, at);
		}
		const hashes = new Uint8Array(found.length * digestSize);
		for (const [index, hash] of found.entries()) hashes.set(hash, index * digestSize);
		return {copied: Float64Array.from(copied), leaves: Uint32Array.from(leaves), hashes};
	},
	transfer: ({copied, leaves, hashes}) =>
		[copied, leaves, hashes].map(each => each.buffer as ArrayBuffer),
});

const leafFloor = (offset: number): number => offset - (offset % leafSize);
const leafCeil = (offset: number): number => Math.ceil(offset / leafSize) * leafSize;

/** What of `into` a basis can still fill: a file that fails must not cost what others have. */
export function readThere(
	tree: TreeIo,
	basis: FileHandle | undefined,
	into: Uint8Array,
	offset: number,
): number {
	if (basis === undefined) return 0;
	try {
		return tree.read(basis, into, offset);
	} catch (error) {
		if (error instanceof ShoalError) return 0;
		throw error;
	}
}
