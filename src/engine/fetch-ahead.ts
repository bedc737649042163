/**
 * Asks for contents while the list is still coming, so that the path does not run empty between
 * the list and the first of them; keeps what comes until there is an update to take it.
 */
import type {Ahead} from '../receiver/ahead.ts';
import type {ProvenPage} from '../snapshot/proven-pages.ts';
import type {ContentHandler, Supply} from './supply.ts';

/** Octets asked for ahead, which is the memory that they may take: half a second of 100 Mbit/s. */
const aheadMax = 6 << 20;

export class FetchAhead {
	readonly ahead: Ahead;
	readonly #supply: Supply;
	readonly #held: ((to: ContentHandler) => void)[] = [];
	/** Requests, and their octets. */
	count = 0;
	#asked = 0;

	constructor(supply: Supply, ahead: Ahead) {
		this.ahead = ahead;
		this.#supply = supply;
		const later = (call: (to: ContentHandler) => void): void => {
			this.#held.push(call);
			this.#advance();
		};
		supply.deliver({
			block(request, object, offset, data, now) {
				const kept = data.slice();
				later(to => to.block(request, object, offset, kept, now));
			},
			refused: (request, object, code) => later(to => to.refused(request, object, code)),
			done: request => later(to => to.done(request)),
		});
	}

	addPage({page, bytes}: ProvenPage): void {
		if (this.#asked >= aheadMax) return;
		this.ahead.addPage(page, bytes);
		this.#advance();
	}

	/** Hands over all that has come, in order; what is still to come is `to`'s as well. */
	release(to: ContentHandler): void {
		this.#supply.deliver(to);
		for (const call of this.#held.splice(0)) call(to);
	}

	#advance(): void {
		while (this.#supply.hungry && this.#asked < aheadMax) {
			const request = this.ahead.nextRequest();
			if (request === undefined) return;
			this.count++;
			this.#asked += request.length;
			this.#supply.fetch(request);
		}
	}
}
