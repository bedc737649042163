/**
 * What rides in a session: the session seals, numbers, addresses and closes; the payload fills
 * packets and reads them. Either side of a transfer implements `Payload`.
 */
import type {Address} from '../platform/datagram.ts';
import type {Micros} from '../unit.ts';
import type {Writer} from '../wire/codec.ts';
import type {PathMtu} from './path-mtu.ts';

/** Codes of the frame `close`. wire/README.md §4. */
export const closeCode = {
	done: 0,
	shuttingDown: 1,
	malformed: 2,
	forgedReceipt: 3,
	limit: 4,
	idle: 5,
	unavailable: 6,
} as const;

/** What a payload may ask of the session that carries it. */
export type SessionHandle = {
	/**
	 * Octets that the payload of one packet may have; it changes with the form of the header and
	 * with what is known of the path.
	 */
	readonly payloadMax: number;
	/** The search for larger datagrams: whose payload has receipts of its packets tells it. */
	readonly mtu: PathMtu;
	/** Octets that a datagram has beyond its payload: header and tag. */
	readonly overhead: number;
	/** Whether the peer has shown that it receives at its address. */
	readonly validated: boolean;
	readonly peer: Address;
	/**
	 * Whether any number in [from, to] was skipped at a secret place or not sent yet: a receipt
	 * for it is forged.
	 */
	wasSkipped(from: number, to: number): boolean;
	/** Says that the payload has something to send, when no `handle*` call of its own said so. */
	wake(): void;
	/** Ends the session; `Payload.closed` follows. */
	close(code: number, text: string): void;
};

export type Payload = {
	/** Whether this side's packet numbers skip secret places (RFC 9000 §21.4): a source's do. */
	readonly skips: boolean;
	/**
	 * Called once for every packet that was opened, in order of arrival. `payload` holds the frames
	 * without the session's own, which come first in a packet (it may be empty), and is a view that
	 * is valid during the call. Answers a close code if a frame is invalid.
	 */
	handlePacket(
		number: number,
		payload: Uint8Array,
		datagramSize: number,
		now: Micros,
	): number | undefined;
	/** Fills the next packet, whose number is `number`; false: nothing to send now. */
	pollPacket(number: number, to: Writer, now: Micros): boolean;
	/** Largest datagram that is worth a probe now, in octets; absent or 0: none is. */
	probeMax?(now: Micros): number;
	/** Writes the frames of a probe, which the session pads; false: not now. */
	pollProbe?(number: number, to: Writer, now: Micros): boolean;
	/**
	 * The peer has moved to another address, which is validated: nothing is known of the path to
	 * it. Start again from the initial window.
	 */
	pathChanged(now: Micros): void;
	handleTimeout(now: Micros): void;
	pollTimeout(): Micros;
	/** The session has ended, whoever ended it; called once, the last call. */
	closed(code: number, text: string): void;
};
