import test from 'ava';
import {Lane} from '../../../src/scheduler/lane.ts';

/** A job that ends when told, and says so. */
function held(): {job: () => Promise<string>; end: (value: string) => void; started: boolean} {
	const state = {started: false, end: (_: string): void => undefined};
	const done = new Promise<string>(resolve => {
		state.end = resolve;
	});
	return Object.assign(state, {
		job: () => {
			state.started = true;
			return done;
		},
	});
}

const turns = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 1));

test('no more jobs run at once than the lane is wide', async t => {
	const lane = new Lane('test', 2);
	const jobs = [held(), held(), held()];
	const results = jobs.map(({job}) => lane.run(job));
	await turns();
	t.deepEqual(
		jobs.map(job => job.started),
		[true, true, false],
	);
	t.is(lane.runningCount, 2);
	t.is(lane.waitingCount, 1);
	jobs[1]!.end('b');
	await turns();
	t.true(jobs[2]!.started);
	jobs[0]!.end('a');
	jobs[2]!.end('c');
	t.deepEqual(await Promise.all(results), ['a', 'b', 'c']);
	await lane.idle();
	t.is(lane.runningCount, 0);
});

test('waiting jobs go by priority, then by turns of their clients', async t => {
	const lane = new Lane('test', 1);
	const order: string[] = [];
	const run = (name: string, client: string, priority = 0): Promise<void> =>
		lane.run(async () => void order.push(name), {client, priority});
	lane.pause();
	const all = [run('a1', 'a'), run('a2', 'a'), run('b1', 'b'), run('urgent', 'a', 1)];
	lane.resume();
	await Promise.all(all);
	t.deepEqual(order, ['urgent', 'a1', 'b1', 'a2']);
});

test('an abort takes a waiting job out at once and leaves a running one to end', async t => {
	const lane = new Lane('test', 1);
	const controller = new AbortController();
	const {signal} = controller;
	const [running, waiting] = [held(), held()];
	const first = lane.run(running.job, {signal});
	const second = lane.run(waiting.job, {signal});
	controller.abort(new Error('stop'));
	await t.throwsAsync(second, {message: 'stop'});
	t.is(lane.waitingCount, 0);
	t.is(lane.runningCount, 1);
	running.end('ended all the same');
	t.is(await first, 'ended all the same');
	t.false(waiting.started);
});

test('a job with a signal that is aborted already is not started', async t => {
	const lane = new Lane('test', 1);
	const {job} = held();
	await t.throwsAsync(lane.run(job, {signal: AbortSignal.abort(new Error('late'))}), {
		message: 'late',
	});
	t.is(lane.runningCount, 0);
});

test('a job that fails leaves the lane open for the next', async t => {
	const lane = new Lane('test', 1);
	await t.throwsAsync(
		lane.run(async () => {
			throw new Error('broken');
		}),
		{message: 'broken'},
	);
	t.is(await lane.run(async () => 'next'), 'next');
});

test('thousands of jobs may wait on one signal', async t => {
	const lane = new Lane('test', 1);
	const controller = new AbortController();
	const warnings: Error[] = [];
	const onWarning = (warning: Error): void => void warnings.push(warning);
	process.on('warning', onWarning);
	t.teardown(() => process.off('warning', onWarning));
	lane.pause();
	const {signal} = controller;
	const jobs = Array.from({length: 3000}, () => lane.run(async () => 1, {signal}));
	controller.abort(new Error('all'));
	const results = await Promise.allSettled(jobs);
	t.true(results.every(({status}) => status === 'rejected'));
	t.is(lane.waitingCount, 0);
	await turns();
	t.deepEqual(warnings, []);
});
