/**
 * Makes what receivers lack of leaves of which they hold the rest: each patch from one leaf alone.
 * One batch is for one session; what it costs is bounded by the leaves that it names.
 */
import {concatenate} from '../concatenate.ts';
import type {Compression} from '../platform/compression.ts';
import {refuseCode} from '../wire/frame.ts';
import {
	contextOf,
	lackedOf,
	patchForm,
	type Stretches,
	sizeOf,
	unpackStretches,
} from '../wire/patch.ts';
import {costPerFile} from './cost.ts';
import {DirectoryWalk} from './directory-walk.ts';
import {octetsAt, pathAt} from './packed-octets.ts';
import {type ReadBatch, readOne} from './read.ts';
import {defineTask} from './task.ts';

/** One leaf of a file for each range; what is lacked of them, one after another. */
export type PatchInput = Omit<ReadBatch, 'into'> & {
	readonly lacked: Uint8Array;
	readonly lackedEnds: Uint32Array;
};

export type PatchOutput = {
	/** 0, or a refuseCode: then there is no patch. One per range. */
	readonly status: Uint8Array;
	/** The patches, one after another, and where each ends. */
	readonly octets: Uint8Array;
	readonly ends: Uint32Array;
};

export const makePatches = defineTask({
	name: 'patch',
	run(input: PatchInput, {tree, compression, aborted}): PatchOutput {
		const count = input.lengths.length;
		const status = new Uint8Array(count);
		const ends = new Uint32Array(count);
		const parts: Uint8Array[] = [];
		const walk = new DirectoryWalk(tree, input.root);
		let end = 0;
		for (let index = 0; index < count; index++) {
			const leaf = new Uint8Array(input.lengths[index]!);
			const path = pathAt(input, index);
			const lacked = octetsAt({bytes: input.lacked, ends: input.lackedEnds}, index);
			const stretches = unpackStretches(lacked, leaf.length);
			let code: number = refuseCode.invalid;
			if (aborted()) code = refuseCode.unavailable;
			else if (stretches !== undefined) code = readOne(walk, tree, path, input, index, leaf);
			status[index] = code;
			if (code === 0) {
				const patch = makePatch(compression, leaf, stretches!);
				parts.push(patch);
				end += patch.length;
			}
			ends[index] = end;
		}
		walk.release();
		return {status, octets: concatenate(parts), ends};
	},
	transfer: ({octets}) => [octets.buffer],
});

/** What a batch costs: of each leaf, about what compressing it as a whole does. */
export function patchCost({lengths}: Pick<PatchInput, 'lengths'>): number {
	return lengths.reduce((sum, length) => sum + length, 0) * 20 + lengths.length * costPerFile;
}

/** What stands for the octets of `leaf` in `stretches`, for who has all others. */
export function makePatch(
	compression: Compression | undefined,
	leaf: Uint8Array,
	stretches: Stretches,
): Uint8Array {
	const lacked = lackedOf(leaf, stretches);
	let form: number = patchForm.plain;
	let best = lacked;
	if (compression !== undefined) {
		const context = contextOf(leaf, stretches);
		const made = compression.compress('deflate', deflateLevel, lacked, context);
		if (made.length < best.length) [form, best] = [patchForm.deflate, made];
		const alone = compression.compress('brotli', brotliLevel, lacked);
		if (alone.length < best.length) [form, best] = [patchForm.brotli, alone];
	}
	const patch = new Uint8Array(1 + best.length);
	patch[0] = form;
	patch.set(best, 1);
	return patch;
}

/**
 * Puts what `patch` stands for into `leaf`, which has all that is not in `stretches`; false: it
 * stands for none, or for more or fewer octets. Whether they are right, the leaf's hash says.
 */
export function applyPatch(
	compression: Compression | undefined,
	patch: Uint8Array,
	leaf: Uint8Array,
	stretches: Stretches,
): boolean {
	const size = sizeOf(stretches);
	const octets = expand(compression, patch, leaf, stretches, size);
	if (octets?.length !== size) return false;
	let from = 0;
	for (let at = 0; at < stretches.length; at += 2) {
		const length = stretches[at + 1]! - stretches[at]!;
		leaf.set(octets.subarray(from, from + length), stretches[at]!);
		from += length;
	}
	return true;
}

function expand(
	compression: Compression | undefined,
	patch: Uint8Array,
	leaf: Uint8Array,
	stretches: Stretches,
	size: number,
): Uint8Array | undefined {
	const octets = patch.subarray(1);
	switch (patch[0]) {
		case patchForm.plain:
			return octets;
		case patchForm.deflate:
			return compression?.expand('deflate', octets, size, contextOf(leaf, stretches));
		case patchForm.brotli:
			return compression?.expand('brotli', octets, size);
		default:
			return undefined;
	}
}

/** A patch is made once for all who lack the same, of few octets. */
const deflateLevel = 9;
const brotliLevel = 9;
