/**
 * A public key as people pass it on: 56 characters a-z, 2-7 (RFC 4648 §6, lower case) of the 32
 * octets and a CRC-24 (RFC 9580 §6.1.1), so that a slip of the pen is found before anything is
 * sent. It is no protection against anyone. wire/README.md §7.
 */
import {keySize} from '../limit.ts';

/** The text of a key. */
export function formatKey(key: Uint8Array): string {
	const octets = new Uint8Array(keySize + crcSize);
	octets.set(key);
	const crc = crc24(key);
	octets[keySize] = crc >>> 16;
	octets[keySize + 1] = crc >>> 8;
	octets[keySize + 2] = crc;
	let text = '';
	let bits = 0;
	let held = 0;
	for (const octet of octets) {
		held = (held << 8) | octet;
		bits += 8;
		while (bits >= 5) {
			bits -= 5;
			text += alphabet[(held >>> bits) & 31];
		}
		held &= 31;
	}
	return text;
}

/** The key that `text` says, in either case; undefined if it is none or has a slip in it. */
export function parseKey(text: string): Uint8Array | undefined {
	if (text.length !== keyTextSize) return undefined;
	const octets = new Uint8Array(keySize + crcSize);
	let bits = 0;
	let held = 0;
	let count = 0;
	for (const letter of text.toLowerCase()) {
		const value = alphabet.indexOf(letter);
		if (value < 0) return undefined;
		held = ((held << 5) | value) & 0xfff;
		bits += 5;
		if (bits >= 8) {
			bits -= 8;
			octets[count++] = held >>> bits;
		}
	}
	const key = octets.slice(0, keySize);
	const crc = (octets[keySize]! << 16) | (octets[keySize + 1]! << 8) | octets[keySize + 2]!;
	return crc === crc24(key) ? key : undefined;
}

function crc24(octets: Uint8Array): number {
	let crc = 0xb704ce;
	for (const octet of octets) {
		crc ^= octet << 16;
		for (let bit = 0; bit < 8; bit++) {
			crc <<= 1;
			if ((crc & 0x1000000) !== 0) crc ^= 0x1864cfb;
		}
	}
	return crc & 0xffffff;
}

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
const crcSize = 3;
/** (32 + 3) octets are 280 bits: 56 letters without padding. */
const keyTextSize = 56;
