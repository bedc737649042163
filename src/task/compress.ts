/**
 * Compresses contents for those who ask for them so: leaf by leaf, each by itself, so that each can
 * be expanded and proven by itself and no file says anything of another. A leaf that would not
 * shrink has no compressed form.
 */
import {leafSize} from '../limit.ts';
import type {CodecName, Compression} from '../platform/compression.ts';
import {leafCount} from '../snapshot/merkle.ts';
import {formAt, savedMin, sizeSize} from '../wire/compressed.ts';
import {refuseCode} from '../wire/frame.ts';
import {costPerFile} from './cost.ts';
import {DirectoryWalk} from './directory-walk.ts';
import {pathAt} from './packed-octets.ts';
import {type ReadBatch, readOne} from './read.ts';
import {defineTask} from './task.ts';

/** Ranges of files, each from the start of a leaf to the end of one. */
export type CompressInput = Omit<ReadBatch, 'into'> & {
	/** Number of the form. */
	readonly form: number;
};

export type CompressOutput = {
	/** 0, or a refuseCode: then it has neither sizes nor octets. One per range. */
	readonly status: Uint8Array;
	/** 16 bits for each leaf, 0 where it is not compressed; of all ranges, one after another. */
	readonly sizes: Uint8Array;
	/** Compressed leaves of all ranges, and where those of each end. */
	readonly octets: Uint8Array;
	readonly ends: Uint32Array;
};

export const compress = defineTask({
	name: 'compress',
	run(input: CompressInput, context): CompressOutput {
		const {tree, compression, aborted} = context;
		const count = input.lengths.length;
		const status = new Uint8Array(count);
		const ends = new Uint32Array(count);
		const parts: Uint8Array[] = [];
		const sizes: number[] = [];
		const form = formAt(input.form);
		const walk = new DirectoryWalk(tree, input.root);
		const buffer = new Uint8Array(input.lengths.reduce((most, each) => Math.max(most, each), 0));
		let end = 0;
		for (let index = 0; index < count; index++) {
			const into = buffer.subarray(0, input.lengths[index]!);
			let code: number = refuseCode.unavailable;
			if (form !== undefined && compression?.has(form.codec) === true && !aborted()) {
				code = readOne(walk, tree, pathAt(input, index), input, index, into);
			}
			status[index] = code;
			for (let at = 0; code === 0 && at < into.length; at += leafSize) {
				const leaf = into.subarray(at, at + leafSize);
				const made = compressLeaf(compression!, form!.codec, form!.level, leaf);
				sizes.push(made?.length ?? 0);
				if (made === undefined) continue;
				parts.push(made);
				end += made.length;
			}
			ends[index] = end;
		}
		walk.release();
		return {status, sizes: bigEndian(sizes), octets: join(parts, end), ends};
	},
	transfer: ({sizes, octets}) => [sizes.buffer, octets.buffer],
});

/** What a batch costs: to compress takes some twenty times as long as to hash. */
export function compressCost({lengths}: Pick<CompressInput, 'lengths'>): number {
	const work = lengths.reduce((sum, length) => sum + length, 0);
	return work * costOfCompressing + lengths.length * costPerFile;
}

const costOfCompressing = 20;

/** Undefined: it is sent as it is. */
function compressLeaf(
	compression: Compression,
	codec: CodecName,
	level: number,
	leaf: Uint8Array,
): Uint8Array | undefined {
	if (leaf.length < leafSizeMin || !mayShrink(compression, leaf)) return undefined;
	const made = compression.compress(codec, level, leaf);
	return made.length <= leaf.length * (1 - savedMin) ? made : undefined;
}

/** A short stretch from its middle, compressed quickly, tells what is compressed already. */
function mayShrink(compression: Compression, leaf: Uint8Array): boolean {
	if (leaf.length < 4 * sampleSize) return true;
	const middle = (leaf.length - sampleSize) >> 1;
	const sample = leaf.subarray(middle, middle + sampleSize);
	return compression.compress('deflate', 1, sample).length < sampleSize * sampleMax;
}

const sampleSize = 4096;
/** Deflate adds 5 octets to what is random; text loses half. */
const sampleMax = 0.97;

/** What is shorter travels in a fraction of a datagram anyway. */
const leafSizeMin = 128;

function bigEndian(sizes: readonly number[]): Uint8Array {
	const octets = new Uint8Array(sizeSize * sizes.length);
	sizes.forEach((size, index) => {
		octets[sizeSize * index] = size >> 8;
		octets[sizeSize * index + 1] = size;
	});
	return octets;
}

function join(parts: readonly Uint8Array[], size: number): Uint8Array {
	const whole = new Uint8Array(size);
	let at = 0;
	for (const part of parts) {
		whole.set(part, at);
		at += part.length;
	}
	return whole;
}

/** Octets of sizes that a range has. */
export function sizesLength(length: number): number {
	return sizeSize * leafCount(length);
}
