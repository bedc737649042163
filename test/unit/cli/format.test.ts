import test from 'ava';
import {
	formatAge,
	formatCount,
	formatCounted,
	formatDuration,
	formatRate,
	formatSize,
} from '../../../src/cli/format.ts';

test('sizes have three figures and never show 1000 of a unit', t => {
	const cases: [number, string][] = [
		[0, '0 B'],
		[999, '999 B'],
		[1000, '1.00 kB'],
		[9994, '9.99 kB'],
		[9996, '10.0 kB'],
		[99_960, '100 kB'],
		[999_499, '999 kB'],
		[999_500, '1.00 MB'],
		[64_000_000, '64.0 MB'],
		[5e15, '5.00 PB'],
	];
	for (const [octets, text] of cases) t.is(formatSize(octets), text);
	t.is(formatRate(12_345_678), '12.3 MB/s');
});

test('durations', t => {
	const cases: [number, string][] = [
		[0.25, '0.25 ms'],
		[430, '430 ms'],
		[999.6, '1.00 s'],
		[59_900, '59.9 s'],
		[59_960, '1:00'],
		[245_000, '4:05'],
		[10_812_000, '3:00:12'],
	];
	for (const [milliseconds, text] of cases) t.is(formatDuration(milliseconds), text);
});

test('counts are grouped as rsync groups them', t => {
	t.is(formatCount(0), '0');
	t.is(formatCount(999), '999');
	t.is(formatCount(1000), '1,000');
	t.is(formatCount(1_234_567), '1,234,567');
	t.is(formatCount(1_234_567.125, 2), '1,234,567.13');
	t.is(formatCount(100, 2), '100.00');
	t.is(formatCounted(1, 'entry', 'entries'), '1 entry');
	t.is(formatCounted(1200, 'file'), '1,200 files');
});

test('ages have one unit, and a clock that runs ahead makes none negative', t => {
	t.is(formatAge(-5000), 'just now');
	t.is(formatAge(40_000), '40 s ago');
	t.is(formatAge(600_000), '10 min ago');
	t.is(formatAge(3 * 3_600_000), '3 h ago');
	t.is(formatAge(12 * 86_400_000), '12 days ago');
});
