/**
 * Compressed leaves that came before their hashes. They are in memory and count as not taken, so a
 * source that is granted no more because of them could never send the hashes: what is held is
 * bounded. Beyond that a leaf is dropped, and asked for again when its hash is there.
 */

/** Half of what may be in memory before the source's grant closes. */
const heldMax = 32 << 20;

export type CompressedLeaf = {readonly form: number; readonly octets: Uint8Array};

export class HeldLeaves {
	/** By row and leaf; undefined: it was dropped. */
	readonly #rows = new Map<number, Map<number, CompressedLeaf | undefined>>();
	#size = 0;

	/** Answers how many octets were dropped. */
	add(row: number, index: number, leaf: CompressedLeaf): number {
		const leaves = this.#rows.get(row) ?? new Map<number, CompressedLeaf | undefined>();
		this.#rows.set(row, leaves);
		const before = leaves.get(index)?.octets.length ?? 0;
		const size = leaf.octets.length;
		const hasRoom = this.#size - before + size <= heldMax;
		leaves.set(index, hasRoom ? leaf : undefined);
		this.#size += (hasRoom ? size : 0) - before;
		return before + (hasRoom ? 0 : size);
	}

	/** What can be proven now is no longer held. */
	take(row: number, isKnown: (index: number) => boolean): [number, CompressedLeaf | undefined][] {
		const leaves = this.#rows.get(row);
		const taken = [...(leaves ?? [])].filter(([index]) => isKnown(index));
		for (const [index, leaf] of taken) {
			leaves!.delete(index);
			this.#size -= leaf?.octets.length ?? 0;
		}
		return taken;
	}

	/** Answers how many octets were held of the row. */
	close(row: number): number {
		let size = 0;
		for (const leaf of this.#rows.get(row)?.values() ?? []) size += leaf?.octets.length ?? 0;
		this.#rows.delete(row);
		this.#size -= size;
		return size;
	}
}
