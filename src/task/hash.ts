/**
 * Digests, leaf hashes and sums of files, read once. Small files are hashed many to a job; a large
 * one is hashed in parts by several threads, and `hashJoin` puts them together.
 *
 * A file counts only if its stat is what was expected before its first octet was read and after
 * its last: else it is stale, and the others go on.
 */
import {concatenate} from '../concatenate.ts';
import {saltSize, sumsShape} from '../delta/shape.ts';
import {joinSums, SumsBuilder, type SumsPart} from '../delta/sums-builder.ts';
import {ShoalError} from '../error.ts';
import {digestSize, leafSize} from '../limit.ts';
import type {DirHandle, FileHandle, Stat} from '../platform/tree.ts';
import {leafCount, leafHash, makeLeaves, treeRoot} from '../snapshot/merkle.ts';
import {baseName} from '../snapshot/path.ts';
import {DirectoryWalk} from './directory-walk.ts';
import {pathAt} from './packed-octets.ts';
import type {ScanProblem} from './scan.ts';
import type {ScanColumns} from './scan-columns.ts';
import {defineTask, type TaskContext} from './task.ts';

/** What a file's stat has to be: one place per file in each column. */
export type ExpectedStat = Pick<
	ScanColumns,
	'size' | 'mtimeSec' | 'mtimeNsec' | 'ctimeSec' | 'ctimeNsec' | 'ino' | 'dev'
>;

export type HashInput = {
	readonly root: DirHandle;
	/** Whole paths of regular files, one after another, and where each ends. */
	readonly paths: Uint8Array;
	readonly pathEnds: Uint32Array;
	readonly expected: ExpectedStat;
	/** Of each file in this run of hashing: no two have the same. */
	readonly numbers: Uint32Array;
	/** What salts are made of: drawn for each run, or empty: then no sums are made. */
	readonly secret: Uint8Array;
};

export const hashStatus = {hashed: 0, stale: 1, unreadable: 2} as const;

export type HashOutput = {
	/** `hashStatus` of each file; what is not hashed has zeros and empty objects. */
	readonly status: Uint8Array;
	/** 32 octets for each file. */
	readonly digests: Uint8Array;
	/** Leaves objects, one after another, and where each ends. Empty for one leaf or none. */
	readonly leaves: Uint8Array;
	readonly leavesEnds: Float64Array;
	/** Sums objects likewise. Empty for a file too small to have one. */
	readonly sums: Uint8Array;
	readonly sumsEnds: Float64Array;
	/** Unix milliseconds before anything was read. */
	readonly hashedAtMs: number;
	readonly problems: readonly ScanProblem[];
};

/** Octets read at once: large enough that the call does not show, small enough for the cache. */
export const readSize = 16 * leafSize;

export const hash = defineTask({
	name: 'hash',
	run(input: HashInput, context): HashOutput {
		const {tree, aborted} = context;
		const count = input.pathEnds.length;
		const output = new OutputBuilder(count, context.clock.wallMs());
		const walk = new DirectoryWalk(tree, input.root);
		const buffer = new Uint8Array(Math.min(readSize, largest(input.expected.size)));
		try {
			for (let index = 0; index < count && !aborted(); index++) {
				const path = pathAt(input, index);
				const salt = saltOf(context, input.secret, input.numbers[index]!);
				const end = input.expected.size[index]!;
				const range = {start: 0, end, salt, buffer};
				try {
					const found = readRange(context, walk, path, input.expected, index, range);
					if (found === undefined) output.stale(index, path);
					else output.hashed(index, join(context, end, salt, found.leafHashes, found.sums));
				} catch (error) {
					if (!(error instanceof ShoalError)) throw error;
					output.unreadable(index, path, error);
				}
			}
		} finally {
			walk.release();
		}
		return output.finish();
	},
	transfer: transferOf,
});

export type HashPartInput = HashInput & {
	/** Of the first file: a multiple of `partUnit`, or its end. */
	readonly start: number;
	readonly end: number;
};

export type HashPart = {
	/** 32 octets for each leaf in the range; undefined if the file is stale. */
	readonly leafHashes: Uint8Array | undefined;
	readonly sums: SumsPart | undefined;
	readonly hashedAtMs: number;
};

/** Parts of a file begin at a multiple of this: of a leaf, and of every file's coarsest block. */
export const partUnit = 4 * 1024 * 1024;

/** Hashes a part of one file. @throws ShoalError FILE_UNREADABLE */
export const hashPart = defineTask({
	name: 'hash-part',
	run(input: HashPartInput, context): HashPart {
		const hashedAtMs = context.clock.wallMs();
		const walk = new DirectoryWalk(context.tree, input.root);
		const {start, end} = input;
		const salt = saltOf(context, input.secret, input.numbers[0]!);
		const buffer = new Uint8Array(readSize);
		try {
			const range = {start, end, salt, buffer};
			const found = readRange(context, walk, pathAt(input, 0), input.expected, 0, range);
			return {leafHashes: found?.leafHashes, sums: found?.sums, hashedAtMs};
		} finally {
			walk.release();
		}
	},
	transfer: ({leafHashes, sums}) =>
		[leafHashes?.buffer, sums?.records.buffer].filter(buffer => buffer !== undefined),
});

export type HashJoinInput = Pick<HashInput, 'secret'> & {
	readonly size: number;
	readonly number: number;
	/** Of all parts, in order of the file. */
	readonly leafHashes: readonly Uint8Array[];
	readonly sums: readonly SumsPart[];
};

export type HashedFile = {
	readonly digest: Uint8Array;
	readonly leaves: Uint8Array;
	readonly sums: Uint8Array;
};

/** What `hash` answers for one file, from the parts of it. */
export const hashJoin = defineTask({
	name: 'hash-join',
	run({size, secret, number, leafHashes, sums}: HashJoinInput, context): HashedFile {
		const hashes = concatenate(leafHashes);
		const salt = saltOf(context, secret, number);
		const {digest, leaves} = join(context, size, salt, hashes, undefined);
		const object = sums.length === 0 ? new Uint8Array(0) : joinSums(size, salt, sums);
		return {digest, leaves, sums: object};
	},
});

/** Nobody outside can tell it before the sums are served, so none can prepare contents for it. */
export function saltOf({crypto}: TaskContext, secret: Uint8Array, number: number): Uint8Array {
	if (secret.length === 0) return secret;
	const name = Uint8Array.of(number, number >> 8, number >> 16, number >> 24);
	return crypto.hmac('SHA256', secret, name).subarray(0, saltSize);
}

export type HashRange = {
	readonly start: number;
	readonly end: number;
	/** Empty: no sums. */
	readonly salt: Uint8Array;
	readonly buffer: Uint8Array;
	/** Leaf hashes are known: only sums are made. */
	readonly sumsOnly?: boolean;
};

type Found = {readonly leafHashes: Uint8Array; readonly sums: SumsPart | undefined};

/** Undefined if the file is not what was expected. @throws ShoalError FILE_UNREADABLE */
function readRange(
	context: TaskContext,
	walk: DirectoryWalk,
	path: Uint8Array,
	expected: ExpectedStat,
	index: number,
	range: HashRange,
): Found | undefined {
	const {tree} = context;
	const dir = walk.parent(path);
	const file = dir && tree.openRead(dir, baseName(path));
	if (file === undefined) return undefined;
	try {
		if (!isExpected(tree.statFile(file), expected, index)) return undefined;
		const found = hashRange(context, file, expected.size[index]!, range);
		return isExpected(tree.statFile(file), expected, index) ? found : undefined;
	} finally {
		tree.closeFile(file);
	}
}

/** Reads a part of a file once; undefined if it ends before that part does. */
export function hashRange(
	{tree, sha256, aborted, openSearchMemory: openMemory}: TaskContext,
	file: FileHandle,
	size: number,
	{start, end, salt, buffer, sumsOnly = false}: HashRange,
): Found | undefined {
	const leafHashes = new Uint8Array(sumsOnly ? 0 : leafCount(end - start) * digestSize);
	const hasSums = salt.length > 0 && sumsShape(size) !== undefined;
	const sums = hasSums ? new SumsBuilder({size, salt, start, end, openMemory}) : undefined;
	let leaf = 0;
	for (let at = start; at < end; at += buffer.length) {
		const wanted = buffer.subarray(0, Math.min(buffer.length, end - at));
		if (aborted() || tree.read(file, wanted, at) < wanted.length) return undefined;
		for (let from = 0; !sumsOnly && from < wanted.length; from += leafSize) {
			const octets = wanted.subarray(from, from + leafSize);
			leafHashes.set(leafHash(sha256, octets), leaf++ * digestSize);
		}
		sums?.update(wanted);
	}
	return {leafHashes, sums: sums?.finish()};
}

/** What is kept of a file whose octets have all been read. */
export function join(
	{sha256}: TaskContext,
	size: number,
	salt: Uint8Array,
	leafHashes: Uint8Array,
	sums: SumsPart | undefined,
): HashedFile {
	return {
		digest: treeRoot(sha256, leafHashes),
		leaves: makeLeaves(sha256, leafHashes),
		sums: sums === undefined ? new Uint8Array(0) : joinSums(size, salt, [sums]),
	};
}

export function isExpected(stat: Stat, expected: ExpectedStat, index: number): boolean {
	return (
		stat.size === expected.size[index] &&
		stat.mtimeSec === expected.mtimeSec[index] &&
		stat.mtimeNsec === expected.mtimeNsec[index] &&
		stat.ctimeSec === expected.ctimeSec[index] &&
		stat.ctimeNsec === expected.ctimeNsec[index] &&
		stat.ino === expected.ino[index] &&
		stat.dev === expected.dev[index]
	);
}

/** The problem of a file that is not what the scan saw. */
export function stale(path: Uint8Array): ScanProblem {
	const message = 'it changed, or went, between being listed and being read';
	return {path: path.slice(), code: 'SOURCE_STALE', message};
}

/** Gathers what a job found, flat. */
class OutputBuilder {
	readonly #status: Uint8Array;
	readonly #digests: Uint8Array;
	readonly #leaves: Uint8Array[];
	readonly #sums: Uint8Array[];
	readonly #problems: ScanProblem[] = [];
	readonly #hashedAtMs: number;

	constructor(count: number, hashedAtMs: number) {
		this.#status = new Uint8Array(count).fill(hashStatus.stale);
		this.#digests = new Uint8Array(count * digestSize);
		this.#leaves = new Array(count).fill(new Uint8Array(0));
		this.#sums = new Array(count).fill(new Uint8Array(0));
		this.#hashedAtMs = hashedAtMs;
	}

	hashed(index: number, file: HashedFile): void {
		this.#status[index] = hashStatus.hashed;
		this.#digests.set(file.digest, index * digestSize);
		this.#leaves[index] = file.leaves;
		this.#sums[index] = file.sums;
	}

	stale(index: number, path: Uint8Array): void {
		this.#status[index] = hashStatus.stale;
		this.#problems.push(stale(path));
	}

	unreadable(index: number, path: Uint8Array, {code, message}: ShoalError): void {
		this.#status[index] = hashStatus.unreadable;
		this.#problems.push({path: path.slice(), code, message});
	}

	finish(): HashOutput {
		return {
			status: this.#status,
			digests: this.#digests,
			leaves: concatenate(this.#leaves),
			leavesEnds: ends(this.#leaves),
			sums: concatenate(this.#sums),
			sumsEnds: ends(this.#sums),
			hashedAtMs: this.#hashedAtMs,
			problems: this.#problems,
		};
	}
}

function transferOf({status, digests, leaves, leavesEnds, sums, sumsEnds}: HashOutput) {
	return [status, digests, leaves, leavesEnds, sums, sumsEnds].map(column => column.buffer);
}

function largest(sizes: Float64Array): number {
	let most = 0;
	for (const size of sizes) if (size > most) most = size;
	return most;
}

function ends(pieces: readonly Uint8Array[]): Float64Array {
	let end = 0;
	return Float64Array.from(pieces, piece => {
		end += piece.length;
		return end;
	});
}
