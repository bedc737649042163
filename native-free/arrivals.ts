/**
 * What arrives at a link in one turn of the loop, handed over at once: one call of the handler for
 * all of it, and no promise for a datagram.
 */
import type {Datagram, LinkHandler} from '../src/platform/datagram.ts';

/** Datagrams kept while there is no handler yet: one turn's worth of what libuv reads at once. */
const earlyMax = 64;

export class Arrivals {
	#handler: LinkHandler | undefined;
	#arrived: Datagram[] = [];
	#failure: Error | undefined;
	#isFlushing = false;

	/** Whether what arrives is handed over in this turn. */
	get isAttached(): boolean {
		return this.#handler !== undefined;
	}

	/** Nothing has arrived since it was last handed over. */
	get isEmpty(): boolean {
		return this.#arrived.length === 0;
	}

	/** Who is told from now on; undefined: nobody any more. */
	attach(handler: LinkHandler | undefined): void {
		this.#handler = handler;
		if (this.#arrived.length > 0 || this.#failure !== undefined) this.#flushSoon();
	}

	add(datagram: Datagram): void {
		if (this.#handler === undefined && this.#arrived.length >= earlyMax) return;
		this.#arrived.push(datagram);
		this.#flushSoon();
	}

	/** Told after all that arrived before it; to a later handler, if there is none now. */
	fail(error: Error): void {
		this.#failure = error;
		this.#flushSoon();
	}

	/** Immediates run once Node has handed over all that it read in this turn. */
	#flushSoon(): void {
		if (this.#isFlushing) return;
		this.#isFlushing = true;
		setImmediate(this.#flush);
	}

	readonly #flush = (): void => {
		this.#isFlushing = false;
		if (this.#handler === undefined) return;
		const batch = this.#arrived;
		const failure = this.#failure;
		this.#arrived = [];
		this.#failure = undefined;
		if (batch.length > 0) this.#handler.datagrams(batch);
		if (failure !== undefined) this.#handler?.failed(failure);
	};
}
