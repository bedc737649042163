import test from 'ava';
import {describeLeftOut, nextStep} from '../../../src/cli/outcome.ts';
import {logTotal, statistics, totals} from '../../../src/cli/statistics.ts';
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
	bytesCompressed: 200_000,
	bytesExpanded: 800_000,
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
	leftOut: [],
	entryTypes: {file: 1000, directory: 200, symlink: 33, device: 1, special: 0},
	createdTypes: {file: 7, directory: 0, symlink: 0, device: 0, special: 0},
	deletedTypes: {file: 3, directory: 1, symlink: 0, device: 0, special: 0},
};

test('totals are the two lines that rsync ends with', t => {
	t.deepEqual(totals(result), [
		'sent 10,000 bytes  received 990,000 bytes  500,000.00 bytes/sec',
		'total size is 64,000,000  speedup is 64.00',
	]);
	t.true(totals({...result, dryRun: true})[1]!.endsWith('speedup is 64.00 (DRY RUN)'));
});

test('--stats has the lines of rsync in the order of rsync, then our own', t => {
	const lines = statistics(result);
	t.deepEqual(lines.slice(0, 10), [
		'Number of files: 1,234 (reg: 1,000, dir: 200, link: 33, dev: 1)',
		'Number of created files: 7 (reg: 7)',
		'Number of deleted files: 4 (reg: 3, dir: 1)',
		'Number of regular files transferred: 12',
		'Total file size: 64,000,000 bytes',
		'Total transferred file size: 1,000,000 bytes',
		'Literal data: 900,000 bytes',
		'Matched data: 100,000 bytes',
		'Total bytes sent: 10,000',
		'Total bytes received: 990,000',
	]);
	t.true(lines.includes('Compressed data: 200,000 bytes for 800,000 of them'));
	t.true(lines.includes('Round trips: 9 of 101 ms'));
	t.is(new Set(lines.map(line => line.split(':')[0])).size, lines.length);
});

test('kinds are left out where they are not known', t => {
	const {entryTypes, createdTypes, deletedTypes, ...rest} = result;
	t.is(statistics(rest)[0], 'Number of files: 1,234');
	t.is(statistics(rest)[2], 'Number of deleted files: 4');
	t.is(statistics({...result, deleted: 2})[2], 'Number of deleted files: 2', 'some stayed');
});

test('of a local source, what was read has come; where nothing was, there is no speedup', t => {
	const local = {...result, wireBytesIn: 0, wireBytesOut: 0, elapsedMs: 1000};
	t.deepEqual(totals(local), [
		'sent 0 bytes  received 900,000 bytes  900,000.00 bytes/sec',
		'total size is 64,000,000  speedup is 71.11',
	]);
	t.is(totals({...local, bytesLiteral: 0})[1], 'total size is 64,000,000  nothing travelled');
	t.true(statistics(local).includes('Total bytes received: 900,000'));
	t.true(logTotal(local).startsWith('sent 0 bytes  received 900,000 bytes'));
});

test('the log of a run ends as that of rsync does', t => {
	t.is(logTotal(result), 'sent 10,000 bytes  received 990,000 bytes  total size 64,000,000');
});

test('what was left out is told by kind, and what to do next', t => {
	const leftOut = [
		{code: 'FILE_UNSUPPORTED', count: 1200},
		{code: 'NAME_UNSUPPORTED', count: 1},
		{code: 'CONTENT_INVALID', count: 2},
	] as const;
	t.deepEqual(describeLeftOut(leftOut), [
		'left out: 1,200 devices, sockets and FIFOs',
		'1 name that DEST cannot hold',
		'2 CONTENT_INVALID',
	]);
	t.deepEqual(describeLeftOut([]), []);
	t.is(nextStep({...result, leftOut}), undefined);
	t.is(nextStep({...result, exit: 23, leftOut: []}), undefined, 'an error ended it');
	t.is(
		nextStep({...result, leftOut, exit: 24, errorCount: 1}),
		'exit 24: 1 path changed or went away at the source, all else is in place: ' +
			'run it again after the source has taken its next snapshot',
	);
	t.is(
		nextStep({...result, leftOut, exit: 23, errorCount: 1200, dryRun: true}),
		'exit 23: 1,200 paths could not be done: mend what is named above, then run it again',
	);
});
