/** Worker threads of Node. What they run is named by the package's own import `#worker`. */
import {availableParallelism} from 'node:os';
import {setImmediate} from 'node:timers/promises';
import {type MessagePort, parentPort, Worker} from 'node:worker_threads';
import type {Thread, ThreadDriver, ThreadHandler, ThreadPort} from '../src/platform/thread.ts';

export const threads: ThreadDriver = {
	coreCount: availableParallelism(),
	parent: parentPort === null ? undefined : portTo(parentPort),
	start,
	turn: () => setImmediate(),
};

function start(handler: ThreadHandler): Thread {
	const worker = new Worker(new URL(import.meta.resolve('#worker')));
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
