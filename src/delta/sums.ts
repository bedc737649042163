/**
 * The sums object as octets: its header, its records, and sums read from any run of them.
 * README.md is normative. Records alternate weak and strong on the wire, so that every run of
 * blocks is one range; in memory the two are arrays of their own.
 */
import {assert} from '../assert.ts';
import {type SumsShape, saltSize, sumsHeaderSize, sumsShape} from './shape.ts';

const sumsVersion = 2;
const weakAlgorithm = 1;
const strongAlgorithm = 1;

/** Sums of a run of blocks of one level; cut sums keep their high bits, the rest are zero. */
export type BlockSums = {
	/** Number of the level in the shape. */
	readonly level: number;
	/** Number of the first block. */
	readonly first: number;
	/** One per block, int32. */
	readonly weak: Int32Array;
	/** One per block, int32. */
	readonly strong: Int32Array;
};

/** A whole sums object, taken apart. */
export type Sums = {
	readonly shape: SumsShape;
	readonly salt: Uint8Array;
	/** Whole levels, coarse to fine. */
	readonly levels: readonly BlockSums[];
};

/** The bits that a cut weak sum keeps. */
export const weakMask = (shape: SumsShape): number => -1 << (32 - 8 * shape.weakSize);

/** The bits that a cut strong sum keeps. */
export const strongMask = (shape: SumsShape): number => -1 << (32 - 8 * shape.strongSize);

export function writeSumsHeader(shape: SumsShape, salt: Uint8Array, into: Uint8Array): void {
	assert(salt.length === saltSize);
	into[0] = sumsVersion;
	into[1] = weakAlgorithm;
	into[2] = strongAlgorithm;
	into[3] = Math.log2(shape.levels.at(-1)!.blockSize);
	into.set(salt, sumsHeaderSize - saltSize);
}

/** The salt (a copy) of a header made for a file of this shape, or undefined for any other. */
export function parseSumsHeader(header: Uint8Array, shape: SumsShape): Uint8Array | undefined {
	if (header.length < sumsHeaderSize) return undefined;
	if (header[0] !== sumsVersion) return undefined;
	if (header[1] !== weakAlgorithm || header[2] !== strongAlgorithm) return undefined;
	if (header[3] !== Math.log2(shape.levels.at(-1)!.blockSize)) return undefined;
	return header.slice(sumsHeaderSize - saltSize, sumsHeaderSize);
}

export function writeRecord(
	shape: SumsShape,
	into: Uint8Array,
	offset: number,
	weak: number,
	strong: number,
): void {
	const {weakSize, strongSize} = shape;
	for (let k = 0; k < weakSize; k++) into[offset + k] = weak >>> (24 - 8 * k);
	for (let k = 0; k < strongSize; k++) into[offset + weakSize + k] = strong >>> (24 - 8 * k);
}

/**
 * The sums in `records`: whole records of consecutive blocks of `level`, from block `first` on.
 * Nothing is allocated beyond eight octets for each record that is there.
 */
export function parseRecords(
	shape: SumsShape,
	level: number,
	first: number,
	records: Uint8Array,
): BlockSums | undefined {
	const blockCount = shape.levels[level]?.blockCount ?? 0;
	const {recordSize, weakSize, strongSize} = shape;
	const count = records.length / recordSize;
	if (!Number.isInteger(count) || first < 0 || first + count > blockCount) return undefined;
	const weak = new Int32Array(count);
	const strong = new Int32Array(count);
	for (let index = 0, at = 0; index < count; index++) {
		let value = 0;
		for (let k = 0; k < weakSize; k++) value |= records[at++]! << (24 - 8 * k);
		weak[index] = value;
		value = 0;
		for (let k = 0; k < strongSize; k++) value |= records[at++]! << (24 - 8 * k);
		strong[index] = value;
	}
	return {level, first, weak, strong};
}

/** A whole sums object of a file of `size` octets, or undefined if it is not exactly one. */
export function parseSums(object: Uint8Array, size: number): Sums | undefined {
	const shape = sumsShape(size);
	if (shape === undefined || object.length !== shape.objectSize) return undefined;
	const salt = parseSumsHeader(object, shape);
	if (salt === undefined) return undefined;
	const levels: BlockSums[] = [];
	for (const [index, level] of shape.levels.entries()) {
		const end = level.offset + level.blockCount * shape.recordSize;
		const sums = parseRecords(shape, index, 0, object.subarray(level.offset, end));
		if (sums === undefined) return undefined;
		levels.push(sums);
	}
	return {shape, salt, levels};
}
