import test from 'ava';
import {statistics, totals} from '../../../src/cli/statistics.ts';
import type {PullResult} from '../../../src/engine/event.ts';

const result: PullResult = {
	ok: true,
	exit: 0,
	snapshot: 'ab',
	unchanged: false,
	dryRun: false,
	entries: 1234,
	files: 1000,
	created: 7,
	filesChanged: 12,
	filesMoved: 3,
	deleted: 4,
	bytesTotal: 64_000_000,
	bytesLiteral: 900_000,
	bytesMatched: 100_000,
	wireBytesIn: 990_000,
	wireBytesOut: 10_000,
	datagramsIn: 800,
	datagramsOut: 90,
	rangesLost: 5,
	rangesDuplicate: 1,
	roundTrips: 9,
	roundTripMs: 101,
	elapsedMs: 2000,
	errorCount: 0,
	errors: [],
};

test('totals are the two lines that rsync ends with', t => {
	t.deepEqual(totals(result), [
		'sent 10,000 bytes  received 990,000 bytes  500,000.00 bytes/sec',
		'total size is 64,000,000  speedup is 64.00',
	]);
	t.true(totals({...result, dryRun: true})[1]!.endsWith('speedup is 64.00 (DRY RUN)'));
});

test('a run without a datagram divides by nothing', t => {
	const none = {...result, wireBytesIn: 0, wireBytesOut: 0, elapsedMs: 0};
	t.deepEqual(totals(none), [
		'sent 0 bytes  received 0 bytes  0.00 bytes/sec',
		'total size is 64,000,000  speedup is 0.00',
	]);
});

test('--stats names every figure once', t => {
	const lines = statistics(result);
	t.true(lines.includes('Number of files: 1,234 (reg: 1,000)'));
	t.true(lines.includes('Literal data: 900,000 bytes'));
	t.true(lines.includes('Round trips: 9 of 101 ms'));
	t.is(new Set(lines.map(line => line.split(':')[0])).size, lines.length);
});
