/** What a measurement leaves: one JSON, one page, one plot, and the README's section. */
import {existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {Machine} from '../wan/machine.ts';
import {drawPlot, type Plot} from '../wan/plot.ts';
import {describeMachine, tabulate} from '../wan/table.ts';
import {scatteredName} from './made.ts';
import {type PairKind, pairKinds} from './pair.ts';
import {type ProgramName, programNames, type Run} from './run.ts';

export type Report = {
	readonly machine: Machine;
	/** Pairs that could not be made, and why. */
	readonly leftOut: readonly string[];
	readonly runs: readonly Run[];
};

/** One pair by both programs. */
type Row = {
	readonly pair: string;
	readonly kind: PairKind;
	readonly isCompressed: boolean;
	readonly octets: Partial<Record<ProgramName, number>>;
	/** Of shoal's octets to rsync's. */
	readonly ratio: number;
};

/** What shoal is to reach. */
const meanMax = 0.9;
const ratioMax = 1.05;
const scatteredMax = 25e6;

const titles: Readonly<Record<PairKind, string>> = {
	tree: 'Versions of packages, as files',
	tar: 'Versions of packages, as archives',
	'tar.gz': 'Versions of packages, as compressed archives',
	made: 'Databases, logs, disk images',
	adversarial: 'Hard cases',
	moved: 'Moved and copied files (not in the mean)',
};

export function writeReport(report: Report, directory: string): void {
	mkdirSync(directory, {recursive: true});
	writeFileSync(join(directory, 'delta.json'), toJson(report));
	writeFileSync(join(directory, 'delta.md'), describeReport(report));
	writeFileSync(join(directory, 'delta.svg'), drawPlot(plotRatios(rowsOf(report))));
}

/** What `writeReport` left there; undefined: nothing. */
export function readReport(directory: string): Report | undefined {
	const path = join(directory, 'delta.json');
	return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Report) : undefined;
}

function toJson({runs, ...rest}: Report): string {
	const head = JSON.stringify(rest, undefined, '\t').slice(0, -2);
	const lines = runs.map(run => `\t\t${JSON.stringify(run)}`).join(',\n');
	return `${head},\n\t"runs": [\n${lines}\n\t]\n}\n`;
}

export function describeReport(report: Report): string {
	const {machine, leftOut, runs} = report;
	const rows = rowsOf(report);
	const parts = [false, true].flatMap(isCompressed => {
		const ours = rows.filter(row => row.isCompressed === isCompressed);
		if (ours.length === 0) return [];
		const head = isCompressed ? ['# With -z on both'] : [];
		return [...head, ...tabulateKinds(ours), '## Targets', tabulateTargets(ours)];
	});
	const problems = runs.flatMap(({pair, kind, program, problem}) =>
		problem === undefined ? [] : [`- ${pair} (${kind}), ${program}: ${problem}`],
	);
	return [
		'# What an update costs: shoal, rsync and zsync',
		'Written by `npm run bench:delta`; `bench/README.md` says how it is measured.',
		`On ${describeMachine(machine)} Octets are of whole IP packets, both ways.`,
		...parts,
		...(problems.length > 0 ? ['## Runs that do not count', problems.join('\n')] : []),
		...(leftOut.length > 0 ? ['## Left out', leftOut.map(one => `- ${one}`).join('\n')] : []),
		'',
	].join('\n\n');
}

/** What the README shows of it. */
export function describeShortly(report: Report, figuresAt: string): string {
	const rows = rowsOf(report);
	return [
		`On ${describeMachine(report.machine)} Octets of whole IP packets, both ways; means are geometric.`,
		...[false, true].flatMap(isCompressed => {
			const ours = rows.filter(row => row.isCompressed === isCompressed);
			return ours.length === 0 ? [] : [tabulateMeans(ours)];
		}),
		`![shoal’s octets over rsync’s](${figuresAt}/delta.svg)`,
		`Every pair, also with zsync: \`${figuresAt}/delta.md\`.`,
	].join('\n\n');
}

/** Whether all that was measured is as it should be. */
export function meetsTargets(report: Report): boolean {
	return judge(rowsOf(report).filter(({isCompressed}) => !isCompressed)).every(({isMet}) => isMet);
}

export function rowsOf({runs}: Report): Row[] {
	const rows = new Map<string, Row>();
	for (const {pair, kind, program, isCompressed, ...run} of runs) {
		if (run.problem !== undefined) continue;
		const key = JSON.stringify([pair, kind, isCompressed]);
		const row = rows.get(key) ?? {pair, kind, isCompressed, octets: {}, ratio: Number.NaN};
		const octets = {...row.octets, [program]: run.downOctets + run.upOctets};
		rows.set(key, {
			...row,
			octets,
			ratio: (octets.shoal ?? Number.NaN) / (octets.rsync ?? Number.NaN),
		});
	}
	return [...rows.values()];
}

export function describeRun({pair, kind, program, problem, ...run}: Run): string {
	const octets = showOctets(run.downOctets + run.upOctets);
	const seconds = (run.elapsedMs / 1000).toFixed(1);
	const said = problem ?? `${octets}, ${seconds} s${run.lost > 0 ? `, ${run.lost} lost` : ''}`;
	return `${pair} (${kind}${run.isCompressed ? ', -z' : ''}) ${program}: ${said}`;
}

function tabulateKinds(rows: readonly Row[]): string[] {
	return pairKinds.flatMap(kind => {
		const ours = rows.filter(row => row.kind === kind);
		if (ours.length === 0) return [];
		const programs = programNames.filter(name => ours.some(({octets}) => octets[name]));
		const cells = ours.map(({pair, octets, ratio}) => [
			pair,
			...programs.map(name => (octets[name] === undefined ? '–' : showOctets(octets[name]))),
			showRatio(ratio),
		]);
		const head = ['', ...programs, 'shoal / rsync'];
		return [`## ${titles[kind]}`, tabulate([head, ...cells])];
	});
}

function tabulateMeans(rows: readonly Row[]): string {
	const kinds = pairKinds.filter(kind => rows.some(row => row.kind === kind));
	const line = (title: string, ours: readonly Row[]): string[] => {
		const worst = ours.reduce((most, row) => (row.ratio > most.ratio ? row : most), ours[0]!);
		return [
			title,
			String(ours.length),
			showRatio(mean(ours)),
			`${showRatio(worst.ratio)} (${worst.pair})`,
		];
	};
	return tabulate([
		[rows[0]!.isCompressed ? 'with -z on both' : '', 'pairs', 'shoal / rsync, mean', 'most'],
		...kinds.map(kind =>
			line(
				titles[kind],
				rows.filter(row => row.kind === kind),
			),
		),
		line(
			'all but moved',
			rows.filter(({kind}) => kind !== 'moved'),
		),
	]);
}

type Verdict = {
	readonly target: string;
	readonly reached: string;
	readonly isMet: boolean;
};

function judge(rows: readonly Row[]): Verdict[] {
	const counted = rows.filter(({kind, ratio}) => kind !== 'moved' && Number.isFinite(ratio));
	const above = counted.filter(({ratio}) => ratio > ratioMax);
	const scattered = rows.find(({pair}) => pair === scatteredName)?.octets.shoal;
	const verdicts = [
		{
			target: `geometric mean at most ${meanMax.toFixed(2)}`,
			reached: `${showRatio(mean(counted))} of ${counted.length} pairs`,
			isMet: mean(counted) <= meanMax,
		},
		{
			target: `in any case at most ${ratioMax.toFixed(2)}`,
			reached: above.map(({pair, ratio}) => `${showRatio(ratio)} ${pair}`).join('; ') || 'all',
			isMet: above.length === 0,
		},
	];
	if (scattered === undefined) return verdicts;
	const isMet = scattered <= scatteredMax;
	const target = `${scatteredName}: at most ${showOctets(scatteredMax)}`;
	return [...verdicts, {target, reached: showOctets(scattered), isMet}];
}

function tabulateTargets(rows: readonly Row[]): string {
	const lines = judge(rows).map(({target, reached, isMet}) => [
		target,
		reached,
		isMet ? 'met' : 'missed',
	]);
	return tabulate([['target', 'shoal', ''], ...lines]);
}

/** Every pair by its ratio, from the least to the most. */
function plotRatios(rows: readonly Row[]): Plot {
	const ours = rows
		.filter(({kind, isCompressed, ratio}) => !isCompressed && kind !== 'moved' && ratio > 0)
		.sort((a, b) => a.ratio - b.ratio);
	const colors = ['#0b6e99', '#c2571a', '#7a7a7a', '#5a8f29', '#7b4ea3'];
	const series = pairKinds
		.filter(kind => ours.some(row => row.kind === kind))
		.map((kind, index) => ({
			name: kind === 'made' ? 'database, log, image' : kind,
			color: colors[index]!,
			points: ours.flatMap((row, at) =>
				row.kind === kind ? [{x: String(at + 1), y: row.ratio}] : [],
			),
		}));
	const across = ours.map((_, at) => String(at + 1));
	const flat = across.map(x => ({x, y: 1}));
	return {
		title: 'Octets of an update: shoal over rsync',
		xTitle: 'pairs, by ratio',
		yTitle: 'shoal / rsync',
		x: across,
		isXNumber: false,
		series: [...series, {name: 'equal', color: '#999', isDashed: true, points: flat}],
	};
}

function mean(rows: readonly Row[]): number {
	const known = rows.map(({ratio}) => ratio).filter(ratio => ratio > 0);
	return Math.exp(known.reduce((sum, ratio) => sum + Math.log(ratio), 0) / known.length);
}

function showRatio(ratio: number): string {
	return Number.isFinite(ratio) ? ratio.toFixed(ratio < 0.1 ? 4 : 2) : '–';
}

function showOctets(octets: number): string {
	if (octets < 1e6) return `${(octets / 1e3).toFixed(1)} kB`;
	return `${(octets / 1e6).toFixed(octets < 1e8 ? 2 : 1)} MB`;
}
