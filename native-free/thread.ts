/** Worker threads of Node. What they run is named by the package's own import `#worker`. */
import {availableParallelism} from 'node:os';
import {setImmediate} from 'node:timers/promises';
import {type MessagePort, parentPort, Worker} from 'node:worker_threads';
import type {Thread, ThreadDriver, ThreadHandler, ThreadPort} from '../src/platform/thread.ts';

/** Threads that run the module at `entry`, looked up when the first one is started. */
export function threadsOf(entry: () => string): ThreadDriver {
	return {
		coreCount: availableParallelism(),
		epoch: Math.floor(Number(process.hrtime.bigint() / 1000n) - performance.now() * 1000),
		parent: parentPort === null ? undefined : portTo(parentPort),
		start: handler => start(new URL(entry()), handler),
		turn: () => setImmediate(),
	};
}

export const threads = threadsOf(() => import.meta.resolve('#worker'));

function start(entry: URL, handler: ThreadHandler): Thread {
	const worker = new Worker(entry);
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

function portTo(port: MessagePort): ThreadPort {
	return {
		post: (value, transfer) => port.postMessage(value, transfer as ArrayBuffer[]),
		receive: message => {
			port.on('message', message);
		},
	};
}
