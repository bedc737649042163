/**
 * Patches of a module's files: what receivers lack of leaves of which they hold the rest. One is
 * made for whoever wants it first; those who have the same older version lack the same, and share
 * it while it is in memory. What was forgotten is made again.
 */
import {ShoalError} from '../error.ts';
import {leafSize} from '../limit.ts';
import type {DirHandle} from '../platform/tree.ts';
import type {JobOptions} from '../scheduler/lane.ts';
import {ObjectCache} from '../store/object-cache.ts';
import {type PatchInput, type PatchOutput, patchCost} from '../task/patch.ts';
import {refuseCode} from '../wire/frame.ts';
import type {LeafPart} from '../wire/patch.ts';
import {type FilePlace, joinPlaces} from './file-place.ts';
import {UnderWay} from './under-way.ts';

/** What is lacked of one leaf of a file. */
export type PatchPlace = FilePlace & {readonly part: LeafPart};

export type PatcherOptions = {
	/** Runs `makePatches` in a thread. */
	readonly run: (input: PatchInput, order: JobOptions) => Promise<PatchOutput>;
};

/** Contents are read before patches are made: whoever asks plainly waits for no codec. */
const priority = -1;

export class Patcher {
	readonly #options: PatcherOptions;
	readonly #kept = new ObjectCache<string>();
	readonly #making = new UnderWay();

	constructor(options: PatcherOptions) {
		this.#options = options;
	}

	/** Undefined: `make` it first. */
	find(place: PatchPlace): Uint8Array | undefined {
		return this.#kept.get(keyOf(place));
	}

	/** Makes what is not here. Answers 0 or a refuseCode for each. */
	async make(
		root: DirHandle,
		places: readonly PatchPlace[],
		order: JobOptions,
	): Promise<readonly number[]> {
		const missing = new Map<string, PatchPlace>();
		for (const place of places) {
			const key = keyOf(place);
			if (!this.#making.has(key) && this.find(place) === undefined) missing.set(key, place);
		}
		if (missing.size > 0) {
			this.#making.start([...missing.keys()], this.#run(root, missing, order));
		}
		return Promise.all(places.map(place => this.#making.codeOf(keyOf(place))));
	}

	async #run(
		root: DirHandle,
		places: ReadonlyMap<string, PatchPlace>,
		order: JobOptions,
	): Promise<readonly number[]> {
		const input = inputOf(root, [...places.values()]);
		try {
			const cost = patchCost(input);
			const {status, octets, ends} = await this.#options.run(input, {...order, priority, cost});
			let from = 0;
			[...places.keys()].forEach((key, index) => {
				const end = ends[index]!;
				if (status[index] === 0) this.#kept.set(key, octets.slice(from, end));
				from = end;
			});
			return [...status];
		} catch (error) {
			if (!(error instanceof ShoalError)) throw error;
			return Array.from(places, () => refuseCode.unavailable);
		}
	}
}

function keyOf({digest, part: {leaf, lacked}}: PatchPlace): string {
	const high = Math.floor(leaf / 65_536);
	return String.fromCharCode(...digest, high, leaf % 65_536, ...lacked);
}

function inputOf(root: DirHandle, places: readonly PatchPlace[]): PatchInput {
	const offsets = Float64Array.from(places, ({part}) => part.leaf * leafSize);
	const lengths = Uint32Array.from(places, ({size}, index) =>
		Math.min(leafSize, size - offsets[index]!),
	);
	const lackedEnds = new Uint32Array(places.length);
	let end = 0;
	places.forEach(({part}, index) => {
		end += part.lacked.length;
		lackedEnds[index] = end;
	});
	const lacked = new Uint8Array(end);
	places.forEach(({part}, index) => {
		lacked.set(part.lacked, lackedEnds[index]! - part.lacked.length);
	});
	const {otherwise} = places[0]!;
	return {root, ...joinPlaces(places), offsets, lengths, otherwise, lacked, lackedEnds};
}
