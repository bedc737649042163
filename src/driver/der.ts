/**
 * The Distinguished Encoding Rules of ASN.1 (X.690), as far as a certificate needs them: each
 * function answers one value, whole. Writing alone; nothing here reads what somebody else wrote.
 */

/** A value: its tag, its length, its content. X.690 §8.1. */
export function value(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
	const size = parts.reduce((sum, part) => sum + part.length, 0);
	const head = [tag, ...lengthOctets(size)];
	const octets = new Uint8Array(head.length + size);
	octets.set(head);
	let offset = head.length;
	for (const part of parts) {
		octets.set(part, offset);
		offset += part.length;
	}
	return octets;
}

export const sequence = (...parts: readonly Uint8Array[]): Uint8Array => value(0x30, ...parts);
export const set = (...parts: readonly Uint8Array[]): Uint8Array => value(0x31, ...parts);
export const octetString = (octets: Uint8Array): Uint8Array => value(0x04, octets);
export const yes = value(0x01, Uint8Array.of(0xff));

/** A number that is not negative, from its octets, most significant first. X.690 §8.3. */
export function integer(octets: Uint8Array): Uint8Array {
	let start = 0;
	while (start < octets.length - 1 && octets[start] === 0) start++;
	const digits = octets.subarray(start);
	const isHigh = (digits[0] ?? 0) >= 0x80;
	return digits.length === 0
		? value(0x02, Uint8Array.of(0))
		: value(0x02, Uint8Array.from(isHigh ? [0] : []), digits);
}

/** Octets as bits; `unused` of the last octet do not count. X.690 §8.6. */
export function bitString(octets: Uint8Array, unused = 0): Uint8Array {
	return value(0x03, Uint8Array.of(unused), octets);
}

/** `1.2.840.113549`, say. X.690 §8.19. */
export function objectIdentifier(text: string): Uint8Array {
	const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
	return value(0x06, Uint8Array.from([40 * first + second, ...rest].flatMap(base128)));
}

export function utf8String(text: string): Uint8Array {
	return value(0x0c, new TextEncoder().encode(text));
}

/** Of whole seconds. RFC 5280 §4.1.2.5: two digits of the year to 2049, four from 2050 on. */
export function time(unixMs: number): Uint8Array {
	const digits = new Date(unixMs).toISOString().replace(/\.\d+/, '').replace(/[-:T]/g, '');
	const isShort = digits < '2050';
	return value(isShort ? 0x17 : 0x18, new TextEncoder().encode(isShort ? digits.slice(2) : digits));
}

/** `[number] EXPLICIT`. X.690 §8.14. */
export function explicit(number: number, inner: Uint8Array): Uint8Array {
	return value(0xa0 | number, inner);
}

/** X.690 §10.1: in the fewest octets. */
function lengthOctets(size: number): number[] {
	if (size < 0x80) return [size];
	const octets: number[] = [];
	for (let left = size; left > 0; left = Math.floor(left / 256)) octets.unshift(left % 256);
	return [0x80 | octets.length, ...octets];
}

function base128(number: number): number[] {
	const digits = [number % 128];
	for (let left = Math.floor(number / 128); left > 0; left = Math.floor(left / 128)) {
		digits.unshift(0x80 | (left % 128));
	}
	return digits;
}
