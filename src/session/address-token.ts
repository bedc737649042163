/**
 * Tokens by which an address proves that it receives, before anything costly is done for it. They
 * are made by a responder for itself: nothing is kept, so they are an HMAC over address and time.
 */
import type {Crypto} from '../platform/crypto.ts';
import type {Address} from '../platform/datagram.ts';
import type {Micros} from '../unit.ts';
import {Reader, Writer} from '../wire/codec.ts';

export class AddressTokens {
	readonly #crypto: Crypto;
	readonly #secret = new Uint8Array(32);

	constructor(crypto: Crypto) {
		this.#crypto = crypto;
		crypto.random(this.#secret);
	}

	make(address: Address, now: Micros): Uint8Array {
		const to = new Writer(new Uint8Array(4 + macSize));
		to.u32(seconds(now));
		to.put(this.#mac(address, to.written()));
		return to.bytes;
	}

	/** Whether `token` was made for `address` a short while ago. */
	accepts(token: Uint8Array, address: Address, now: Micros): boolean {
		if (token.length !== 4 + macSize) return false;
		const age = seconds(now) - new Reader(token).u32();
		if (age < 0 || age > ageMaxSeconds) return false;
		return this.#crypto.equal(this.#mac(address, token.subarray(0, 4)), token.subarray(4));
	}

	#mac(address: Address, time: Uint8Array): Uint8Array {
		const octets = encoder.encode(address);
		return this.#crypto.hmac('SHA256', this.#secret, time, octets).subarray(0, macSize);
	}
}

/** Of the responder's own clock, which has run for less than 136 years. */
function seconds(now: Micros): number {
	return Math.floor(now / 1e6);
}

const encoder = new TextEncoder();
const macSize = 16;
/** Longer than any round trip, shorter than an address is worth collecting tokens for. */
const ageMaxSeconds = 20;
