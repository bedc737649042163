import test from 'ava';
import {drawPlot, type Plot} from '../../../../bench/wan/plot.ts';
import {
	describeReport,
	plotLoss,
	plotRoundTrip,
	type Report,
	replaceSection,
	toJson,
} from '../../../../bench/wan/report.ts';
import type {Run} from '../../../../bench/wan/run.ts';
import {summarizeRuns} from '../../../../bench/wan/summary.ts';
import {tabulateLoad, tabulateTargets} from '../../../../bench/wan/table.ts';

const size = 64 << 20;
const run = (changes: Partial<Run>): Run => ({
	world: '100m-100ms-0',
	load: '64mib',
	program: 'shoal',
	round: 1,
	seed: 1,
	carried: '64mib',
	contentSize: size,
	elapsedMs: 8000,
	isFinished: true,
	arrivedSize: size,
	nodeMs: 60,
	link: {
		...{downOctets: 1.05 * size, upOctets: 1000, downPackets: 50_000, upPackets: 10},
		...{lost: 0, overflowed: 0, overrun: 0, cpuPart: 0.1},
		queuedMs: {p50: 1, p95: 20, max: 50},
		lateMs: {p99: 0.1, max: 1},
	},
	...changes,
});
const cubic = run({
	...{world: '100m-100ms-1', program: 'rsync-cubic', carried: '8mib', contentSize: 8 << 20},
	...{elapsedMs: 40_000, arrivedSize: 8 << 20},
});
const report = (runs: readonly Run[]): Report => ({
	machine: {
		cpu: 'A',
		cores: 2,
		memory: '4 GiB',
		kernel: '6.1',
		versions: {shoal: '0.1.0'},
		busyness: 0,
	},
	...{capSeconds: 60, repeat: 3, limits: [], leftOutCount: 0, runs},
});

test('a cell is the median of the runs that count', t => {
	const runs = [7000, 9000, 8000].map((elapsedMs, index) => run({elapsedMs, round: index + 1}));
	const [figure] = summarizeRuns([...runs, run({elapsedMs: 1, problem: 'the trees differ'})]);
	t.like(figure, {elapsedMs: 8000, runCount: 3, isFinished: true, isExtrapolated: false});
	t.deepEqual(figure!.problems, ['the trees differ']);
	t.is(Math.round(figure!.goodput), Math.round((8 * size) / 8));
	t.is(figure!.sentRatio, 1.05);
});

test('a run ended at the cap has the rate of what arrived, and the time it would have taken', t => {
	const [figure] = summarizeRuns([
		run({isFinished: false, elapsedMs: 60_000, arrivedSize: size / 4}),
	]);
	t.like(figure, {isFinished: false, elapsedMs: 240_000});
	t.regex(tabulateLoad([figure!], '64mib'), /\| ~240 s, 2.2 % † \| 82 % \|/);
});

test('a run with less to carry is extrapolated and says so', t => {
	const [figure] = summarizeRuns([cubic]);
	t.like(figure, {isExtrapolated: true, elapsedMs: 320_000});
	t.regex(tabulateLoad([figure!], '64mib'), /\| ~320 s, 1.7 % \| 81 % \|/);
});

test('a run in which nothing arrived, and one that failed, have a place in the table', t => {
	const nothing = run({isFinished: false, elapsedMs: 60_000, arrivedSize: 0});
	t.regex(tabulateLoad(summarizeRuns([nothing]), '64mib'), /\| 60 s, 0.0 % † \|/);
	const failed = run({problem: 'shoal ended with 30'});
	t.regex(tabulateLoad(summarizeRuns([failed]), '64mib'), /\| failed \|/);
	t.regex(describeReport(report([failed])), /- 100m-100ms-0, 64mib, shoal: shoal ended with 30/);
});

test('targets are met at the limit and missed below it', t => {
	const at = (elapsedMs: number) => tabulateTargets(summarizeRuns([run({elapsedMs})]));
	const limitMs = (8 * size) / 100e3 / 0.82;
	t.regex(at(limitMs - 1), /82\.0 % of the link \| 82\.0 % of the link \| met/);
	t.regex(at(limitMs * 1.1), /short by 10 %/);
	const poll = run({load: 'none', carried: 'none', contentSize: 0, arrivedSize: 0, elapsedMs: 250});
	const link = {...poll.link, downOctets: 3000, upOctets: 1096};
	t.regex(
		tabulateTargets(summarizeRuns([{...poll, link}])),
		/0\.26 s .*\| met \|\n.*\| 4096 octets \| met/,
	);
	const larger = {...link, upOctets: 1200};
	t.regex(tabulateTargets(summarizeRuns([{...poll, link: larger}])), /4200 octets \| short by 3 %/);
});

test('what is sent over what a path without loss costs is held against the loss', t => {
	const lossy = (downOctets: number) =>
		run({world: '100m-100ms-1', link: {...run({}).link, downOctets}});
	const rows = (downOctets: number) => tabulateTargets(summarizeRuns([run({}), lossy(downOctets)]));
	t.regex(rows(1.05 * 1.03 * size), /1\.030 × the octets without loss \| 1\.030 × \| met/);
	t.regex(rows(1.05 * 1.08 * size), /1\.080 × \| short by 5 %/);
});

test('a report has every load that was run, and the plots draw what is measured', t => {
	const one = run({load: 'one', carried: 'one', contentSize: 1024, arrivedSize: 1024});
	const text = describeReport(report([run({}), cubic, one]));
	for (const heading of ['64 MiB', 'One file of 1 KiB', 'Targets of shoal']) {
		t.true(text.includes(`## ${heading}\n`), heading);
	}
	t.false(text.includes('## 256 MiB'));
	const figures = summarizeRuns([run({}), cubic, one]);
	const loss = drawPlot(plotLoss(figures));
	t.is(loss.match(/<circle/g)!.length, 10, 'two measured, eight of the loss alone');
	t.is(loss.match(/fill="#fff" stroke="#7a7a7a"/g)!.length, 1, 'what is extrapolated is hollow');
	t.is(drawPlot(plotRoundTrip(figures)).match(/<circle/g)!.length, 1);
});

test('the results are JSON, with a line for each run', t => {
	for (const runs of [[], [cubic], [run({}), cubic]]) {
		const text = toJson(report(runs));
		t.deepEqual(JSON.parse(text), report(runs));
		t.is(text.match(/^\t\t\{"world"/gm)?.length ?? 0, runs.length);
	}
});

const plot: Plot = {
	...{title: 'a < b & c', xTitle: 'x', yTitle: 'y', x: ['1', '2', '8'], isXNumber: false},
	series: [
		{
			name: '>',
			color: '#000',
			points: [
				{x: '1', y: 10},
				{x: '2', y: Number.NaN},
				{x: '8', y: 100},
			],
		},
	],
};
const placesOf = (svg: string): number[] =>
	[...svg.matchAll(/<circle cx="([\d.]+)"/g)].map(([, x]) => Number(x));

test('a plot is of XML, whatever is in its words, and leaves out what has no place', t => {
	const svg = drawPlot(plot);
	t.true(svg.includes('a &lt; b &amp; c'));
	t.is(placesOf(svg).length, 2, 'what is no number is not drawn');
	t.notRegex(svg, /NaN|undefined|Infinity/);
});

test('points stand at equal distances, or where their numbers are', t => {
	const series = [{name: '', color: '#000', points: plot.x.map(x => ({x, y: 1}))}];
	const equal = placesOf(drawPlot({...plot, series}));
	t.is(equal[2]! - equal[1]!, equal[1]! - equal[0]!);
	const numbers = placesOf(drawPlot({...plot, series, isXNumber: true}));
	t.true(Math.abs((numbers[2]! - numbers[1]!) / (numbers[1]! - numbers[0]!) - 6) < 0.01);
});

test('a section of a document is replaced, and a document without one is refused', t => {
	const document = 'a\n<!-- bench:wan -->\nold\n<!-- /bench:wan -->\nb\n';
	const replaced = replaceSection(document, 'new');
	t.is(replaced, 'a\n<!-- bench:wan -->\nnew\n<!-- /bench:wan -->\nb\n');
	t.is(replaceSection(replaced, 'new'), replaced);
	t.throws(() => replaceSection('a\n', 'new'), {message: /lacks/});
});
