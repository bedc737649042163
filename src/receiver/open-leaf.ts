/** What an intake knows of the files and leaves that are under way. */
import {leafSize} from '../limit.ts';
import type {LeavesVerifier} from '../snapshot/leaves-verifier.ts';
import {RangeSet} from '../transfer/range-set.ts';
import type {Micros} from '../unit.ts';
import {unpackStretches} from '../wire/patch.ts';

/** What is known of a leaf of a file. */
export const leafState = {wanted: 0, open: 1, closing: 2, verified: 3} as const;

/** A file of more than one leaf. */
export type LargeFile = {
	readonly leaves: LeavesVerifier;
	readonly state: Uint8Array;
	/** Leaves not verified. */
	left: number;
	/** Leaves that are whole but whose hash has not come. */
	readonly waiting: Set<OpenLeaf>;
	/** Hashes of what an earlier run left, zeros where it left nothing; until they are compared. */
	prior: Uint8Array | undefined;
	/** `onLeaves` was called. */
	isTold: boolean;
};

type Patch = {readonly lacked: Uint8Array; readonly data: Uint8Array};

export type OpenLeaf = {
	readonly row: number;
	readonly index: number;
	/** In the file. */
	readonly start: number;
	readonly length: number;
	buffer: Uint8Array | undefined;
	/** What has come, and what of it is in `buffer`: the rest is in the staged file. */
	readonly have: RangeSet;
	readonly memory: RangeSet;
	/** Some of it was copied from DEST: if it is wrong, that is not the source's doing. */
	isCopied: boolean;
	/** What it is, where all of it was copied at once. */
	hash: Uint8Array | undefined;
	pendingWrites: number;
	/** What is to be made, of what is here, of what was lacked. */
	patch: Patch | undefined;
	touched: Micros;
};

/** Nothing of it is here yet. */
export function openLeaf(row: number, index: number, length: number, now: Micros): OpenLeaf {
	return {
		row,
		index,
		start: index * leafSize,
		length,
		buffer: undefined,
		have: new RangeSet(),
		memory: new RangeSet(),
		isCopied: false,
		hash: undefined,
		pendingWrites: 0,
		patch: undefined,
		touched: now,
	};
}

/** A patch has come. Answers the octets of one in whose place it is. */
export function addPatch(leaf: OpenLeaf, patch: Patch): number {
	const octets = leaf.patch?.data.length ?? 0;
	leaf.patch = patch;
	// What it makes may be wrong because what was copied is.
	leaf.isCopied = true;
	const stretches = unpackStretches(patch.lacked, leaf.length)!;
	for (let at = 0; at < stretches.length; at += 2) {
		leaf.have.add(stretches[at]!, stretches[at + 1]!);
	}
	return octets;
}

/** All of it is here, in memory or in the staged file. */
export function isWhole({have, length}: OpenLeaf): boolean {
	return have.total === length;
}
