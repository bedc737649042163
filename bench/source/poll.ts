/** What a poll that finds nothing new costs a source: `shoal serve` beside an rsync daemon. */
import {mkdirSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {startDaemon} from './daemon.ts';
import {cpuSecondsOf, run, stop, tracedCalls, withServer} from './process.ts';
import {copyTree, makeTree} from './tree.ts';

export type PollRow = {
	readonly program: 'shoal' | 'rsync';
	readonly entries: number;
	/** Of the client's command. */
	readonly seconds: number;
	readonly sourceCpuSeconds: number;
	/** System calls of the source about names in its tree; undefined without strace(1). */
	readonly calls: number | undefined;
	/** Payload both ways, as each program counts it. */
	readonly wireBytes: number;
};

export type PollOptions = {
	readonly directory: string;
	/** The file that starts shoal. */
	readonly program: string;
	readonly entries: number;
	readonly polls: number;
	readonly trace: boolean;
};

/** Both programs over one tree and one copy of it. */
export async function measurePolls(options: PollOptions): Promise<PollRow[]> {
	const {directory, entries} = options;
	const place = join(directory, `poll-${entries}`);
	mkdirSync(place);
	const [tree, copy] = [join(place, 'tree'), join(place, 'copy')];
	makeTree(tree, entries);
	copyTree(tree, copy);
	return [await pollShoal(options, place, tree, copy), await pollRsync(options, place, tree, copy)];
}

type Counted = {readonly wireBytes: number};

async function pollShoal(
	{program, entries, polls, trace}: PollOptions,
	place: string,
	tree: string,
	copy: string,
): Promise<PollRow> {
	const environment = {XDG_CONFIG_HOME: join(place, 'config')};
	const shoal = [process.execPath, program];
	const words = ['serve', tree, '--state', join(place, 'state'), '--json'];
	const command = [...shoal, ...words, '--listen', '127.0.0.1:0'];
	return withServer(command, {...process.env, ...environment}, (pid, url) => {
		const pull = (): Counted & {seconds: number} => {
			const to = ['--state', join(place, 'receiver'), url, copy];
			const {output, seconds} = run([...shoal, 'pull', '--json', ...to], environment);
			const said = JSON.parse(output.trimEnd().split('\n').at(-1)!) as Record<string, number>;
			return {seconds, wireBytes: said['wireBytesIn']! + said['wireBytesOut']!};
		};
		pull();
		return measure('shoal', {entries, polls, trace, place, tree}, pid, pull);
	});
}

async function pollRsync(
	{entries, polls, trace}: PollOptions,
	place: string,
	tree: string,
	copy: string,
): Promise<PollRow> {
	const daemon = await startDaemon(place, tree);
	try {
		const pull = (): Counted & {seconds: number} => {
			const {output, seconds} = run(['rsync', '-a', '--stats', daemon.url, `${copy}/`]);
			const sums = [...output.matchAll(/^Total bytes (?:sent|received): ([\d,]+)/gm)];
			const counts = sums.map(([, digits]) => Number(digits!.replaceAll(',', '')));
			return {seconds, wireBytes: counts.reduce((sum, count) => sum + count, 0)};
		};
		return await measure('rsync', {entries, polls, trace, place, tree}, daemon.pid, pull);
	} finally {
		await stop(daemon.process);
	}
}

type Setting = Pick<PollOptions, 'entries' | 'polls' | 'trace'> & {
	readonly place: string;
	readonly tree: string;
};

async function measure(
	program: PollRow['program'],
	{entries, polls, trace, place, tree}: Setting,
	pid: number,
	pull: () => Counted & {readonly seconds: number},
): Promise<PollRow> {
	const before = cpuSecondsOf(pid);
	const rounds = Array.from({length: polls}, pull);
	// What a child of the daemon has used counts once the daemon has heard of its end.
	await sleep(500);
	const sourceCpuSeconds = (cpuSecondsOf(pid) - before) / polls;
	const isOfTree = (line: string): boolean => line.includes(tree) && !line.includes('<unfinished');
	const calls = trace
		? await tracedCalls(pid, join(place, 'trace'), isOfTree, () => void pull())
		: undefined;
	const seconds = rounds.map(round => round.seconds).sort((a, b) => a - b)[polls >> 1]!;
	return {program, entries, seconds, sourceCpuSeconds, calls, wireBytes: rounds[0]!.wireBytes};
}
