/**
 * Reads ranges of a source's files for its clients. A file is reached from the tree's held root
 * one component at a time and never through a symlink, so nothing outside the tree can be sent;
 * it is compared with its entry before and after the read, so nothing torn is sent either.
 */
import {ShoalError} from '../error.ts';
import type {DirHandle, FileHandle, Stat, TreeIo} from '../platform/tree.ts';
import {baseName} from '../snapshot/path.ts';
import {refuseCode} from '../wire/frame.ts';
import {costPerFile} from './cost.ts';
import {DirectoryWalk} from './directory-walk.ts';
import {pathAt} from './packed-octets.ts';
import {defineTask} from './task.ts';

/** Ranges to read: columns of equal length, so that a batch crosses threads as a few arrays. */
export type ReadBatch = {
	readonly root: DirHandle;
	/** Whole paths one after another, and where each ends. */
	readonly paths: Uint8Array;
	readonly pathEnds: Uint32Array;
	readonly offsets: Float64Array;
	readonly lengths: Uint32Array;
	/** What is known of each file: `expectedSize` numbers. */
	readonly expected: Float64Array;
	/** What is said of a file that is another one: that it is stale, or not to be had here. */
	readonly otherwise: number;
	/** Where the ranges are put, one after another, each with its length: shared memory. */
	readonly into: Uint8Array;
};

/** Size, mtime seconds, mtime nanoseconds, and the inode, to the 53 bits of a number; 0: any. */
export const expectedSize = 4;

export type ReadResult = {
	/** 0, or a refuseCode: then its octets are zero. One per range. */
	readonly status: Uint8Array;
};

export const readRanges = defineTask({
	name: 'read',
	run(input: ReadBatch, {tree}): ReadResult {
		const count = input.lengths.length;
		const status = new Uint8Array(count);
		const walk = new DirectoryWalk(tree, input.root);
		let at = 0;
		for (let index = 0; index < count; index++) {
			const into = input.into.subarray(at, at + input.lengths[index]!);
			at += into.length;
			const code = readOne(walk, tree, pathAt(input, index), input, index, into);
			if (code !== 0) into.fill(0);
			status[index] = code;
		}
		walk.release();
		return {status};
	},
});

/** What a batch costs: its octets, and each file that is opened. */
export function readCost({lengths}: Pick<ReadBatch, 'lengths'>): number {
	return lengths.reduce((sum, length) => sum + length, lengths.length * costPerFile);
}

/** Reads one range of a batch whole: 0, or a refuseCode. */
export function readOne(
	walk: DirectoryWalk,
	tree: TreeIo,
	path: Uint8Array,
	input: Pick<ReadBatch, 'offsets' | 'expected' | 'otherwise'>,
	index: number,
	into: Uint8Array,
): number {
	let file: FileHandle | undefined;
	try {
		const parent = walk.parent(path);
		file = parent && tree.openRead(parent, baseName(path));
		if (file === undefined) return input.otherwise;
		if (!isAsListed(tree.statFile(file), input.expected, index)) return input.otherwise;
		const read = tree.read(file, into, input.offsets[index]!);
		if (read < into.length) return input.otherwise;
		return isAsListed(tree.statFile(file), input.expected, index) ? 0 : input.otherwise;
	} catch (error) {
		if (!(error instanceof ShoalError)) throw error;
		return refuseCode.unreadable;
	} finally {
		if (file !== undefined) tree.closeFile(file);
	}
}

/** Whether a file is the one of row `index` of `ReadBatch.expected`. */
export function isAsListed(stat: Stat, expected: Float64Array, index: number): boolean {
	const at = index * expectedSize;
	const ino = expected[at + 3];
	return (
		stat.size === expected[at] &&
		stat.mtimeSec === expected[at + 1] &&
		stat.mtimeNsec === expected[at + 2] &&
		(ino === 0 || Number(stat.ino) === ino)
	);
}
