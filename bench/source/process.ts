/** Runs programs and tells what they cost: time, processor, memory, and calls on a tree. */
import {type ChildProcess, spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {createReadStream, readdirSync, readFileSync} from 'node:fs';
import {createInterface} from 'node:readline';

export type Cost = {
	readonly seconds: number;
	/** Processor time of the process and of those that it waited for. */
	readonly cpuSeconds: number;
	/** Peak, resident. */
	readonly mebibytes: number;
};

export type Ran = Cost & {readonly output: string};

/** By GNU time(1): rusage of a child is not to be had otherwise. @throws Error if it fails */
export function run(words: readonly string[], environment: NodeJS.ProcessEnv = {}): Ran {
	const start = performance.now();
	const {status, stdout, stderr} = spawnSync('time', ['-f', '%U %S %M', '--', ...words], {
		encoding: 'utf8',
		maxBuffer: 1 << 30,
		env: {...process.env, ...environment},
	});
	const seconds = (performance.now() - start) / 1000;
	if (status !== 0) throw new Error(`${words.slice(0, 3).join(' ')}: ${stderr}`);
	const [user, system, kibibytes] = stderr.trimEnd().split('\n').at(-1)!.split(' ').map(Number);
	return {seconds, cpuSeconds: user! + system!, mebibytes: kibibytes! / 1024, output: stdout};
}

export const hasTime = (): boolean => spawnSync('time', ['-f', '', '--', 'true']).status === 0;
export const hasStrace = (): boolean =>
	spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0;

/** Nanoseconds that a process, its threads and the children that it has waited for have run. */
export function cpuSecondsOf(pid: number): number {
	let nanos = 0;
	for (const thread of readdirSync(`/proc/${pid}/task`)) {
		nanos += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
	}
	const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
		.replace(/^.*\) /, '')
		.split(' ');
	// Fields 16 and 17 of proc(5), counted from the third, in hundredths of a second.
	return nanos / 1e9 + (Number(fields[13]) + Number(fields[14])) / 100;
}

/** Calls by which process `pid`, or a child of it, asks about names while `during` runs. */
export async function tracedCalls(
	pid: number,
	output: string,
	isMeant: (line: string) => boolean,
	during: () => void | Promise<void>,
): Promise<number> {
	const words = ['-f', '-y', '-e', 'trace=%file,getdents64', '-o', output, '-p', String(pid)];
	const strace = spawn('strace', words, {stdio: ['ignore', 'ignore', 'pipe']});
	await once(strace.stderr, 'data');
	await during();
	strace.kill('SIGINT');
	await once(strace, 'close');
	let count = 0;
	const lines = createInterface({input: createReadStream(output, 'latin1')});
	for await (const line of lines) if (isMeant(line)) count++;
	return count;
}

export async function stop(child: ChildProcess): Promise<void> {
	if (child.exitCode !== null || child.signalCode !== null) return;
	child.kill('SIGTERM');
	await once(child, 'close');
}

/** Runs `shoal serve … --json` while `act` goes on, which is told the URL that it printed. */
export async function withServer<T>(
	[command, ...words]: readonly string[],
	env: NodeJS.ProcessEnv,
	act: (pid: number, url: string) => Promise<T>,
): Promise<T> {
	const server: ChildProcess = spawn(command!, words, {stdio: ['ignore', 'pipe', 'inherit'], env});
	try {
		const lines = createInterface({input: server.stdout!});
		const url = await new Promise<string>(resolve => {
			lines.once('line', line => resolve((JSON.parse(line) as {url: string}).url));
		});
		lines.on('line', () => undefined);
		return await act(server.pid!, url);
	} finally {
		await stop(server);
	}
}
