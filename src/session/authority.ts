/**
 * Who decides what a responder answers. The responder itself knows keys and datagrams, never what a
 * module is or who may have it.
 */
import type {KeyPair} from '../platform/crypto.ts';
import type {Address} from '../platform/datagram.ts';
import type {Diff, Refusal, WebTransportPlace} from './answer.ts';
import type {Payload, SessionHandle} from './payload.ts';

export type {Diff, Refusal} from './answer.ts';

/** An identity that this responder serves for. */
export type Host = {
	readonly identity: Uint8Array;
	/** X25519. */
	readonly hostKey: KeyPair;
	/** Signed statement of the identity for `hostKey`; read anew for each answer. */
	readonly delegation: Uint8Array;
	/** Signed rotations that lead to the identity from its former ones, oldest first. */
	readonly rotations?: readonly Uint8Array[];
	/** Where it answers WebTransport, if it does; read anew for each answer. */
	readonly webTransport?: WebTransportPlace | undefined;
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
