/** The thread's side of the pool: runs one order after another, until the thread is stopped. */
import {assert} from '../assert.ts';
import type {Platform} from '../platform/platform.ts';
import type {AnyTask} from '../task/table.ts';
import type {TaskContext} from '../task/task.ts';
import {type Answer, type Begin, type Order, packError, sign} from './message.ts';

export function serveJobs(platform: Platform, tasks: ReadonlyMap<string, AnyTask>): void {
	const {parent, epoch} = platform.threads;
	const {clock} = platform;
	assert(parent !== undefined, 'jobs are served in a worker thread only');
	let signs: Int32Array = new Int32Array(2);

	const answer = (value: Answer, transfer: readonly ArrayBufferLike[]): void =>
		parent.post(value, transfer);

	const beat = (): void => void Atomics.add(signs, sign.beat, 1);

	const contextOf = (job: number): TaskContext => ({
		tree: platform.tree,
		crypto: platform.crypto,
		sha256: platform.crypto.sha256,
		clock,
		openSearchMemory: platform.openSearchMemory,
		compression: platform.compression,
		aborted: () => {
			beat();
			return Atomics.load(signs, sign.aborted) === job;
		},
		beat,
	});

	const serve = async ({job, task: name, input}: Order): Promise<void> => {
		beat();
		const beganAt = epoch + clock.now();
		const times = () => ({beganAt, endedAt: epoch + clock.now()});
		try {
			const task = tasks.get(name);
			assert(task !== undefined, `no task has the name ${name}`);
			const output = await task.run(input as never, contextOf(job));
			answer({job, ...times(), output}, task.transfer?.(output as never) ?? []);
		} catch (error) {
			answer({job, ...times(), error: packError(error)}, []);
		}
	};

	parent.receive(value => {
		const message = value as Begin | Order;
		if (message.kind === 'begin') signs = message.signs;
		else void serve(message);
	});
}
