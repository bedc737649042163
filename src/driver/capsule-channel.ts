/**
 * Datagrams as capsules (RFC 9297 §3) on the stream of HTTP/2 that carries a WebTransport session.
 * The package has this too, and hands over one datagram in each turn of the loop, copies one three
 * times on its way in and makes a promise of it at either end; here what is sent in a turn is one
 * write, and what arrives is copied once, into memory of its own. Measured in bench/session.
 *
 * Of other capsules only what ends a session goes on to the package: nobody here opens streams in
 * a session, so what a stranger sends of them is skipped as it arrives and kept nowhere.
 */
import {nextTick} from 'node:process';

/** What is used of a stream of Node. */
export type CapsuleStream = {
	/** Octets that were written and have not left this process. */
	readonly writableLength: number;
	write(octets: Uint8Array): boolean;
	cork(): void;
	uncork(): void;
};

export type CapsuleOptions = {
	readonly stream: CapsuleStream;
	/** Octets of the largest datagram that is taken; larger ones are skipped. */
	readonly datagramMax: number;
	/** A whole capsule that ends the session or announces its end, its type and length before it. */
	readonly control: (capsule: Uint8Array) => void;
};

const datagramType = 0x00;

/** Close and drain of a session: draft-ietf-webtrans-http3 §6, §4.7. */
const controlTypes: readonly number[] = [0x2843, 0x78ae];

/** Octets of such a capsule: a code and at most 1,024 octets of text. */
const controlMax = 4 + 1024;

/** A type and a length, each a variable-length integer. RFC 9000 §16. */
const headMax = 16;

/** Datagrams kept while nobody takes them yet. */
const earlyMax = 64;

export class CapsuleChannel {
	readonly #options: CapsuleOptions;
	#isCorked = false;
	#taken: ((datagram: Uint8Array) => void) | undefined;
	#early: Uint8Array[] = [];
	/** Type and length of the capsule that is being read, while they are not all there. */
	readonly #head = new Uint8Array(headMax);
	#headSize = 0;
	/** What is being read after it; undefined: nothing, or something that is skipped. */
	#body: Uint8Array | undefined;
	#bodySize = 0;
	#isControl = false;
	/** Octets that this capsule still lacks. */
	#left = 0;

	constructor(options: CapsuleOptions) {
		this.#options = options;
	}

	/** Octets that wait here because the other end, or the path to it, takes no more. */
	get queued(): number {
		return this.#options.stream.writableLength;
	}

	/** Who gets datagrams from now on: each is alone in its memory, and theirs. */
	receive(taken: (datagram: Uint8Array) => void): void {
		this.#taken = taken;
		const early = this.#early;
		this.#early = [];
		for (const datagram of early) taken(datagram);
	}

	/** Not to be changed before it has left. */
	send(datagram: Uint8Array): void {
		const {stream} = this.#options;
		if (!this.#isCorked) {
			this.#isCorked = true;
			stream.cork();
			nextTick(this.#uncork);
		}
		stream.write(headOf(datagram.length));
		stream.write(datagram);
	}

	readonly #uncork = (): void => {
		this.#isCorked = false;
		this.#options.stream.uncork();
	};

	/** What the stream brought, cut anywhere. */
	push(octets: Uint8Array): void {
		let at = 0;
		while (at < octets.length) {
			at += this.#left > 0 ? this.#fill(octets, at) : this.#begin(octets, at);
		}
	}

	/** One more octet of a type and a length, and what follows from them: answers 1. */
	#begin(octets: Uint8Array, at: number): number {
		this.#head[this.#headSize++] = octets[at]!;
		const type = readVarint(this.#head, 0, this.#headSize);
		const length = type && readVarint(this.#head, type.end, this.#headSize);
		if (type === undefined || length === undefined) return 1;
		this.#left = length.value;
		this.#isControl = controlTypes.includes(type.value);
		const isWanted = this.#isControl
			? length.value <= controlMax
			: type.value === datagramType && length.value <= this.#options.datagramMax;
		const before = this.#isControl ? length.end : 0;
		// A view of a Buffer's memory would not be the datagram's own.
		if (isWanted) this.#body = new Uint8Array(before + length.value);
		if (isWanted && this.#isControl) this.#body?.set(this.#head.subarray(0, before));
		this.#bodySize = before;
		this.#headSize = 0;
		if (this.#left === 0) this.#end();
		return 1;
	}

	#fill(octets: Uint8Array, at: number): number {
		const count = Math.min(this.#left, octets.length - at);
		this.#body?.set(octets.subarray(at, at + count), this.#bodySize);
		this.#bodySize += count;
		this.#left -= count;
		if (this.#left === 0) this.#end();
		return count;
	}

	#end(): void {
		const body = this.#body;
		this.#body = undefined;
		if (body === undefined) return;
		if (this.#isControl) this.#options.control(body);
		else if (this.#taken !== undefined) this.#taken(body);
		else if (this.#early.length < earlyMax) this.#early.push(body);
	}
}

/** Before a datagram: its type, and its length in the fewest octets. */
function headOf(length: number): Uint8Array {
	if (length < 0x40) return Uint8Array.of(datagramType, length);
	if (length < 0x4000) return Uint8Array.of(datagramType, 0x40 | (length >> 8), length & 0xff);
	const head = new Uint8Array(5);
	head[0] = datagramType;
	new DataView(head.buffer).setUint32(1, 0x8000_0000 + length);
	return head;
}

/** An integer and where it ends; undefined: it goes on behind `size`. */
function readVarint(
	octets: Uint8Array,
	at: number,
	size: number,
): {readonly value: number; readonly end: number} | undefined {
	const first = octets[at]!;
	const end = at + (1 << (first >> 6));
	if (at >= size || end > size) return undefined;
	let value = first & 0x3f;
	for (let index = at + 1; index < end; index++) value = value * 256 + octets[index]!;
	return {value, end};
}
