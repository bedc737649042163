/**
 * ChaCha20-Poly1305 (RFC 8439) over one packet in this module's memory: four blocks of key stream
 * at a time in the lanes of SIMD registers, Poly1305 in five limbs of 26 bits.
 */

/** Where the key (32 octets) and the nonce (12) are put. */
export const keyOffset: i32 = 1024;
export const nonceOffset: i32 = 1056;
/** Where a packet is put: header, text and tag (16 octets), one behind the other. */
export const packetOffset: i32 = 2048;
/** Key stream of four blocks, and the first of a packet. */
const streamOffset: i32 = 1280;
const firstOffset: i32 = 1536;
const tagOffset: i32 = 1792;

function rotate16(x: v128): v128 {
	return i8x16.shuffle(x, x, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
}

function rotate8(x: v128): v128 {
	return i8x16.shuffle(x, x, 3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14);
}

function rotate12(x: v128): v128 {
	return v128.or(i32x4.shl(x, 12), i32x4.shr_u(x, 20));
}

function rotate7(x: v128): v128 {
	return v128.or(i32x4.shl(x, 7), i32x4.shr_u(x, 25));
}

function word(offset: i32): v128 {
	return i32x4.splat(load<i32>(offset));
}

/** Four rows of four lanes become four columns: XORed into 16 octets of each of four blocks. */

function put(a: v128, b: v128, c: v128, d: v128, at: i32): void {
	const t0 = i32x4.shuffle(a, b, 0, 4, 1, 5);
	const t1 = i32x4.shuffle(c, d, 0, 4, 1, 5);
	const t2 = i32x4.shuffle(a, b, 2, 6, 3, 7);
	const t3 = i32x4.shuffle(c, d, 2, 6, 3, 7);
	v128.store(at, i64x2.shuffle(t0, t1, 0, 2));
	v128.store(at + 64, i64x2.shuffle(t0, t1, 1, 3));
	v128.store(at + 128, i64x2.shuffle(t2, t3, 0, 2));
	v128.store(at + 192, i64x2.shuffle(t2, t3, 1, 3));
}

/** Key stream of blocks counter … counter + 3. */
function blocks(counter: i32): void {
	const k0 = i32x4.splat(0x61707865);
	const k1 = i32x4.splat(0x3320646e);
	const k2 = i32x4.splat(0x79622d32);
	const k3 = i32x4.splat(0x6b206574);
	const counters = i32x4.add(i32x4.splat(counter), i32x4(0, 1, 2, 3));
	let a0 = k0,
		a1 = k1,
		a2 = k2,
		a3 = k3;
	let b0 = word(keyOffset),
		b1 = word(keyOffset + 4),
		b2 = word(keyOffset + 8),
		b3 = word(keyOffset + 12);
	let c0 = word(keyOffset + 16),
		c1 = word(keyOffset + 20),
		c2 = word(keyOffset + 24),
		c3 = word(keyOffset + 28);
	let d0 = counters,
		d1 = word(nonceOffset),
		d2 = word(nonceOffset + 4),
		d3 = word(nonceOffset + 8);
	for (let round = 0; round < 10; round++) {
		a0 = i32x4.add(a0, b0);
		a1 = i32x4.add(a1, b1);
		a2 = i32x4.add(a2, b2);
		a3 = i32x4.add(a3, b3);
		d0 = rotate16(v128.xor(d0, a0));
		d1 = rotate16(v128.xor(d1, a1));
		d2 = rotate16(v128.xor(d2, a2));
		d3 = rotate16(v128.xor(d3, a3));
		c0 = i32x4.add(c0, d0);
		c1 = i32x4.add(c1, d1);
		c2 = i32x4.add(c2, d2);
		c3 = i32x4.add(c3, d3);
		b0 = rotate12(v128.xor(b0, c0));
		b1 = rotate12(v128.xor(b1, c1));
		b2 = rotate12(v128.xor(b2, c2));
		b3 = rotate12(v128.xor(b3, c3));
		a0 = i32x4.add(a0, b0);
		a1 = i32x4.add(a1, b1);
		a2 = i32x4.add(a2, b2);
		a3 = i32x4.add(a3, b3);
		d0 = rotate8(v128.xor(d0, a0));
		d1 = rotate8(v128.xor(d1, a1));
		d2 = rotate8(v128.xor(d2, a2));
		d3 = rotate8(v128.xor(d3, a3));
		c0 = i32x4.add(c0, d0);
		c1 = i32x4.add(c1, d1);
		c2 = i32x4.add(c2, d2);
		c3 = i32x4.add(c3, d3);
		b0 = rotate7(v128.xor(b0, c0));
		b1 = rotate7(v128.xor(b1, c1));
		b2 = rotate7(v128.xor(b2, c2));
		b3 = rotate7(v128.xor(b3, c3));
		a0 = i32x4.add(a0, b1);
		a1 = i32x4.add(a1, b2);
		a2 = i32x4.add(a2, b3);
		a3 = i32x4.add(a3, b0);
		d3 = rotate16(v128.xor(d3, a0));
		d0 = rotate16(v128.xor(d0, a1));
		d1 = rotate16(v128.xor(d1, a2));
		d2 = rotate16(v128.xor(d2, a3));
		c2 = i32x4.add(c2, d3);
		c3 = i32x4.add(c3, d0);
		c0 = i32x4.add(c0, d1);
		c1 = i32x4.add(c1, d2);
		b1 = rotate12(v128.xor(b1, c2));
		b2 = rotate12(v128.xor(b2, c3));
		b3 = rotate12(v128.xor(b3, c0));
		b0 = rotate12(v128.xor(b0, c1));
		a0 = i32x4.add(a0, b1);
		a1 = i32x4.add(a1, b2);
		a2 = i32x4.add(a2, b3);
		a3 = i32x4.add(a3, b0);
		d3 = rotate8(v128.xor(d3, a0));
		d0 = rotate8(v128.xor(d0, a1));
		d1 = rotate8(v128.xor(d1, a2));
		d2 = rotate8(v128.xor(d2, a3));
		c2 = i32x4.add(c2, d3);
		c3 = i32x4.add(c3, d0);
		c0 = i32x4.add(c0, d1);
		c1 = i32x4.add(c1, d2);
		b1 = rotate7(v128.xor(b1, c2));
		b2 = rotate7(v128.xor(b2, c3));
		b3 = rotate7(v128.xor(b3, c0));
		b0 = rotate7(v128.xor(b0, c1));
	}
	put(i32x4.add(a0, k0), i32x4.add(a1, k1), i32x4.add(a2, k2), i32x4.add(a3, k3), streamOffset);
	put(
		i32x4.add(b0, word(keyOffset)),
		i32x4.add(b1, word(keyOffset + 4)),
		i32x4.add(b2, word(keyOffset + 8)),
		i32x4.add(b3, word(keyOffset + 12)),
		streamOffset + 16,
	);
	put(
		i32x4.add(c0, word(keyOffset + 16)),
		i32x4.add(c1, word(keyOffset + 20)),
		i32x4.add(c2, word(keyOffset + 24)),
		i32x4.add(c3, word(keyOffset + 28)),
		streamOffset + 32,
	);
	put(
		i32x4.add(d0, counters),
		i32x4.add(d1, word(nonceOffset)),
		i32x4.add(d2, word(nonceOffset + 4)),
		i32x4.add(d3, word(nonceOffset + 8)),
		streamOffset + 48,
	);
}

/** XORs `size` octets at `at` with the key stream at `from`. */

function mix(at: i32, from: i32, size: i32): void {
	let i = 0;
	for (; i + 16 <= size; i += 16)
		v128.store(at + i, v128.xor(v128.load(at + i), v128.load(from + i)));
	for (; i < size; i++) store<u8>(at + i, load<u8>(at + i) ^ load<u8>(from + i));
}

/** Encrypts or decrypts `size` octets in place. The first four blocks are at hand already. */
function cipher(at: i32, size: i32): void {
	let counter = 0;
	let from = streamOffset + 64;
	let left = 192;
	while (size > 0) {
		const part = size < left ? size : left;
		mix(at, from, part);
		at += part;
		size -= part;
		if (size === 0) return;
		counter += 4;
		blocks(counter);
		from = streamOffset;
		left = 256;
	}
}

let h0: u64 = 0,
	h1: u64 = 0,
	h2: u64 = 0,
	h3: u64 = 0,
	h4: u64 = 0;

/** Poly1305 of `size` octets, the last block filled with zeros: those of an AEAD always are. */
function absorb(at: i32, size: i32): void {
	// RFC 8439 §2.5.1: bits that a key has cleared.
	const lo = load<u64>(firstOffset) & (((0x0ffffffc as u64) << 32) | 0x0fffffff);
	const hi = load<u64>(firstOffset + 8) & (((0x0ffffffc as u64) << 32) | 0x0ffffffc);
	const r0 = lo & 0x3ffffff;
	const r1 = (lo >> 26) & 0x3ffffff;
	const r2 = ((lo >> 52) | (hi << 12)) & 0x3ffffff;
	const r3 = (hi >> 14) & 0x3ffffff;
	const r4 = hi >> 40;
	const s1 = r1 * 5,
		s2 = r2 * 5,
		s3 = r3 * 5,
		s4 = r4 * 5;
	let a0 = h0,
		a1 = h1,
		a2 = h2,
		a3 = h3,
		a4 = h4;
	while (size > 0) {
		let m0: u64, m1: u64;
		if (size >= 16) {
			m0 = load<u64>(at);
			m1 = load<u64>(at + 8);
		} else {
			v128.store(tagOffset, i64x2.splat(0));
			memory.copy(tagOffset, at, size);
			m0 = load<u64>(tagOffset);
			m1 = load<u64>(tagOffset + 8);
		}
		at += 16;
		size -= 16;
		a0 += m0 & 0x3ffffff;
		a1 += (m0 >> 26) & 0x3ffffff;
		a2 += ((m0 >> 52) | (m1 << 12)) & 0x3ffffff;
		a3 += (m1 >> 14) & 0x3ffffff;
		a4 += (m1 >> 40) | (1 << 24);
		const d0 = a0 * r0 + a1 * s4 + a2 * s3 + a3 * s2 + a4 * s1;
		let d1 = a0 * r1 + a1 * r0 + a2 * s4 + a3 * s3 + a4 * s2;
		let d2 = a0 * r2 + a1 * r1 + a2 * r0 + a3 * s4 + a4 * s3;
		let d3 = a0 * r3 + a1 * r2 + a2 * r1 + a3 * r0 + a4 * s4;
		let d4 = a0 * r4 + a1 * r3 + a2 * r2 + a3 * r1 + a4 * r0;
		d1 += d0 >> 26;
		d2 += d1 >> 26;
		d3 += d2 >> 26;
		d4 += d3 >> 26;
		a0 = (d0 & 0x3ffffff) + (d4 >> 26) * 5;
		a1 = (d1 & 0x3ffffff) + (a0 >> 26);
		a0 &= 0x3ffffff;
		a2 = d2 & 0x3ffffff;
		a3 = d3 & 0x3ffffff;
		a4 = d4 & 0x3ffffff;
	}
	h0 = a0;
	h1 = a1;
	h2 = a2;
	h3 = a3;
	h4 = a4;
}

/** The tag of header and text, to `tagOffset`. RFC 8439 §2.8. */
function tag(headerSize: i32, textSize: i32): void {
	h0 = 0;
	h1 = 0;
	h2 = 0;
	h3 = 0;
	h4 = 0;
	absorb(packetOffset, headerSize);
	absorb(packetOffset + headerSize, textSize);
	store<u64>(tagOffset + 16, headerSize as u64);
	store<u64>(tagOffset + 24, textSize as u64);
	absorb(tagOffset + 16, 16);
	// The sum is below 2^130 + something: brought below 2^130 - 5.
	let c = h1 >> 26;
	h1 &= 0x3ffffff;
	h2 += c;
	c = h2 >> 26;
	h2 &= 0x3ffffff;
	h3 += c;
	c = h3 >> 26;
	h3 &= 0x3ffffff;
	h4 += c;
	c = h4 >> 26;
	h4 &= 0x3ffffff;
	h0 += c * 5;
	c = h0 >> 26;
	h0 &= 0x3ffffff;
	h1 += c;
	let g0 = h0 + 5;
	c = g0 >> 26;
	g0 &= 0x3ffffff;
	let g1 = h1 + c;
	c = g1 >> 26;
	g1 &= 0x3ffffff;
	let g2 = h2 + c;
	c = g2 >> 26;
	g2 &= 0x3ffffff;
	let g3 = h3 + c;
	c = g3 >> 26;
	g3 &= 0x3ffffff;
	const g4 = h4 + c - (1 << 26);
	// All ones if the sum is at least 2^130 - 5: then g is it; chosen without a branch.
	const mask = ((g4 >> 63) as u64) - 1;
	h0 = (h0 & ~mask) | (g0 & mask);
	h1 = (h1 & ~mask) | (g1 & mask);
	h2 = (h2 & ~mask) | (g2 & mask);
	h3 = (h3 & ~mask) | (g3 & mask);
	h4 = (h4 & ~mask) | (g4 & mask & 0x3ffffff);
	const f0 = h0 | (h1 << 26) | (h2 << 52);
	const f1 = (h2 >> 12) | (h3 << 14) | (h4 << 40);
	const p0 = load<u64>(firstOffset + 16);
	const p1 = load<u64>(firstOffset + 24);
	const t0 = f0 + p0;
	store<u64>(tagOffset, t0);
	store<u64>(tagOffset + 8, f1 + p1 + ((t0 < f0) as u64));
}

/** The first four blocks, the very first of which keys the tag. */

function begin(): void {
	blocks(0);
	v128.store(firstOffset, v128.load(streamOffset));
	v128.store(firstOffset + 16, v128.load(streamOffset + 16));
}

/** Encrypts the text behind the header and puts the tag behind it. */
export function seal(headerSize: i32, textSize: i32): void {
	begin();
	cipher(packetOffset + headerSize, textSize);
	tag(headerSize, textSize);
	v128.store(packetOffset + headerSize + textSize, v128.load(tagOffset));
}

/** Decrypts what `seal` made; 0, and nothing is decrypted, if the tag is another. */
export function open(headerSize: i32, textSize: i32): i32 {
	begin();
	tag(headerSize, textSize);
	const other = v128.xor(v128.load(tagOffset), v128.load(packetOffset + headerSize + textSize));
	if (v128.any_true(other)) return 0;
	cipher(packetOffset + headerSize, textSize);
	return 1;
}
