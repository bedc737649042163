/** What a worker thread of the pool runs: one order after another, until it is stopped. */
import platform from '#platform';
import {assert} from '../assert.ts';
import {taskTable} from '../task/table.ts';
import type {TaskContext} from '../task/task.ts';
import {type Answer, type Begin, type Order, packError} from './message.ts';

const {parent} = platform.threads;
assert(parent !== undefined, 'worker.ts runs in a worker thread only');

let abortedJob: Int32Array | undefined;

parent.receive(value => {
	const message = value as Begin | Order;
	if (message.kind === 'begin') abortedJob = message.abortedJob;
	else void handle(message);
});

async function handle({job, task: name, input}: Order): Promise<void> {
	try {
		const task = taskTable.get(name);
		assert(task !== undefined, `no task has the name ${name}`);
		const output = await task.run(input as never, contextOf(job));
		answer({job, output}, task.transfer?.(output as never) ?? []);
	} catch (error) {
		answer({job, error: packError(error)}, []);
	}
}

function contextOf(job: number): TaskContext {
	return {
		tree: platform.tree,
		crypto: platform.crypto,
		sha256: platform.crypto.sha256,
		clock: platform.clock,
		aborted: () => abortedJob !== undefined && Atomics.load(abortedJob, 0) === job,
	};
}

function answer(value: Answer, transfer: readonly ArrayBufferLike[]): void {
	parent?.post(value, transfer);
}
