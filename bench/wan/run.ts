/** One run: two fresh hosts, a server, a client and a clock. */
import {spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, lstatSync, mkdirSync, readdirSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {compareTrees} from '../../test/support/compare-trees.ts';
import type {Host} from './host.ts';
import {Link, type LinkReport} from './link.ts';
import {contentSize, type Load, type LoadName, makeTree} from './load.ts';
import type {Cell} from './plan.ts';
import {gatherErrors, type Program, type ProgramName, shoalEnvironment} from './program.ts';
import {percentile} from './statistics.ts';
import {open} from './world.ts';

export type Run = {
	readonly world: string;
	readonly load: LoadName;
	readonly program: ProgramName;
	readonly round: number;
	readonly seed: number;
	/** What was carried, and its octets of content. */
	readonly carried: LoadName;
	readonly contentSize: number;
	/** Of the whole command, until its end or the cap. */
	readonly elapsedMs: number;
	readonly isFinished: boolean;
	/** Octets of content at the destination when it ended. */
	readonly arrivedSize: number;
	/** `node -e 0` in the same place, just before. */
	readonly nodeMs: number;
	readonly link: LinkFigures;
	/** Why the run does not count. */
	readonly problem?: string;
};

/** Octets and packets as they left the interface of the source (down) and of the receiver (up). */
export type LinkFigures = {
	readonly downOctets: number;
	readonly upOctets: number;
	readonly downPackets: number;
	readonly upPackets: number;
	readonly lost: number;
	readonly overflowed: number;
	readonly overrun: number;
	/** Time in the queue towards the receiver. */
	readonly queuedMs: {readonly p50: number; readonly p95: number; readonly max: number};
	/** How much later than meant the link was. */
	readonly lateMs: {readonly p99: number; readonly max: number};
	/** Of one core. */
	readonly cpuPart: number;
};

export function describeLink({elapsedUs, cpuUs, down, up}: LinkReport): LinkFigures {
	const ms = (us: number): number => Math.round(us) / 1000;
	return {
		downOctets: down.octetsIn,
		upOctets: up.octetsIn,
		downPackets: down.packetsIn,
		upPackets: up.packetsIn,
		lost: down.lost + up.lost,
		overflowed: down.overflowed + up.overflowed,
		overrun: down.overrun + up.overrun + down.refused + up.refused,
		queuedMs: {
			p50: ms(percentile(down.queuedUs, 0.5)),
			p95: ms(percentile(down.queuedUs, 0.95)),
			max: ms(down.queuedUs.max),
		},
		lateMs: {
			p99: ms(Math.max(percentile(down.lateUs, 0.99), percentile(up.lateUs, 0.99))),
			max: ms(Math.max(down.lateUs.max, up.lateUs.max)),
		},
		cpuPart: Math.round((1000 * cpuUs) / elapsedUs) / 1000,
	};
}

/** Runs a cell once. Whatever goes wrong with a program is part of the result. */
export async function runCell(
	host: Host,
	{world, load, program, carried}: Cell,
	round: number,
	capMs: number,
): Promise<Run> {
	// The same for all programs, so that each meets the same path.
	const seed = 1000 * round + world.roundTripMs + Math.round(1000 * world.loss);
	const tree = makeTree(carried, host.directory);
	const place = await preparePlace(host, program, carried, tree);
	const link = await Link.open(host, world, program.tcp, seed);
	try {
		const serving = await program.serve(link, tree, host.directory);
		if (carried.isMet) {
			const before = serving.command(join(place.base, 'before'));
			const {isFinished, problem} = await timeCommand(link, before, place.home, capMs);
			if (!isFinished) throw new Error(problem ?? 'the pull before did not end');
		}
		const nodeMs = timeNode(link);
		await link.report();
		const timed = await timeCommand(link, serving.command(place.destination), place.home, capMs);
		const figures = describeLink(await link.report());
		const size = carried.isPulled ? 0 : contentSize(carried);
		const problem = findProblem(timed, figures, tree, place.destination);
		return {
			...{world: world.name, load: load.name, program: program.name, round, seed},
			...{carried: carried.name, contentSize: size},
			elapsedMs: timed.elapsedMs,
			isFinished: timed.isFinished,
			arrivedSize: timed.isFinished ? size : Math.min(size, arrivedSize(place.destination)),
			nodeMs,
			link: figures,
			...(problem !== undefined && {problem}),
		};
	} finally {
		await link.close();
		if (!carried.isPulled) rmSync(place.base, {recursive: true, force: true});
	}
}

type Place = {readonly base: string; readonly destination: string; readonly home: string};

/** Where the client works: nothing there, unless the load says that all of it is there. */
async function preparePlace(
	host: Host,
	program: Program,
	load: Load,
	tree: string,
): Promise<Place> {
	const base = join(host.directory, load.isPulled ? `kept-${program.name}` : 'place');
	const place = {base, destination: join(base, 'mirror'), home: join(base, 'home')};
	if (load.isPulled && existsSync(place.destination)) return place;
	rmSync(base, {recursive: true, force: true});
	mkdirSync(base);
	if (!load.isPulled) return place;
	const link = await Link.open(host, open, program.tcp, 1);
	try {
		const serving = await program.serve(link, tree, host.directory);
		const filled = await timeCommand(link, serving.command(place.destination), place.home, 60_000);
		if (filled.problem !== undefined) throw new Error(`without a path, ${filled.problem}`);
		if (!filled.isFinished) throw new Error(`${program.name} did not end without a path`);
	} catch (error) {
		rmSync(base, {recursive: true, force: true});
		throw error;
	} finally {
		await link.close();
	}
	return place;
}

type Timed = {
	readonly elapsedMs: number;
	readonly isFinished: boolean;
	readonly problem?: string;
};

/** From before the process is made until it has ended, or the cap. */
export async function timeCommand(
	link: Link,
	command: readonly string[],
	home: string,
	capMs: number,
): Promise<Timed> {
	const [file, words] = link.enter('receiver', command);
	const cap = new AbortController();
	const startMs = performance.now();
	const child = spawn(file, words, {
		stdio: ['ignore', 'ignore', 'pipe'],
		env: shoalEnvironment(home),
	});
	const errors = gatherErrors(child);
	const ended = once(child, 'exit').then(([exit, signal]) => String(exit ?? signal));
	const capped = sleep(capMs, undefined, {signal: cap.signal}).catch(() => undefined);
	const exit = await Promise.race([ended, capped]);
	const elapsedMs = Math.round(1000 * (performance.now() - startMs)) / 1000;
	cap.abort();
	if (exit === undefined) return {elapsedMs, isFinished: false};
	if (exit === '0') return {elapsedMs, isFinished: true};
	return {elapsedMs, isFinished: false, problem: `it ended with ${exit}: ${errors()}`};
}

/** What is at the destination must be what is at the source, and the link must have kept up. */
function findProblem(
	{problem, isFinished}: Timed,
	{overrun}: LinkFigures,
	tree: string,
	destination: string,
): string | undefined {
	if (problem !== undefined) return problem;
	if (overrun > 0) return `the link could not keep up: ${overrun} packets were lost by the way`;
	if (!isFinished) return undefined;
	const differences = compareTrees(tree, destination);
	return differences.length === 0 ? undefined : `the trees differ: ${differences[0]}`;
}

function timeNode(link: Link): number {
	const [file, words] = link.enter('receiver', [process.execPath, '-e', '0']);
	const startMs = performance.now();
	spawnSync(file, words, {stdio: 'ignore'});
	return Math.round(1000 * (performance.now() - startMs)) / 1000;
}

/** Octets that are really there: of a file with holes, what is not a hole. */
function arrivedSize(directory: string): number {
	if (!existsSync(directory)) return 0;
	let size = 0;
	for (const entry of readdirSync(directory, {withFileTypes: true, recursive: true})) {
		const stat = lstatSync(join(entry.parentPath, entry.name), {throwIfNoEntry: false});
		if (stat?.isFile()) size += Math.min(stat.size, 512 * stat.blocks);
	}
	return size;
}
