/**
 * A session with a source of whom nothing is wanted but to know how large datagrams may be on the
 * way to it. Probes are padded pings: the source answers each, and says nothing else, so a packet
 * that comes while a probe is all that was sent lately says that this has arrived. As a rule both
 * ways carry the same.
 */
import type {Payload, SessionHandle} from '../session/payload.ts';
import {later, type Micros, never} from '../unit.ts';
import type {Writer} from '../wire/codec.ts';
import {encodeFrame} from '../wire/frame.ts';

export type SizeSearchOptions = {
	readonly session: SessionHandle;
	/** Of the first answer, in microseconds. */
	readonly roundTrip: number;
	/** Called once: the search is over, or the session is. */
	readonly done: () => void;
};

/** Microseconds that an answer may take beyond a round trip: turns of two busy machines. */
const slack = 50_000;

export class SizeSearch implements Payload {
	readonly skips = false;
	readonly #session: SessionHandle;
	readonly #patience: number;
	readonly #done: () => void;
	/** Number of the next packet, and when answers to all before it that were no probes are here. */
	#next = 0;
	#quietAt: Micros = never;
	#isWaiting = false;
	/** The probe under way, and when it was sent. */
	#probe: {readonly number: number; readonly at: Micros} | undefined;
	#isOver = false;

	constructor({session, roundTrip, done}: SizeSearchOptions) {
		this.#session = session;
		this.#patience = roundTrip + slack;
		this.#done = done;
	}

	handlePacket(_number: number, _payload: Uint8Array, _size: number, now: Micros): undefined {
		const probe = this.#probe;
		// It may answer what the session itself has sent since: then the probe is as good as lost.
		if (probe === undefined || now < this.#quietAt) return;
		this.#probe = undefined;
		this.#session.mtu.onReceipt(probe.number, probe.number, now);
		this.#look(now);
	}

	pollPacket(number: number, _to: Writer, now: Micros): boolean {
		this.#notice(number, now);
		return false;
	}

	probeMax(now: Micros): number {
		return now < this.#quietAt || this.#isOver ? 0 : Number.POSITIVE_INFINITY;
	}

	pollProbe(number: number, to: Writer, now: Micros): boolean {
		if (this.#notice(number, now)) return false;
		encodeFrame('ping', {}, to);
		this.#probe = {number, at: now};
		this.#next = number + 1;
		return true;
	}

	pathChanged(): void {
		this.#probe = undefined;
	}

	handleTimeout(now: Micros): void {
		if (this.#isOver || now < this.pollTimeout()) return;
		if (this.#probe !== undefined) this.#session.mtu.onFeedback(now, this.#patience);
		this.#probe = undefined;
		this.#isWaiting = false;
		this.#look(now);
	}

	pollTimeout(): Micros {
		if (this.#isOver) return never;
		// PathMtu gives a probe up when more than twice its patience has passed.
		if (this.#probe !== undefined) return later(this.#probe.at, 2 * this.#patience + 1);
		return this.#isWaiting ? this.#quietAt : never;
	}

	closed(): void {
		this.#end();
	}

	/** Whether packets of the session's own have left: pings, which are answered too. */
	#notice(number: number, now: Micros): boolean {
		if (number === this.#next) return false;
		this.#next = number;
		this.#quietAt = later(now, this.#patience);
		this.#isWaiting = true;
		return true;
	}

	#look(now: Micros): void {
		if (this.#session.mtu.probeSize(now) === 0) this.#end();
		else this.#session.wake();
	}

	#end(): void {
		if (this.#isOver) return;
		this.#isOver = true;
		this.#done();
	}
}
