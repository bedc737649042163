/**
 * Many short runs of octets as two flat arrays: what a column of names or paths is. It crosses
 * threads as it is, and holds no object per run.
 */
import {assert} from '../assert.ts';

/** Run `i` is `bytes[ends[i - 1], ends[i])`; the first begins at 0. */
export type PackedOctets = {readonly bytes: Uint8Array; readonly ends: Uint32Array};

/** A view of run `index`. */
export function octetsAt({bytes, ends}: PackedOctets, index: number): Uint8Array {
	return bytes.subarray(index === 0 ? 0 : ends[index - 1]!, ends[index]!);
}

/** A view of the path of file `index` of a job. */
export function pathAt(
	{paths, pathEnds}: {readonly paths: Uint8Array; readonly pathEnds: Uint32Array},
	index: number,
): Uint8Array {
	return octetsAt({bytes: paths, ends: pathEnds}, index);
}

/** True when `ends` never falls and stays within `bytes`: what was read from disk may not be. */
export function isPacked({bytes, ends}: PackedOctets): boolean {
	let last = 0;
	for (const end of ends) {
		if (end < last) return false;
		last = end;
	}
	return last === bytes.length;
}

/** A copy, whatever is given: `slice` of Node's Buffer is a view. */
export function copyOctets(octets: Uint8Array): Uint8Array<ArrayBuffer> {
	return new Uint8Array(octets);
}

/** Octets as a key of a map: each is one character, so distinct octets are distinct keys. */
export function octetKey(octets: Uint8Array): string {
	return String.fromCharCode(...octets);
}

/** Grows by appending; answers the runs as views. */
export class OctetPool {
	#bytes: Uint8Array;
	#ends: Uint32Array;
	#count = 0;
	#size = 0;

	constructor(capacity = 64) {
		this.#bytes = new Uint8Array(capacity * 16);
		this.#ends = new Uint32Array(capacity);
	}

	static from({bytes, ends}: PackedOctets): OctetPool {
		const pool = new OctetPool(0);
		pool.#bytes = bytes;
		pool.#ends = ends;
		pool.#count = ends.length;
		pool.#size = bytes.length;
		return pool;
	}

	get count(): number {
		return this.#count;
	}

	/** The number of the new run: they count up from 0. */
	add(octets: Uint8Array): number {
		const end = this.#size + octets.length;
		assert(end <= 0xffff_ffff, 'a column of octets beyond 4 GiB');
		if (end > this.#bytes.length) this.#bytes = grown(this.#bytes, end);
		if (this.#count === this.#ends.length) {
			const ends = new Uint32Array(Math.max(64, this.#count * 2));
			ends.set(this.#ends);
			this.#ends = ends;
		}
		this.#bytes.set(octets, this.#size);
		this.#size = end;
		this.#ends[this.#count] = end;
		return this.#count++;
	}

	/** A view, valid until the next `add`. */
	at(index: number): Uint8Array {
		const start = index === 0 ? 0 : this.#ends[index - 1]!;
		return this.#bytes.subarray(start, this.#ends[index]!);
	}

	/** Views of what there is now: the pool may go on growing. */
	packed(): PackedOctets {
		return {
			bytes: this.#bytes.subarray(0, this.#size),
			ends: this.#ends.subarray(0, this.#count),
		};
	}

	/** A copy of some runs, in the order asked for. */
	pick(indexes: ArrayLike<number>): PackedOctets {
		let size = 0;
		for (let at = 0; at < indexes.length; at++) size += this.at(indexes[at]!).length;
		const bytes = new Uint8Array(size);
		const ends = new Uint32Array(indexes.length);
		let end = 0;
		for (let at = 0; at < indexes.length; at++) {
			const run = this.at(indexes[at]!);
			bytes.set(run, end);
			end += run.length;
			ends[at] = end;
		}
		return {bytes, ends};
	}
}

function grown(bytes: Uint8Array, needed: number): Uint8Array {
	const next = new Uint8Array(Math.max(needed, bytes.length * 2, 1024));
	next.set(bytes);
	return next;
}
