/** The compressed objects that one session wants: finds them, or has them made, a few at a time. */
import {leafSize} from '../limit.ts';
import type {JobOptions} from '../scheduler/lane.ts';
import type {ReadRequest, Want} from '../transfer/sender.ts';
import {compressedGroupSize, formOfKind, isSizes, sizeSize} from '../wire/compressed.ts';
import {refuseCode} from '../wire/frame.ts';
import type {Compressor, GroupPlace} from './compressor.ts';
import {placeIn} from './file-place.ts';
import type {Module} from './module.ts';
import type {Published} from './published.ts';

export type ServedLaterOptions = {
	readonly module: Module;
	/** By the number that a want names them with. */
	readonly shown: readonly Published[];
	readonly order: () => JobOptions;
	/** Octets, or a refuseCode, for what `take` had no answer to at once. */
	readonly answer: (request: ReadRequest, result: Uint8Array | number) => void;
	/** Some have been answered. */
	readonly answered: () => void;
	readonly broken: (error: unknown) => void;
};

/** Jobs of one session at a time: as many as there are threads to take them, nearly always. */
const jobsMax = 4;
/** Groups in one job, and octets of content. */
const batchCountMax = 64;

type Waiting = {readonly request: ReadRequest; readonly place: GroupPlace};

export class ServedCompressed {
	readonly #options: ServedLaterOptions;
	#waiting: Waiting[] = [];
	#running = 0;
	#isClosed = false;

	constructor(options: ServedLaterOptions) {
		this.#options = options;
	}

	/** Octets of each object of a want of whole files, all of one leaf; or a refuseCode. */
	resolve(want: Want): {sizes: Float64Array} | number {
		const {module, shown} = this.#options;
		const form = formOfKind(want.kind);
		const {compressor} = module;
		const table = shown[want.snapshot]?.tables.get(want.page);
		if (compressor?.has(form) !== true || table === undefined) return refuseCode.invalid;
		if (want.position + want.count > table.count) return refuseCode.invalid;
		const sizes = new Float64Array(want.count);
		let total = 0;
		for (let index = 0; index < want.count; index++) {
			const position = want.position + index;
			const size = table.contentSize(position);
			if (size === 0) continue;
			if (size > leafSize || table.digest(position).length === 0) return refuseCode.invalid;
			const group = compressor.find(this.#place(want, position, form, 0));
			if (group === undefined) return refuseCode.unavailable;
			sizes[index] = group.octets.length;
			total += group.octets.length;
		}
		return total === want.length ? {sizes} : refuseCode.invalid;
	}

	/** Undefined: it is answered later. */
	take(request: ReadRequest): Uint8Array | number | undefined {
		const {compressor} = this.#options.module;
		const form = formOfKind(request.kind);
		if (compressor?.has(form) !== true) return refuseCode.invalid;
		const group = groupOf(request);
		const place = this.#place(request, request.position, form, group);
		// Content that could not be read has no digest.
		if (place.digest.length === 0) return refuseCode.invalid;
		if (group * compressedGroupSize >= place.size) return refuseCode.invalid;
		const answer = answerFrom(compressor, request, place);
		if (answer === undefined) this.#waiting.push({request, place});
		return answer;
	}

	/** Starts making what waits. */
	flush(): void {
		const {compressor} = this.#options.module;
		while (compressor && !this.#isClosed && this.#waiting.length > 0 && this.#running < jobsMax) {
			let octets = 0;
			let count = 0;
			const {form} = this.#waiting[0]!.place;
			for (const {place} of this.#waiting) {
				if (count === batchCountMax || place.form !== form) break;
				octets += Math.min(compressedGroupSize, place.size);
				if (count > 0 && octets > compressedGroupSize) break;
				count++;
			}
			const batch = this.#waiting.splice(0, count);
			this.#running++;
			this.#make(compressor, batch).catch(this.#options.broken);
		}
	}

	close(): void {
		this.#isClosed = true;
		this.#waiting = [];
	}

	async #make(compressor: Compressor, batch: readonly Waiting[]): Promise<void> {
		const {module, order, answer, answered} = this.#options;
		const places = batch.map(({place}) => place);
		const codes = await compressor.make(module.root, places, order());
		this.#running--;
		if (this.#isClosed) return;
		batch.forEach(({request, place}, index) => {
			const made = codes[index] || answerFrom(compressor, request, place);
			answer(request, made ?? refuseCode.unavailable);
		});
		this.flush();
		answered();
	}

	#place(
		{snapshot, page}: Pick<Want, 'snapshot' | 'page'>,
		position: number,
		form: number,
		group: number,
	): GroupPlace {
		const {module, shown} = this.#options;
		return {...placeIn(shown[snapshot]!, page, position, module.isRelayed), form, group};
	}
}

function groupOf({kind, offset}: ReadRequest): number {
	const address = isSizes(kind) ? (offset / sizeSize) * leafSize : offset;
	return Math.floor(address / compressedGroupSize);
}

/** A range has to lie within one group. */
function answerFrom(
	compressor: Compressor,
	request: ReadRequest,
	place: GroupPlace,
): Uint8Array | number | undefined {
	const group = compressor.find(place);
	if (group === undefined) return undefined;
	const {kind, offset, length} = request;
	const start = place.group * compressedGroupSize;
	const from = isSizes(kind) ? offset - (start / leafSize) * sizeSize : offset - start;
	const octets = isSizes(kind) ? group.sizes : group.octets;
	return from + length > octets.length ? refuseCode.invalid : octets.subarray(from, from + length);
}
