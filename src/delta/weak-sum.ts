/**
 * The weak sum: a polynomial over the block's octets modulo 2^32 in a multiplier drawn from the
 * salt, h(c1 … cn) = c1·a^(n-1) + … + cn (Karp and Rabin 1987). It rolls with two
 * multiplications, only one of them on the way from offset to offset, and the sums of neighbours
 * join without their octets. Its high bits are its best: whoever cuts it keeps those.
 */

/** The sum of `octets[start, end)`, an int32. Eight octets a step: 3 GB/s where one a step has 0.9. */
export function weakSum(
	octets: Uint8Array,
	start: number,
	end: number,
	multiplier: number,
): number {
	const a = multiplier;
	const a2 = Math.imul(a, a);
	const a3 = Math.imul(a2, a);
	const a4 = Math.imul(a2, a2);
	const a5 = Math.imul(a4, a);
	const a6 = Math.imul(a4, a2);
	const a7 = Math.imul(a4, a3);
	const a8 = Math.imul(a4, a4);
	let sum = 0;
	let at = start;
	for (const last = end - 8; at <= last; at += 8) {
		sum =
			(Math.imul(sum, a8) +
				((Math.imul(octets[at]!, a7) + Math.imul(octets[at + 1]!, a6)) | 0) +
				((Math.imul(octets[at + 2]!, a5) + Math.imul(octets[at + 3]!, a4)) | 0) +
				((Math.imul(octets[at + 4]!, a3) + Math.imul(octets[at + 5]!, a2)) | 0) +
				((Math.imul(octets[at + 6]!, a) + octets[at + 7]!) | 0)) |
			0;
	}
	for (; at < end; at++) sum = (Math.imul(sum, a) + octets[at]!) | 0;
	return sum;
}

/** `multiplier` to the power of `exponent` (an integer >= 0), modulo 2^32, an int32. */
export function power(multiplier: number, exponent: number): number {
	let result = 1;
	let square = multiplier;
	for (let left = exponent; left > 0; left = Math.floor(left / 2)) {
		if (left % 2 === 1) result = Math.imul(result, square);
		square = Math.imul(square, square);
	}
	return result;
}
