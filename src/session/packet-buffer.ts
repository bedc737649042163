/**
 * Memory for outgoing packets: cut from zeroed slabs, so that a packet costs no allocation of its
 * own, and none is ever written again once it was handed out.
 */
export class PacketBuffer {
	#slab = new Uint8Array(0);
	#offset = 0;

	/** Memory for a packet of at most `size` octets; what was reserved and not taken is reused. */
	reserve(size: number): Uint8Array {
		if (this.#slab.length - this.#offset < size) {
			this.#slab = new Uint8Array(Math.max(size, slabSize));
			this.#offset = 0;
		}
		return this.#slab.subarray(this.#offset, this.#offset + size);
	}

	/** Gives away the first `size` octets of what was reserved. */
	take(size: number): void {
		this.#offset += size;
	}
}

const slabSize = 65_536;
