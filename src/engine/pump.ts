/**
 * Joins a link, an endpoint and a clock: what arrives is handed in, what is due is sent, and the
 * one timer is set to what the endpoint asks for. It knows nothing of what it carries, so the same
 * pump runs over UDP and over a simulated link.
 */
import type {Clock} from '../platform/clock.ts';
import type {Datagram, DatagramLink, Transmit} from '../platform/datagram.ts';
import type {SpanBoard} from '../scheduler/job-span.ts';
import type {Endpoint} from '../session/endpoint.ts';
import {type Micros, never} from '../unit.ts';

/**
 * Datagrams sent before arrivals get a turn again. Pacing lets about ten go at once on a long
 * path; on loopback a millisecond's worth is a hundred.
 */
const sendsPerTurn = 128;

/** However few a link that is full takes: below that the calls cost more than they are worth. */
const sendsLeast = 4;

/** Shorter turns are not told, in microseconds: they are many, and say little. */
const toldMin = 200;

export class Pump {
	readonly #link: DatagramLink;
	readonly #endpoint: Endpoint;
	readonly #clock: Clock;
	/** Moves what the endpoint wants or has made; true when it may have more to send now. */
	readonly #turned: () => boolean;
	readonly #spans: SpanBoard | undefined;
	#unsent: Transmit[] = [];
	/** Datagrams to take from the endpoint at once: as many as the link takes. */
	#batchMax = sendsPerTurn;
	/** The link is full and tells when it is not: until then it is offered nothing. */
	#isFull = false;
	#armedAt: Micros = never;
	#disarm: (() => void) | undefined;
	#woken = false;
	#closed = false;

	constructor(options: {
		link: DatagramLink;
		endpoint: Endpoint;
		clock: Clock;
		turned?: () => boolean;
		failed: (error: Error) => void;
		/** Told of long turns while anybody watches. */
		spans?: SpanBoard | undefined;
	}) {
		this.#link = options.link;
		this.#endpoint = options.endpoint;
		this.#clock = options.clock;
		this.#turned = options.turned ?? (() => false);
		this.#spans = options.spans;
		this.#link.receive({
			datagrams: batch => this.#receive(batch),
			failed: options.failed,
		});
	}

	/** Something changed outside (a read ended, a range is wanted): looks again, soon and once. */
	wake(): void {
		if (this.#woken || this.#closed) return;
		this.#woken = true;
		queueMicrotask(() => {
			this.#woken = false;
			this.#turn();
		});
	}

	/** Sends what is due now and stops; the link stays open. */
	close(): void {
		if (this.#closed) return;
		this.#send(this.#clock.now());
		this.#closed = true;
		this.#disarm?.();
	}

	#receive(batch: readonly Datagram[]): void {
		if (this.#closed) return;
		const now = this.#clock.now();
		for (const {data, from} of batch) {
			this.#endpoint.handleDatagram(data, from, now);
			if (this.#endpoint.isThrough?.(data)) this.#link.release?.(data);
		}
		this.#turn(now);
	}

	#turn(beganAt = this.#clock.now()): void {
		if (this.#closed) return;
		const now = this.#clock.now();
		if (this.#endpoint.pollTimeout() <= now) this.#endpoint.handleTimeout(now);
		let isFull = this.#send(now);
		while (this.#turned() && !isFull && !this.#closed) isFull = this.#send(now);
		if (!this.#closed) this.#arm(isFull ? now : this.#endpoint.pollTimeout());
		if (this.#spans?.isWatched) this.#tell(this.#spans, beganAt);
	}

	#tell(spans: SpanBoard, beganAt: Micros): void {
		const endedAt = this.#clock.now();
		if (endedAt - beganAt < toldMin) return;
		const what = {kind: 'datagrams', thread: 0, task: undefined, client: '', cost: 0};
		spans.jobEnded({...what, addedAt: beganAt, beganAt, endedAt, failed: false});
	}

	/** True when a turn's share was sent and there may be more. */
	#send(now: Micros): boolean {
		if (this.#isFull) return false;
		const batch = this.#unsent;
		if (batch.length === 0 && this.#link.isIdle) this.#endpoint.recycle?.();
		while (batch.length < this.#batchMax) {
			const transmit = this.#endpoint.pollTransmit(now);
			if (transmit === undefined) break;
			batch.push(transmit);
		}
		if (batch.length === 0) return false;
		const full = batch.length >= this.#batchMax;
		const taken = this.#link.send(batch);
		if (taken === batch.length) {
			batch.length = 0;
			if (full) this.#batchMax = Math.min(sendsPerTurn, 2 * this.#batchMax);
			return full;
		}
		// What waits here counts as sent, and is in nobody's turn: the endpoint is to keep the rest.
		this.#batchMax = Math.max(sendsLeast, taken);
		batch.splice(0, taken);
		this.#isFull = true;
		this.#link.drained(() => {
			this.#isFull = false;
			this.#turn();
		});
		return false;
	}

	#arm(at: Micros): void {
		if (at === this.#armedAt && this.#disarm !== undefined) return;
		this.#disarm?.();
		this.#disarm = undefined;
		this.#armedAt = at;
		if (at === never) return;
		this.#disarm = this.#clock.at(at, () => {
			this.#disarm = undefined;
			this.#turn();
		});
	}
}
