/**
 * Crypto for simulations: no secrecy, but the same shapes and the same refusals. A changed octet, a
 * wrong key, nonce, header or signature is noticed, both sides of an exchange agree, and all is a
 * function of the seed; so handshakes, tickets and packets run their real code at a hundredth of
 * the cost. Hashes are 128 bits of a fast mix, repeated: good against accidents only.
 */
import type {AeadKey, Crypto} from '../../src/platform/crypto.ts';
import type {Prng} from './prng.ts';

export function nullCrypto(prng: Prng): Crypto {
	const random = (into: Uint8Array): void => prng.fill(into);
	const hmac = (key: Uint8Array, parts: readonly Uint8Array[]): Uint8Array =>
		digest([macMark, key, ...parts]);
	const pair = () => {
		const secret = new Uint8Array(32);
		random(secret);
		return {secret, public: publicOf(secret)};
	};
	return {
		random,
		preferred: 'AESGCM',
		sha256: (...parts) => digest(parts),
		hash: (_, ...parts) => digest(parts),
		hmac: (_, key, ...parts) => hmac(key, parts),
		aead: (_, key) => new NullKey(key),
		dhGenerate: pair,
		dhPublic: publicOf,
		dh(secret, peer) {
			if (peer.every(octet => octet === 0)) return undefined;
			// Both sides have the same unordered pair of secrets.
			const shared = new Uint8Array(32);
			for (let at = 0; at < 32; at++) shared[at] = secret[at]! ^ peer[at]! ^ publicMask;
			return digest([shared]);
		},
		signGenerate: pair,
		signPublic: publicOf,
		sign: (secret, message) => signature(publicOf(secret), message),
		verify: (key, message, signed) => equal(signature(key, message), signed),
		equal,
	};
}

class NullKey implements AeadKey {
	readonly #key: readonly [number, number];

	constructor(key: Uint8Array) {
		const [a, b] = mix(key, 0, key.length, 1, 2);
		this.#key = [a, b];
	}

	seal(packet: Uint8Array, _headerSize: number, end: number, nonce: Uint8Array): void {
		packet.set(this.#tag(packet, end - 16, nonce), end - 16);
	}

	open(packet: Uint8Array, headerSize: number, end: number, nonce: Uint8Array): boolean {
		if (end - headerSize < 16) return false;
		return equal(this.#tag(packet, end - 16, nonce), packet.subarray(end - 16, end));
	}

	#tag(packet: Uint8Array, end: number, nonce: Uint8Array): Uint8Array {
		const [keyA, keyB] = this.#key;
		const [nonceA, nonceB] = mix(nonce, 0, 12, keyA, keyB);
		return spread(mix(packet, 0, end, nonceA, nonceB), 16);
	}
}

function publicOf(secret: Uint8Array): Uint8Array {
	return secret.map(octet => octet ^ publicMask);
}

function signature(key: Uint8Array, message: Uint8Array): Uint8Array {
	return spread(mixAll([signMark, key, message]), 64);
}

function digest(parts: readonly Uint8Array[]): Uint8Array {
	return spread(mixAll(parts), 32);
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
	if (a.length !== b.length) return false;
	for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
	return true;
}

/** Of the octets one after another, however they are cut. */
function mixAll(parts: readonly Uint8Array[]): readonly [number, number] {
	if (parts.length === 1) return mix(parts[0]!, 0, parts[0]!.length, 3, 4);
	const all = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
	let offset = 0;
	for (const part of parts) {
		all.set(part, offset);
		offset += part.length;
	}
	return mix(all, 0, all.length, 3, 4);
}

/** Two lanes of murmur3's rounds, a word of four octets at a time. */
function mix(
	octets: Uint8Array,
	start: number,
	end: number,
	seedA: number,
	seedB: number,
): readonly [number, number] {
	let a = seedA ^ end;
	let b = seedB + 0x9e37_79b9;
	let at = start;
	for (; at + 4 <= end; at += 4) {
		const word =
			octets[at]! | (octets[at + 1]! << 8) | (octets[at + 2]! << 16) | (octets[at + 3]! << 24);
		a = Math.imul(a ^ word, 0xcc9e_2d51);
		a ^= a >>> 15;
		b = (Math.imul(b, 0x1b87_3593) + word) | 0;
		b ^= b >>> 13;
	}
	for (; at < end; at++) {
		a = Math.imul(a ^ octets[at]!, 0x0100_0193);
		b = (Math.imul(b, 31) + octets[at]!) | 0;
	}
	return [a >>> 0, b >>> 0];
}

/** Fills `size` octets from the two lanes. */
function spread([seedA, seedB]: readonly [number, number], size: number): Uint8Array {
	const octets = new Uint8Array(size);
	let a = seedA;
	let b = seedB;
	for (let at = 0; at < size; at += 4) {
		a = Math.imul(a ^ (b >>> 16), 0x85eb_ca6b);
		b = Math.imul(b ^ (a >>> 13), 0xc2b2_ae35);
		const word = a ^ b ^ at;
		octets[at] = word;
		octets[at + 1] = word >>> 8;
		octets[at + 2] = word >>> 16;
		octets[at + 3] = word >>> 24;
	}
	return octets;
}

const publicMask = 0x5a;
const macMark = new TextEncoder().encode('mac');
const signMark = new TextEncoder().encode('sign');
