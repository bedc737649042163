/** The thread's side of the pool: runs one order after another, until the thread is stopped. */
import {assert} from '../assert.ts';
import type {Platform} from '../platform/platform.ts';
import type {AnyTask} from '../task/table.ts';
import type {TaskContext} from '../task/task.ts';
import {type Answer, type Begin, type Order, packError} from './message.ts';

export function serveJobs(platform: Platform, tasks: ReadonlyMap<string, AnyTask>): void {
	const {parent} = platform.threads;
	assert(parent !== undefined, 'jobs are served in a worker thread only');
	let abortedJob: Int32Array | undefined;

	const answer = (value: Answer, transfer: readonly ArrayBufferLike[]): void =>
		parent.post(value, transfer);

	const contextOf = (job: number): TaskContext => ({
		tree: platform.tree,
		crypto: platform.crypto,
		sha256: platform.crypto.sha256,
		clock: platform.clock,
		aborted: () => abortedJob !== undefined && Atomics.load(abortedJob, 0) === job,
	});

	const serve = async ({job, task: name, input}: Order): Promise<void> => {
		try {
			const task = tasks.get(name);
			assert(task !== undefined, `no task has the name ${name}`);
			const output = await task.run(input as never, contextOf(job));
			answer({job, output}, task.transfer?.(output as never) ?? []);
		} catch (error) {
			answer({job, error: packError(error)}, []);
		}
	};

	parent.receive(value => {
		const message = value as Begin | Order;
		if (message.kind === 'begin') abortedJob = message.abortedJob;
		else void serve(message);
	});
}
