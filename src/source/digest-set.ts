/** Digests that stand one after another, found again: an open-addressing table of their places. */
import {digestSize} from '../limit.ts';

export class DigestSet {
	readonly count: number;
	readonly #digests: Uint8Array;
	/** 1 + place; 0: free. At least half are. */
	readonly #slots: Uint32Array;

	/** Keeps `digests`; what is left over of their end counts for nothing. */
	constructor(digests: Uint8Array) {
		this.#digests = digests;
		this.count = Math.floor(digests.length / digestSize);
		this.#slots = new Uint32Array(2 ** Math.ceil(Math.log2(2 * this.count + 2)));
		for (let place = 0; place < this.count; place++) {
			this.#slots[this.#slotOf(digests, place * digestSize)] = place + 1;
		}
	}

	/** Whether the digest at `offset` of `octets` is one of them. */
	has(octets: Uint8Array, offset: number): boolean {
		return this.#slots[this.#slotOf(octets, offset)] !== 0;
	}

	/** Where the digest is, or would be. A digest is uniform: its first octets are a hash. */
	#slotOf(octets: Uint8Array, offset: number): number {
		const slots = this.#slots;
		const mask = slots.length - 1;
		let slot = octets[offset]! | (octets[offset + 1]! << 8) | (octets[offset + 2]! << 16);
		for (slot &= mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
			if (this.#isAt(slots[slot]! - 1, octets, offset)) break;
		}
		return slot;
	}

	#isAt(place: number, octets: Uint8Array, offset: number): boolean {
		const at = place * digestSize;
		for (let index = 0; index < digestSize; index++) {
			if (this.#digests[at + index] !== octets[offset + index]) return false;
		}
		return true;
	}
}
