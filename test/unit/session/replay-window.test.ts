import test from 'ava';
import {ReplayWindow, replayWindowSize} from '../../../src/session/replay-window.ts';
import {Prng} from '../../support/prng.ts';
import {seedsOr} from '../../support/seeds.ts';

test('a number is accepted once', t => {
	const window = new ReplayWindow();
	t.is(window.largest, -1);
	for (const number of [0, 1, 5, 3]) {
		t.true(window.accepts(number));
		window.mark(number);
		t.false(window.accepts(number));
	}
	t.is(window.largest, 5);
	t.true(window.accepts(2));
	t.true(window.accepts(4));
});

test('the window has 8,192 numbers: one more below is refused', t => {
	const window = new ReplayWindow();
	const largest = 100_000;
	window.mark(largest);
	t.true(window.accepts(largest - replayWindowSize + 1));
	t.false(window.accepts(largest - replayWindowSize));
});

test('numbers above 2^32 and leaps of any size are told apart', t => {
	const window = new ReplayWindow();
	for (const number of [7, 2 ** 32 + 7, 2 ** 40, 2 ** 52]) {
		t.true(window.accepts(number));
		window.mark(number);
		t.false(window.accepts(number));
		t.true(window.accepts(number - 1));
	}
	t.false(window.accepts(2 ** 40));
});

for (const seed of seedsOr(1, 2, 3)) {
	test(`a set of all numbers ever seen says the same [SHOAL_SEED=${seed}]`, t => {
		const prng = new Prng(seed);
		const window = new ReplayWindow();
		const seen = new Set<number>();
		let top = 0;
		for (let step = 0; step < 20_000; step++) {
			if (prng.chance(0.01)) top += prng.below(3 * replayWindowSize);
			else if (prng.chance(0.5)) top += prng.below(40);
			const number = Math.max(0, top - prng.below(replayWindowSize + 100));
			const largest = Math.max(-1, ...(seen.size === 0 ? [] : [window.largest]));
			const wanted = number > largest - replayWindowSize && !seen.has(number);
			if (window.accepts(number) !== wanted) {
				t.fail(`${number} of ${largest} in step ${step}`);
				return;
			}
			if (!wanted) continue;
			window.mark(number);
			seen.add(number);
		}
		t.true(seen.size > 1000);
	});
}
