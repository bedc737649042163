/** The compressed objects that one session wants: finds them, or has them made, a few at a time. */
import {leafSize} from '../limit.ts';
import type {ReadRequest, Want} from '../transfer/sender.ts';
import {compressedGroupSize, formOfKind, isSizes, sizeSize} from '../wire/compressed.ts';
import {refuseCode} from '../wire/frame.ts';
import type {Compressor, GroupPlace} from './compressor.ts';
import {placeIn} from './file-place.ts';
import {type ServedLaterOptions, ServedQueue} from './served-queue.ts';

export class ServedCompressed {
	readonly #options: ServedLaterOptions;
	readonly #queue: ServedQueue<GroupPlace>;

	constructor(options: ServedLaterOptions) {
		this.#options = options;
		const {module} = options;
		this.#queue = new ServedQueue(options, {
			sizeOf: ({size}) => Math.min(compressedGroupSize, size),
			batchSizeMax: compressedGroupSize,
			isLike: (first, next) => first.form === next.form,
			make: (places, order) => module.compressor!.make(module.root, places, order),
			find: (request, place) => answerFrom(module.compressor!, request, place),
		});
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
		return this.#queue.take(request, place);
	}

	/** Starts making what waits. */
	flush(): void {
		this.#queue.flush();
	}

	close(): void {
		this.#queue.close();
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
