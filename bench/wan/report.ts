/** Everything a run of the matrix leaves: one JSON, one page, two plots, and the README's section. */
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {LinkLimit} from './limit.ts';
import {type LoadName, loads} from './load.ts';
import type {Machine} from './machine.ts';
import {drawPlot, type Plot, type Series} from './plot.ts';
import {type ProgramName, programs} from './program.ts';
import type {Run} from './run.ts';
import {type Figure, summarizeRuns} from './summary.ts';
import {
	describeMachine,
	legend,
	tabulateCosts,
	tabulateLimits,
	tabulateLoad,
	tabulateTargets,
} from './table.ts';
import {worlds} from './world.ts';

export type Report = {
	readonly machine: Machine;
	readonly capSeconds: number;
	readonly repeat: number;
	readonly limits: readonly LinkLimit[];
	/** Runs that the time did not suffice for. */
	readonly leftOutCount: number;
	readonly runs: readonly Run[];
};

const colors: Readonly<Record<ProgramName, string>> = {
	shoal: '#0b6e99',
	'rsync-bbr': '#c2571a',
	'rsync-cubic': '#7a7a7a',
	'shoal-h2': '#4f9a3c',
	'shoal-h3': '#8b5fb0',
};
/** Between these two lines of a document stands what was measured last. */
const marksOf = (bench: string) => [`<!-- bench:${bench} -->`, `<!-- /bench:${bench} -->`] as const;

export function writeReport(report: Report, directory: string): void {
	const figures = summarizeRuns(report.runs);
	mkdirSync(directory, {recursive: true});
	writeFileSync(join(directory, 'wan.json'), toJson(report));
	writeFileSync(join(directory, 'wan.md'), describeReport(report));
	writeFileSync(join(directory, 'wan-loss.svg'), drawPlot(plotLoss(figures)));
	writeFileSync(join(directory, 'wan-round-trip.svg'), drawPlot(plotRoundTrip(figures)));
}

/** A line for each run, so that two results can be compared line by line. */
export function toJson({runs, ...rest}: Report): string {
	const head = JSON.stringify(rest, undefined, '\t').slice(0, -2);
	const lines = runs.map(run => `\t\t${JSON.stringify(run)}`).join(',\n');
	return `${head},\n\t"runs": [\n${lines}\n\t]\n}\n`;
}

/** The page. */
export function describeReport({machine, limits, runs, ...rest}: Report): string {
	const figures = summarizeRuns(runs);
	const measured = loads.filter(({name}) => figures.some(({load}) => load === name));
	const sections = measured.map(({name, title}) => [
		`## ${capital(title)}`,
		tabulateLoad(figures, name),
	]);
	const problems = runs.flatMap(({world, load, program, problem}) =>
		problem === undefined ? [] : [`- ${world}, ${load}, ${program}: ${problem}`],
	);
	return [
		'# shoal and rsync over long paths',
		'Written by `npm run bench:wan`; `bench/README.md` says how it is measured.',
		`On ${describeMachine(machine)} ${busyWords(machine)}`.trim(),
		`${legend} The cap is ${rest.capSeconds} s.${leftOutWords(rest.leftOutCount)}`,
		...sections.flat(),
		'## Queue and octets, 64 MiB',
		'Time in the queue towards the receiver, 95th percentile, and octets that left the source over those of content.',
		tabulateCosts(figures, '64mib'),
		'## Octets of a poll',
		'Both ways, IP headers included.',
		tabulateCosts(figures, 'none'),
		'## Targets of shoal',
		tabulateTargets(figures),
		'## The link’s own limits',
		'Plain UDP in full packets through a link that is wider than what is offered.',
		tabulateLimits(limits),
		...(problems.length > 0 ? ['## Runs that do not count', problems.join('\n')] : []),
		'',
	].join('\n\n');
}

/** What the README shows of it. */
export function describeShortly({machine, runs, capSeconds}: Report, figuresAt: string): string {
	const figures = summarizeRuns(runs);
	const shown: readonly LoadName[] = ['64mib', 'small', 'again', 'one', 'none'];
	const parts = loads
		.filter(({name}) => shown.includes(name) && figures.some(({load}) => load === name))
		.flatMap(({name, title}) => [`${capital(title)}:`, tabulateLoad(figures, name)]);
	return [
		`On ${describeMachine(machine)} ${legend} The cap is ${capSeconds} s.`,
		...parts,
		`![Goodput against loss](${figuresAt}/wan-loss.svg)`,
		`![Time against round trip](${figuresAt}/wan-round-trip.svg)`,
		`All of it, with queueing, octets and targets: \`${figuresAt}/wan.md\`.`,
	].join('\n\n');
}

/** Puts `content` between the marks of a document. */
export function replaceSection(document: string, content: string, bench = 'wan'): string {
	const marks = marksOf(bench);
	const [from, to] = marks.map(mark => document.indexOf(mark)) as [number, number];
	if (from === -1 || to < from) throw new Error(`the document lacks ${marks.join(' … ')}`);
	return `${document.slice(0, from + marks[0].length)}\n${content}\n${document.slice(to)}`;
}

export function updateDocument(path: string, content: string, bench = 'wan'): void {
	writeFileSync(path, replaceSection(readFileSync(path, 'utf8'), content, bench));
}

/** Part of the link against loss, 64 MiB at 100 Mbit/s and 100 ms. */
export function plotLoss(figures: readonly Figure[]): Plot {
	const ours = worlds.filter(({name}) => name.startsWith('100m-100ms-'));
	const label = (loss: number): string => String(Number((100 * loss).toFixed(2)));
	const series = programs.map(({name, title}): Series => {
		const points = ours.flatMap(world => {
			const figure = find(figures, world.name, '64mib', name);
			if (figure === undefined) return [];
			const isHollow = !figure.isFinished || figure.isExtrapolated;
			return [{x: label(world.loss), y: (100 * figure.goodput) / world.down, isHollow}];
		});
		return {name: title, color: colors[name], points};
	});
	const most = ours.map(({loss}) => ({x: label(loss), y: 100 * (1 - loss)}));
	return {
		title: '64 MiB over 100 Mbit/s, 100 ms: part of the link used by content',
		xTitle: 'packets lost each way, per cent',
		yTitle: 'per cent of the link',
		x: ours.map(({loss}) => label(loss)),
		isXNumber: false,
		series: [
			...series,
			{name: 'all that is not lost', color: '#999', isDashed: true, points: most},
		],
	};
}

/** Time against the round trip, without loss, where round trips are all that counts. */
export function plotRoundTrip(figures: readonly Figure[]): Plot {
	const ours = worlds
		.filter(({loss, jitterMs, buffers}) => loss + jitterMs === 0 && buffers === 'raised')
		.sort((a, b) => a.roundTripMs - b.roundTripMs);
	const series = (['one', 'none'] as const).flatMap(load =>
		programs.map(({name, title}): Series => {
			const points = ours.flatMap(world => {
				const figure = find(figures, world.name, load, name);
				const isHollow = figure?.isFinished === false;
				return figure === undefined
					? []
					: [{x: String(world.roundTripMs), y: figure.elapsedMs / 1000, isHollow}];
			});
			const words = load === 'one' ? 'one file' : 'no change';
			return {name: `${title}, ${words}`, color: colors[name], isDashed: load === 'none', points};
		}),
	);
	return {
		title: 'Time of a whole command: one file of 1 KiB; 2,000 files, no change',
		xTitle: 'round trip, ms',
		yTitle: 'seconds',
		x: ours.map(({roundTripMs}) => String(roundTripMs)),
		isXNumber: true,
		series,
	};
}

function find(
	figures: readonly Figure[],
	world: string,
	load: LoadName,
	program: ProgramName,
): Figure | undefined {
	return figures.find(
		figure =>
			figure.world === world &&
			figure.load === load &&
			figure.program === program &&
			figure.runCount > 0,
	);
}

function leftOutWords(count: number): string {
	return count === 0 ? '' : ` Of the repetitions ${count} were left out for want of time.`;
}

function busyWords({busyness}: Machine): string {
	if (busyness <= 1) return '';
	return `**Other work ran beside it (load ${busyness.toFixed(1)}): the figures mean little.**`;
}

function capital(words: string): string {
	return words.charAt(0).toUpperCase() + words.slice(1);
}
