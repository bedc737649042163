/**
 * Tickets: a session that the responder has sealed for itself and keeps nowhere. Sealed under a key
 * that lives for two minutes at most; a ticket makes a session once, and which one is remembered
 * until the key is destroyed. wire/README.md §3.
 */
import type {AeadKey, Crypto} from '../platform/crypto.ts';
import type {Address} from '../platform/datagram.ts';
import {later, type Micros, millis, never} from '../unit.ts';
import {Reader, Writer} from '../wire/codec.ts';
import type {SuiteName} from './handshake.ts';
import type {SplitKeys} from './noise.ts';

/** What a ticket holds. */
export type Ticket = {
	readonly suite: SuiteName;
	/** The initiator's connection id. */
	readonly connection: number;
	readonly keys: SplitKeys;
	/** Of the address that it was sent to: `addressHash`. */
	readonly addressHash: Uint8Array;
	/** Of whoever decides about the session. */
	readonly context: Uint8Array;
};

/** A ticket that came back: which one it is, and the session it has made, if any. */
export type TicketUse = {
	readonly name: string;
	readonly keyId: number;
	readonly session: number | undefined;
};

type SealingKey = {
	readonly id: number;
	readonly aead: AeadKey;
	readonly madeAt: Micros;
	/** Sessions by ticket. */
	readonly redeemed: Map<string, number>;
};

export class TicketBox {
	readonly #crypto: Crypto;
	#nextId = 0;
	/** The newest seals; both open. */
	#keys: readonly SealingKey[] = [];

	constructor(crypto: Crypto) {
		this.#crypto = crypto;
	}

	/** At most `ticketSizeMax` octets. */
	seal(ticket: Ticket, now: Micros): Uint8Array {
		const key = this.#sealingKey(now);
		const to = new Writer(new Uint8Array(ticketSizeMax));
		to.u8(key.id);
		to.put(this.#nonce());
		to.u8(ticket.suite === 'AESGCM' ? 0 : 1);
		to.u32(ticket.connection);
		to.put(ticket.keys.k1);
		to.put(ticket.keys.k2);
		to.put(ticket.addressHash);
		to.opaque(ticket.context);
		to.zero(tagSize);
		if (to.overflowed) throw new RangeError(`a context of ${ticket.context.length} octets`);
		const sealed = to.written();
		key.aead.seal(sealed, headerSize, sealed.length, sealed.subarray(1, headerSize));
		return sealed;
	}

	/** Which ticket this is, without opening it; undefined if it is of no key that is left. */
	find(sealed: Uint8Array, now: Micros): TicketUse | undefined {
		const key = this.#find(sealed, now);
		if (key === undefined) return undefined;
		const name = String.fromCharCode(...sealed.subarray(1, headerSize));
		return {name, keyId: key.id, session: key.redeemed.get(name)};
	}

	/** What is in the ticket, copied; undefined if it is not one of ours. */
	open(sealed: Uint8Array, now: Micros): Ticket | undefined {
		const key = this.#find(sealed, now);
		if (key === undefined || key.redeemed.size >= redeemedMax) return undefined;
		const octets = new Uint8Array(sealed);
		const nonce = sealed.subarray(1, headerSize);
		if (!key.aead.open(octets, headerSize, octets.length, nonce)) return undefined;
		const from = new Reader(octets, headerSize, octets.length - tagSize);
		const ticket: Ticket = {
			suite: from.u8() === 0 ? 'AESGCM' : 'ChaChaPoly',
			connection: from.u32(),
			keys: {k1: from.take(32), k2: from.take(32)},
			addressHash: from.take(addressHashSize),
			context: from.opaque(ticketContextMax),
		};
		return from.failed || from.left > 0 ? undefined : ticket;
	}

	/** Remembers that the ticket has made `session`: it makes no other. */
	redeem(use: TicketUse, session: number): void {
		this.#keys.find(key => key.id === use.keyId)?.redeemed.set(use.name, session);
	}

	/** Of an address, as a ticket holds it. */
	addressHash(address: Address): Uint8Array {
		return this.#crypto.sha256(encoder.encode(address)).subarray(0, addressHashSize);
	}

	/** When the oldest key is to be destroyed. */
	pollTimeout(): Micros {
		const oldest = this.#keys.at(-1);
		return oldest === undefined ? never : later(oldest.madeAt, keyLifetime);
	}

	/** Destroys the keys whose time is over: what was sealed under them is lost for good. */
	handleTimeout(now: Micros): void {
		if (this.pollTimeout() > now) return;
		this.#keys = this.#keys.filter(key => later(key.madeAt, keyLifetime) > now);
	}

	#sealingKey(now: Micros): SealingKey {
		this.handleTimeout(now);
		const newest = this.#keys[0];
		if (newest !== undefined && later(newest.madeAt, keyPeriod) > now) return newest;
		const octets = new Uint8Array(32);
		this.#crypto.random(octets);
		const aead = this.#crypto.aead('ChaChaPoly', octets);
		octets.fill(0);
		const key = {id: this.#nextId, aead, madeAt: now, redeemed: new Map<string, number>()};
		this.#nextId = (this.#nextId + 1) & 0xff;
		this.#keys = newest === undefined ? [key] : [key, newest];
		return key;
	}

	#find(sealed: Uint8Array, now: Micros): SealingKey | undefined {
		if (sealed.length < ticketSizeMin || sealed.length > ticketSizeMax) return undefined;
		this.handleTimeout(now);
		return this.#keys.find(key => key.id === sealed[0]);
	}

	/** Random: 2^32 tickets under one key would be needed for a repeat to be thinkable. */
	#nonce(): Uint8Array {
		const nonce = new Uint8Array(headerSize - 1);
		this.#crypto.random(nonce);
		return nonce;
	}
}

const encoder = new TextEncoder();
/** Longest context of an authority. */
export const ticketContextMax = 96;
const tagSize = 16;
const addressHashSize = 16;
/** Key id and nonce. */
const headerSize = 1 + 12;
const ticketSizeMin = headerSize + 1 + 4 + 64 + addressHashSize + 1 + tagSize;
export const ticketSizeMax = ticketSizeMin + 1 + ticketContextMax;
/** A key seals for a minute and opens for another: time to begin the session of an answer. */
const keyPeriod = millis(60_000);
const keyLifetime = 2 * keyPeriod;
/** How long an initiator may trust a ticket to be good: a little less than the least of it. */
export const ticketLifetime = keyLifetime - keyPeriod - 2_000_000;
/** Sessions that the tickets of one key may make: 6 MB of names, more than a minute brings. */
const redeemedMax = 65_536;
