/** Worker threads of Node. What they run is named by the package's own import `#worker`. */
import {availableParallelism} from 'node:os';
import {Worker} from 'node:worker_threads';
import type {ThreadDriver} from '../src/platform/thread.ts';

export const threads: ThreadDriver = {
	coreCount: availableParallelism(),
	start(handler) {
		const worker = new Worker(new URL(import.meta.resolve('#worker')));
		let failure: Error | undefined;
		worker.on('message', value => handler.message(value));
		worker.on('messageerror', error => {
			failure = error;
			void worker.terminate();
		});
		worker.on('error', error => {
			failure = error instanceof Error ? error : new Error(String(error));
		});
		worker.on('exit', () => handler.exited(failure));
		return {
			post: (value, transfer) => worker.postMessage(value, transfer as ArrayBuffer[]),
			stop: async () => {
				await worker.terminate();
			},
		};
	},
};
