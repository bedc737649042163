/**
 * Compressed leaves of a module's files: made when they are first wanted, once for each version of
 * a file and form, whoever wants them, and kept. A group is named by the file's digest, so it stays
 * what it is; what was made and forgotten is made again, to the same octets.
 */
import {ShoalError} from '../error.ts';
import type {DirHandle} from '../platform/tree.ts';
import type {JobOptions} from '../scheduler/lane.ts';
import {leafCount} from '../snapshot/merkle.ts';
import {ObjectCache} from '../store/object-cache.ts';
import {type CompressInput, type CompressOutput, compressCost} from '../task/compress.ts';
import {compressedGroupCount, compressedGroupSize, formAt, sizeSize} from '../wire/compressed.ts';
import {refuseCode} from '../wire/frame.ts';
import {type FilePlace, joinPlaces} from './file-place.ts';
import {UnderWay} from './under-way.ts';

/** One group of a file's leaves in one form. */
export type GroupPlace = FilePlace & {
	readonly form: number;
	readonly group: number;
};

/** Where groups outlive the process. A record that is lost is made again. */
export type GroupStore = {
	get(key: string): Uint8Array | undefined;
	set(key: string, record: Uint8Array): void;
};

export type CompressorOptions = {
	/** Whether a codec is there. */
	readonly has: (codec: NonNullable<ReturnType<typeof formAt>>['codec']) => boolean;
	/** Runs `compress` in a thread. */
	readonly run: (input: CompressInput, order: JobOptions) => Promise<CompressOutput>;
	readonly store: GroupStore | undefined;
};

export class CompressedGroup {
	/** 16 bits for each leaf of the group. */
	readonly sizes: Uint8Array;
	/** Those that have a size, one after another. */
	readonly octets: Uint8Array;

	constructor(record: Uint8Array) {
		const end = 1 + sizeSize * record[0]!;
		this.sizes = record.subarray(1, end);
		this.octets = record.subarray(end);
	}
}

/** Contents are read before others are compressed: whoever asks plainly waits for no codec. */
const priority = -1;

export class Compressor {
	readonly #options: CompressorOptions;
	readonly #kept = new ObjectCache<string>();
	readonly #making = new UnderWay();

	constructor(options: CompressorOptions) {
		this.#options = options;
	}

	/** Whether it makes this form. */
	has(form: number): boolean {
		const found = formAt(form);
		return found !== undefined && this.#options.has(found.codec);
	}

	/** What is here of it; undefined: `make` it first. */
	find(place: GroupPlace): CompressedGroup | undefined {
		const key = keyOf(place);
		let record = this.#kept.get(key);
		if (record === undefined) {
			record = this.#options.store?.get(key);
			if (record?.[0] !== leavesOf(place)) return undefined;
			this.#kept.set(key, record);
		}
		return new CompressedGroup(record);
	}

	/** Makes what is not here, all of one form. Answers 0 or a refuseCode for each. */
	async make(
		root: DirHandle,
		places: readonly GroupPlace[],
		order: JobOptions,
	): Promise<readonly number[]> {
		const missing = new Map<string, GroupPlace>();
		for (const place of places) {
			const key = keyOf(place);
			if (!this.#making.has(key) && this.find(place) === undefined) missing.set(key, place);
		}
		const keys = [...missing.keys()];
		if (keys.length > 0) {
			this.#making.start(keys, this.#run(root, keys, [...missing.values()], order));
		}
		return Promise.all(places.map(place => this.#making.codeOf(keyOf(place))));
	}

	async #run(
		root: DirHandle,
		keys: readonly string[],
		places: readonly GroupPlace[],
		order: JobOptions,
	): Promise<readonly number[]> {
		const input = inputOf(root, places);
		let output: CompressOutput;
		try {
			const cost = compressCost(input);
			output = await this.#options.run(input, {...order, priority, cost});
		} catch (error) {
			if (!(error instanceof ShoalError)) throw error;
			return places.map(() => refuseCode.unavailable);
		}
		let at = 0;
		let leaf = 0;
		keys.forEach((key, index) => {
			if (output.status[index] !== 0) return;
			const leaves = leavesOf(places[index]!);
			const sizes = output.sizes.subarray(sizeSize * leaf, sizeSize * (leaf + leaves));
			const octets = output.octets.subarray(at, output.ends[index]!);
			const record = new Uint8Array(1 + sizes.length + octets.length);
			record[0] = leaves;
			record.set(sizes, 1);
			record.set(octets, 1 + sizes.length);
			this.#kept.set(key, record);
			this.#options.store?.set(key, record);
			leaf += leaves;
			at = output.ends[index]!;
		});
		return [...output.status];
	}
}

/** Leaves in the group. */
function leavesOf({size, group}: GroupPlace): number {
	return Math.min(compressedGroupCount, leafCount(size) - group * compressedGroupCount);
}

function keyOf({digest, form, group}: GroupPlace): string {
	return String.fromCharCode(...digest, form, group >>> 16, group & 0xffff);
}

function inputOf(root: DirHandle, places: readonly GroupPlace[]): CompressInput {
	const offsets = Float64Array.from(places, ({group}) => group * compressedGroupSize);
	const lengths = Uint32Array.from(places, ({size}, index) =>
		Math.min(compressedGroupSize, size - offsets[index]!),
	);
	const {form, otherwise} = places[0]!;
	return {root, ...joinPlaces(places), offsets, lengths, otherwise, form};
}
