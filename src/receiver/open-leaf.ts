/** What an intake knows of the files and leaves that are under way. */
import type {LeavesVerifier} from '../snapshot/leaves-verifier.ts';
import type {RangeSet} from '../transfer/range-set.ts';
import type {Micros} from '../unit.ts';

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
	/** Compressed leaves whose hash has not come. */
	readonly compressed: Map<number, {readonly form: number; readonly octets: Uint8Array}>;
};

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
	touched: Micros;
};

/** All of it is here, in memory or in the staged file. */
export function isWhole({have, length}: OpenLeaf): boolean {
	return have.total === length;
}
