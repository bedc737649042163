/**
 * The session's primitives from OpenSSL through node:crypto. Keys are raw octets outside and key
 * objects inside: importing one costs 5-30 µs as JWK (70-340 µs as DER), so the objects are kept
 * for as long as the octets that they were made of; a secret's octets must therefore not change
 * while they are in use.
 */
import {
	type CipherChaCha20Poly1305Types,
	type CipherGCMTypes,
	createCipheriv,
	createDecipheriv,
	createHash,
	createHmac,
	createPrivateKey,
	createPublicKey,
	createSecretKey,
	diffieHellman,
	type KeyObject,
	sign,
	timingSafeEqual,
	verify,
} from 'node:crypto';
import {assert} from '../src/assert.ts';
import type {AeadKey, CipherName, Crypto, HashName, KeyPair} from '../src/platform/crypto.ts';
import {chachaSizeMax, loadChacha} from './chacha.ts';
import {sha256} from './digest.ts';
import {freeMemory} from './free-memory.ts';
import {random} from './random.ts';

const fast = loadChacha();

type Curve = 'X25519' | 'Ed25519';

export const crypto: Crypto = {
	random,
	sha256,
	preferred: fast === undefined ? 'AESGCM' : 'ChaChaPoly',
	hash(name, ...parts) {
		const hash = createHash(hashNames[name]);
		for (const part of parts) hash.update(part);
		return hash.digest();
	},
	hmac(name, key, ...parts) {
		const hmac = createHmac(hashNames[name], key);
		for (const part of parts) hmac.update(part);
		return hmac.digest();
	},
	aead,
	dhGenerate: () => generate('X25519'),
	dhPublic: secret => publicOf('X25519', secret),
	dh(secret, peer) {
		const privateKey = privateObject('X25519', secret);
		const publicKey = publicObject('X25519', peer);
		try {
			return diffieHellman({privateKey, publicKey});
		} catch (error) {
			// RFC 7748 §6.1: OpenSSL refuses a shared secret of zeros, which low-order points give.
			if ((error as {code?: unknown}).code === 'ERR_OSSL_FAILED_DURING_DERIVATION')
				return undefined;
			throw error;
		}
	},
	signGenerate: () => generate('Ed25519'),
	signPublic: secret => publicOf('Ed25519', secret),
	sign: (secret, message) => sign(null, message, privateObject('Ed25519', secret)),
	verify: (key, message, signature) =>
		signature.length === 64 && verify(null, message, publicObject('Ed25519', key), signature),
	equal: (a, b) => a.length === b.length && timingSafeEqual(a, b),
};

/** AESGCM is AES-128 or AES-256 by the size of its key. */
function aead(name: CipherName, key: Uint8Array): AeadKey {
	if (name === 'ChaChaPoly') return new ChaChaKey(key);
	assert(key.length === 16 || key.length === 32, 'an AES key of 16 or 32 octets');
	return new GcmKey(key.length === 16 ? 'aes-128-gcm' : 'aes-256-gcm', key);
}

class GcmKey implements AeadKey {
	readonly #cipher: CipherGCMTypes;
	readonly #key: KeyObject;

	constructor(cipher: CipherGCMTypes, key: Uint8Array) {
		this.#cipher = cipher;
		this.#key = createSecretKey(key);
	}

	seal(packet: Uint8Array, headerSize: number, end: number, nonce: Uint8Array): void {
		checkShape(packet, headerSize, end, nonce);
		const cipher = createCipheriv(this.#cipher, this.#key, nonce);
		cipher.setAAD(packet.subarray(0, headerSize));
		take(packet, headerSize, cipher.update(packet.subarray(headerSize, end - tagSize)));
		cipher.final();
		packet.set(cipher.getAuthTag(), end - tagSize);
	}

	open(packet: Uint8Array, headerSize: number, end: number, nonce: Uint8Array): boolean {
		checkShape(packet, headerSize, end, nonce);
		const decipher = createDecipheriv(this.#cipher, this.#key, nonce, {authTagLength: tagSize});
		decipher.setAAD(packet.subarray(0, headerSize));
		decipher.setAuthTag(packet.subarray(end - tagSize, end));
		take(packet, headerSize, decipher.update(packet.subarray(headerSize, end - tagSize)));
		return finished(decipher);
	}
}

/** Small packets by WebAssembly, large ones by OpenSSL. */
class ChaChaKey implements AeadKey {
	readonly #key: KeyObject;
	readonly #octets: Uint8Array;

	constructor(key: Uint8Array) {
		assert(key.length === 32, 'a ChaCha20 key of 32 octets');
		this.#key = createSecretKey(key);
		this.#octets = new Uint8Array(key);
	}

	seal(packet: Uint8Array, headerSize: number, end: number, nonce: Uint8Array): void {
		checkShape(packet, headerSize, end, nonce);
		if (fast !== undefined && end <= chachaSizeMax) {
			fast.seal(this.#octets, packet, headerSize, end, nonce);
			return;
		}
		const plainSize = end - tagSize - headerSize;
		const cipher = createCipheriv(chacha, this.#key, nonce, chachaOptions);
		cipher.setAAD(packet.subarray(0, headerSize), {plaintextLength: plainSize});
		take(packet, headerSize, cipher.update(packet.subarray(headerSize, end - tagSize)));
		cipher.final();
		packet.set(cipher.getAuthTag(), end - tagSize);
	}

	open(packet: Uint8Array, headerSize: number, end: number, nonce: Uint8Array): boolean {
		checkShape(packet, headerSize, end, nonce);
		if (fast !== undefined && end <= chachaSizeMax) {
			return fast.open(this.#octets, packet, headerSize, end, nonce);
		}
		const plainSize = end - tagSize - headerSize;
		const decipher = createDecipheriv(chacha, this.#key, nonce, chachaOptions);
		decipher.setAAD(packet.subarray(0, headerSize), {plaintextLength: plainSize});
		decipher.setAuthTag(packet.subarray(end - tagSize, end));
		take(packet, headerSize, decipher.update(packet.subarray(headerSize, end - tagSize)));
		return finished(decipher);
	}
}

/** OpenSSL gives its result in new memory: that of large packets is given back at once. */
function take(packet: Uint8Array, headerSize: number, result: Uint8Array): void {
	packet.set(result, headerSize);
	if (result.length >= freedMin) freeMemory(result);
}

function checkShape(packet: Uint8Array, headerSize: number, end: number, nonce: Uint8Array): void {
	assert(nonce.length === nonceSize, 'a nonce of 12 octets');
	assert(headerSize + tagSize <= end && end <= packet.length, 'room for the tag');
}

/** `final` throws when the tag is not that of the octets, and for no other reason. */
function finished(decipher: {final(): Uint8Array}): boolean {
	try {
		decipher.final();
		return true;
	} catch {
		return false;
	}
}

/**
 * Any 32 octets are a secret (RFC 7748 §5, RFC 8032 §5.1.5). Not by generateKeyPairSync: exporting
 * what that made holds the key's mutex while it allocates, and if the collector runs just then and
 * finds the finished job of the generation, its destructor waits for the same mutex, for ever
 * (seen after some thousand keys, Node 20.20).
 */
function generate(curve: Curve): KeyPair {
	const secret = new Uint8Array(32);
	random(secret);
	return {secret, public: publicOf(curve, secret)};
}

function publicOf(curve: Curve, secret: Uint8Array): Uint8Array {
	const {x} = createPublicKey(privateObject(curve, secret)).export({format: 'jwk'});
	assert(x !== undefined, 'a public key has its half');
	return octetsOf(x);
}

function privateObject(curve: Curve, secret: Uint8Array): KeyObject {
	const known = privateObjects[curve].get(secret);
	if (known !== undefined) return known;
	assert(secret.length === 32, 'a secret of 32 octets');
	const object = comparesHalves ? fromPkcs8(curve, secret) : fromJwk(curve, secret);
	privateObjects[curve].set(secret, object);
	return object;
}

/** OpenSSL computes the public half from `d`; Node before 26 only wants `x` to be there. */
function fromJwk(curve: Curve, secret: Uint8Array): KeyObject {
	const key = {kty: 'OKP', crv: curve, d: textOf(secret), x: zeroText};
	return createPrivateKey({key, format: 'jwk'});
}

/** A form without the public half, for Node 26, which compares the two. RFC 8410 §7. */
function fromPkcs8(curve: Curve, secret: Uint8Array): KeyObject {
	const key = Buffer.concat([pkcs8Prefix[curve], secret]);
	return createPrivateKey({key, format: 'der', type: 'pkcs8'});
}

function whetherHalvesAreCompared(): boolean {
	try {
		fromJwk('X25519', new Uint8Array(32));
		return false;
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ERR_CRYPTO_INVALID_JWK') return true;
		throw error;
	}
}

function publicObject(curve: Curve, key: Uint8Array): KeyObject {
	assert(key.length === 32, 'a public key of 32 octets');
	return createPublicKey({key: {kty: 'OKP', crv: curve, x: textOf(key)}, format: 'jwk'});
}

/** Own memory, never a view of Node's pool of buffers. */
function octetsOf(text: string): Uint8Array {
	return Uint8Array.from(Buffer.from(text, 'base64url'));
}

function textOf(octets: Uint8Array): string {
	return Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('base64url');
}

const privateObjects = {
	X25519: new WeakMap<Uint8Array, KeyObject>(),
	Ed25519: new WeakMap<Uint8Array, KeyObject>(),
};
const hashNames: Record<HashName, string> = {SHA256: 'sha256', BLAKE2s: 'blake2s256'};
const zeroText = textOf(new Uint8Array(32));
const pkcs8Prefix = {
	X25519: Buffer.from('302e020100300506032b656e04220420', 'hex'),
	Ed25519: Buffer.from('302e020100300506032b657004220420', 'hex'),
};
const comparesHalves = whetherHalvesAreCompared();
const nonceSize = 12;
/** Octets from which on freeing costs less than what the collector takes. */
const freedMin = 4096;
const tagSize = 16;
const chacha: CipherChaCha20Poly1305Types = 'chacha20-poly1305';
const chachaOptions = {authTagLength: tagSize};
