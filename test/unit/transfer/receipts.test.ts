import test from 'ava';
import {Receipts} from '../../../src/transfer/receipts.ts';
import {Reader, Writer} from '../../../src/wire/codec.ts';
import {decodeFrame} from '../../../src/wire/frame.ts';
import {Prng} from '../../support/prng.ts';

/** The numbers that a receipt names, highest first, and the octets that it took. */
function told(receipts: Receipts, room = 1000): {numbers: number[]; size: number} {
	const to = new Writer(new Uint8Array(1200));
	receipts.write(to, 50, room);
	const frame = decodeFrame(new Reader(to.written()));
	if (frame?.name !== 'receipt') throw new Error('no receipt');
	const numbers: number[] = [];
	let end = frame.largest;
	for (const {gap, length} of frame.ranges) {
		end -= gap;
		for (let index = 0; index < length; index++) numbers.push(end - index);
		end -= length;
	}
	return {numbers, size: to.offset};
}

test('a receipt names what has arrived, with its gaps', t => {
	const receipts = new Receipts();
	for (const number of [0, 1, 2, 5, 6, 9]) receipts.add(number, 10);
	t.deepEqual(told(receipts).numbers, [9, 6, 5, 2, 1, 0]);
});

test('each receipt repeats those of the three feedbacks before, not more', t => {
	const receipts = new Receipts();
	const each: number[][] = [];
	for (let number = 0; number < 60; number += 10) {
		receipts.add(number, number);
		receipts.add(number + 1, number);
		each.push(told(receipts).numbers);
		receipts.next();
	}
	t.deepEqual(each[0], [1, 0]);
	t.deepEqual(each[3], [31, 30, 21, 20, 11, 10, 1, 0]);
	t.deepEqual(each[4], [41, 40, 31, 30, 21, 20, 11, 10]);
	t.deepEqual(each[5], [51, 50, 41, 40, 31, 30, 21, 20]);
});

test('a number that comes late is told although higher ones were', t => {
	const receipts = new Receipts();
	for (let number = 0; number < 50; number++) if (number !== 20) receipts.add(number, number);
	for (let feedback = 0; feedback < 4; feedback++) receipts.next();
	receipts.add(20, 60);
	t.true(told(receipts).numbers.includes(20));
});

test('nothing new: the largest alone is told, so that the frame is never empty', t => {
	const receipts = new Receipts();
	receipts.add(3, 10);
	for (let feedback = 0; feedback < 9; feedback++) receipts.next();
	t.deepEqual(told(receipts).numbers, [3]);
});

test('too many gaps for the room: the highest ranges are told', t => {
	const receipts = new Receipts();
	for (let number = 0; number < 4000; number += 2) receipts.add(number, number);
	const few = told(receipts, 100);
	t.true(few.size <= 100);
	t.is(few.numbers[0], 3998);
	t.true(few.numbers.length > 30);
	t.is(told(receipts, 1100).numbers.length, 256, 'as many ranges as a frame may have');
});

test('what a receipt names is what arrived, in any order [SHOAL_SEED=3]', t => {
	const prng = new Prng(3);
	for (let round = 0; round < 200; round++) {
		const receipts = new Receipts();
		const came = new Set<number>();
		let next = prng.below(1000);
		for (let packet = 0; packet < 200; packet++) {
			next += prng.chance(0.1) ? prng.below(300) : 1;
			const number = prng.chance(0.2) ? Math.max(0, next - prng.below(40)) : next;
			if (came.has(number)) continue;
			came.add(number);
			receipts.add(number, packet);
		}
		const {numbers} = told(receipts);
		t.deepEqual(numbers, [...came].sort((a, b) => b - a).slice(0, numbers.length));
		t.is(numbers.length, came.size);
	}
});
