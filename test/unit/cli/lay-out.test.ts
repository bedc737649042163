import test from 'ava';
import stringWidth from 'string-width';
import {layOut} from '../../../src/cli/lay-out.ts';
import type {LiveState} from '../../../src/cli/live-state.ts';
import {ProgressMeter} from '../../../src/cli/progress.ts';
import type {Progress} from '../../../src/engine/event.ts';
import {Prng} from '../../support/prng.ts';
import {seedsOr} from '../../support/seeds.ts';

const transfer = {
	phase: 'transfer',
	total: 64_000_000,
	roundTripMs: 101.4,
	rangesLost: 1234,
	rangesRepaired: 1200,
	limitedBy: 'path',
} as const;

/** A transfer, three seconds after it began. */
function fetching(): LiveState {
	const meter = new ProgressMeter();
	meter.update({...transfer, done: 0}, 1000);
	meter.update({...transfer, done: 8_000_000}, 3000);
	return meter.update({...transfer, done: 16_000_000, rate: 10_000_000}, 4000);
}

const plain = (columns: number, rows = 24) => layOut(fetching(), {columns, rows, colours: false});

test('two lines and a bar where there is room', t => {
	t.deepEqual(plain(120), [
		'fetching  [============>                                   ]  16.0 MB of 64.0 MB  25 %  9 s left',
		'10.0 MB/s  5.33 MB/s on average  round trip 101 ms  1,234 lost, 1,200 repaired  limited by path',
	]);
	t.deepEqual(plain(80), [
		'fetching  [=======>                       ]  16.0 MB of 64.0 MB  25 %  9 s left',
		'10.0 MB/s  mean 5.33 MB/s  101 ms  1,234 lost, 1,200 repaired  limited by path',
	]);
});

test('on a narrow terminal what matters least is left out first', t => {
	t.deepEqual(plain(40), [
		'fetching  16.0 MB of 64.0 MB  25 %',
		'9 s left  10.0 MB/s  mean 5.33 MB/s',
		'101 ms  1,234 lost  limited by path',
	]);
	t.deepEqual(plain(20), ['fetching  25 %', '9 s left  10.0 MB/s', 'limited by path']);
	t.deepEqual(plain(10), ['fetching', '25 %', '9 s left']);
	t.deepEqual(plain(5), ['25 %']);
	t.deepEqual(plain(1), []);
});

test('a terminal of few lines gets one less', t => {
	t.deepEqual(plain(80, 2), [
		'fetching  16.0 MB of 64.0 MB  25 %  9 s left  10.0 MB/s  limited by path',
	]);
	t.is(plain(20, 3).length, 2);
	t.is(plain(20, 1).length, 1);
});

test('wide characters count for two columns', t => {
	const field = {long: '鏡鏡鏡鏡鏡', short: '鏡鏡', rank: 1};
	const state: LiveState = {title: '群れ', amounts: [field], details: []};
	const at = (columns: number) => layOut(state, {columns, rows: 24, colours: false});
	t.deepEqual(at(17), ['群れ  鏡鏡鏡鏡鏡']);
	t.deepEqual(at(16), ['群れ  鏡鏡']);
	t.deepEqual(at(10), ['群れ', '鏡鏡']);
	t.deepEqual(at(4), []);
});

test('colours are added where there are any, and change no width', t => {
	const coloured = layOut(fetching(), {columns: 80, rows: 24, colours: true});
	t.true(coloured[0]!.startsWith('\u001b[1mfetching\u001b[22m  \u001b[36m[='));
	t.deepEqual(
		coloured.map(line => stringWidth(line)),
		plain(80).map(line => line.length),
	);
	t.false(plain(80).join('').includes('\u001b'));
});

for (const seed of seedsOr(1, 2)) {
	test(`lines fit, whatever is shown and wherever [SHOAL_SEED=${seed}]`, t => {
		const prng = new Prng(seed);
		for (let each = 0; each < 2000; each++) {
			const meter = new ProgressMeter();
			const phases = ['scan', 'hash', 'connect', 'list', 'plan', 'transfer', 'publish'] as const;
			const phase = phases[prng.below(phases.length)]!;
			const total = prng.below(3) === 0 ? undefined : prng.below(2 ** 40);
			const progress: Progress = {...transfer, phase, total, done: prng.below(2 ** 40)};
			meter.update({...progress, done: 0}, 0);
			const state = meter.update(progress, prng.below(1e7));
			const sight = {columns: 1 + prng.below(150), rows: 1 + prng.below(5), colours: false};
			const lines = layOut(state, sight);
			t.true(lines.length <= Math.max(1, sight.rows - 1) && lines.length <= 3);
			for (const line of lines) t.true(stringWidth(line) < Math.max(2, sight.columns), line);
		}
	});
}
