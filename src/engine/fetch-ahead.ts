/**
 * Asks for contents while the list is still coming, so that the path does not run empty between
 * the list and the first of them; keeps what comes until there is an update to take it.
 */
import type {Ahead} from '../receiver/ahead.ts';
import type {ProvenPage} from '../snapshot/proven-pages.ts';
import {copyOctets} from '../task/packed-octets.ts';
import {RangeSet} from '../transfer/range-set.ts';
import type {FetchRequest} from '../transfer/request.ts';
import type {ContentHandler, Supply} from './supply.ts';

/** Octets asked for ahead, which is the memory that they may take: half a second of 100 Mbit/s. */
const aheadMax = 6 << 20;

export type AheadSupply = Pick<Supply, 'hungry' | 'deliver' | 'fetch' | 'taken'>;

export class FetchAhead {
	readonly ahead: Ahead;
	readonly #supply: AheadSupply;
	readonly #held: ((to: ContentHandler) => void)[] = [];
	/** What of each object of a request has come: after a new session all of it comes again. */
	readonly #have = new Map<FetchRequest, RangeSet[]>();
	/** Requests, and their octets. */
	count = 0;
	#asked = 0;

	constructor(supply: AheadSupply, ahead: Ahead) {
		this.ahead = ahead;
		this.#supply = supply;
		const later = (call: (to: ContentHandler) => void): void => {
			this.#held.push(call);
			this.#advance();
		};
		supply.deliver({
			block: (request, object, offset, data, now) => {
				const have = this.#rangesOf(request, object);
				const end = offset + data.length;
				let added = 0;
				for (let at = have.nextGap(offset); at < end; at = have.nextGap(at)) {
					const to = Math.min(end, have.nextMember(at));
					const from = at;
					const kept = copyOctets(data.subarray(from - offset, to - offset));
					added += have.add(from, to);
					later(taker => taker.block(request, object, from, kept, now));
				}
				if (added < data.length) supply.taken(data.length - added);
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
		this.#have.clear();
		for (const call of this.#held.splice(0)) call(to);
	}

	#rangesOf(request: FetchRequest, object: number): RangeSet {
		const ofRequest = this.#have.get(request) ?? [];
		const ranges = ofRequest[object] ?? new RangeSet();
		ofRequest[object] = ranges;
		this.#have.set(request, ofRequest);
		return ranges;
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
