/**
 * Block sums of files that came from elsewhere, and their leaf hashes where these did not come
 * too: made when they are first wanted, from parts of files that are read once. A file is compared
 * with what is known of it before and after, as for any read that a client asked for.
 */
import type {SumsPart} from '../delta/sums-builder.ts';
import {ShoalError} from '../error.ts';
import type {FileHandle} from '../platform/tree.ts';
import {baseName} from '../snapshot/path.ts';
import {refuseCode} from '../wire/frame.ts';
import {costPerFile} from './cost.ts';
import {DirectoryWalk} from './directory-walk.ts';
import {type HashedFile, hashRange, join, readSize, saltOf} from './hash.ts';
import {pathAt} from './packed-octets.ts';
import {expectedSize, isAsListed, type ReadBatch} from './read.ts';
import {defineTask, type TaskContext} from './task.ts';

/** Parts of files: columns of equal length. */
export type SumInput = Pick<
	ReadBatch,
	'root' | 'paths' | 'pathEnds' | 'expected' | 'otherwise' | 'lengths' | 'offsets'
> & {
	/** 1 where leaf hashes are known: only sums are made. */
	readonly sumsOnly: Uint8Array;
	/** Of each file: no two have the same; with the secret it makes the salt. */
	readonly numbers: Uint32Array;
	readonly secret: Uint8Array;
};

export type SummedPart = {
	/** 0, or a refuseCode: then there is nothing else. */
	readonly status: number;
	/** 32 octets for each leaf, unless they are known. */
	readonly leafHashes: Uint8Array;
	/** Undefined: a file of this size has none. */
	readonly sums: SumsPart | undefined;
	/** In their place, if the part is all of the file; its digest says nothing of `sumsOnly`. */
	readonly file?: HashedFile;
};

export const sum = defineTask({
	name: 'sum',
	run(input: SumInput, context): readonly SummedPart[] {
		const walk = new DirectoryWalk(context.tree, input.root);
		const longest = input.lengths.reduce((most, each) => Math.max(most, each), 0);
		const buffer = new Uint8Array(Math.min(readSize, longest));
		try {
			return Array.from(input.lengths, (_, index) => sumOne(input, context, walk, index, buffer));
		} finally {
			walk.release();
		}
	},
	transfer: parts =>
		parts
			.flatMap(({leafHashes, sums, file}) => [leafHashes, sums?.records, file?.leaves, file?.sums])
			.filter(octets => octets !== undefined && octets.length > 0)
			.map(octets => octets!.buffer),
});

/** What a job costs: its octets, and each file that is opened. */
export function sumCost({lengths}: Pick<SumInput, 'lengths'>): number {
	return lengths.reduce((total, length) => total + length, lengths.length * costPerFile);
}

function sumOne(
	input: SumInput,
	context: TaskContext,
	walk: DirectoryWalk,
	index: number,
	buffer: Uint8Array,
): SummedPart {
	const {tree} = context;
	const {expected, otherwise} = input;
	const path = pathAt(input, index);
	let file: FileHandle | undefined;
	try {
		const parent = walk.parent(path);
		file = parent && tree.openRead(parent, baseName(path));
		if (file === undefined) return refused(otherwise);
		if (!isAsListed(tree.statFile(file), expected, index)) return refused(otherwise);
		const size = expected[index * expectedSize]!;
		const start = input.offsets[index]!;
		const end = start + input.lengths[index]!;
		const salt = saltOf(context, input.secret, input.numbers[index]!);
		const sumsOnly = input.sumsOnly[index] === 1;
		const found = hashRange(context, file, size, {start, end, salt, buffer, sumsOnly});
		const isSame = isAsListed(tree.statFile(file), expected, index);
		if (found === undefined || !isSame) return refused(otherwise);
		if (end - start < size) return {status: 0, ...found};
		const {leafHashes, sums} = found;
		return {status: 0, ...nothing, file: join(context, size, salt, leafHashes, sums)};
	} catch (error) {
		if (!(error instanceof ShoalError)) throw error;
		return refused(refuseCode.unreadable);
	} finally {
		if (file !== undefined) tree.closeFile(file);
	}
}

const nothing = {leafHashes: new Uint8Array(0), sums: undefined};

function refused(status: number): SummedPart {
	return {status, ...nothing};
}
