/** Headers of sealed packets as octets: wire/README.md §1. */
import {Writer} from '../wire/codec.ts';
import {firstOctet} from './handshake.ts';
import {saltSize} from './packet-keys.ts';

/** A header is a prefix, which changes rarely, and the low 32 bits of the packet number. */
export const numberSize = 4;

export function plainPrefix(connection: number): Uint8Array {
	const to = new Writer(new Uint8Array(plainHeaderSize - numberSize));
	to.u8(firstOctet.plain);
	to.u32(connection);
	return to.bytes;
}

export function saltPrefix(connection: number, own: number, salt: Uint8Array): Uint8Array {
	const to = new Writer(new Uint8Array(saltHeaderSize - numberSize));
	to.u8(firstOctet.salt);
	to.u32(connection);
	to.u32(own);
	to.put(salt);
	return to.bytes;
}

export function ticketPrefix(ticket: Uint8Array): Uint8Array {
	const to = new Writer(new Uint8Array(3 + ticket.length));
	to.u8(firstOctet.ticket);
	to.u16(ticket.length);
	to.put(ticket);
	return to.bytes;
}

export const plainHeaderSize = 1 + 4 + numberSize;
export const saltHeaderSize = 1 + 4 + 4 + saltSize + numberSize;

/** Big-endian, of octets that are there. */
export function readU32(octets: Uint8Array, offset: number): number {
	return (
		((octets[offset]! << 24) |
			(octets[offset + 1]! << 16) |
			(octets[offset + 2]! << 8) |
			octets[offset + 3]!) >>>
		0
	);
}

/** The full number nearest to one above `largest` whose low 32 bits are `wire`. RFC 9000 §A.3. */
export function fullNumber(largest: number, wire: number): number {
	const expected = largest + 1;
	const candidate = expected - (expected % span) + wire;
	if (candidate <= expected - span / 2) return candidate + span;
	if (candidate > expected + span / 2 && candidate >= span) return candidate - span;
	return candidate;
}

const span = 2 ** 32;
