/** The patches that one session wants: here, or made first, a few at a time. */
import {leafSize} from '../limit.ts';
import type {ReadRequest, Want} from '../transfer/sender.ts';
import {refuseCode} from '../wire/frame.ts';
import {patchSizeMax, unpackStretches} from '../wire/patch.ts';
import {placeIn} from './file-place.ts';
import type {PatchPlace} from './patcher.ts';
import {type ServedLaterOptions, ServedQueue} from './served-queue.ts';

/** So much of one session is in a thread at a time that others have their turn soon. */
const batchSizeMax = 512 << 10;

export class ServedPatches {
	readonly #options: ServedLaterOptions;
	readonly #queue: ServedQueue<PatchPlace>;

	constructor(options: ServedLaterOptions) {
		this.#options = options;
		const {module} = options;
		this.#queue = new ServedQueue(options, {
			sizeOf: () => leafSize,
			batchSizeMax,
			make: (places, order) => module.patcher!.make(module.root, places, order),
			find: ({offset, length}, place) =>
				module.patcher!.find(place)?.subarray(offset, offset + length),
		});
	}

	/** What one may have at most; or a refuseCode. */
	resolve({snapshot, page, position, part}: Want): {sizes: readonly number[]} | number {
		const {module, shown} = this.#options;
		const table = shown[snapshot]?.tables.get(page);
		if (module.patcher === undefined || part === undefined) return refuseCode.invalid;
		if (table === undefined || position >= table.count) return refuseCode.invalid;
		// Content that could not be read has no digest.
		if (table.digest(position).length === 0) return refuseCode.invalid;
		const length = Math.min(leafSize, table.contentSize(position) - part.leaf * leafSize);
		const isPart = length > 0 && unpackStretches(part.lacked, length) !== undefined;
		return isPart ? {sizes: [patchSizeMax]} : refuseCode.invalid;
	}

	/** Undefined: it is answered later. */
	take(request: ReadRequest): Uint8Array | number | undefined {
		const {module, shown} = this.#options;
		const {snapshot, page, position} = request;
		const place = placeIn(shown[snapshot]!, page, position, module.isRelayed);
		return this.#queue.take(request, {...place, part: request.part!});
	}

	/** Starts making what waits. */
	flush(): void {
		this.#queue.flush();
	}

	close(): void {
		this.#queue.close();
	}
}
