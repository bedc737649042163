import type {Address, Transmit} from '../platform/datagram.ts';
import type {Micros} from '../unit.ts';

/**
 * What a pump drives: one socket's worth of sessions, pure. After any `handle*`, and after anything
 * that gave a payload more to send (`SessionHandle.wake`), drain `pollTransmit` until it is
 * undefined, then ask `pollTimeout` again.
 */
export type Endpoint = {
	/** Takes the datagram over: it is opened in place. Never throws on what is in it. */
	handleDatagram(data: Uint8Array, from: Address, now: Micros): void;
	/** Whether it has kept nothing of a datagram that it has handled. */
	isThrough?(data: Uint8Array): boolean;
	handleTimeout(now: Micros): void;
	/** A datagram to send now; its buffer is the caller's until `recycle`. */
	pollTransmit(now: Micros): Transmit | undefined;
	/** Nothing that `pollTransmit` has answered so far is in use any more. */
	recycle?(): void;
	/** When `handleTimeout` is due: `never` when nothing is. Changes after every other call. */
	pollTimeout(): Micros;
};
