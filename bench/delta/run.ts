/** Brings one directory to where another is, with one program, and counts what that puts on a path. */
import {spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {mkdirSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {compareTrees} from '../../test/support/compare-trees.ts';
import type {Host} from '../wan/host.ts';
import {addresses, Link} from '../wan/link.ts';
import {type Program, programs} from '../wan/program.ts';
import {timeCommand} from '../wan/run.ts';
import {open, plain, type World} from '../wan/world.ts';
import type {Pair, PairKind} from './pair.ts';

/** A path without loss, and with a queue that hardly runs over: what is counted is the update. */
const path: World = {...plain, name: 'delta', down: 200e6, up: 200e6, roundTripMs: 10, queue: 16};

export const programNames = ['shoal', 'rsync', 'zsync'] as const;
export type ProgramName = (typeof programNames)[number];

export type Run = {
	readonly pair: string;
	readonly kind: PairKind;
	readonly program: ProgramName;
	/** Both programs were to compress. */
	readonly isCompressed: boolean;
	/** Of whole IP packets, as they left the interfaces of source and receiver. */
	readonly downOctets: number;
	readonly upOctets: number;
	readonly lost: number;
	readonly elapsedMs: number;
	/** Why it does not count. */
	readonly problem?: string;
};

export type Place = {
	/** What the directory was, and what it is now. */
	readonly before: string;
	readonly after: string;
	/** Everything of the run goes here. */
	readonly base: string;
};

const capMs = 300_000;
/** zsync compares each offset with all equal blocks: in a disk of zeros it does not end. */
const zsyncCapMs = 60_000;
const zsyncPort = 8732;

export async function runPair(
	host: Host,
	pair: Pair,
	place: Place,
	name: ProgramName,
	isCompressed: boolean,
): Promise<Run> {
	mkdirSync(place.base);
	const {name: title, kind} = pair;
	try {
		const figures =
			name === 'zsync'
				? await runZsync(host, pair.file!, place)
				: await runProgram(host, place, programNamed(name), [
						...(pair.words ?? []),
						...(isCompressed ? ['-z'] : []),
					]);
		return {pair: title, kind, program: name, isCompressed, ...figures};
	} catch (error) {
		if (!(error instanceof Error)) throw error;
		const problem = error.message.replaceAll(host.directory, '');
		const none = {downOctets: 0, upOctets: 0, lost: 0, elapsedMs: 0};
		return {pair: title, kind, program: name, isCompressed, ...none, problem};
	} finally {
		rmSync(place.base, {recursive: true, force: true});
	}
}

type Figures = Pick<Run, 'downOctets' | 'upOctets' | 'lost' | 'elapsedMs' | 'problem'>;

function programNamed(name: 'shoal' | 'rsync'): Program {
	const wanted = name === 'shoal' ? 'shoal' : 'rsync-cubic';
	return programs.find(program => program.name === wanted)!;
}

/**
 * shoal pulls the directory as it was first: that its receiver knows the source and its list is
 * how mirrors are. rsync knows nothing from one run to the next, so a copy will do.
 */
async function runProgram(
	host: Host,
	{before, after, base}: Place,
	program: Program,
	words: readonly string[],
): Promise<Figures> {
	const source = join(base, 'source');
	const destination = join(base, 'mirror');
	const home = join(base, 'home');
	copyTree(before, destination);
	if (program.name === 'shoal') {
		copyTree(before, source);
		await onLink(host, open, program, async link => {
			const serving = await program.serve(link, source, base);
			await time(link, serving.command(destination), home);
		});
		rmSync(source, {recursive: true});
	}
	copyTree(after, source);
	return await onLink(host, path, program, async link => {
		const serving = await program.serve(link, source, base);
		await link.report();
		const command = [...serving.command(destination), '--delete', ...words];
		const elapsedMs = await time(link, command, home);
		return {...(await count(link)), elapsedMs, ...differences(source, destination)};
	});
}

/** zsync proves what it has made, and makes one file. */
async function runZsync(host: Host, file: string, {before, after, base}: Place): Promise<Figures> {
	copyTree(after, join(base, 'source'));
	const words = ['-u', file, '-o', `${file}.zsync`, file];
	const cwd = join(base, 'source');
	const {status, stderr} = spawnSync('zsyncmake', words, {cwd, encoding: 'utf8'});
	if (status !== 0) throw new Error(`zsyncmake: ${stderr.trim()}`);
	return await onLink(host, path, programNamed('rsync'), async link => {
		const server = fileURLToPath(new URL('./file-server.js', import.meta.url));
		const address = addresses.source;
		const command = [process.execPath, server, join(base, 'source'), address, String(zsyncPort)];
		const [program, rest] = link.enter('source', command);
		const child = spawn(program, rest, {stdio: ['ignore', 'pipe', 'inherit']});
		await once(child.stdout, 'data');
		await link.report();
		const url = `http://${address}:${zsyncPort}/${file}.zsync`;
		// It makes its file beside where it stands, and renames it.
		const here = ['env', '-C', base, 'zsync'];
		const fetch = [...here, '-q', '-i', join(before, file), '-o', file, url];
		const elapsedMs = await time(link, fetch, base, zsyncCapMs);
		return {...(await count(link)), elapsedMs};
	});
}

async function onLink<T>(
	host: Host,
	world: World,
	program: Program,
	work: (link: Link) => Promise<T>,
): Promise<T> {
	const link = await Link.open(host, world, program.tcp, 1);
	try {
		return await work(link);
	} finally {
		await link.close();
	}
}

async function time(
	link: Link,
	command: readonly string[],
	home: string,
	endMs = capMs,
): Promise<number> {
	const timed = await timeCommand(link, command, home, endMs);
	if (timed.problem !== undefined) throw new Error(timed.problem);
	if (!timed.isFinished) throw new Error(`it had not ended after ${endMs / 1000} s`);
	return timed.elapsedMs;
}

async function count(link: Link): Promise<Omit<Figures, 'elapsedMs'>> {
	const {down, up} = await link.report();
	const overrun = down.overrun + up.overrun;
	return {
		downOctets: down.octetsIn,
		upOctets: up.octetsIn,
		lost: down.overflowed + up.overflowed,
		...(overrun > 0 && {problem: `the link could not keep up with ${overrun} packets`}),
	};
}

function differences(source: string, destination: string): {problem?: string} {
	const [first] = compareTrees(source, destination);
	return first === undefined ? {} : {problem: `the trees differ: ${first}`};
}

function copyTree(from: string, to: string): void {
	const {status, stderr} = spawnSync('cp', ['-a', '--sparse=auto', from, to], {encoding: 'utf8'});
	if (status !== 0) throw new Error(`cp: ${stderr}`);
}
