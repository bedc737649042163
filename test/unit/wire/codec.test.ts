import test from 'ava';
import {Reader, varintMax, varintSize, Writer} from '../../../src/wire/codec.ts';

const octets = (...values: number[]) => Uint8Array.from(values);

function written(write: (to: Writer) => void, size = 64): Uint8Array {
	const to = new Writer(new Uint8Array(size));
	write(to);
	return to.written();
}

test('a varint takes 1, 2, 4 or 8 octets as RFC 9000 §16 says', t => {
	const cases: [number, number][] = [
		[0, 1],
		[63, 1],
		[64, 2],
		[16_383, 2],
		[16_384, 4],
		[0x3fff_ffff, 4],
		[0x4000_0000, 8],
		[0x1_0000_0000, 8],
		[varintMax, 8],
	];
	for (const [value, size] of cases) {
		const bytes = written(to => to.varint(value));
		t.is(bytes.length, size, `${value}`);
		t.is(varintSize(value), size);
		const from = new Reader(bytes);
		t.is(from.varint(), value);
		t.false(from.failed);
		t.is(from.left, 0);
	}
});

test('the examples of RFC 9000 §A.1 decode to their values', t => {
	t.is(new Reader(octets(0x9d, 0x7f, 0x3e, 0x7d)).varint(), 494_878_333);
	t.is(new Reader(octets(0x7b, 0xbd)).varint(), 15_293);
	t.is(new Reader(octets(0x25)).varint(), 37);
});

test('a varint that is not in its shortest form is refused', t => {
	for (const bytes of [
		octets(0x40, 0x25),
		octets(0x80, 0, 0x3f, 0xff),
		octets(0xc0, 0, 0, 0, 0x3f, 0xff, 0xff, 0xff),
	]) {
		const from = new Reader(bytes);
		from.varint();
		t.true(from.failed);
	}
});

test('a varint above 2^53 - 1 is refused', t => {
	const from = new Reader(octets(0xc0, 0x20, 0, 0, 0, 0, 0, 0));
	from.varint();
	t.true(from.failed);
});

test('reading past the end fails once and for all, and yields nothing', t => {
	for (const read of [
		(from: Reader) => from.u16(),
		(from: Reader) => from.u32(),
		(from: Reader) => from.take(2).length,
		(from: Reader) => from.opaque().length,
	]) {
		const from = new Reader(octets(5));
		t.is(read(from), 0);
		t.true(from.failed);
		t.is(from.left, 0);
	}
});

test('an opaque longer than its cap is refused although its octets are there', t => {
	const bytes = written(to => to.opaque(new Uint8Array(9)));
	t.is(new Reader(bytes).opaque(9).length, 9);
	const from = new Reader(bytes);
	t.is(from.opaque(8).length, 0);
	t.true(from.failed);
});

test('a write that does not fit changes nothing after the mark it is rewound to', t => {
	const to = new Writer(new Uint8Array(4));
	to.u16(1);
	const mark = to.offset;
	to.u32(2);
	t.true(to.overflowed);
	to.u8(3);
	t.true(to.overflowed, 'a later write that would fit does not hide it');
	to.rewind(mark);
	to.u16(4);
	t.false(to.overflowed);
	t.deepEqual(to.written(), octets(0, 1, 0, 4));
});
