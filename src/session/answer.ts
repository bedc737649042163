/**
 * What an answer says, as frames: message 2 and the `more` datagrams behind it. wire/README.md §2.
 * Early octets travel as blocks whose loss is harmless: they are asked for again like any others.
 */
import {datagramSizeInitial} from '../limit.ts';
import type {Crypto} from '../platform/crypto.ts';
import {Reader, varintMax, varintSize, Writer} from '../wire/codec.ts';
import {decodeFrame, encodeFrame, type Frame} from '../wire/frame.ts';
import {moreHeaderSize, putMoreHeader, type SuiteName} from './handshake.ts';
import {earlySecret, PacketKey, tagSize} from './packet-keys.ts';
import type {PathAllowance} from './path-allowance.ts';

/** A diff that a head names: the sequence of the snapshot that it starts from, size, SHA-256. */
export type Diff = {
	readonly sequence: number;
	readonly size: number;
	readonly digest: Uint8Array;
};

/** A range of an early object: k = 0 the snapshot's list, k = 1 … 8 the diffs in order. */
export type EarlyBlock = {
	readonly object: number;
	readonly offset: number;
	readonly data: Uint8Array;
};

export type Refusal = {readonly code: number; readonly retryMs: number; readonly text: string};

/** Where a host answers WebTransport, and how it is known there. */
export type WebTransportPlace = {
	readonly port: number;
	/** SHA-256 of the certificates to expect; none: the system's authorities vouch. */
	readonly certificates: readonly Uint8Array[];
};

/** What message 2 says after the delegation. */
export type Granted = {
	readonly statement: Uint8Array;
	readonly diffs: readonly Diff[];
	readonly ticket: Uint8Array;
	readonly webTransport: WebTransportPlace | undefined;
};

/** Objects by k, and what of them has been written. */
export class EarlyObjects {
	readonly #objects: readonly (Uint8Array | undefined)[];
	#object = 0;
	#offset = 0;

	constructor(objects: readonly (Uint8Array | undefined)[]) {
		this.#objects = objects.slice(0, earlyObjectsMax);
	}

	get left(): boolean {
		while (this.#object < this.#objects.length) {
			if (this.#offset < (this.#objects[this.#object]?.length ?? 0)) return true;
			this.#object++;
			this.#offset = 0;
		}
		return false;
	}

	/** Writes as many blocks as fit. */
	put(to: Writer): void {
		while (this.left) {
			const object = this.#objects[this.#object]!;
			const room = to.room - blockHeadSize - varintSize(this.#offset);
			if (room < 1) return;
			const data = object.subarray(this.#offset, this.#offset + room);
			encodeFrame(
				'block',
				{want: varintMax - this.#object, object: 0, offset: this.#offset, data},
				to,
			);
			this.#offset += data.length;
		}
	}
}

/** Frames that lead to the delegation, for an initiator that does not have it. */
export function putProof(
	to: Writer,
	rotations: readonly Uint8Array[],
	delegation: Uint8Array,
): void {
	for (const statement of rotations) encodeFrame('rotation', {statement}, to);
	encodeFrame('delegation', {statement: delegation}, to);
}

export function putRefusal(to: Writer, {code, retryMs, text}: Refusal): void {
	const octets = new TextEncoder().encode(text).subarray(0, refusalTextMax);
	encodeFrame('refusal', {code, retryMs, text: octets}, to);
}

/** Head and ticket, with as many of the diffs as there is room for; false: they do not fit. */
export function putGranted(to: Writer, {statement, diffs, ticket, webTransport}: Granted): boolean {
	const start = to.offset;
	const put = (count: number, place: WebTransportPlace | undefined): boolean => {
		to.rewind(start);
		encodeFrame('head', {statement, diffs: diffs.slice(0, count)}, to);
		encodeFrame('ticket', {sealed: ticket}, to);
		if (place !== undefined) encodeFrame('webTransport', place, to);
		return !to.overflowed;
	};
	for (let count = Math.min(diffs.length, earlyObjectsMax - 1); count >= 0; count--) {
		if (put(count, webTransport)) return true;
	}
	if (webTransport !== undefined && put(0, undefined)) return true;
	to.rewind(start);
	return false;
}

/** The next `more` datagram, as large as the path's allowance lets it be. */
export function encodeMore(
	key: PacketKey,
	connection: number,
	index: number,
	early: EarlyObjects,
	path: PathAllowance,
): Uint8Array | undefined {
	const size = Math.min(datagramSizeInitial, path.room);
	if (size < moreSizeMin || !early.left) return undefined;
	const to = new Writer(new Uint8Array(size), 0, size - tagSize);
	putMoreHeader(to, connection, index);
	early.put(to);
	const end = to.offset + tagSize;
	const datagram = to.bytes.subarray(0, end);
	key.seal(datagram, moreHeaderSize, end, index);
	return datagram;
}

/** The key of `more`. */
export function earlyKey(crypto: Crypto, suite: SuiteName, k2: Uint8Array): PacketKey {
	return new PacketKey(crypto, suite, earlySecret(crypto, k2));
}

/** Blocks of `more`, opened in place; undefined if it is not authentic or not well formed. */
export function openMore(
	key: PacketKey,
	datagram: Uint8Array,
	index: number,
): EarlyBlock[] | undefined {
	const end = datagram.length;
	if (end < moreHeaderSize + tagSize) return undefined;
	if (!key.open(datagram, moreHeaderSize, end, index)) return undefined;
	const early: EarlyBlock[] = [];
	const from = new Reader(datagram, moreHeaderSize, end - tagSize);
	for (let frame = decodeFrame(from); frame !== undefined; frame = decodeFrame(from)) {
		const block = earlyBlock(frame);
		if (block === undefined) return undefined;
		early.push(block);
	}
	return from.failed ? undefined : early;
}

/** The payload of message 2; octets are views of it. */
export type AnswerPayload = {
	readonly rotations: readonly Uint8Array[];
	readonly delegation: Uint8Array | undefined;
	readonly said: Refusal | Granted;
	readonly early: readonly EarlyBlock[];
};

/** Undefined if it is not exactly an answer. */
export function parseAnswer(payload: Uint8Array): AnswerPayload | undefined {
	const from = new Reader(payload);
	const rotations: Uint8Array[] = [];
	let frame = decodeFrame(from);
	while (frame?.name === 'rotation') {
		if (rotations.push(frame.statement) > rotationsMax) return undefined;
		frame = decodeFrame(from);
	}
	let delegation: Uint8Array | undefined;
	if (frame?.name === 'delegation') {
		delegation = frame.statement;
		frame = decodeFrame(from);
	}
	if (frame?.name === 'refusal') {
		const text = new TextDecoder().decode(frame.text.subarray(0, refusalTextMax));
		const said = {code: frame.code, retryMs: frame.retryMs, text};
		const over = decodeFrame(from) === undefined && !from.failed;
		return over ? {rotations, delegation, said, early: []} : undefined;
	}
	if (frame?.name !== 'head') return undefined;
	const ticket = decodeFrame(from);
	if (ticket?.name !== 'ticket') return undefined;
	const {statement, diffs} = frame;
	const early: EarlyBlock[] = [];
	let webTransport: WebTransportPlace | undefined;
	for (let next = decodeFrame(from); next !== undefined; next = decodeFrame(from)) {
		if (next.name === 'webTransport') {
			if (webTransport !== undefined || early.length > 0 || !isPort(next.port)) return undefined;
			webTransport = {port: next.port, certificates: next.certificates};
			continue;
		}
		const block = earlyBlock(next);
		if (block === undefined) return undefined;
		early.push(block);
	}
	if (from.failed) return undefined;
	const said = {statement, diffs, ticket: ticket.sealed, webTransport};
	return {rotations, delegation, said, early};
}

const isPort = (port: number): boolean => port >= 1 && port <= 65_535;

function earlyBlock(frame: Frame): EarlyBlock | undefined {
	if (frame.name !== 'block' || frame.data.length === 0 || frame.object !== 0) return undefined;
	const object = varintMax - frame.want;
	if (object >= earlyObjectsMax) return undefined;
	return {object, offset: frame.offset, data: frame.data};
}

/** Type, want, object, and a length of two octets. */
const blockHeadSize = 1 + 8 + 1 + 2;
/** The list and eight diffs. */
const earlyObjectsMax = 9;
const refusalTextMax = 255;
/** An identity may have been succeeded so often since it was pinned. */
export const rotationsMax = 2;
/** A smaller one is not worth its header. */
const moreSizeMin = 128;
