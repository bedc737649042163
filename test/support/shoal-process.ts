/** Starts the command line as processes of their own, and reads what they say. */
import {type ChildProcess, spawn} from 'node:child_process';
import {createInterface} from 'node:readline';
import {fileURLToPath} from 'node:url';

/** The file that starts the command line. */
export const program = fileURLToPath(new URL('../../../bin/shoal.js', import.meta.url));

export type Finished = {
	readonly exit: number | null;
	/** Standard output, JSON lines parsed. */
	readonly lines: readonly Record<string, unknown>[];
	readonly errors: string;
	readonly elapsedMs: number;
};

/** All processes that run, so that none outlives who started it. */
const running = new Set<ChildProcess>();

export function stopAll(): void {
	for (const child of running) child.kill('SIGKILL');
}

/** Runs `shoal words --json` to its end. */
export async function run(
	words: readonly string[],
	environment: NodeJS.ProcessEnv,
	user?: number,
): Promise<Finished> {
	const startMs = performance.now();
	const {exit, output, errors} = await runPlain([...words, '--json'], environment, user);
	const lines = output.split('\n').filter(line => line !== '');
	return {
		exit,
		lines: lines.map(line => JSON.parse(line) as Record<string, unknown>),
		errors,
		elapsedMs: performance.now() - startMs,
	};
}

export type Ended = {
	readonly exit: number | null;
	readonly output: string;
	readonly errors: string;
};

/** Runs `shoal words` to its end, standard input closed, no terminal anywhere. */
export async function runPlain(
	words: readonly string[],
	environment: NodeJS.ProcessEnv,
	user?: number,
): Promise<Ended> {
	return await ended(start(words, environment, user));
}

/** What a process has written when it has ended. */
export async function ended(child: ChildProcess): Promise<Ended> {
	let output = '';
	let errors = '';
	child.stdout!.setEncoding('utf8').on('data', text => {
		output += text;
	});
	child.stderr!.setEncoding('utf8').on('data', text => {
		errors += text;
	});
	const exit = await new Promise<number | null>((resolve, reject) => {
		child.once('error', reject);
		child.once('close', resolve);
	});
	return {exit, output, errors};
}

export type Serving = {
	/** As `serve` prints it. */
	readonly url: string;
	/** The event `listening`. */
	readonly listening: Readonly<Record<string, unknown>>;
	/** Resolves when a session has been opened. */
	readonly opened: Promise<void>;
	/** Resolves when this snapshot (its root in hexadecimal) is offered. */
	offers(snapshot: string): Promise<void>;
	/** Ends it and answers its exit code. */
	stop(): Promise<number | null>;
	kill(signal: NodeJS.Signals): void;
	readonly pid: number;
};

/** Far more than a look at the head takes, on a machine that has much else to do. */
const offerMsMax = 60_000;

/** Starts `shoal serve words` and waits until it listens. */
export async function startServe(
	words: readonly string[],
	environment: NodeJS.ProcessEnv,
	user?: number,
	through?: readonly string[],
): Promise<Serving> {
	const child = start(['serve', ...words, '--json'], environment, user, through);
	let errors = '';
	child.stderr!.setEncoding('utf8').on('data', text => {
		errors += text;
	});
	const closed = new Promise<number | null>(resolve => child.once('close', resolve));
	const offered = new Set<unknown>();
	const reader = createInterface({input: child.stdout!});
	let whenOpened = (): void => undefined;
	const opened = new Promise<void>(resolve => {
		whenOpened = resolve;
	});
	const listening = await new Promise<Record<string, unknown>>((resolve, reject) => {
		reader.on('line', line => {
			const event = JSON.parse(line) as Record<string, unknown>;
			if (event['event'] === 'listening') resolve(event);
			if (event['event'] === 'session' && event['state'] === 'open') whenOpened();
			if (event['event'] === 'serving') offered.add(event['snapshot']);
		});
		void closed.then(exit => reject(new Error(`shoal serve ended with ${exit}: ${errors}`)));
	});
	return {
		url: String(listening['url']),
		listening,
		opened,
		offers: async snapshot => {
			const endMs = performance.now() + offerMsMax;
			while (!offered.has(snapshot)) {
				if (performance.now() > endMs) throw new Error(`${snapshot} is not offered: ${errors}`);
				await new Promise(resolve => setTimeout(resolve, 20));
			}
		},
		stop: () => {
			child.kill('SIGTERM');
			return closed;
		},
		kill: signal => void child.kill(signal),
		pid: child.pid!,
	};
}

/**
 * Starts `shoal words`; `user`: as that user and its group, which only root can do; `through`: as
 * the operand of this command, which is to become it.
 */
export function start(
	words: readonly string[],
	environment: NodeJS.ProcessEnv,
	user?: number,
	through: readonly string[] = [],
): ChildProcess {
	const [command, ...operands] = [...through, process.execPath, program, ...words];
	const child = spawn(command!, operands, {
		env: {...process.env, ...environment},
		...(user !== undefined && {uid: user, gid: user}),
		stdio: ['ignore', 'pipe', 'pipe'],
	});
	running.add(child);
	child.once('close', () => running.delete(child));
	return child;
}
