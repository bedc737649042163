/** A receiver that keeps to no rule: it says what a test wants it to. */
import {packetOverhead} from '../../src/limit.ts';
import type {RowRequest} from '../../src/receiver/request-queue.ts';
import type {Payload} from '../../src/session/payload.ts';
import {Receipts} from '../../src/transfer/receipts.ts';
import {type Micros, never} from '../../src/unit.ts';
import type {Writer} from '../../src/wire/codec.ts';
import {encodeFrame} from '../../src/wire/frame.ts';
import {oneWay} from './bed.ts';

/** Writes what a test wants to be said; called at its `interval`, and for each packet at 0. */
export type Say = (to: Writer, hostile: Hostile, now: Micros) => void;

/** Takes whatever comes, and says what it likes. */
export class Hostile implements Payload {
	readonly skips = false;
	readonly receipts = new Receipts();
	version = 0;
	/** Octets of datagrams that came, as they are counted. */
	bytesIn = 0;
	/** Numbers that did not come although a later one did. */
	readonly missing: number[] = [];
	/** When the source has octets proved to it, and how many: receipts that are true. */
	readonly proven: {readonly at: number; readonly size: number}[] = [];
	readonly #say: Say;
	readonly #interval: number;
	#dueAt = 0;
	#unproven = 0;

	constructor(interval: number, say: Say) {
		this.#interval = interval;
		this.#say = say;
	}

	/** An encoded feedback, at most as honest as its fields. */
	feedback(to: Writer, fields: {rate: number; bytes: number; below?: number}): void {
		const packet = this.receipts.largest + 1;
		encodeFrame('feedback', {version: ++this.version, below: 0, packet, ...fields}, to);
	}

	/** True receipts of all that came. */
	receipt(to: Writer, now: Micros): void {
		this.receipts.write(to, now, 600);
		this.receipts.next();
		this.proven.push({at: now + oneWay, size: this.#unproven});
		this.#unproven = 0;
	}

	/** A receipt for all numbers up to `largest`. */
	claim(to: Writer, largest: number): void {
		if (largest < 0) return;
		const ranges = [{gap: 0, length: largest + 1}];
		encodeFrame('receipt', {largest, delay: 0, ranges}, to);
	}

	/** A receipt for one number, whether it came or not. */
	claimOne(to: Writer, number: number): void {
		encodeFrame('receipt', {largest: number, delay: 0, ranges: [{gap: 0, length: 1}]}, to);
	}

	/** Wants from number `first` on. */
	wants(to: Writer, first: number, requests: readonly RowRequest[]): void {
		requests.forEach(({snapshot, kind, page, position, count, offset, length}, index) => {
			const number = first + index;
			encodeFrame('want', {number, snapshot, kind, page, position, count, offset, length}, to);
		});
	}

	handlePacket(number: number, payload: Uint8Array, _size: number, now: Micros): undefined {
		this.bytesIn += payload.length + packetOverhead;
		this.#unproven += payload.length + packetOverhead;
		for (let lost = this.receipts.largest + 1; lost < number; lost++) this.missing.push(lost);
		this.receipts.add(number, now);
		if (this.#interval === 0) this.#dueAt = 0;
	}

	pollPacket(_number: number, to: Writer, now: Micros): boolean {
		if (now < this.#dueAt) return false;
		this.#dueAt = this.#interval === 0 ? Infinity : now + this.#interval;
		const start = to.offset;
		this.#say(to, this, now);
		return to.offset > start;
	}

	pathChanged(): void {
		this.#unproven = 0;
	}

	handleTimeout(): undefined {
		return undefined;
	}

	pollTimeout(): Micros {
		return (this.#dueAt === Infinity ? never : this.#dueAt) as Micros;
	}

	closed(): void {
		this.#dueAt = Infinity;
	}
}
