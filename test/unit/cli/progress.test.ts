import test from 'ava';
import type {LiveState} from '../../../src/cli/live-state.ts';
import {ProgressMeter} from '../../../src/cli/progress.ts';

const long = ({title, amounts, details}: LiveState) =>
	[title, ...[...amounts, ...details].map(field => field.long)].join('; ');

test('a transfer shows amount, rates, round trip, losses, what is left and what limits', t => {
	const meter = new ProgressMeter();
	const progress = {phase: 'transfer', total: 64_000_000} as const;
	t.is(long(meter.update({...progress, done: 0}, 1000)), 'fetching; 0 B of 64.0 MB; 0 %');
	const later = meter.update(
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
	);
	t.is(
		long(later),
		'fetching; 16.0 MB of 64.0 MB; 25 %; 6 s left; 10.0 MB/s; 8.00 MB/s on average; ' +
			'round trip 101 ms; 1,234 lost, 1,200 repaired; limited by path',
	);
	t.is(later.share, 0.25);
	const held = meter.update({...progress, done: 17_000_000, limitedBy: 'limit'}, 3100);
	t.true(long(held).endsWith('; limited by --bwlimit'));
});

test('hashing has a rate and a time, looking has a number', t => {
	const meter = new ProgressMeter();
	t.is(long(meter.update({phase: 'scan', done: 0, total: undefined}, 0)), 'looking');
	t.is(long(meter.update({phase: 'scan', done: 1234, total: 0}, 1)), 'looking; 1,234 entries');
	t.is(
		long(meter.update({phase: 'hash', done: 0, total: 4e9}, 1000)),
		'hashing; 0 B of 4.00 GB; 0 %',
	);
	t.is(
		long(meter.update({phase: 'hash', done: 1e9, total: 4e9}, 2000)),
		'hashing; 1.00 GB of 4.00 GB; 25 %; 3 s left; 1.00 GB/s; 1.00 GB/s on average',
	);
	t.is(
		long(meter.update({phase: 'publish', done: 12, total: 24}, 2000)),
		'publishing; 12 of 24 entries; 50 %',
	);
});

test('what is left follows the last quarter of a minute, and is unknown while nothing comes', t => {
	const meter = new ProgressMeter();
	const at = (seconds: number, done: number) =>
		long(meter.update({phase: 'transfer', done, total: 100e6}, 1000 * seconds));
	at(0, 0);
	for (let second = 1; second <= 20; second++) at(second, 4e6 * second);
	t.regex(at(30, 85e6), /85 %; 9 s left/, '25 MB in 15 s');
	t.regex(at(35, 90e6), /90 %; 15 s left; 1.00 MB\/s/);
	t.regex(at(60, 90e6), /90 %; 0 B\/s; 1.50 MB\/s on average/);
});
