/**
 * The keys of one file version's sums, drawn from their salt: sfc32 (Chris Doty-Humphrey's small
 * fast counter generator, PractRand), whose 128-bit state is the salt. Whoever does not know the
 * salt cannot tell the keys, and content exists before its salt does; nothing more is asked.
 */
import {assert} from '../assert.ts';
import {saltSize} from './shape.ts';

/** Steps before the first key, so that every bit of the salt reaches every bit of the state. */
const warmUpSteps = 16;

/** `count` 32-bit keys; more of them begin with the same ones. */
export function expandKeys(salt: Uint8Array, count: number): Int32Array {
	assert(salt.length === saltSize);
	let [a, b, c, counter] = [word(salt, 0), word(salt, 4), word(salt, 8), word(salt, 12)];
	const keys = new Int32Array(count);
	for (let index = -warmUpSteps; index < count; index++) {
		const out = (a + b + counter) | 0;
		counter = (counter + 1) | 0;
		a = b ^ (b >>> 9);
		b = (c + (c << 3)) | 0;
		c = (((c << 21) | (c >>> 11)) + out) | 0;
		if (index >= 0) keys[index] = out;
	}
	return keys;
}

function word(octets: Uint8Array, at: number): number {
	return (octets[at]! << 24) | (octets[at + 1]! << 16) | (octets[at + 2]! << 8) | octets[at + 3]!;
}
