/**
 * Datagrams that mean nothing: noise, noise that begins well, and true datagrams that were cut,
 * changed or made under another key.
 */
import type {Crypto} from '../../src/platform/crypto.ts';
import {
	encodeAnswer,
	encodeHello,
	encodeToken,
	firstOctet,
	handshakeType,
	macKeyOf,
	protocolVersion,
} from '../../src/session/handshake.ts';
import type {Prng} from './prng.ts';

export const garbageKinds = ['noise', 'begun', 'cut', 'flipped', 'mac', 'lists'] as const;
export type GarbageKind = (typeof garbageKinds)[number];

const firstOctets = [0x00, protocolVersion, 0x80, 0x81, 0xc0, 0xc1, 0xe0];

export class Garbage {
	readonly counts: Record<GarbageKind, number> = {
		noise: 0,
		begun: 0,
		cut: 0,
		flipped: 0,
		mac: 0,
		lists: 0,
	};
	readonly #prng: Prng;
	readonly #crypto: Crypto;
	/** True datagrams, the newest at random places. */
	readonly #known: Uint8Array[] = [];

	constructor(prng: Prng, crypto: Crypto) {
		this.#prng = prng;
		this.#crypto = crypto;
	}

	/** Something true, to be spoilt. */
	learn(data: Uint8Array): void {
		if (this.#known.length < knownMax) this.#known.push(data.slice());
		else this.#known[this.#prng.below(knownMax)] = data.slice();
	}

	next(): Uint8Array {
		const kind = this.#prng.pick(garbageKinds);
		this.counts[kind]++;
		return this.make(kind);
	}

	make(kind: GarbageKind): Uint8Array {
		const prng = this.#prng;
		const {length} = this.#known;
		switch (kind) {
			case 'noise':
				return prng.bytes(prng.below(1500));
			case 'cut': {
				const data = length === 0 ? prng.bytes(1200) : prng.pick(this.#known);
				return data.slice(0, prng.below(data.length));
			}
			case 'flipped': {
				const data = length === 0 ? prng.bytes(1200) : prng.pick(this.#known).slice();
				for (let count = 1 + prng.below(3); count > 0; count--) {
					// Each bit once: two flips of one would make it whole again.
					const from = Math.floor((data.length * (count - 1)) / 3);
					const end = Math.floor((data.length * count) / 3);
					data[from + prng.below(end - from)]! ^= 1 << prng.below(8);
				}
				return data;
			}
			case 'mac':
				return this.#hello();
			case 'lists':
				return this.#forgery();
			default: {
				const data = prng.bytes(6 + prng.below(1400));
				data[0] = prng.pick(firstOctets);
				if (data[0] === protocolVersion) data[1] = prng.below(8);
				return data;
			}
		}
	}

	/** A hello for an identity that nobody has. */
	#hello(): Uint8Array {
		const prng = this.#prng;
		return encodeHello(
			this.#crypto,
			{
				version: protocolVersion,
				suite: 'AESGCM',
				pattern: 'NX',
				role: 1,
				connection: prng.next(),
				versions: [protocolVersion],
				token: new Uint8Array(0),
				noise: prng.bytes(200),
			},
			macKeyOf(this.#crypto, prng.bytes(32)),
		);
	}

	/** What a responder might say to somebody else: lists, tokens, answers, notices. */
	#forgery(): Uint8Array {
		const prng = this.#prng;
		const connection = prng.next();
		switch (prng.below(4)) {
			case 0:
				return encodeToken(connection, prng.bytes(40));
			case 1:
				return encodeAnswer(connection, prng.bytes(300));
			case 2: {
				const notice = prng.bytes(7);
				notice.set([protocolVersion, handshakeType.notice]);
				return notice;
			}
			default: {
				const list = prng.bytes(8);
				list[0] = firstOctet.versionList;
				list[5] = 2;
				return list;
			}
		}
	}
}

const knownMax = 200;
