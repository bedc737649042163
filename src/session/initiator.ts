/**
 * The side that dials: asks for the newest statement in its first datagram, and goes on with the
 * session that the answer's ticket holds if a payload is attached.
 */

import type {ShoalError} from '../error.ts';
import type {Crypto} from '../platform/crypto.ts';
import type {Address, Transmit} from '../platform/datagram.ts';
import type {Micros} from '../unit.ts';
import type {Endpoint} from './endpoint.ts';
import type {Payload, SessionHandle} from './payload.ts';
import type {Head} from './statement.ts';

export type SuiteName = 'AESGCM' | 'ChaChaPoly';

export type InitiatorOptions = {
	readonly crypto: Crypto;
	readonly now: Micros;
	/** Unix milliseconds: judges the expiry of delegations. */
	readonly wallMs: () => number;
	readonly peer: Address;
	/** The identity that the answer must prove. None: the event carries the one that it proved. */
	readonly identity?: Uint8Array;
	/** A delegation kept from an earlier answer: saves showing the module's name to the path. */
	readonly delegation?: Uint8Array;
	/** X25519 secret that authenticates this side. */
	readonly key?: Uint8Array;
	readonly module: Uint8Array;
	/** Sequence of the newest statement known; 0: none. */
	readonly sequence: number;
	readonly suite?: SuiteName;
	/** Microseconds without an answer until PATH_SILENT. */
	readonly contactTimeout?: number;
	/** Microseconds without a packet of the peer until SESSION_IDLE. */
	readonly idleTimeout?: number;
};

/** A range of an early object: k = 0 the snapshot's list, k = 1 … 8 the diffs in order. */
export type EarlyBlock = {
	readonly object: number;
	readonly offset: number;
	readonly data: Uint8Array;
};

/** A diff that a head names: the sequence of the snapshot that it starts from, size, SHA-256. */
export type Diff = {
	readonly sequence: number;
	readonly size: number;
	readonly digest: Uint8Array;
};

export type InitiatorEvent =
	| {
			readonly type: 'answered';
			/** Verified: signed by `identity`, for the module asked. Age and sequence are not judged. */
			readonly head: Head;
			readonly statement: Uint8Array;
			readonly diffs: readonly Diff[];
			readonly early: readonly EarlyBlock[];
			/** The host's, signed: worth keeping. */
			readonly delegation: Uint8Array;
			/** The identity proved: the pinned one, or its successor, or the one to decide about. */
			readonly identity: Uint8Array;
			/** Signed rotations that lead from the pinned identity to `identity`, oldest first. */
			readonly rotations: readonly Uint8Array[];
			/** Microseconds from the hello to its answer; undefined if the hello was repeated. */
			readonly roundTrip: number | undefined;
	  }
	/** More octets of the answer's objects: they may come after it, or never. */
	| {readonly type: 'early'; readonly early: readonly EarlyBlock[]}
	| {
			readonly type: 'refused';
			readonly code: number;
			readonly retryMs: number;
			readonly text: string;
	  }
	| {readonly type: 'failed'; readonly error: ShoalError}
	/** The peer ended the session. */
	| {readonly type: 'closed'; readonly code: number; readonly text: string};

export declare class Initiator implements Endpoint {
	constructor(options: InitiatorOptions);
	/** The session, once `answered` was polled and a payload is attached. */
	readonly session: SessionHandle | undefined;
	/** What happened, oldest first; drain after every `handle*`. */
	pollEvent(): InitiatorEvent | undefined;
	/** Goes on with the session of the answer, after the event `answered`. */
	attach(payload: Payload, now: Micros): void;
	/** Ends it: tells the peer if there is a session. Nothing is sent after pollTransmit is empty. */
	close(code: number, text: string): void;
	handleDatagram(data: Uint8Array, from: Address, now: Micros): void;
	handleTimeout(now: Micros): void;
	pollTransmit(now: Micros): Transmit | undefined;
	pollTimeout(): Micros;
}
