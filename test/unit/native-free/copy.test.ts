import test from 'ava';
import {copy} from '../../../native-free/copy.ts';

const ordinary = (size: number): Uint8Array => new Uint8Array(size);
const shared = (size: number): Uint8Array => new Uint8Array(new SharedArrayBuffer(size));

for (const [title, from, to] of [
	['ordinary memory to shared', ordinary, shared],
	['shared memory to ordinary', shared, ordinary],
	['shared memory to shared', shared, shared],
	['ordinary memory to ordinary', ordinary, ordinary],
] as const) {
	test(`octets go from ${title}, to their place and no further`, t => {
		for (const [size, at] of [
			[1, 0],
			[7, 3],
			[1447, 33],
			[65_536, 5],
		] as const) {
			const source = from(size + 9).map((_, index) => (index * 7 + 1) % 256);
			const into = to(at + size + 5).fill(0xee);
			copy(into, at, source.subarray(2, 2 + size));
			const expected = new Uint8Array(at + size + 5).fill(0xee);
			for (let index = 0; index < size; index++) expected[at + index] = source[2 + index]!;
			t.is(Buffer.compare(into, expected), 0);
		}
	});
}

test('to copy nothing changes nothing', t => {
	const into = shared(4).fill(9);
	copy(into, 4, ordinary(0));
	copy(into, 1, ordinary(0));
	t.deepEqual([...into], [9, 9, 9, 9]);
});

test('what has no room is not copied in part', t => {
	const into = shared(4);
	t.throws(() => copy(into, 2, ordinary(3).fill(1)), {message: /room/});
	t.deepEqual([...into], [0, 0, 0, 0]);
});
