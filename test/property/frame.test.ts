import test from 'ava';
import fc from 'fast-check';
import {Reader, varintMax, Writer} from '../../src/wire/codec.ts';
import {
	decodeFrame,
	encodeFrame,
	type Frame,
	type FrameName,
	frameTable,
} from '../../src/wire/frame.ts';

/** An arbitrary value for a field, made from its notation: so a new frame is fuzzed at once. */
function arbitraryOf(notation: string): fc.Arbitrary<unknown> {
	if (notation === 'varint') return fc.maxSafeNat();
	if (notation === 'u8') return fc.nat(0xff);
	if (notation === 'u32') return fc.nat(0xffff_ffff);
	if (notation === 'opaque') return fc.uint8Array({maxLength: 200});
	const octets = /^octets\((\d+)\)$/.exec(notation);
	if (octets) {
		const size = Number(octets[1]);
		return fc.uint8Array({minLength: size, maxLength: size});
	}
	const list = /^list\((.*), (\d+)\)$/.exec(notation);
	if (list) return fc.array(arbitraryOf(list[1]!), {maxLength: Math.min(20, Number(list[2]))});
	const record = /^\{(.*)\}$/.exec(notation);
	if (record === null) throw new Error(`no values for ${notation}`);
	const fields = record[1]!.split(/, (?=\w+:)/).map(field => field.split(': ', 2));
	return fc.record(Object.fromEntries(fields.map(([name, kind]) => [name!, arbitraryOf(kind!)])));
}

const names = Object.keys(frameTable).filter(name => name !== 'padding') as FrameName[];
const frame: fc.Arbitrary<Frame> = fc.oneof(
	...names.map(name =>
		fc.record({
			name: fc.constant(name),
			...Object.fromEntries(
				Object.entries(frameTable[name].fields).map(([field, codec]) => [
					field,
					arbitraryOf(codec.notation),
				]),
			),
		}),
	),
) as unknown as fc.Arbitrary<Frame>;

test('frames decode to what was encoded, whatever stands between them', t => {
	fc.assert(
		fc.property(fc.array(frame, {maxLength: 12}), fc.nat(3), (frames, padding) => {
			const to = new Writer(new Uint8Array(1 << 16));
			for (const each of frames) {
				encodeFrame(each.name, each as never, to);
				to.zero(padding);
			}
			const from = new Reader(to.written());
			for (const each of frames) t.deepEqual({...decodeFrame(from)}, {...each} as never);
			t.is(decodeFrame(from), undefined);
			t.false(from.failed);
		}),
		{numRuns: 500},
	);
	t.pass();
});

test('a frame cut short is refused, never read past its end', t => {
	fc.assert(
		fc.property(frame, fc.nat(), (each, cut) => {
			const to = new Writer(new Uint8Array(1 << 16));
			encodeFrame(each.name, each as never, to);
			const whole = to.written();
			if (whole.length < 2) return;
			const from = new Reader(whole.subarray(0, 1 + (cut % (whole.length - 1))));
			t.is(decodeFrame(from), undefined);
			t.true(from.failed);
		}),
		{numRuns: 500},
	);
	t.pass();
});

test('noise never throws, and what is accepted encodes to the same octets', t => {
	const header = fc.constantFrom(...Object.values(frameTable).map(({type}) => type));
	fc.assert(
		fc.property(header, fc.uint8Array({maxLength: 300}), (type, noise) => {
			const input = Uint8Array.from([type, ...noise]);
			const from = new Reader(input);
			for (let start = 0; ; start = from.offset) {
				const each = decodeFrame(from);
				if (each === undefined) break;
				const to = new Writer(new Uint8Array(1024));
				encodeFrame(each.name, each as never, to);
				while (input[start] === frameTable.padding.type) start++;
				t.deepEqual(to.written(), input.slice(start, from.offset));
			}
		}),
		{numRuns: 3000},
	);
	t.pass();
});

test('a list that claims more items than octets are left is refused before it is allocated', t => {
	const to = new Writer(new Uint8Array(64));
	to.u8(frameTable.receipt.type);
	to.varint(1);
	to.varint(1);
	to.varint(varintMax);
	const from = new Reader(to.written());
	t.is(decodeFrame(from), undefined);
	t.true(from.failed);
});
