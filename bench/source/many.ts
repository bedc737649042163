/**
 * What many clients at once cost a source: an update that all of them fetch, and a thousand polls
 * within a second; beside the rsync daemon with as many of its clients as a machine holds.
 */
import {execFile} from 'node:child_process';
import {mkdirSync, readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import type {CrowdOrder, CrowdResult} from './crowd.ts';
import {startDaemon} from './daemon.ts';
import {cpuSecondsOf, run, stop, withServer} from './process.ts';
import {changeSome, copyTree, makeTree} from './tree.ts';

export type ManyRow = {
	readonly what: 'update' | 'polls';
	readonly program: 'shoal' | 'rsync';
	readonly entries: number;
	readonly clients: number;
	/** Of these, those that got what they came for. */
	readonly answered: number;
	/** From the first beginning to the last end. */
	readonly seconds: number;
	/** How long a client took: half of them no longer, 99 of 100, the slowest. */
	readonly median: number;
	readonly most99: number;
	readonly slowest: number;
	readonly sourceCpuSeconds: number;
	/** Peak, of all processes of the source together. */
	readonly mebibytes: number;
	/** Octets that the source has read with read(2) and the like, over those that differ. */
	readonly octetsRead: number;
	readonly octetsDistinct: number;
};

export type ManyOptions = {
	readonly directory: string;
	readonly program: string;
	readonly entries: number;
	/** How many receivers of an update: each is a run. */
	readonly receivers: readonly number[];
	readonly polls: number;
	/** Clients of rsync at once at most, and how many no-change pulls. */
	readonly rsyncMax: number;
	readonly rsyncPolls: number;
};

/** One file of so many changes, to so many octets. */
const changedEvery = 100;
const changedSize = 4096;

const crowdProgram = fileURLToPath(new URL('./crowd.js', import.meta.url));
const runFile = promisify(execFile);

export async function* measureMany(options: ManyOptions): AsyncGenerator<ManyRow> {
	const {directory, entries} = options;
	const place = join(directory, `many-${entries}`);
	mkdirSync(place);
	const [tree, copy] = [join(place, 'tree'), join(place, 'copy')];
	makeTree(tree, entries);
	copyTree(tree, copy);
	const octetsDistinct = yield* ofShoal(options, place, tree);
	yield* ofRsync(options, place, [tree, copy], octetsDistinct);
}

async function* ofShoal(
	options: ManyOptions,
	place: string,
	tree: string,
): AsyncGenerator<ManyRow, number> {
	const {program, receivers, polls} = options;
	const state = join(place, 'state');
	const environment = {...process.env, XDG_CONFIG_HOME: join(place, 'config')};
	const shoal = [process.execPath, program];
	const snapshot = (): number => {
		const {output} = run([...shoal, 'snapshot', tree, '--state', state, '--json'], environment);
		return (JSON.parse(output.trimEnd().split('\n').at(-1)!) as {sequence: number}).sequence;
	};
	const before = snapshot();
	const list = join(place, 'before.list');
	const [saved] = readdirSync(state).filter(name => name.endsWith('.list'));
	writeFileSync(list, readFileSync(join(state, saved!)));
	const changed = changeSome(tree, changedEvery, 1_700_000_000, changedSize);
	const octetsDistinct = changed.reduce((sum, path) => sum + statSync(join(tree, path)).size, 0);
	const after = snapshot();
	const crowd = (what: ManyRow['what'], clients: number): Promise<ManyRow> => {
		const words = [program, 'serve', tree, '--no-scan', '--state', state, '--json'];
		const limits = ['--listen', '127.0.0.1:0'];
		return withServer([process.execPath, ...words, ...limits], environment, async (pid, url) => {
			const isPoll = what === 'polls';
			const sequence = isPoll ? after : before;
			const apartMs = isPoll ? 1000 / clients : 20;
			const order: CrowdOrder = {url, count: clients, apartMs, list, sequence, polls: isPoll};
			return measure(
				{...options, what, program: 'shoal', clients},
				pid,
				octetsDistinct,
				async () => {
					const {stdout} = await runFile(process.execPath, [crowdProgram, JSON.stringify(order)]);
					return JSON.parse(stdout) as CrowdResult;
				},
			);
		});
	};
	for (const count of receivers) yield await crowd('update', count);
	yield await crowd('polls', polls);
	return octetsDistinct;
}

async function* ofRsync(
	options: ManyOptions,
	place: string,
	[tree, copy]: readonly [string, string],
	octetsDistinct: number,
): AsyncGenerator<ManyRow> {
	const counts = [...new Set(options.receivers.map(count => Math.min(count, options.rsyncMax)))];
	const daemon = await startDaemon(place, tree);
	/** `words`: of each client. All share one copy: what it lacks is written elsewhere. */
	const crowd = (what: ManyRow['what'], clients: number, words: (index: number) => string[]) =>
		measure({...options, what, program: 'rsync', clients}, daemon.pid, octetsDistinct, async () => {
			const startedAt = performance.now();
			const apartMs = what === 'polls' ? 1000 / clients : 20;
			const each: number[] = [];
			const one = async (index: number): Promise<void> => {
				await sleep(index * apartMs);
				const begunAt = performance.now();
				await runFile('rsync', ['-a', ...words(index)]);
				each.push((performance.now() - begunAt) / 1000);
			};
			await Promise.all(Array.from({length: clients}, (_, index) => one(index)));
			const seconds = (performance.now() - startedAt) / 1000;
			return {seconds, answered: each.length, octets: 0, each: each.sort((a, b) => a - b)};
		});
	try {
		for (const count of counts) {
			yield await crowd('update', count, index => {
				const own = join(place, `receiver-${count}-${index}`);
				return [`--compare-dest=${copy}/`, daemon.url, `${own}/`];
			});
		}
		run(['rsync', '-a', daemon.url, `${copy}/`]);
		yield await crowd('polls', options.rsyncPolls, () => [daemon.url, `${copy}/`]);
	} finally {
		await stop(daemon.process);
	}
}

type Named = Pick<ManyRow, 'what' | 'program' | 'entries' | 'clients'>;

async function measure(
	{what, program, entries, clients}: Named,
	pid: number,
	octetsDistinct: number,
	act: () => Promise<CrowdResult>,
): Promise<ManyRow> {
	const [cpu, read] = [cpuSecondsOf(pid), octetsReadBy(pid)];
	const memory = new MemoryWatch(pid);
	const {seconds, answered, each} = await act();
	// What a child of the daemon has used counts once the daemon has heard of its end.
	await sleep(500);
	const quantile = (share: number): number => each[Math.ceil(each.length * share) - 1] ?? 0;
	return {
		what,
		program,
		entries,
		clients,
		answered,
		seconds,
		median: quantile(0.5),
		most99: quantile(0.99),
		slowest: quantile(1),
		sourceCpuSeconds: cpuSecondsOf(pid) - cpu,
		mebibytes: memory.stop(),
		octetsRead: octetsReadBy(pid) - read,
		octetsDistinct: what === 'polls' ? 0 : octetsDistinct,
	};
}

/** By read(2) and its like, of a process and the children that it has waited for: proc(5). */
function octetsReadBy(pid: number): number {
	return Number(/^rchar: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))![1]);
}

/** Looks, each tenth of a second, at what memory a process and its children hold by themselves. */
class MemoryWatch {
	#most = 0;
	readonly #timer: NodeJS.Timeout;

	constructor(pid: number) {
		const look = (): void => {
			this.#most = Math.max(this.#most, memoryOf(pid));
		};
		look();
		this.#timer = setInterval(look, 100);
	}

	/** MiB at most. */
	stop(): number {
		clearInterval(this.#timer);
		return this.#most / 1024;
	}
}

/** KiB, each page shared by several counted in parts; a process that has just ended has none. */
function memoryOf(pid: number): number {
	try {
		const own = /^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
		const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
		const all = children === '' ? [] : children.split(' ').map(Number);
		return all.reduce((sum, child) => sum + memoryOf(child), Number(own?.[1] ?? 0));
	} catch (error) {
		if (['ENOENT', 'ESRCH'].includes(String((error as NodeJS.ErrnoException).code))) return 0;
		throw error;
	}
}
