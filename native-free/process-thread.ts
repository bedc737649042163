/**
 * Processes that run jobs as worker threads do: the same program, `#worker`, without a shell. The
 * threads of a process share its working directory; a process of its own has one of its own, and
 * from there a name is reached in half the time that a path through /proc takes (tree.ts, `visit`).
 */
import {type ChildProcess, fork} from 'node:child_process';
import type {Processes, Thread, ThreadHandler} from '../src/platform/thread.ts';
import type {DirHandle} from '../src/platform/tree.ts';
import {descriptorsPath} from './anchor.ts';
import {notStarted, started, threads, workerPath} from './thread.ts';

/** After standard input, output and error. */
const rootFd = 3;

/**
 * Options of Node that hold for every process: what is allowed, and how modules are found. Others
 * are of whoever uses the library: a process that waits for a debugger, or looks for the code that
 * `--input-type` is of, scans nothing.
 */
const forAll = /^--(no-addons|preserve-symlinks|permission|experimental-permission|allow-)/;

/**
 * Milliseconds until a process that has not come to do jobs is ended. Where the system allows it no
 * threads, Node waits for them for ever; what it loads has just been loaded here.
 */
const startMax = 20_000;

/**
 * They hold `root` as the handle that is answered, until they are stopped. Undefined where a held
 * directory cannot be made the working directory.
 */
export function processesOn(root: DirHandle, startMaxMs = startMax): Processes | undefined {
	if (descriptorsPath() === undefined) return undefined;
	return {
		threads: {...threads, sharesMemory: false, start: handler => start(root, startMaxMs, handler)},
		root: {fd: rootFd},
	};
}

function start(root: DirHandle, startMaxMs: number, handler: ThreadHandler): Thread {
	let child: ChildProcess;
	try {
		child = fork(workerPath(), [], {
			execArgv: process.execArgv.filter(option => forAll.test(option)),
			serialization: 'advanced',
			stdio: ['ignore', 'ignore', 'inherit', root.fd, 'ipc'],
		});
	} catch (error) {
		// As failures that are told later: there is no memory, or the system does not allow it.
		return notStarted(handler, error as Error);
	}
	const late = setTimeout(() => child.kill('SIGKILL'), startMaxMs);
	let hasEnded = false;
	const ended = (error: Error | undefined): void => {
		if (hasEnded) return;
		hasEnded = true;
		clearTimeout(late);
		handler.exited(error);
	};
	child.on('message', value => {
		if (value === started) clearTimeout(late);
		else handler.message(value);
	});
	// What cannot be started has no exit; what cannot be stopped has one later.
	child.on('error', error => {
		if (child.pid === undefined) ended(error);
	});
	child.on('exit', (code, signal) => {
		const what = signal === null ? `with code ${code}` : `by ${signal}`;
		ended(new Error(`its process ended ${what}`));
	});
	return {
		// What an ended one was sent is told of by its end; without a descriptor left it has no `send`.
		post: value => void child.send?.(value as object, () => undefined),
		stop: async () => {
			if (hasEnded) return;
			const exit = new Promise<void>(resolve => child.once('exit', () => resolve()));
			child.kill('SIGKILL');
			await exit;
		},
	};
}
