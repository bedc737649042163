import test from 'ava';
import {ProgressLine} from '../../../src/cli/progress.ts';

test('a transfer shows amount, rates, round trip, losses, what is left and what limits', t => {
	const line = new ProgressLine();
	const progress = {phase: 'transfer', total: 64_000_000} as const;
	t.is(line.update({...progress, done: 0}, 1000), 'fetching  0 B of 64.0 MB (0 %)');
	t.is(line.update({...progress, done: 5e6}, 1050), undefined, 'too soon');
	t.is(
		line.update(
			{
				...progress,
				done: 16_000_000,
				rate: 10_000_000,
				roundTripMs: 101.4,
				rangesLost: 1234,
				rangesRepaired: 1200,
				limitedBy: 'path',
			},
			3000,
		),
		'fetching  16.0 MB of 64.0 MB (25 %)  10.0 MB/s (8.00 MB/s on average)  101 ms  ' +
			'1,234 lost, 1,200 repaired  6 s left  limited by path',
	);
});

test('a new phase is shown at once', t => {
	const line = new ProgressLine();
	t.is(line.update({phase: 'scan', done: 10, total: undefined}, 0), 'looking  10');
	t.is(line.update({phase: 'connect', done: 0, total: undefined}, 1), 'connecting');
	t.is(line.update({phase: 'plan', done: 1, total: 0}, 1), 'planning  1 of 0 (100 %)');
});
