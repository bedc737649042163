/** Leaf hashes and sums that one session wants of a relay: here, or made first, a few at a time. */
import type {ReadRequest} from '../transfer/sender.ts';
import {objectKind, refuseCode} from '../wire/frame.ts';
import {type FilePlace, placeIn} from './file-place.ts';
import type {ObjectMaker} from './object-maker.ts';
import type {ServedLaterOptions} from './served-compressed.ts';

/** Batches of one session at a time: as many as there are threads to take them, nearly always. */
const batchesMax = 4;
/** Files in one batch, and octets of content. */
const batchCountMax = 64;
const batchBytesMax = 4 << 20;

type Waiting = {readonly request: ReadRequest; readonly place: FilePlace};

export class ServedMade {
	readonly #options: ServedLaterOptions;
	/** Octets that are here, or a refuseCode; undefined: there are none. */
	readonly #find: (request: ReadRequest) => Uint8Array | number | undefined;
	#waiting: Waiting[] = [];
	#running = 0;
	#isClosed = false;

	constructor(
		options: ServedLaterOptions,
		find: (request: ReadRequest) => Uint8Array | number | undefined,
	) {
		this.#options = options;
		this.#find = find;
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
		this.#waiting.push({request, place});
		return undefined;
	}

	/** Starts making what waits. */
	flush(): void {
		const {maker} = this.#options.module;
		while (maker !== undefined && this.#waiting.length > 0 && this.#running < batchesMax) {
			let octets = 0;
			let count = 0;
			for (const {place} of this.#waiting) {
				octets += place.size;
				if (count === batchCountMax || (count > 0 && octets > batchBytesMax)) break;
				count++;
			}
			this.#running++;
			this.#make(maker, this.#waiting.splice(0, count)).catch(this.#options.broken);
		}
	}

	close(): void {
		this.#isClosed = true;
		this.#waiting = [];
	}

	async #make(maker: ObjectMaker, batch: readonly Waiting[]): Promise<void> {
		const {module, order, answer, answered} = this.#options;
		const places = batch.map(({place}) => place);
		const codes = await maker.make(module.root, places, order());
		this.#running--;
		if (this.#isClosed) return;
		batch.forEach(({request}, index) => {
			answer(request, codes[index] || (this.#find(request) ?? refuseCode.unavailable));
		});
		this.flush();
		answered();
	}
}
