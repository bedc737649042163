import test from 'ava';
import {
	fullNumber,
	plainPrefix,
	readU32,
	saltPrefix,
	ticketPrefix,
} from '../../../src/session/packet-header.ts';
import {Prng} from '../../support/prng.ts';

test('the full number is the nearest to one above the largest', t => {
	t.is(fullNumber(-1, 0), 0);
	t.is(fullNumber(-1, 5), 5);
	t.is(fullNumber(2 ** 32 - 1, 0), 2 ** 32);
	t.is(fullNumber(2 ** 32 + 3, 2 ** 32 - 1), 2 ** 32 - 1);
	// RFC 9000 §A.3 has the same rule with its own example for 16 bits.
	t.is(fullNumber(0xa82f30ea, 0xa82f9b32), 0xa82f9b32);
	// Nothing is below zero.
	t.is(fullNumber(3, 2 ** 32 - 1), 2 ** 32 - 1);
});

test('any number within 2^31 of the expected one is restored [SHOAL_SEED=1]', t => {
	const prng = new Prng(1);
	for (let step = 0; step < 10_000; step++) {
		const largest = prng.below(2 ** prng.below(50));
		const number = Math.max(0, largest + 1 + prng.below(2 ** 32) - 2 ** 31 + 1);
		if (fullNumber(largest, number % 2 ** 32) !== number) t.fail(`${number} after ${largest}`);
	}
	t.pass();
});

test('the headers stand as the wire format has them', t => {
	t.deepEqual([...plainPrefix(0x01020304)], [0x80, 1, 2, 3, 4]);
	const salt = new Uint8Array(16).fill(9);
	t.deepEqual(
		[...saltPrefix(1, 0xffffffff, salt)],
		[0xc0, 0, 0, 0, 1, 255, 255, 255, 255, ...salt],
	);
	t.deepEqual([...ticketPrefix(Uint8Array.of(7, 8))], [0xe0, 0, 2, 7, 8]);
	t.is(readU32(Uint8Array.of(0, 0xff, 0xfe, 0xfd, 0xfc), 1), 0xfffefdfc);
});
