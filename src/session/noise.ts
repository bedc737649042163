/**
 * The Noise Protocol Framework, revision 34, as far as shoal uses it: patterns NX, NK and IK over
 * X25519. Section numbers are those of the specification. Knows nothing of datagrams or frames.
 */
import {assert} from '../assert.ts';
import {concatenate} from '../concatenate.ts';
import type {AeadKey, CipherName, Crypto, HashName, KeyPair} from '../platform/crypto.ts';

export type Pattern = 'NX' | 'NK' | 'IK';

export type HandshakeOptions = {
	readonly crypto: Crypto;
	readonly pattern: Pattern;
	readonly cipher: CipherName;
	readonly hash: HashName;
	readonly initiator: boolean;
	readonly prologue: Uint8Array;
	/** This side's static pair, where the pattern has one. */
	readonly static?: KeyPair;
	/** The responder's static key, where the pattern wants it known. */
	readonly remoteStatic?: Uint8Array;
	/** Fixed only to replay test vectors. */
	readonly ephemeral?: KeyPair;
};

/** What Split() gives: k1 seals from initiator to responder, k2 the other way. */
export type SplitKeys = {readonly k1: Uint8Array; readonly k2: Uint8Array};

type Token = 'e' | 's' | 'ee' | 'es' | 'se' | 'ss';

/** §7.4 and §7.5. */
const patterns: Record<Pattern, {known: boolean; messages: readonly (readonly Token[])[]}> = {
	NX: {known: false, messages: [['e'], ['e', 'ee', 's', 'es']]},
	NK: {
		known: true,
		messages: [
			['e', 'es'],
			['e', 'ee'],
		],
	},
	IK: {
		known: true,
		messages: [
			['e', 'es', 's', 'ss'],
			['e', 'ee', 'se'],
		],
	},
};

/** §5.1: one key and its counter. */
export class CipherState {
	readonly #name: CipherName;
	readonly #key: AeadKey;
	#nonce = 0;

	constructor(crypto: Crypto, name: CipherName, key: Uint8Array) {
		this.#name = name;
		this.#key = crypto.aead(name, key);
	}

	encrypt(associated: Uint8Array, plain: Uint8Array): Uint8Array {
		const packet = new Uint8Array(associated.length + plain.length + tagSize);
		packet.set(associated);
		packet.set(plain, associated.length);
		this.#key.seal(packet, associated.length, packet.length, this.#takeNonce());
		return packet.subarray(associated.length);
	}

	/** Undefined if it is not authentic; the counter moves only if it is. */
	decrypt(associated: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
		if (sealed.length < tagSize) return undefined;
		const packet = new Uint8Array(associated.length + sealed.length);
		packet.set(associated);
		packet.set(sealed, associated.length);
		const nonce = this.#takeNonce();
		if (!this.#key.open(packet, associated.length, packet.length, nonce)) {
			this.#nonce--;
			return undefined;
		}
		return packet.subarray(associated.length, packet.length - tagSize);
	}

	/** §12.3 and §12.4: 32 zero bits, then the counter, its end first or last by the cipher. */
	#takeNonce(): Uint8Array {
		const nonce = new Uint8Array(12);
		const view = new DataView(nonce.buffer);
		view.setBigUint64(4, BigInt(this.#nonce++), this.#name === 'ChaChaPoly');
		return nonce;
	}
}

type State = {
	chainingKey: Uint8Array;
	hash: Uint8Array;
	cipher: CipherState | undefined;
	remoteStatic: Uint8Array | undefined;
	remoteEphemeral: Uint8Array | undefined;
	messageIndex: number;
};

/** §5.2 and §5.3. `write` and `read` take turns; the initiator writes first. */
export class Handshake {
	readonly #options: HandshakeOptions;
	readonly #crypto: Crypto;
	#ephemeral: KeyPair | undefined;
	/**
	 * Its octets are replaced, never changed, so that a copy of the record is a copy of all; of the
	 * cipher too, because every message of these patterns makes a new one before it uses one.
	 */
	#state: State;

	constructor(options: HandshakeOptions) {
		this.#options = options;
		this.#crypto = options.crypto;
		this.#ephemeral = options.ephemeral;
		const name = encoder.encode(`Noise_${options.pattern}_25519_${options.cipher}_${options.hash}`);
		const hash = new Uint8Array(hashSize);
		if (name.length <= hashSize) hash.set(name);
		else hash.set(this.#crypto.hash(options.hash, name));
		this.#state = {
			chainingKey: hash,
			hash,
			cipher: undefined,
			remoteStatic: undefined,
			remoteEphemeral: undefined,
			messageIndex: 0,
		};
		this.#mixHash(options.prologue);
		if (patterns[options.pattern].known) {
			const known = options.initiator ? options.remoteStatic : options.static?.public;
			assert(known !== undefined, 'the pattern needs the static key of the responder');
			if (options.initiator) this.#state.remoteStatic = known;
			this.#mixHash(known);
		}
	}

	/** Another handshake at the same point: for a message that may turn out to be a stranger's. */
	fork(): Handshake {
		const other = new Handshake(this.#options);
		other.#ephemeral = this.#ephemeral;
		other.#state = {...this.#state};
		return other;
	}

	/** The peer's static key, as soon as it is known. */
	get remoteStatic(): Uint8Array | undefined {
		return this.#state.remoteStatic;
	}

	/** Binds all that both sides saw: equal at both ends after the last message. */
	get hash(): Uint8Array {
		return this.#state.hash;
	}

	/**
	 * The next message, or undefined when the peer's key is a point of low order. The payload may
	 * depend on the keys that this message completes, so it may be a function, called once.
	 */
	write(payload: Uint8Array | (() => Uint8Array)): Uint8Array | undefined {
		const parts: Uint8Array[] = [];
		for (const token of this.#tokens(true)) {
			if (token === 'e') {
				this.#ephemeral ??= this.#crypto.dhGenerate();
				parts.push(this.#ephemeral.public);
				this.#mixHash(this.#ephemeral.public);
			} else if (token === 's') {
				parts.push(this.#encryptAndHash(this.#static().public));
			} else if (!this.#mixDh(token)) {
				return undefined;
			}
		}
		parts.push(this.#encryptAndHash(typeof payload === 'function' ? payload() : payload));
		return concatenate(parts);
	}

	/** The payload of the peer's message; undefined (and nothing has changed) if it is not one. */
	read(message: Uint8Array): Uint8Array | undefined {
		const before = {...this.#state};
		const payload = this.#read(message);
		if (payload === undefined) this.#state = before;
		return payload;
	}

	/** §5.2: of the chaining key, so it may be asked while the last payload is made. */
	split(): SplitKeys {
		const [k1, k2] = this.#derive(new Uint8Array(0));
		return {k1, k2};
	}

	#read(message: Uint8Array): Uint8Array | undefined {
		let offset = 0;
		const take = (size: number): Uint8Array | undefined => {
			if (message.length - offset < size) return undefined;
			offset += size;
			return new Uint8Array(message.subarray(offset - size, offset));
		};
		for (const token of this.#tokens(false)) {
			if (token === 'e') {
				const key = take(keySize);
				if (key === undefined) return undefined;
				this.#state.remoteEphemeral = key;
				this.#mixHash(key);
			} else if (token === 's') {
				const sealed = take(keySize + (this.#state.cipher === undefined ? 0 : tagSize));
				const key = sealed === undefined ? undefined : this.#decryptAndHash(sealed);
				if (key === undefined) return undefined;
				this.#state.remoteStatic = new Uint8Array(key);
			} else if (!this.#mixDh(token)) {
				return undefined;
			}
		}
		return this.#decryptAndHash(message.subarray(offset));
	}

	#tokens(writing: boolean): readonly Token[] {
		const {initiator, pattern} = this.#options;
		const index = this.#state.messageIndex++;
		assert((index % 2 === 0) === (initiator === writing), 'the other side has the turn');
		const tokens = patterns[pattern].messages[index];
		assert(tokens !== undefined, 'the handshake is over');
		return tokens;
	}

	/** The first letter names the initiator's key, the second the responder's. */
	#mixDh(token: Token): boolean {
		const mine = this.#options.initiator ? token[0] : token[1];
		const theirs = this.#options.initiator ? token[1] : token[0];
		const pair = mine === 'e' ? this.#ephemeral : this.#static();
		const {remoteEphemeral, remoteStatic} = this.#state;
		const peer = theirs === 'e' ? remoteEphemeral : remoteStatic;
		assert(pair !== undefined && peer !== undefined, 'a key that the pattern has by now');
		const shared = this.#crypto.dh(pair.secret, peer);
		if (shared === undefined) return false;
		const [chainingKey, key] = this.#derive(shared);
		this.#state.chainingKey = chainingKey;
		this.#state.cipher = new CipherState(this.#crypto, this.#options.cipher, key);
		return true;
	}

	#static(): KeyPair {
		assert(this.#options.static !== undefined, 'the pattern needs a static key');
		return this.#options.static;
	}

	/** §4.3, HKDF with two outputs. */
	#derive(input: Uint8Array): [Uint8Array, Uint8Array] {
		const {hash} = this.#options;
		const secret = this.#crypto.hmac(hash, this.#state.chainingKey, input);
		const first = this.#crypto.hmac(hash, secret, oneOctet);
		return [first, this.#crypto.hmac(hash, secret, first, twoOctet)];
	}

	#mixHash(data: Uint8Array): void {
		this.#state.hash = this.#crypto.hash(this.#options.hash, this.#state.hash, data);
	}

	#encryptAndHash(plain: Uint8Array): Uint8Array {
		const sealed = this.#state.cipher?.encrypt(this.#state.hash, plain) ?? plain;
		this.#mixHash(sealed);
		return sealed;
	}

	#decryptAndHash(sealed: Uint8Array): Uint8Array | undefined {
		const {cipher, hash} = this.#state;
		const plain = cipher === undefined ? new Uint8Array(sealed) : cipher.decrypt(hash, sealed);
		if (plain !== undefined) this.#mixHash(sealed);
		return plain;
	}
}

const encoder = new TextEncoder();
const oneOctet = Uint8Array.of(1);
const twoOctet = Uint8Array.of(2);
const keySize = 32;
const tagSize = 16;
/** Of SHA-256 and BLAKE2s alike. */
const hashSize = 32;
