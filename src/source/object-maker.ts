/**
 * Makes what is not kept of a file: what a relay has not received, its block sums, and its leaf
 * hashes where the file was not transferred; and what is damaged in a state directory. Once for
 * each version of a file, when the first receiver wants it, whoever does; then it is kept as a
 * source keeps what hashing told. Leaf hashes are believed only if the digest over them is the one
 * that was signed; sums need no proof, as they are advice.
 */
import {sumsShape} from '../delta/shape.ts';
import {ShoalError} from '../error.ts';
import {digestSize} from '../limit.ts';
import type {DirHandle} from '../platform/tree.ts';
import {inParallel} from '../pool/in-parallel.ts';
import type {JobOptions} from '../scheduler/lane.ts';
import {leavesSize} from '../snapshot/merkle.ts';
import {equalOctets} from '../snapshot/path.ts';
import {type HashedFile, type HashJoinInput, partUnit} from '../task/hash.ts';
import {octetKey} from '../task/packed-octets.ts';
import {type SumInput, type SummedPart, sumCost} from '../task/sum.ts';
import {refuseCode} from '../wire/frame.ts';
import {type FilePlace, joinPlaces} from './file-place.ts';
import {UnderWay} from './under-way.ts';

/** Where it is looked for and kept. */
export type KnownObjects = {
	leaves(digest: Uint8Array): Uint8Array | undefined;
	sums(digest: Uint8Array): Uint8Array | undefined;
	/** Takes the leaves and the sums of a file of `size` octets. */
	keep(size: number, file: HashedFile): void;
};

export type ObjectMakerOptions = {
	readonly known: KnownObjects;
	/** Run `sum`, and `hashJoin` for files in several parts, in a thread. */
	readonly sum: (input: SumInput, order: JobOptions) => Promise<readonly SummedPart[]>;
	readonly join: (input: HashJoinInput, order: JobOptions) => Promise<HashedFile>;
	/** Fills with random octets. */
	readonly random: (into: Uint8Array) => void;
	/** Parts of one file that are summed at once. */
	readonly parallelMax: number;
};

/** Contents are read before sums are made: whoever asks plainly waits for nobody's sums. */
const sumsPriority = -1;

/** A larger file is summed in parts of so much: 10-20 ms of work each. */
const partSize = 4 * partUnit;

const noLeaves = new Uint8Array(0);

/** Files that are not read again to find that they are not what was signed. */
const refutedMax = 4096;

export class ObjectMaker {
	readonly #options: ObjectMakerOptions;
	/** What salts are made of. */
	readonly #secret = new Uint8Array(digestSize);
	#count = 0;
	readonly #making = new UnderWay();
	/** Versions of files whose content is another one, the oldest finding first. */
	readonly #refuted = new Set<string>();
	#isClosed = false;

	constructor(options: ObjectMakerOptions) {
		this.#options = options;
		options.random(this.#secret);
	}

	/** Has all be made that is not here. Answers 0 or a refuseCode for each. */
	async make(
		root: DirHandle,
		places: readonly FilePlace[],
		order: JobOptions,
	): Promise<readonly number[]> {
		const small = new Map<string, FilePlace>();
		const large = new Map<string, FilePlace>();
		// Content cannot be proven without its leaf hashes: those wait for no contents.
		let isUrgent = false;
		for (const place of places) {
			const key = keyOf(place);
			if (this.#refuted.has(versionOf(place))) continue;
			const lacks = this.#making.has(key) ? undefined : this.#lacks(place);
			if (lacks === undefined) continue;
			isUrgent ||= lacks === 'leaves';
			(place.size <= partSize ? small : large).set(key, place);
		}
		const turn = isUrgent ? order : {...order, priority: sumsPriority};
		if (small.size > 0) {
			this.#start([...small.keys()], this.#makeSmall(root, [...small.values()], turn));
		}
		for (const [key, place] of large) this.#start([key], this.#makeLarge(root, place, turn));
		return Promise.all(
			places.map(place => {
				if (this.#refuted.has(versionOf(place))) return refuseCode.unavailable;
				return this.#making.codeOf(keyOf(place));
			}),
		);
	}

	/** What is being made is finished, no further part is begun. */
	close(): void {
		this.#isClosed = true;
	}

	#start(keys: readonly string[], job: Promise<readonly number[]>): void {
		const codes = job.catch((error: unknown) => {
			if (!(error instanceof ShoalError)) throw error;
			return keys.map(() => refuseCode.unavailable);
		});
		this.#making.start(keys, codes);
	}

	async #makeSmall(
		root: DirHandle,
		places: readonly FilePlace[],
		order: JobOptions,
	): Promise<readonly number[]> {
		const numbers = places.map(() => this.#count++);
		const leaves = places.map(place => this.#leavesOf(place));
		const input = this.#input(root, places, numbers, leaves);
		const parts = await this.#options.sum(input, {...order, cost: sumCost(input)});
		const codes: number[] = [];
		for (const [index, place] of places.entries()) {
			codes.push(await this.#finish(place, numbers[index]!, [parts[index]!], leaves[index], order));
		}
		return codes;
	}

	async #makeLarge(root: DirHandle, place: FilePlace, order: JobOptions): Promise<[number]> {
		const number = this.#count++;
		const {sum, parallelMax} = this.#options;
		const leaves = this.#leavesOf(place);
		const count = Math.ceil(place.size / partSize);
		const parts: SummedPart[] = [];
		let code = 0;
		/** Ends with the first that is refused: a list can say that a file is as large as it likes. */
		function* indexes(): Generator<number> {
			for (let index = 0; index < count && code === 0; index++) yield index;
		}
		await inParallel(indexes(), parallelMax, async index => {
			if (this.#isClosed) code ||= refuseCode.unavailable;
			if (code !== 0) return;
			const input = this.#input(root, [place], [number], [leaves], index * partSize);
			const [part] = await sum(input, {...order, cost: sumCost(input)});
			parts[index] = part!;
			code ||= part!.status;
		});
		return [code || (await this.#finish(place, number, parts, leaves, order))];
	}

	async #finish(
		place: FilePlace,
		number: number,
		parts: readonly SummedPart[],
		knownLeaves: Uint8Array | undefined,
		order: JobOptions,
	): Promise<number> {
		const failed = parts.find(({status}) => status !== 0);
		if (failed !== undefined) return failed.status;
		const {known, join} = this.#options;
		const {digest, size} = place;
		const sums = parts.flatMap(part => part.sums ?? []);
		const leafHashes = parts.map(part => part.leafHashes);
		const made =
			parts[0]!.file ?? (await join({size, secret: this.#secret, number, leafHashes, sums}, order));
		const leaves = knownLeaves ?? known.leaves(digest);
		if (leaves === undefined && !equalOctets(made.digest, digest)) {
			this.#refute(place);
			return refuseCode.unavailable;
		}
		known.keep(size, {digest, leaves: leaves ?? made.leaves, sums: made.sums});
		return 0;
	}

	/** Else whoever asks again has all of the file read again. */
	#refute(place: FilePlace): void {
		this.#refuted.add(versionOf(place));
		if (this.#refuted.size <= refutedMax) return;
		const [oldest] = this.#refuted;
		this.#refuted.delete(oldest!);
	}

	/** Several ask for parts of the same objects, and the first answer has all of them made. */
	#lacks(place: FilePlace): 'leaves' | 'sums' | undefined {
		try {
			if (this.#leavesOf(place) === undefined) return 'leaves';
			const hasSums = sumsShape(place.size) !== undefined;
			return hasSums && this.#options.known.sums(place.digest) === undefined ? 'sums' : undefined;
		} catch (error) {
			// What cannot be read is made again, or refused if that fails as well.
			if (error instanceof ShoalError) return 'leaves';
			throw error;
		}
	}

	/** What is known now: as it is made, it may be lost. Of one leaf or none there is no more. */
	#leavesOf({digest, size}: FilePlace): Uint8Array | undefined {
		return leavesSize(size) === 0 ? noLeaves : this.#options.known.leaves(digest);
	}

	#input(
		root: DirHandle,
		places: readonly FilePlace[],
		numbers: readonly number[],
		leaves: readonly (Uint8Array | undefined)[],
		start = 0,
	): SumInput {
		return {
			root,
			...joinPlaces(places),
			otherwise: places[0]!.otherwise,
			offsets: Float64Array.from(places, () => start),
			lengths: Uint32Array.from(places, ({size}) => Math.min(partSize, size - start)),
			sumsOnly: Uint8Array.from(leaves, each => (each === undefined ? 0 : 1)),
			numbers: Uint32Array.from(numbers),
			secret: this.#secret,
		};
	}
}

/** The same content elsewhere may be another one by now. */
function keyOf({digest, path}: FilePlace): string {
	return `${octetKey(digest)} ${octetKey(path)}`;
}

/** What a file is compared with says which version of it was read. */
function versionOf(place: FilePlace): string {
	return `${keyOf(place)} ${place.expected.join(' ')}`;
}
