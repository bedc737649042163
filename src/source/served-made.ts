/** Leaf hashes and sums that one session wants: here, or made first, a few at a time. */
import type {ReadRequest} from '../transfer/sender.ts';
import {objectKind, refuseCode} from '../wire/frame.ts';
import {type FilePlace, placeIn} from './file-place.ts';
import {type ServedLaterOptions, ServedQueue} from './served-queue.ts';

const batchSizeMax = 4 << 20;

export class ServedMade {
	readonly #options: ServedLaterOptions;
	/** Octets that are here, or a refuseCode; undefined: there are none. */
	readonly #find: (request: ReadRequest) => Uint8Array | number | undefined;
	readonly #queue: ServedQueue<FilePlace>;

	constructor(
		options: ServedLaterOptions,
		find: (request: ReadRequest) => Uint8Array | number | undefined,
	) {
		this.#options = options;
		this.#find = find;
		const {module} = options;
		this.#queue = new ServedQueue(options, {
			sizeOf: place => place.size,
			batchSizeMax,
			make: (places, order) => module.maker!.make(module.root, places, order),
			find,
		});
	}

	/** Undefined: it is answered later. */
	take(request: ReadRequest): Uint8Array | number | undefined {
		const found = this.#find(request);
		if (found !== undefined) return found;
		const {module, shown} = this.#options;
		const {kind, snapshot, page, position} = request;
		if (module.maker === undefined || kind < objectKind.content) return refuseCode.unavailable;
		const place = placeIn(shown[snapshot]!, page, position, module.isRelayed);
		// Content that could not be read has no digest.
		if (place.digest.length === 0) return refuseCode.unavailable;
		this.#queue.wait(request, place);
		return undefined;
	}

	/** Starts making what waits. */
	flush(): void {
		this.#queue.flush();
	}

	close(): void {
		this.#queue.close();
	}
}
