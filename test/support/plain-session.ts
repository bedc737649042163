/**
 * A session without its cryptography: numbers, a replay window, secret skips and a checksum in
 * datagrams of the same size as sealed ones. Nine tenths of the simulated runs ride in it.
 */
import type {Address, Transmit} from '../../src/platform/datagram.ts';
import type {Endpoint} from '../../src/session/endpoint.ts';
import {PathMtu} from '../../src/session/path-mtu.ts';
import type {Payload, SessionHandle} from '../../src/session/payload.ts';
import {type Micros, never} from '../../src/unit.ts';
import {Writer} from '../../src/wire/codec.ts';
import type {Prng} from './prng.ts';

const headerSize = 9;
const tagSize = 16;
const datagramSize = 1200;
const replayWindow = 8192;

export class PlainSession implements Endpoint, SessionHandle {
	readonly overhead = headerSize + tagSize;
	readonly payloadMax = datagramSize - headerSize - tagSize;
	readonly mtu = new PathMtu({max: 1200});
	readonly validated = true;
	readonly peer: Address;
	/** Set when either side ended it. */
	closedWith: number | undefined;
	payload: Payload | undefined;
	/** Called after every event: reads for a source, more requests for a receiver. */
	onTurn: (now: Micros) => void = () => undefined;
	onWake: () => void = () => undefined;
	/** Datagrams that were no packets of this session, or came twice. */
	garbage = 0;
	replays = 0;
	readonly #prng: Prng;
	readonly #skipped: number[] = [];
	#next = 0;
	#largest = -1;
	readonly #seen = new Uint8Array(replayWindow);
	#closing: number | undefined;

	constructor(peer: Address, prng: Prng) {
		this.peer = peer;
		this.#prng = prng;
	}

	wasSkipped(from: number, to: number): boolean {
		if (to >= this.#next) return true;
		for (let index = this.#skipped.length - 1; index >= 0; index--) {
			const number = this.#skipped[index]!;
			if (number < from) return false;
			if (number <= to) return true;
		}
		return false;
	}

	wake(): void {
		this.onWake();
	}

	close(code: number): void {
		if (this.closedWith !== undefined) return;
		this.closedWith = code;
		this.#closing = code;
		this.payload?.closed(code, '');
	}

	handleDatagram(data: Uint8Array, _from: Address, now: Micros): void {
		if (this.closedWith !== undefined || this.payload === undefined) return;
		const number = this.#open(data);
		if (number === undefined) return;
		const frames = data.subarray(headerSize, data.length - tagSize);
		if (data[0] === 0x81) {
			this.closedWith = frames[0]!;
			this.payload.closed(this.closedWith, '');
			return;
		}
		const code = this.payload.handlePacket(number, frames, data.length, now);
		if (code !== undefined) this.close(code);
		else this.onTurn(now);
	}

	handleTimeout(now: Micros): void {
		this.payload?.handleTimeout(now);
		this.onTurn(now);
	}

	pollTimeout(): Micros {
		return this.closedWith === undefined ? (this.payload?.pollTimeout() ?? never) : never;
	}

	pollTransmit(now: Micros): Transmit | undefined {
		const closing = this.#closing;
		this.#closing = undefined;
		if (this.payload === undefined || (this.closedWith !== undefined && closing === undefined)) {
			return undefined;
		}
		const data = new Uint8Array(datagramSize);
		const to = new Writer(data, headerSize, datagramSize - tagSize);
		if (this.payload.skips && this.#prng.chance(1 / 64)) this.#skipped.push(this.#next++);
		if (closing !== undefined) to.u8(closing);
		else if (!this.payload.pollPacket(this.#next, to, now)) return undefined;
		this.onTurn(now);
		const number = this.#next++;
		const size = to.offset + tagSize;
		data[0] = closing === undefined ? 0x80 : 0x81;
		new DataView(data.buffer).setUint32(5, number);
		const datagram = data.subarray(0, size);
		new DataView(data.buffer).setUint32(to.offset, checksum(datagram));
		return {data: datagram, to: this.peer};
	}

	#open(data: Uint8Array): number | undefined {
		if (data.length < headerSize + tagSize) {
			this.garbage++;
			return undefined;
		}
		const view = new DataView(data.buffer, data.byteOffset, data.length);
		if (view.getUint32(data.length - tagSize) !== checksum(data)) {
			this.garbage++;
			return undefined;
		}
		const number = view.getUint32(5);
		if (number > this.#largest) {
			const from = Math.max(this.#largest + 1, number - replayWindow + 1);
			for (let at = from; at < number; at++) this.#seen[at % replayWindow] = 0;
			this.#largest = number;
		} else if (number <= this.#largest - replayWindow || this.#seen[number % replayWindow] === 1) {
			this.replays++;
			return undefined;
		}
		this.#seen[number % replayWindow] = 1;
		return number;
	}
}

/** Of all but the tag's first four octets; words where it can, since it is paid for every packet. */
function checksum(data: Uint8Array): number {
	const end = data.length - tagSize;
	const view = new DataView(data.buffer, data.byteOffset, data.length);
	let sum = data.length;
	let at = 0;
	for (; at + 4 <= end; at += 4) sum = (Math.imul(sum, 31) + view.getInt32(at)) | 0;
	for (; at < end; at++) sum = (Math.imul(sum, 31) + data[at]!) | 0;
	for (at = end + 4; at < data.length; at++) sum = (Math.imul(sum, 31) + data[at]!) | 0;
	return sum >>> 0;
}
