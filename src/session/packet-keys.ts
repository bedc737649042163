/**
 * The keys of a session's packets: derivation, nonces, and the key update. wire/README.md §3. The
 * two directions change phase together (RFC 9001 §6): who flips waits for the other side to follow
 * before flipping again, so one bit names a key.
 */
import {assert} from '../assert.ts';
import type {AeadKey, Crypto} from '../platform/crypto.ts';
import type {SuiteName} from './handshake.ts';
import {replayWindowSize} from './replay-window.ts';

export const tagSize = 16;
export const saltSize = 16;

/** HKDF-Expand with SHA-256 (RFC 5869 §2.3), at most one block. */
export function expand(
	crypto: Crypto,
	secret: Uint8Array,
	label: string,
	size: number,
): Uint8Array {
	return crypto.hmac('SHA256', secret, encoder.encode(label), firstBlock).subarray(0, size);
}

export const initiatorSecret = (crypto: Crypto, k1: Uint8Array): Uint8Array =>
	expand(crypto, k1, 'shoal i', 32);

export const responderSecret = (crypto: Crypto, k2: Uint8Array, salt: Uint8Array): Uint8Array =>
	expand(crypto, crypto.hmac('SHA256', salt, k2), 'shoal r', 32);

export const earlySecret = (crypto: Crypto, k2: Uint8Array): Uint8Array =>
	expand(crypto, k2, 'shoal early', 32);

/** One secret's key and nonces. */
export class PacketKey {
	readonly #key: AeadKey;
	readonly #iv: Uint8Array;
	/** Rewritten for every packet. */
	readonly #nonce: Uint8Array;

	constructor(crypto: Crypto, suite: SuiteName, secret: Uint8Array) {
		const key = expand(crypto, secret, 'shoal key', suite === 'AESGCM' ? 16 : 32);
		this.#key = crypto.aead(suite, key);
		this.#iv = expand(crypto, secret, 'shoal iv', 12);
		this.#nonce = new Uint8Array(this.#iv);
	}

	seal(packet: Uint8Array, headerSize: number, end: number, number: number): void {
		this.#key.seal(packet, headerSize, end, this.#nonceOf(number));
	}

	open(packet: Uint8Array, headerSize: number, end: number, number: number): boolean {
		return this.#key.open(packet, headerSize, end, this.#nonceOf(number));
	}

	#nonceOf(number: number): Uint8Array {
		const iv = this.#iv;
		const nonce = this.#nonce;
		const high = Math.floor(number / 0x1_0000_0000);
		for (let octet = 0; octet < 4; octet++) {
			nonce[11 - octet] = iv[11 - octet]! ^ (number >>> (8 * octet));
			nonce[7 - octet] = iv[7 - octet]! ^ (high >>> (8 * octet));
		}
		return nonce;
	}
}

export type PacketKeysOptions = {
	readonly crypto: Crypto;
	readonly suite: SuiteName;
	readonly sendSecret: Uint8Array;
	/** Undefined until the responder's salt is known: `startOpening`. */
	readonly openSecret?: Uint8Array;
	/** Packets sealed under one key before it is changed. */
	readonly updateAfter?: number;
	/** Packets sealed under one key at most. */
	readonly sealMax?: number;
};

export class PacketKeys {
	readonly #crypto: Crypto;
	readonly #suite: SuiteName;
	readonly #updateAfter: number;
	readonly #sealMax: number;

	#sendSecret: Uint8Array;
	#sendKey: PacketKey;
	/** Counts flips; the phase on the wire is its lowest bit. */
	#sendGeneration = 0;
	#sealed = 0;

	#openSecret: Uint8Array | undefined;
	#openKey: PacketKey | undefined;
	#openGeneration = 0;
	#opened = false;
	/** Lowest number opened under the current key: what is lower was sealed under the previous. */
	#openFirst = 0;
	#previousKey: PacketKey | undefined;
	/** Made ahead, so that a packet of the next phase takes no longer than a forged one. */
	#nextKey: PacketKey | undefined;

	constructor(options: PacketKeysOptions) {
		this.#crypto = options.crypto;
		this.#suite = options.suite;
		this.#updateAfter = options.updateAfter ?? updateAfterDefault;
		this.#sealMax = options.sealMax ?? sealMaxDefault;
		this.#sendSecret = options.sendSecret;
		this.#sendKey = new PacketKey(this.#crypto, this.#suite, this.#sendSecret);
		if (options.openSecret !== undefined) this.startOpening(options.openSecret);
	}

	/** Sets the first secret of the peer's packets: again, until one was opened. */
	startOpening(secret: Uint8Array): void {
		assert(!this.#opened, 'the opening secret is settled');
		this.#openKey = new PacketKey(this.#crypto, this.#suite, secret);
		this.#openSecret = secret;
		this.#makeNext();
	}

	get sendPhase(): number {
		return this.#sendGeneration & 1;
	}

	/** Nothing more may be sealed: the limit is reached and the peer has not followed. */
	get exhausted(): boolean {
		return this.#sealed >= this.#sealMax;
	}

	/** How often the sending key has changed. */
	get updateCount(): number {
		return this.#sendGeneration;
	}

	/** Seals under the phase that `sendPhase` said before; may change it for the next packet. */
	seal(packet: Uint8Array, headerSize: number, end: number, number: number): void {
		assert(!this.exhausted, 'a key is used beyond its limit');
		this.#sendKey.seal(packet, headerSize, end, number);
		this.#sealed++;
	}

	/** Changes the sending key when it is time and the peer has followed the change before. */
	update(): void {
		if (this.#sealed < this.#updateAfter || this.#openKey === undefined) return;
		if (this.#sendGeneration === this.#openGeneration) this.#flip();
	}

	/** Opens in place; false if it is not authentic. Tries one key, that of phase and number. */
	open(
		packet: Uint8Array,
		headerSize: number,
		end: number,
		number: number,
		phase: number,
	): boolean {
		const current = phase === (this.#openGeneration & 1);
		if (current) {
			if (!this.#openKey?.open(packet, headerSize, end, number)) return false;
			this.#opened = true;
			if (number < this.#openFirst) this.#openFirst = number;
			if (number > this.#openFirst + replayWindowSize) this.#previousKey = undefined;
			return true;
		}
		if (number < this.#openFirst) {
			return this.#previousKey?.open(packet, headerSize, end, number) ?? false;
		}
		if (!this.#nextKey?.open(packet, headerSize, end, number)) return false;
		this.#follow(number);
		return true;
	}

	/** The peer has changed its key: so does this side, once for each of the peer's changes. */
	#follow(number: number): void {
		this.#opened = true;
		this.#openSecret = this.#successor(this.#openSecret!);
		this.#previousKey = this.#openKey;
		this.#openKey = this.#nextKey;
		this.#openFirst = number;
		this.#openGeneration++;
		this.#makeNext();
		if (this.#sendGeneration < this.#openGeneration) this.#flip();
	}

	#flip(): void {
		this.#sendSecret = this.#successor(this.#sendSecret);
		this.#sendKey = new PacketKey(this.#crypto, this.#suite, this.#sendSecret);
		this.#sendGeneration++;
		this.#sealed = 0;
	}

	#makeNext(): void {
		const secret = this.#successor(this.#openSecret!);
		this.#nextKey = new PacketKey(this.#crypto, this.#suite, secret);
	}

	#successor(secret: Uint8Array): Uint8Array {
		return expand(this.#crypto, secret, 'shoal ku', 32);
	}
}

const encoder = new TextEncoder();
const firstBlock = Uint8Array.of(1);
/**
 * RFC 9001 §6.6 and §B.1: AES-GCM keeps its confidentiality bound for 2^23 packets of any size that
 * a datagram can have; ChaCha20-Poly1305 for more than can be numbered.
 */
const sealMaxDefault = 2 ** 23;
/** Well before: 42 s at 1 Gbit/s of 1200-octet datagrams. */
const updateAfterDefault = 2 ** 22;
