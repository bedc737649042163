/**
 * The side that is dialled: answers polls from memory without keeping anything, and makes a
 * session when a ticket comes back.
 */
import type {Crypto, KeyPair} from '../platform/crypto.ts';
import type {Address, Transmit} from '../platform/datagram.ts';
import type {Micros} from '../unit.ts';
import type {Endpoint} from './endpoint.ts';
import type {Diff} from './initiator.ts';
import type {Payload, SessionHandle} from './payload.ts';

/** An identity that this responder serves for. */
export type Host = {
	readonly identity: Uint8Array;
	/** X25519. */
	readonly hostKey: KeyPair;
	/** Signed statement of the identity for `hostKey`. */
	readonly delegation: Uint8Array;
	/** Signed rotations that lead to the identity from its former ones, oldest first. */
	readonly rotations?: readonly Uint8Array[];
};

export type Ask = {
	readonly module: Uint8Array;
	/** Sequence of the newest statement that the asker has; 0: none. */
	readonly sequence: number;
	/** X25519 key that the asker proved to have. */
	readonly clientKey: Uint8Array | undefined;
	readonly from: Address;
	/** The identity asked for. */
	readonly identity: Uint8Array;
};

/** Codes of the frame `refusal`. wire/README.md §4. */
export const refusalCode = {moduleUnknown: 1, accessDenied: 2, busy: 3} as const;

export type Refusal = {readonly code: number; readonly retryMs: number; readonly text: string};

export type Answer = {
	/** Signed head. */
	readonly statement: Uint8Array;
	readonly diffs: readonly Diff[];
	/** Objects by k (0 the list, 1 … 8 the diffs) to send as far as the ×3 bound allows. */
	readonly early: readonly (Uint8Array | undefined)[];
	/** At most 96 octets that come back in `open`: they travel sealed in the ticket. */
	readonly context: Uint8Array;
};

/** Decides what is answered. Both calls answer from memory, at once: a hello can be replayed. */
export type Authority = {
	answer(ask: Ask): Answer | Refusal;
	/** Undefined: the session cannot be had (any more). */
	open(context: Uint8Array, session: SessionHandle): Payload | undefined;
};

export type ResponderOptions = {
	readonly crypto: Crypto;
	readonly now: Micros;
	readonly wallMs: () => number;
	readonly hosts: readonly Host[];
	readonly authority: Authority;
	/** Sessions at a time. */
	readonly sessionsMax?: number;
	/** Microseconds without a packet of the peer until a session is forgotten. */
	readonly idleTimeout?: number;
};

export declare class Responder implements Endpoint {
	constructor(options: ResponderOptions);
	readonly sessionCount: number;
	/** Ends every session: tells the peers that this side is shutting down. */
	closeAll(): void;
	handleDatagram(data: Uint8Array, from: Address, now: Micros): void;
	handleTimeout(now: Micros): void;
	pollTransmit(now: Micros): Transmit | undefined;
	pollTimeout(): Micros;
}
