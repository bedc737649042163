import test from 'ava';
import fc from 'fast-check';
import {Reader, Writer} from '../../src/wire/codec.ts';
import {
	BlockFields,
	blockHeaderSize,
	DataFields,
	writeBlockHeader,
} from '../../src/wire/data-frame.ts';
import {decodeFrame, encodeFrame} from '../../src/wire/frame.ts';

const number = fc.oneof(fc.nat(0x7f), fc.nat(0x7fff), fc.nat(0x7fff_ffff), fc.maxSafeNat());

test('data written by hand is data written by the table, and reads the same', t => {
	const value = fc.record({
		flags: fc.nat(0xff),
		time: fc.nat(0xffff_ffff),
		version: number,
		held: number,
		taken: number,
		unsent: number,
	});
	fc.assert(
		fc.property(value, fields => {
			const byTable = new Writer(new Uint8Array(64));
			encodeFrame('data', fields, byTable);
			const data = Object.assign(new DataFields(), fields);
			const byHand = new Writer(new Uint8Array(64));
			data.write(byHand);
			t.deepEqual(byHand.written(), byTable.written());
			t.is(data.size, byHand.offset);

			const from = new Reader(byTable.written(), 1);
			const read = new DataFields();
			read.read(from);
			t.false(from.failed);
			t.is(from.left, 0);
			t.deepEqual({...read}, fields);
		}),
		{numRuns: 1000},
	);
});

test('a block written by hand is a block written by the table, and reads the same', t => {
	const value = fc.record({
		want: number,
		object: number,
		offset: number,
		data: fc.uint8Array({minLength: 1, maxLength: 1200}),
	});
	fc.assert(
		fc.property(value, ({want, object, offset, data}) => {
			const byTable = new Writer(new Uint8Array(2000));
			encodeFrame('block', {want, object, offset, data}, byTable);
			const byHand = new Writer(new Uint8Array(2000));
			writeBlockHeader(byHand, want, object, offset, data.length);
			t.is(byHand.offset, blockHeaderSize(want, object, offset, data.length));
			byHand.put(data);
			t.deepEqual(byHand.written(), byTable.written());

			const from = new Reader(byTable.written(), 1);
			const block = new BlockFields();
			block.read(from);
			t.false(from.failed);
			t.is(from.left, 0);
			t.deepEqual([block.want, block.object, block.offset], [want, object, offset]);
			t.deepEqual(from.bytes.subarray(block.start, block.end), data);
		}),
		{numRuns: 1000},
	);
});

test('noise fails by hand exactly where it fails by the table', t => {
	fc.assert(
		fc.property(fc.constantFrom(0x20, 0x21), fc.uint8Array({maxLength: 40}), (type, noise) => {
			const input = Uint8Array.of(type, ...noise);
			const byTable = new Reader(input);
			const frame = decodeFrame(byTable);
			const byHand = new Reader(input, 1);
			if (type === 0x20) new DataFields().read(byHand);
			else new BlockFields().read(byHand);
			t.is(byHand.failed, frame === undefined);
			if (!byHand.failed) t.is(byHand.offset, byTable.offset);
		}),
		{numRuns: 3000},
	);
});
