/**
 * Memory for outgoing packets, cut from slabs, so that a packet costs no allocation of its own.
 * What was handed out is written again only after `recycle`. Slabs are outside of the collector's
 * heap: a source that made new ones for all it sends had every tenth second marked anew, all of it.
 */
export class PacketBuffer {
	/** Where the packet that was reserved begins, in which memory. */
	bytes: Uint8Array = new Uint8Array(0);
	offset = 0;
	/** In the order of their use since the last `recycle`. */
	#slabs: Uint8Array[] = [];
	#next = 0;

	/** Sets `bytes` and `offset` to memory of `size` octets; what is not taken is reused. */
	reserve(size: number): void {
		if (this.bytes.length - this.offset >= size) return;
		let slab = this.#slabs[this.#next];
		if (slab === undefined || slab.length < size) {
			slab = new Uint8Array(Math.max(size, slabSize));
			if (this.#next < slabsMax) this.#slabs[this.#next] = slab;
		}
		this.#next++;
		this.bytes = slab;
		this.offset = 0;
	}

	/** Gives away the first `size` octets of what was reserved. */
	take(size: number): void {
		this.offset += size;
	}

	/** Nothing that was given away is in use any more. */
	recycle(): void {
		const [first] = this.#slabs;
		if (first === undefined) return;
		this.bytes = first;
		this.offset = 0;
		this.#next = 1;
	}
}

const slabSize = 65_536;
/**
 * Four megabytes at most are kept: what leaves in one turn, of datagrams of 64 KiB half of the most
 * that a turn sends. With an eighth of it V8 marked a source's heap 25 to 44 times a GB.
 */
const slabsMax = 64;
