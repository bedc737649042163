/** What one session waits for until it has been made: in batches, a few at a time. */
import type {JobOptions} from '../scheduler/lane.ts';
import type {ReadRequest} from '../transfer/sender.ts';
import {refuseCode} from '../wire/frame.ts';
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

/** How what is waited for is made. */
export type Making<Place> = {
	/** Octets of content that one costs, and of those of one batch. */
	readonly sizeOf: (place: Place) => number;
	readonly batchSizeMax: number;
	/** Whether two can be in one batch. */
	readonly isLike?: (first: Place, next: Place) => boolean;
	/** Answers 0 or a refuseCode for each. */
	readonly make: (places: readonly Place[], order: JobOptions) => Promise<readonly number[]>;
	/** What has been made; undefined: it has not. */
	readonly find: (request: ReadRequest, place: Place) => Uint8Array | number | undefined;
};

/** Batches of one session at a time: as many as there are threads to take them, nearly always. */
const batchesMax = 4;
/** Objects in one batch. */
const batchCountMax = 64;

type Waiting<Place> = {readonly request: ReadRequest; readonly place: Place};

export class ServedQueue<Place> {
	readonly #options: ServedLaterOptions;
	readonly #making: Making<Place>;
	#waiting: Waiting<Place>[] = [];
	#running = 0;
	#isClosed = false;

	constructor(options: ServedLaterOptions, making: Making<Place>) {
		this.#options = options;
		this.#making = making;
	}

	/** What is here of it; undefined: it is made, and answered then. */
	take(request: ReadRequest, place: Place): Uint8Array | number | undefined {
		const found = this.#making.find(request, place);
		if (found === undefined) this.wait(request, place);
		return found;
	}

	/** It is not here: it is made, and answered then. */
	wait(request: ReadRequest, place: Place): void {
		this.#waiting.push({request, place});
	}

	/** Starts making what waits. */
	flush(): void {
		const {sizeOf, batchSizeMax, isLike = () => true} = this.#making;
		while (!this.#isClosed && this.#waiting.length > 0 && this.#running < batchesMax) {
			const first = this.#waiting[0]!.place;
			let size = 0;
			let count = 0;
			for (const {place} of this.#waiting) {
				size += sizeOf(place);
				if (count === batchCountMax || !isLike(first, place)) break;
				if (count > 0 && size > batchSizeMax) break;
				count++;
			}
			this.#running++;
			this.#make(this.#waiting.splice(0, count)).catch(this.#options.broken);
		}
	}

	close(): void {
		this.#isClosed = true;
		this.#waiting = [];
	}

	async #make(batch: readonly Waiting<Place>[]): Promise<void> {
		const {order, answer, answered} = this.#options;
		const {make, find} = this.#making;
		const places = batch.map(({place}) => place);
		const codes = await make(places, order());
		this.#running--;
		if (this.#isClosed) return;
		batch.forEach(({request, place}, index) => {
			answer(request, codes[index] || (find(request, place) ?? refuseCode.unavailable));
		});
		this.flush();
		answered();
	}
}
