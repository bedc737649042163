/**
 * Shoals beside each other and beside TCP on one bottleneck, and the queue they make. What each had
 * is counted by the link, in octets of whole packets that came through.
 */
import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdirSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import {type Contest, contests} from './contest.ts';
import type {Host} from './host.ts';
import {addresses, Link, type LinkReport} from './link.ts';
import {type Load, makeTree} from './load.ts';
import type {Machine} from './machine.ts';
import type {Say} from './matrix.ts';
import type {Options} from './option.ts';
import {programs, type Serving, shoalEnvironment} from './program.ts';
import {jainIndex, percentile} from './statistics.ts';
import {describeMachine, tabulate} from './table.ts';
import {describeWorld, plain, type World} from './world.ts';

export type Outcome = Contest & {
	/** Octets that came through in the time that counts, largest first. */
	readonly shoalOctets: readonly number[];
	readonly cubicOctets: readonly number[];
	readonly elapsedMs: number;
	readonly queuedMs: {readonly p50: number; readonly p95: number; readonly max: number};
	readonly overflowed: number;
	readonly problem?: string;
};

const world: World = {...plain, name: 'fairness', down: 50e6, up: 50e6, roundTripMs: 50};
const flowPort = 8732;
const flowProgram = fileURLToPath(new URL('./tcp-flow.js', import.meta.url));
const results = fileURLToPath(new URL('../../../bench/results/', import.meta.url));
const tcpProtocol = 6;
const udpProtocol = 17;
const secondsWhole = 60;

/** Answers the exit code. */
export async function runFairness(
	host: Host,
	machine: Machine,
	{seconds, output, contests: chosen}: Options,
	say: Say,
): Promise<number> {
	const tree = makeTree(flowLoad(seconds), host.directory);
	const outcomes: Outcome[] = [];
	for (const contest of chosen.length > 0 ? chosen : contests) {
		const outcome = await runContest(host, contest, tree, seconds);
		outcomes.push(outcome);
		say(describeOutcome(outcome));
	}
	const text = describeOutcomes(outcomes, machine, seconds);
	say(`\n${text}`);
	const directory =
		output ?? (seconds >= secondsWhole && chosen.length === 0 ? results : undefined);
	if (directory !== undefined) {
		mkdirSync(directory, {recursive: true});
		const report = {machine, world, seconds, outcomes};
		writeFileSync(join(directory, 'fairness.json'), `${JSON.stringify(report, undefined, '\t')}\n`);
		writeFileSync(join(directory, 'fairness.md'), text);
	}
	return outcomes.some(({problem}) => problem !== undefined) ? 1 : 0;
}

/** One contest of so many seconds; the first third does not count. */
export async function runContest(
	host: Host,
	contest: Contest,
	tree: string,
	seconds: number,
): Promise<Outcome> {
	const link = await Link.open(host, {...world, queue: contest.queue}, 'cubic', 1);
	const places = join(host.directory, 'places');
	try {
		const clients = [
			...(await startShoals(link, host, tree, contest.shoals)),
			...(await startCubics(link, contest.cubics)),
		];
		await sleep((1000 * seconds) / 3);
		await link.report();
		await sleep((2000 * seconds) / 3);
		const ended = clients.filter(({exitCode}) => exitCode !== null).length;
		return judgeContest(contest, await link.report(), ended);
	} finally {
		await link.close();
		rmSync(places, {recursive: true, force: true});
	}
}

/** More than the bottleneck passes in that time. */
function flowLoad(seconds: number): Load {
	const size = Math.ceil((1.1 * seconds * world.down) / 8);
	return {name: '256mib', title: '', fileCount: 1, size, sizeMax: size, isPulled: false};
}

async function startShoals(
	link: Link,
	host: Host,
	tree: string,
	count: number,
): Promise<ChildProcess[]> {
	if (count === 0) return [];
	const shoal = programs.find(({name}) => name === 'shoal')!;
	const serving: Serving = await shoal.serve(link, tree, host.directory);
	return Array.from({length: count}, (_, index) => {
		const place = join(host.directory, 'places', String(index));
		mkdirSync(place, {recursive: true});
		const [file, words] = link.enter('receiver', serving.command(join(place, 'mirror')));
		return spawn(file, words, {stdio: 'ignore', env: shoalEnvironment(join(place, 'home'))});
	});
}

async function startCubics(link: Link, count: number): Promise<ChildProcess[]> {
	if (count === 0) return [];
	const words = [addresses.source, String(flowPort)];
	const command = (role: string): string[] => [process.execPath, flowProgram, role, ...words];
	const sender = spawn(...link.enter('source', command('send')), {
		stdio: ['ignore', 'pipe', 'inherit'],
	});
	await once(sender.stdout, 'data');
	return Array.from({length: count}, () =>
		spawn(...link.enter('receiver', command('take')), {stdio: 'ignore'}),
	);
}

/** What the link saw. */
export function judgeContest(contest: Contest, report: LinkReport, endedCount: number): Outcome {
	const {down, flows, elapsedUs} = report;
	const octetsOf = (wanted: number): number[] =>
		flows
			.filter(({protocol, down}) => protocol === wanted && down > 0)
			.map(({down}) => down)
			.sort((a, b) => b - a);
	const shoalOctets = octetsOf(udpProtocol);
	const cubicOctets = octetsOf(tcpProtocol);
	const problem = findProblem(contest, shoalOctets.length, cubicOctets.length, endedCount);
	return {
		...contest,
		shoalOctets,
		cubicOctets,
		elapsedMs: elapsedUs / 1000,
		queuedMs: {
			p50: percentile(down.queuedUs, 0.5) / 1000,
			p95: percentile(down.queuedUs, 0.95) / 1000,
			max: down.queuedUs.max / 1000,
		},
		overflowed: down.overflowed,
		...(problem !== undefined && {problem}),
	};
}

function findProblem(
	{shoals, cubics}: Contest,
	shoalCount: number,
	cubicCount: number,
	endedCount: number,
): string | undefined {
	if (endedCount > 0) return `${endedCount} ended before the time`;
	if (shoalCount === shoals && cubicCount === cubics) return undefined;
	return `the link saw ${shoalCount} shoals and ${cubicCount} flows of TCP`;
}

/** Part of what a CUBIC alone has that it loses beside the other. */
export function harm(alone: Outcome, beside: Outcome): number {
	const mean = ({cubicOctets, elapsedMs}: Outcome): number =>
		cubicOctets.reduce((sum, octets) => sum + octets, 0) / cubicOctets.length / elapsedMs;
	return 1 - mean(beside) / mean(alone);
}

function rateOf({elapsedMs}: Outcome, octets: number): number {
	return (8 * octets) / elapsedMs / 1000;
}

export function describeOutcomes(
	outcomes: readonly Outcome[],
	machine: Machine,
	seconds: number,
): string {
	const rows = outcomes.map(outcome => [
		nameContest(outcome),
		`${outcome.queue} BDP`,
		outcome.shoalOctets.map(octets => rateOf(outcome, octets).toFixed(1)).join(', '),
		outcome.cubicOctets.map(octets => rateOf(outcome, octets).toFixed(1)).join(', '),
		`${outcome.queuedMs.p50.toFixed(1)}, ${outcome.queuedMs.p95.toFixed(1)}`,
		outcome.problem ?? judgeOutcome(outcome, outcomes),
	]);
	const from = Math.round(seconds / 3);
	return [
		'# Fairness and queueing',
		'Written by `npm run bench:wan -- --fairness`; `bench/README.md` says how it is measured.',
		`On ${describeMachine(machine)}`,
		`${describeWorld(world)}, one droptail queue. Seconds ${from} to ${seconds}; octets of whole packets.`,
		tabulate([
			[
				...['who', 'queue', 'shoals, Mbit/s', 'CUBIC, Mbit/s'],
				...['in the queue, median and p95, ms', 'target'],
			],
			...rows,
		]),
		'',
	].join('\n\n');
}

function judgeOutcome(outcome: Outcome, all: readonly Outcome[]): string {
	const {shoals, cubics, queue, shoalOctets, cubicOctets, queuedMs} = outcome;
	const verdict = (words: string, isMet: boolean): string =>
		`${words}: ${isMet ? 'met' : 'not met'}`;
	if (shoals === 1 && cubics === 0) {
		return verdict(`p95 in the queue ≤ ${world.roundTripMs} ms`, queuedMs.p95 <= world.roundTripMs);
	}
	if (shoals > 1) {
		const index = jainIndex(shoalOctets);
		return verdict(`Jain’s index ${index.toFixed(3)} ≥ 0.95`, index >= 0.95);
	}
	if (shoals === 0) return '';
	if (queue >= 0.5) {
		const share = shoalOctets[0]! / (shoalOctets[0]! + cubicOctets[0]!);
		const words = `shoal has ${(100 * share).toFixed(0)} %, 30 to 70`;
		return verdict(words, share >= 0.3 && share <= 0.7);
	}
	const same = all.filter(other => other.shoals === 0 && other.queue === queue);
	const alone = same.find(other => other.cubics === 1);
	const pair = same.find(other => other.cubics === 2);
	if (alone === undefined || pair === undefined) return '';
	const [ours, theirs] = [harm(alone, outcome), harm(alone, pair)];
	const words = `harm ${ours.toFixed(2)}, half of a second CUBIC’s ${theirs.toFixed(2)}`;
	return verdict(words, ours <= theirs / 2);
}

function nameContest({shoals, cubics}: Contest): string {
	const words: string[] = [];
	if (shoals > 0) words.push(`${shoals} shoal${shoals > 1 ? 's' : ''}`);
	if (cubics > 0) words.push(`${cubics} CUBIC`);
	return words.join(', ');
}

function describeOutcome(outcome: Outcome): string {
	const rates = [...outcome.shoalOctets, ...outcome.cubicOctets].map(octets =>
		rateOf(outcome, octets).toFixed(1),
	);
	const {queue, queuedMs, problem} = outcome;
	return [
		`${nameContest(outcome)}, ${queue} BDP: ${rates.join(', ')} Mbit/s`,
		`queue p95 ${queuedMs.p95.toFixed(1)} ms`,
		...(problem === undefined ? [] : [problem]),
	].join(', ');
}
