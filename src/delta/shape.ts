/**
 * What a sums object looks like: a pure function of the file's size, so a receiver knows the
 * place of every record before it asks for one. README.md has the arithmetic behind each figure.
 */
import {assert} from '../assert.ts';

/** A smaller file travels whole: it takes less than half a datagram. */
export const sumsFileSizeMin = 512;

/** 16 TiB, the largest file of ext4; beyond it coarse blocks would pass 4 MiB. No sums are made. */
export const sumsFileSizeMax = 2 ** 44;

/** version, weak algorithm, strong algorithm, log2 of the finest block, salt. */
export const sumsHeaderSize = 20;

export const saltSize = 16;

/** Octets of one record: 3 of the weak sum and 2 of the strong, to 4 and 4. */
const recordSizeMin = 5;
const recordSizeMax = 8;

/** One level: a record for every block of `blockSize` octets of the file; the last may be short. */
export type SumsLevel = {
	readonly blockSize: number;
	readonly blockCount: number;
	/** Where the level's records begin in the object. */
	readonly offset: number;
};

export type SumsShape = {
	/** Of the file. */
	readonly fileSize: number;
	/** Octets of the whole object. */
	readonly objectSize: number;
	/** Octets of the weak sum in a record (first), 3 or 4. */
	readonly weakSize: number;
	/** Octets of the strong sum in a record (second), 2 to 4. */
	readonly strongSize: number;
	readonly recordSize: number;
	/** Coarse to fine, two to four; each block is a whole number of blocks of the next level. */
	readonly levels: readonly SumsLevel[];
};

/** The sums object of a file, or undefined if a file of this size has none. */
export function sumsShape(size: number): SumsShape | undefined {
	assert(Number.isSafeInteger(size) && size >= 0);
	if (size < sumsFileSizeMin || size > sumsFileSizeMax) return undefined;
	const bits = log2Ceil(size);
	const recordSize = Math.max(recordSizeMin, Math.min(recordSizeMax, Math.ceil((bits + 23) / 8)));
	const weakSize = recordSize === recordSizeMin ? 3 : 4;
	const levels: SumsLevel[] = [];
	let offset = sumsHeaderSize;
	for (const blockSize of blockSizes(bits)) {
		const blockCount = Math.ceil(size / blockSize);
		levels.push({blockSize, blockCount, offset});
		offset += blockCount * recordSize;
	}
	return {
		fileSize: size,
		objectSize: offset,
		weakSize,
		strongSize: recordSize - weakSize,
		recordSize,
		levels,
	};
}

/** A file may be summed in parts by several threads: all but the last are a multiple of this. */
export function partSize(shape: SumsShape): number {
	return shape.levels[0]!.blockSize;
}

function blockSizes(bits: number): readonly number[] {
	if (bits <= 16) return [2048, 128];
	if (bits <= 26) return [32_768, 4096, 1024, 256];
	if (bits <= 30) return [65_536, 8192, 2048, 512];
	const fine = 1024 * 2 ** Math.max(0, Math.ceil((bits - 32) / 2));
	return [fine * 64, fine * 8, fine];
}

/** The least k with 2^k >= value. */
function log2Ceil(value: number): number {
	let bits = 0;
	for (let power = 1; power < value; power *= 2) bits++;
	return bits;
}
