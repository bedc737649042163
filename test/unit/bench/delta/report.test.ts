import test from 'ava';
import {scatteredName} from '../../../../bench/delta/made.ts';
import {describeReport, meetsTargets, type Report, rowsOf} from '../../../../bench/delta/report.ts';
import type {ProgramName, Run} from '../../../../bench/delta/run.ts';

const run = (pair: string, program: ProgramName, octets: number, more: Partial<Run> = {}): Run => ({
	...{pair, kind: 'made', program, isCompressed: false, downOctets: octets - 100},
	...{upOctets: 100, lost: 0, elapsedMs: 1000},
	...more,
});

const report = (runs: readonly Run[]): Report => ({
	machine: {
		...{cpu: 'cpu', cores: 2, memory: '1 GiB', kernel: '6', versions: {}},
		busyness: 0,
	},
	leftOut: [],
	runs,
});

test('octets of both ways count, pair by pair; a run with a problem does not', t => {
	const rows = rowsOf(
		report([
			run('a', 'rsync', 1000),
			run('a', 'shoal', 800),
			run('b', 'rsync', 1000),
			run('b', 'shoal', 500, {problem: 'the trees differ'}),
		]),
	);
	t.is(rows.length, 2);
	t.is(rows[0]!.ratio, 0.8);
	t.true(Number.isNaN(rows[1]!.ratio));
});

test('the mean must be low, no pair may be far above, and the large file has its own bound', t => {
	const good = [
		run('a', 'rsync', 1000),
		run('a', 'shoal', 500),
		run('b', 'rsync', 1000),
		run('b', 'shoal', 1050),
	];
	t.true(meetsTargets(report(good)));
	t.false(meetsTargets(report([...good, run('c', 'rsync', 1000), run('c', 'shoal', 1060)])));
	t.false(meetsTargets(report(good.slice(2))), 'one pair that is equal is no mean below 0.9');
	const large = (octets: number): Report =>
		report([...good, run(scatteredName, 'rsync', 9e7), run(scatteredName, 'shoal', octets)]);
	t.true(meetsTargets(large(25e6)));
	t.false(meetsTargets(large(25e6 + 1)));
});

test('moved files are shown, and are in no mean', t => {
	const moved = {kind: 'moved'} as const;
	const runs = [
		run('a', 'rsync', 1000),
		run('a', 'shoal', 500),
		run('m', 'rsync', 1000, moved),
		run('m', 'shoal', 3000, moved),
	];
	t.true(meetsTargets(report(runs)));
	t.regex(describeReport(report(runs)), /\| m \| 3\.0 kB \| 1\.0 kB \| 3\.00 \|/);
});
