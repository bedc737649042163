/**
 * The inner loops of the search for blocks (src/delta/README.md §3, §4): four windows in the lanes
 * of a SIMD register, eight at a step. Octets are read up to `slack` beyond the last window.
 */

/** Where the memory of the caller begins, a multiple of 16; before it is what is used here. */
export const base: i32 = 256;
/** Octets behind the caller's that may be read; what they are does not count. */
export const slack: i32 = 64;

/** Where `roll` takes the weak sum of the window, and leaves it. */
export const weakAt: i32 = 0;
/** Eight weak sums of one step. */
const stepAt: i32 = 16;

/** As in src/delta/filter.ts. */
const mix: i32 = 0x9e3779b1;

/** A step needs windows behind it: fewer than these roll one by one. */
const windowsMin: i32 = 24;

/** Whether the filter holds what may be a block with this sum. */
function passes(sum: i32, filter: i32, shift: i32, mask: i32): bool {
	const word = load<u32>(filter + (((sum as u32) >>> shift) << 2));
	const mixed = (((sum & mask) * mix) as u32) >>> 5;
	const low = (word >>> (mixed & 7)) & (word >>> (8 | ((mixed >>> 8) & 7)));
	const high = (word >>> (16 | ((mixed >>> 16) & 7))) & (word >>> (24 | (mixed >>> 24)));
	return (low & high & 1) !== 0;
}

/** The sum of the window after the one at `at`. */
function next(sum: i32, at: i32, size: i32, m: i32, leaving: i32): i32 {
	return sum * m + load<u8>(at + size) - load<u8>(at) * leaving;
}

/** What comes and what leaves of the windows at four octets, the low or high ones of eight. */
function changeLow(come: v128, leave: v128, leaving: v128): v128 {
	const product = i32x4.mul(i32x4.extend_low_i16x8_u(leave), leaving);
	return i32x4.sub(i32x4.extend_low_i16x8_u(come), product);
}

function changeHigh(come: v128, leave: v128, leaving: v128): v128 {
	const product = i32x4.mul(i32x4.extend_high_i16x8_u(leave), leaving);
	return i32x4.sub(i32x4.extend_high_i16x8_u(come), product);
}

/** Changes of one step each become changes of two: d(i)·m + d(i + 1). */
function join1(d: v128, after: v128, m: v128): v128 {
	return i32x4.add(i32x4.mul(d, m), i32x4.shuffle(d, after, 1, 2, 3, 4));
}

/** Changes of two steps each become changes of four: e(i)·m² + e(i + 2). */
function join2(e: v128, after: v128, m2: v128): v128 {
	return i32x4.add(i32x4.mul(e, m2), i32x4.shuffle(e, after, 2, 3, 4, 5));
}

/** The four bits of each sum in its word of the filter. */
function bitsOf(sums: v128, mask: v128): v128 {
	const mixed = i32x4.shr_u(i32x4.mul(v128.and(sums, mask), i32x4.splat(mix)), 5);
	const powers = i8x16(1, 2, 4, 8, 16, 32, 64, -128, 0, 0, 0, 0, 0, 0, 0, 0);
	return i8x16.swizzle(powers, v128.and(mixed, i8x16.splat(7)));
}

/** The word of the filter for each sum. */
function wordsOf(sums: v128, filter: i32, shift: i32): v128 {
	const at = i32x4.shl(i32x4.shr_u(sums, shift), 2);
	let words = v128.load32_zero(filter + i32x4.extract_lane(at, 0));
	words = v128.load32_lane(filter + i32x4.extract_lane(at, 1), words, 1);
	words = v128.load32_lane(filter + i32x4.extract_lane(at, 2), words, 2);
	return v128.load32_lane(filter + i32x4.extract_lane(at, 3), words, 3);
}

/** The first window from `at` on that passes the filter, or `last`. */
export function roll(
	at: i32,
	last: i32,
	size: i32,
	m: i32,
	leaving: i32,
	filter: i32,
	shift: i32,
	mask: i32,
): i32 {
	let sum = load<i32>(weakAt);
	if (last - at >= windowsMin) {
		const masks = i32x4.splat(mask);
		const m1 = i32x4.splat(m);
		const m2 = i32x4.splat(m * m);
		const m4 = i32x4.splat(m * m * m * m);
		const leavings = i32x4.splat(leaving);
		let sums = i32x4.splat(sum);
		sum = next(sum, at, size, m, leaving);
		sums = i32x4.replace_lane(sums, 1, sum);
		sum = next(sum, at + 1, size, m, leaving);
		sums = i32x4.replace_lane(sums, 2, sum);
		sum = next(sum, at + 2, size, m, leaving);
		sums = i32x4.replace_lane(sums, 3, sum);
		let come = v128.load_ext<u8>(at + size);
		let leave = v128.load_ext<u8>(at);
		let d1 = changeHigh(come, leave, leavings);
		let e0 = join1(changeLow(come, leave, leavings), d1, m1);
		for (const end = last - 8; at <= end; at += 8) {
			come = v128.load_ext<u8>(at + size, 8);
			leave = v128.load_ext<u8>(at, 8);
			const d2 = changeLow(come, leave, leavings);
			const d3 = changeHigh(come, leave, leavings);
			const e1 = join1(d1, d2, m1);
			const e2 = join1(d2, d3, m1);
			const more = i32x4.add(i32x4.mul(sums, m4), join2(e0, e1, m2));
			const bits = bitsOf(sums, masks);
			const moreBits = bitsOf(more, masks);
			const pass = i32x4.eq(v128.and(wordsOf(sums, filter, shift), bits), bits);
			const morePass = i32x4.eq(v128.and(wordsOf(more, filter, shift), moreBits), moreBits);
			if (v128.any_true(v128.or(pass, morePass))) {
				v128.store(stepAt, sums);
				v128.store(stepAt, more, 16);
				const lanes = i32x4.bitmask(pass) | (i32x4.bitmask(morePass) << 4);
				const lane = ctz(lanes);
				store<i32>(weakAt, load<i32>(stepAt + 4 * lane));
				return at + lane;
			}
			sums = i32x4.add(i32x4.mul(more, m4), join2(e1, e2, m2));
			e0 = e2;
			d1 = d3;
		}
		sum = i32x4.extract_lane(sums, 0);
	}
	for (; at < last; at++) {
		if (passes(sum, filter, shift, mask)) break;
		sum = next(sum, at, size, m, leaving);
	}
	store<i32>(weakAt, sum);
	return at;
}

/** The weak sum of `[at, end)`: 16 octets a step, each lane every sixteenth. */
export function weakSum(at: i32, end: i32, m: i32): i32 {
	const m2 = m * m;
	const m4 = m2 * m2;
	let sum = 0;
	if (end - at >= 32) {
		const m16 = i32x4.splat(m4 * m4 * m4 * m4);
		let a = i32x4.splat(0);
		let b = a;
		let c = a;
		let d = a;
		for (const last = end - 16; at <= last; at += 16) {
			const octets = v128.load(at);
			const low = i16x8.extend_low_i8x16_u(octets);
			const high = i16x8.extend_high_i8x16_u(octets);
			a = i32x4.add(i32x4.mul(a, m16), i32x4.extend_low_i16x8_u(low));
			b = i32x4.add(i32x4.mul(b, m16), i32x4.extend_high_i16x8_u(low));
			c = i32x4.add(i32x4.mul(c, m16), i32x4.extend_low_i16x8_u(high));
			d = i32x4.add(i32x4.mul(d, m16), i32x4.extend_high_i16x8_u(high));
		}
		const m4s = i32x4.splat(m4);
		b = i32x4.add(i32x4.mul(a, m4s), b);
		c = i32x4.add(i32x4.mul(b, m4s), c);
		d = i32x4.add(i32x4.mul(c, m4s), d);
		sum = (i32x4.extract_lane(d, 0) * m + i32x4.extract_lane(d, 1)) * m2;
		sum += i32x4.extract_lane(d, 2) * m + i32x4.extract_lane(d, 3);
	}
	for (; at < end; at++) sum = sum * m + load<u8>(at);
	return sum;
}

/** The strong sum of the chunk `[at, end)`; two keys alone, then four for each four octets. */
export function chunkSum(at: i32, end: i32, row: i32): i32 {
	let high = load<i32>(row);
	let low = load<i32>(row + 4);
	row += 8;
	let sums = i32x4.splat(0);
	for (const last = end - 8; at <= last; at += 8, row += 32) {
		const words = v128.load_ext<u16>(at);
		const one = i32x4.add(v128.load(row), i32x4.shuffle(words, words, 0, 1, 0, 1));
		const two = i32x4.add(v128.load(row + 16), i32x4.shuffle(words, words, 2, 3, 2, 3));
		const first = i32x4.shuffle(one, two, 0, 2, 4, 6);
		const second = i32x4.shuffle(one, two, 1, 3, 5, 7);
		sums = i32x4.add(sums, i32x4.mul(first, second));
	}
	high += i32x4.extract_lane(sums, 0) + i32x4.extract_lane(sums, 2);
	low += i32x4.extract_lane(sums, 1) + i32x4.extract_lane(sums, 3);
	for (; at < end; at += 4, row += 16) {
		let word = 0;
		const count = min(4, end - at);
		for (let k = 0; k < count; k++) word |= load<u8>(at + k) << (8 * k);
		const first = word & 0xffff;
		const second = (word as u32) >>> 16;
		high += (load<i32>(row) + first) * (load<i32>(row + 4) + second);
		low += (load<i32>(row + 8) + first) * (load<i32>(row + 12) + second);
	}
	return (high & 0xffff0000) | ((low as u32) >>> 16);
}
