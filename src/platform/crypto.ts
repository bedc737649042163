/**
 * The primitives the session is built of, injected so that the core stays pure and a simulation
 * can replace them. Keys and messages are raw octets everywhere.
 */

/** Fills `into` with octets: from the system in a program, from a seed in a simulation. */
export type Random = (into: Uint8Array) => void;

/** SHA-256 of the parts, one after another: 32 octets. */
export type Sha256 = (...parts: readonly Uint8Array[]) => Uint8Array;

export type KeyPair = {readonly secret: Uint8Array; readonly public: Uint8Array};

export type CipherName = 'AESGCM' | 'ChaChaPoly';
export type HashName = 'SHA256' | 'BLAKE2s';

/** One key of an AEAD with 12-octet nonces and 16-octet tags. */
export type AeadKey = {
	/**
	 * Seals `packet[headerSize, end - 16)` in place with the header as associated data; the tag
	 * is written to the last 16 octets before `end`.
	 */
	seal(packet: Uint8Array, headerSize: number, end: number, nonce: Uint8Array): void;
	/** Opens what `seal` sealed, in place; false (and the octets are worthless) if forged. */
	open(packet: Uint8Array, headerSize: number, end: number, nonce: Uint8Array): boolean;
};

export type Crypto = {
	readonly random: Random;
	readonly sha256: Sha256;
	/** The cipher whose packets cost least here. */
	readonly preferred: CipherName;
	/** Hash by name, for Noise. */
	hash(name: HashName, ...parts: readonly Uint8Array[]): Uint8Array;
	hmac(name: HashName, key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array;
	aead(name: CipherName, key: Uint8Array): AeadKey;
	/** X25519, RFC 7748. */
	dhGenerate(): KeyPair;
	dhPublic(secret: Uint8Array): Uint8Array;
	/** Undefined when the shared secret is all zero (a low-order point). */
	dh(secret: Uint8Array, peer: Uint8Array): Uint8Array | undefined;
	/** Ed25519, RFC 8032; a secret is the 32-octet seed. */
	signGenerate(): KeyPair;
	signPublic(secret: Uint8Array): Uint8Array;
	sign(secret: Uint8Array, message: Uint8Array): Uint8Array;
	verify(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
	/** Compares in constant time. */
	equal(a: Uint8Array, b: Uint8Array): boolean;
};
