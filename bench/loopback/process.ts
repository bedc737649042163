/** Processes of a measurement: how long they run, and what they use of the processors. */
import {type ChildProcess, execFileSync, spawn} from 'node:child_process';
import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import {setTimeout as sleep} from 'node:timers/promises';
import {gatherErrors} from '../wan/program.ts';
import type {Place, Side} from './place.ts';

/** What the kernel counts time in, in a second. */
const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], {encoding: 'utf8'}));

export function startIn(
	place: Place,
	side: Side,
	command: readonly string[],
	environment: NodeJS.ProcessEnv = {},
): ChildProcess {
	const [file, words] = place.enter(side, command);
	const child = spawn(file, words, {
		stdio: ['ignore', 'pipe', 'pipe'],
		env: {...process.env, ...environment},
	});
	started.add(child);
	child.once('close', () => started.delete(child));
	return child;
}

/** Ends with this process whatever it has started. */
const started = new Set<ChildProcess>();
process.once('exit', () => {
	for (const child of started) child.kill();
});

export type Finished = {readonly elapsedMs: number; readonly cpuSeconds: number};

/** Runs a command to its end. What its children use counts too. */
export async function timeClient(
	place: Place,
	command: readonly string[],
	environment: NodeJS.ProcessEnv,
): Promise<Finished> {
	const before = cpuOf('self').children;
	const startMs = performance.now();
	const child = startIn(place, 'receiver', command, environment);
	const errors = gatherErrors(child);
	child.stdout!.resume();
	const [exit, signal] = await once(child, 'close');
	const elapsedMs = performance.now() - startMs;
	if (exit !== 0) throw new Error(`${command[0]} ended with ${exit ?? signal}: ${errors()}`);
	return {elapsedMs, cpuSeconds: cpuOf('self').children - before};
}

/** What a server and its children have used so far, once all of these have ended. */
export async function cpuOfServer(pid: number): Promise<number> {
	for (let tries = 0; tries < 200 && hasChildren(pid); tries++) await sleep(10);
	const {own, children} = cpuOf(pid);
	return own + children;
}

export async function stop(child: ChildProcess): Promise<void> {
	if (child.exitCode !== null || child.signalCode !== null) return;
	const closed = once(child, 'close');
	child.kill('SIGTERM');
	await closed;
}

/** Seconds of a process; `children`: of those that have ended, and of theirs. proc(5). */
function cpuOf(pid: number | 'self'): {own: number; children: number} {
	const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
	// The name before may have spaces; behind it the state is the third field.
	const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
	const sum = (from: number) => (Number(fields[from]) + Number(fields[from + 1])) / ticksPerSecond;
	return {own: sum(11), children: sum(13)};
}

function hasChildren(pid: number): boolean {
	return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim() !== '';
}
