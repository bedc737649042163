import type {Random} from '../platform/crypto.ts';
import {later, type Micros} from '../unit.ts';
import type {PathAllowance} from './path-allowance.ts';
import {same} from './statement.ts';

/**
 * The question whether a peer receives at an address (RFC 9000 §8.2), repeated with growing
 * pauses. Whether it may be sent is the path's allowance.
 */
export class PathChallenge {
	readonly path: PathAllowance;
	readonly data = new Uint8Array(8);
	#dueAt: Micros;
	#asked = 0;

	constructor(path: PathAllowance, random: Random, now: Micros) {
		this.path = path;
		random(this.data);
		this.#dueAt = now;
	}

	get dueAt(): Micros {
		return this.#dueAt;
	}

	/** Nobody has answered for 15 s. */
	get hopeless(): boolean {
		return this.#asked > askedMax;
	}

	asked(now: Micros): void {
		this.#dueAt = later(now, pauseFirst * 2 ** Math.min(this.#asked, askedMax));
		this.#asked++;
	}

	isAnsweredBy(data: Uint8Array): boolean {
		return this.#asked > 0 && same(data, this.data);
	}
}

/** Microseconds; above most round trips, below what a person notices. */
const pauseFirst = 500_000;
const askedMax = 5;
