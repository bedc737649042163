import test from 'ava';
import {SkippedNumbers} from '../../../src/session/skipped-numbers.ts';
import {nullCrypto} from '../../support/null-crypto.ts';
import {Prng} from '../../support/prng.ts';
import {seedsOr} from '../../support/seeds.ts';

const make = (seed: number): SkippedNumbers => new SkippedNumbers(nullCrypto(new Prng(seed)));

test('each stretch skips exactly one number, and number 0 is always sent', t => {
	for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
		const skipped = make(seed);
		const stretches = [0, 8, 16, 32, 64, 128, 256, 384, 512, 128_000, 2 ** 40];
		for (const start of stretches) {
			const end = start < 128 ? Math.max(8, 2 * start) : start + 128;
			let count = 0;
			for (let number = start; number < end; number++) if (skipped.has(number)) count++;
			t.is(count, 1, `from ${start} with seed ${seed}`);
		}
		t.false(skipped.has(0));
	}
});

test('the places are secret: another session has others', t => {
	const a = make(1);
	const b = make(2);
	let equal = 0;
	for (let number = 128; number < 128 * 101; number++) {
		if (a.has(number) && b.has(number)) equal++;
	}
	t.true(equal < 10, `${equal} of 100 places are equal`);
});

for (const seed of seedsOr(1, 2, 3)) {
	test(`a range has a skipped number if one of its numbers is [SHOAL_SEED=${seed}]`, t => {
		const prng = new Prng(seed);
		const skipped = make(seed);
		for (let step = 0; step < 5000; step++) {
			const from = prng.below(prng.chance(0.5) ? 300 : 5000);
			const to = from + prng.below(prng.chance(0.5) ? 20 : 400);
			let wanted = false;
			for (let number = from; number <= to; number++) wanted ||= skipped.has(number);
			if (skipped.hasAny(from, to) !== wanted) t.fail(`${from} to ${to}`);
		}
		t.true(skipped.hasAny(0, 2 ** 50));
	});
}

test('who claims the initial window of 32 whole is caught', t => {
	for (let seed = 0; seed < 100; seed++) t.true(make(seed).hasAny(0, 31));
});
