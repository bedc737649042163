/**
 * Packet numbers that are never sent, at places that only this side can know (RFC 9000 §21.4): a
 * receipt for one proves that the peer claims what it never got. One number is skipped in every
 * stretch of numbers, at a place that is a keyed hash of the stretch, so nothing is remembered and
 * the answer is exact for every number there will ever be.
 */
import type {Crypto} from '../platform/crypto.ts';

export class SkippedNumbers {
	readonly #crypto: Crypto;
	readonly #secret = new Uint8Array(32);
	readonly #message = new Uint8Array(8);
	/** Places already computed, by stretch; a hash is 2 µs and receipts repeat. */
	readonly #known = new Float64Array(knownCount).fill(-1);

	constructor(crypto: Crypto) {
		this.#crypto = crypto;
		crypto.random(this.#secret);
	}

	/** Whether `number` is skipped. */
	has(number: number): boolean {
		return this.#place(startOf(number)) === number;
	}

	/** Whether any number in [from, to] is skipped; looks at two stretches at most. */
	hasAny(from: number, to: number): boolean {
		let start = startOf(from);
		if (this.#place(start) >= from) return this.#place(start) <= to;
		start += sizeOf(start);
		if (start > to) return false;
		return to >= start + sizeOf(start) || this.#place(start) <= to;
	}

	/** The number skipped in the stretch that begins at `start`. */
	#place(start: number): number {
		const size = sizeOf(start);
		const slot = Math.floor(start / (start < lastSize ? firstSize : lastSize)) % knownCount;
		const known = this.#known[slot]!;
		if (known >= start && known < start + size) return known;
		const view = new DataView(this.#message.buffer);
		view.setBigUint64(0, BigInt(start));
		const hash = this.#crypto.hmac('SHA256', this.#secret, this.#message);
		const value = ((hash[0]! << 16) | (hash[1]! << 8) | hash[2]!) >>> 0;
		// The very first number is always sent: a session has at least one.
		const place = start === 0 ? 1 + (value % (size - 1)) : start + (value % size);
		this.#known[slot] = place;
		return place;
	}
}

/** Stretches double from 8 to 128: a thief of the initial window of 32 meets three of them. */
function sizeOf(start: number): number {
	return Math.max(firstSize, Math.min(start, lastSize));
}

function startOf(number: number): number {
	if (number >= lastSize) return number - (number % lastSize);
	if (number < firstSize) return 0;
	return 1 << (31 - Math.clz32(number));
}

const firstSize = 8;
/**
 * A receipt of a quarter round trip at 1 Gbit/s and 100 ms spans 8,000 numbers with its repeats:
 * 63 skipped ones, well below the 256 ranges that a receipt may have.
 */
const lastSize = 128;
const knownCount = 64;
