/** Worker threads of Node. What they run is named by the package's own import `#worker`. */
import {availableParallelism} from 'node:os';
import {setImmediate} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import {isMainThread, type MessagePort, parentPort, Worker} from 'node:worker_threads';
import type {Thread, ThreadDriver, ThreadHandler, ThreadPort} from '../src/platform/thread.ts';
import {nodeCode} from './tree-error.ts';

const workerEntry = (): string => import.meta.resolve('#worker');

export const workerPath = (): string => fileURLToPath(workerEntry());

/**
 * Whether this process was started to do jobs, by process-thread.ts: its working directory is of
 * use to nobody else.
 */
export const isWorkerProcess =
	isMainThread && process.send !== undefined && process.argv[1] === workerPath();

/** The first thing that such a process says. */
export const started = 'started';

/** Threads that run the module at `entry`, looked up when the first one is started. */
export function threadsOf(entry: () => string): ThreadDriver {
	return {
		coreCount: availableParallelism(),
		epoch: Math.floor(Number(process.hrtime.bigint() / 1000n) - performance.now() * 1000),
		sharesMemory: true,
		parent: parentPort === null ? processPort() : portTo(parentPort),
		start: handler => start(new URL(entry()), handler),
		turn: () => setImmediate(),
	};
}

export const threads = threadsOf(workerEntry);

function start(entry: URL, handler: ThreadHandler): Thread {
	let worker: Worker;
	try {
		worker = new Worker(entry);
	} catch (error) {
		if (nodeCode(error) !== 'ERR_WORKER_INIT_FAILED') throw error;
		// The system allows no more threads.
		return notStarted(handler, error as Error);
	}
	let failure: Error | undefined;
	worker.on('message', value => handler.message(value));
	worker.on('error', error => {
		failure = error instanceof Error ? error : new Error(String(error));
	});
	worker.on('messageerror', error => {
		failure = error;
		void worker.terminate();
	});
	worker.on('exit', () => handler.exited(failure));
	return {
		post: (value, transfer) => worker.postMessage(value, transfer as ArrayBuffer[]),
		stop: async () => {
			await worker.terminate();
		},
	};
}

/** Tells its end as that of one that has run is told: later. */
export function notStarted(handler: ThreadHandler, error: Error): Thread {
	queueMicrotask(() => handler.exited(error));
	return {post: () => undefined, stop: async () => undefined};
}

/** Who interrupts the run from a terminal interrupts all of its processes: one of them answers. */
function processPort(): ThreadPort | undefined {
	if (!isWorkerProcess) return undefined;
	process.on('SIGINT', () => undefined);
	return {
		// Who started it may be gone: then it ends as soon as it has nothing to do.
		post: value => void process.send!(value, undefined, undefined, () => undefined),
		receive: message => {
			process.on('message', message);
			process.send!(started, undefined, undefined, () => undefined);
		},
	};
}

function portTo(port: MessagePort): ThreadPort {
	return {
		post: (value, transfer) => port.postMessage(value, transfer as ArrayBuffer[]),
		receive: message => {
			port.on('message', message);
		},
	};
}
