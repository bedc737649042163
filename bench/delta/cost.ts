/**
 * What an update costs the processors of both sides, shoal beside rsync, over loopback; and how
 * fast each searches. Seconds are of user and system together, so they need no idle machine.
 */
import {mkdirSync, rmSync, utimesSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {measure as time} from '../harness.ts';
import {searchKernels} from '../kernel/search.ts';
import {searchThreadKernels} from '../kernel/search-threads.ts';
import {startDaemon} from '../source/daemon.ts';
import {cpuSecondsOf, run, stop, withServer} from '../source/process.ts';
import {tabulate} from '../wan/table.ts';
import {foreignPair, type ScatteredOptions, scattered} from './made.ts';
import type {Pair} from './pair.ts';

const mib = 1 << 20;
const threadCounts = [1, 2] as const;

export type CostRow = {
	readonly pair: string;
	readonly program: string;
	readonly sourceSeconds: number;
	readonly receiverSeconds: number;
	readonly elapsedSeconds: number;
};

export type SearchRow = {readonly what: string; readonly megabytesPerSecond: number};

export type CostOptions = {
	/** Everything goes here. */
	readonly directory: string;
	/** The file that starts shoal. */
	readonly program: string;
	/** Part of their sizes; 1 but for a smoke run. */
	readonly scale: number;
	readonly onRow: (row: CostRow) => void;
};

/** One per cent in two ways: few long changes, and many short ones. */
const edits: readonly ScatteredOptions[] = [
	{count: 2600, editSize: 4096},
	{count: 26_000, editSize: 410},
];

export async function measureCosts(options: CostOptions): Promise<CostRow[]> {
	const {scale} = options;
	const pairs = edits.map(edit => {
		const name = `1 GiB, ${edit.count.toLocaleString('en')} edits of ${edit.editSize} octets`;
		const count = Math.ceil(edit.count * scale);
		return {...scattered(Math.round(1024 * scale) * mib, {...edit, count}), name};
	});
	const rows: CostRow[] = [];
	for (const pair of pairs) rows.push(...(await costsOf(options, pair)));
	return rows;
}

/** Each program's pass over content that has nothing in common with what it looks for. */
export async function measureSearch(options: CostOptions): Promise<SearchRow[]> {
	const size = Math.round(256 * options.scale) * mib;
	const place = makePlace(options, foreignPair(size));
	// What a sender does beside its search, it does also where it is told not to.
	const searching = await rsyncCost(place, []);
	const sending = await rsyncCost(place, ['-W']);
	const seconds = searching.sourceSeconds - sending.sourceSeconds;
	rmSync(place.base, {recursive: true});
	const rows = [{what: 'rsync, its sender', megabytesPerSecond: size / 1e6 / seconds}];
	const kernels = [...searchKernels, ...searchThreadKernels];
	for (const [name, what] of Object.entries(kernelTitles)) {
		const kernel = kernels.find(each => each.name === `kernel/${name}`)!;
		const {median} = await time({...kernel, samples: 3}, options.scale < 1);
		rows.push({what, megabytesPerSecond: median / 1e6});
	}
	return rows;
}

const kernelTitles: Readonly<Record<string, string>> = {
	'search-foreign-coarse': 'shoal, in WebAssembly',
	'search-plain-foreign-coarse': 'shoal, in TypeScript',
	'search-equal': 'shoal, in WebAssembly, of equal content',
	'search-threads-0': 'shoal, with its files, `--threads 0`',
	'search-threads-1': 'shoal, with its files, `--threads 1`',
	'search-threads-2': 'shoal, with its files, `--threads 2`',
};

export function describeCosts(rows: readonly CostRow[], searches: readonly SearchRow[]): string {
	const cells = rows.map(({pair, program, ...row}) => [
		pair,
		program,
		...[row.sourceSeconds, row.receiverSeconds, row.elapsedSeconds].map(each => each.toFixed(2)),
	]);
	const speeds = searches.map(({what, megabytesPerSecond}) => [
		what,
		megabytesPerSecond.toFixed(0),
	]);
	return [
		'Processor seconds of an update, over loopback:',
		tabulate([['', 'program', 'source', 'receiver', 'wall'], ...cells]),
		'Search of content that has nothing of what is looked for, MB/s:',
		tabulate([['', 'MB/s'], ...speeds]),
	].join('\n\n');
}

type Place = {readonly base: string; readonly before: string; readonly after: string};

function makePlace({directory}: CostOptions, pair: Pair): Place {
	const base = join(directory, 'cost');
	const [before, after] = [join(base, 'before'), join(base, 'after')];
	for (const each of [base, before, after]) mkdirSync(each);
	pair.make(before, after);
	utimesSync(join(before, pair.file!), 1, 1);
	return {base, before, after};
}

async function costsOf(options: CostOptions, pair: Pair): Promise<CostRow[]> {
	const place = makePlace(options, pair);
	const rows: CostRow[] = [];
	const add = (program: string, cost: Omit<CostRow, 'pair' | 'program'>): void => {
		rows.push({pair: pair.name, program, ...cost});
		options.onRow(rows.at(-1)!);
	};
	try {
		add('rsync', await rsyncCost(place, []));
		for (const count of threadCounts) {
			add(`shoal --threads ${count}`, await shoalCost(options, place, count));
		}
		return rows;
	} finally {
		rmSync(place.base, {recursive: true});
	}
}

type Cost = Omit<CostRow, 'pair' | 'program'>;

/** A fresh copy of what was, brought to what is. */
async function update(
	{before, base}: Place,
	pid: number,
	command: (to: string) => readonly string[],
	environment: NodeJS.ProcessEnv,
): Promise<Cost> {
	const to = join(base, 'to');
	run(['cp', '-a', before, to]);
	const start = cpuSecondsOf(pid);
	const {cpuSeconds, seconds} = run(command(to), environment);
	// A daemon learns that its child has ended, and what it cost, a moment later.
	await sleep(300);
	const sourceSeconds = cpuSecondsOf(pid) - start;
	rmSync(to, {recursive: true});
	return {sourceSeconds, receiverSeconds: cpuSeconds, elapsedSeconds: seconds};
}

async function rsyncCost(place: Place, words: readonly string[]): Promise<Cost> {
	const {process: daemon, pid, url} = await startDaemon(place.base, place.after);
	try {
		return await update(place, pid, to => ['rsync', '-a', ...words, url, `${to}/`], {});
	} finally {
		await stop(daemon);
	}
}

async function shoalCost({program}: CostOptions, place: Place, threads: number): Promise<Cost> {
	const {base, after} = place;
	const environment = {XDG_CONFIG_HOME: join(base, 'config')};
	const shoal = [process.execPath, program];
	const words = ['serve', after, '--state', join(base, 'state'), '--json'];
	const command = [...shoal, ...words, '--listen', '127.0.0.1:0'];
	return withServer(command, {...process.env, ...environment}, (pid, url) => {
		const pull = [...shoal, 'pull', '-q', '--threads', String(threads), url];
		return update(place, pid, to => [...pull, to], environment);
	});
}
