import test from 'ava';
import {AssertionError} from '../../../src/assert.ts';
import {ShoalError} from '../../../src/error.ts';
import {taskTransitions} from '../../../src/scheduler/active-task.ts';
import {Lane} from '../../../src/scheduler/lane.ts';
import {Scheduler} from '../../../src/scheduler/scheduler.ts';

const turns = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 1));

const gone = new ShoalError('SESSION_CLOSED', 'gone');

test('the states and what may follow each', t => {
	t.snapshot(taskTransitions);
});

test('the list shows what goes on, for whom and how far', t => {
	const scheduler = new Scheduler();
	const pull = scheduler.open({kind: 'pull', owner: 'alice'});
	const scan = pull.open({kind: 'scan', unit: 'entries'});
	scan.advance(10, 40);
	scan.advance(20);
	t.like(scheduler.tasks, [
		{id: 1, kind: 'pull', owner: 'alice', state: 'waiting', parent: undefined, lane: undefined},
		{id: 2, kind: 'scan', owner: 'alice', state: 'waiting', parent: 1, lane: undefined},
	]);
	t.deepEqual(scheduler.tasks[1]?.progress, {done: 20, total: 40, unit: 'entries'});
	scan.done();
	t.is(scan.state, 'done');
	t.is(scheduler.tasks.length, 1);
});

test('what a task counts by itself is asked for only when somebody looks', t => {
	const scheduler = new Scheduler();
	let looks = 0;
	const task = scheduler.open({
		kind: 'fetch',
		progress: () => ({done: ++looks, total: 10}),
		figures: () => ({requests: 3}),
	});
	t.is(looks, 0);
	t.deepEqual(scheduler.tasks[0]?.progress, {done: 1, total: 10, unit: 'octets'});
	t.deepEqual(task.view().figures, {requests: 3});
});

test('jobs in a lane count as the task they belong to; whoever is above runs with it', async t => {
	const lane = new Lane('threads', 1);
	const root = new Scheduler().open({kind: 'snapshot'});
	const task = root.open({kind: 'hash'});
	let end = (): void => undefined;
	const first = lane.run(
		() =>
			new Promise<void>(resolve => {
				end = resolve;
			}),
		task.order,
	);
	const second = lane.run(async () => undefined, task.order);
	await turns();
	t.like(task.view(), {state: 'running', lane: 'threads', jobsRunning: 1, jobsWaiting: 1});
	t.like(root.view(), {state: 'running', lane: undefined, jobsRunning: 0});
	end();
	await Promise.all([first, second]);
	t.like(task.view(), {state: 'waiting', jobsRunning: 0, jobsWaiting: 0, jobsDone: 2});
	t.is(root.state, 'waiting');
	task.done();
	root.done();
});

test('an abort goes down the tree, takes waiting jobs along and leaves the parent be', async t => {
	const lane = new Lane('threads', 1);
	const scheduler = new Scheduler();
	lane.pause();
	const [root, other] = [scheduler.open({kind: 'serve'}), scheduler.open({kind: 'serve'})];
	const child = root.open({kind: 'session'});
	const stopped: unknown[] = [];
	const grandchild = child.open({kind: 'send', stopped: reason => stopped.push(reason)});
	const job = lane.run(async () => undefined, grandchild.order);
	scheduler.abort(child.id, gone);
	await t.throwsAsync(job, {is: gone});
	t.is(grandchild.state, 'aborted');
	t.is(grandchild.signal.reason, gone);
	t.deepEqual(stopped, [gone]);
	t.is(grandchild.view().jobsWaiting, 0);
	t.is(root.state, 'waiting');
	t.deepEqual(
		scheduler.tasks.map(({id}) => id),
		[root.id, other.id],
	);
	child.abort(new ShoalError('INTERRUPTED', 'twice'));
	t.is(child.signal.reason, gone);
	scheduler.abort(child.id);
	t.throws(() => child.open({kind: 'late'}), {is: gone});
});

test('jobs of a task that finishes are done though it is aborted', async t => {
	const lane = new Lane('threads', 1);
	lane.pause();
	const task = new Scheduler().open({kind: 'stage', finishes: true});
	const job = lane.run(async () => 'kept', task.order);
	task.abort();
	lane.resume();
	t.is(await job, 'kept');
	t.is(task.view().jobsDone, 1);
});

test('a signal from outside aborts a task; one aborted before, at once', t => {
	const scheduler = new Scheduler();
	const controller = new AbortController();
	const task = scheduler.open({kind: 'pull', signal: controller.signal});
	controller.abort();
	t.is(task.state, 'aborted');
	const reason = task.signal.reason as ShoalError;
	t.is(reason.code, 'INTERRUPTED', 'whatever the signal was aborted with');
	t.is((reason.cause as Error).name, 'AbortError');
	t.is(scheduler.open({kind: 'pull', signal: controller.signal}).state, 'aborted');
	t.deepEqual(scheduler.tasks, []);
});

test('a task that fails takes its children with it', t => {
	const task = new Scheduler().open({kind: 'pull'});
	const child = task.open({kind: 'scan'});
	const error = new ShoalError('DESTINATION_FULL', 'no space');
	task.fail(error);
	t.is(task.state, 'failed');
	t.is(child.state, 'aborted');
	t.is(child.signal.reason, error);
	t.throws(() => task.open({kind: 'late'}), {is: error});
	t.throws(() => task.done(), {instanceOf: AssertionError});
});

test('a part lasts as long as its work, and fails with it without the rest', async t => {
	const scheduler = new Scheduler();
	const task = scheduler.open({kind: 'pull'});
	const kinds: string[] = [];
	const stop = scheduler.watch({ended: ({kind, state}) => kinds.push(`${kind} ${state}`)});
	t.is(await task.run({kind: 'list'}, () => 7), 7);
	const error = new ShoalError('SNAPSHOT_INVALID', 'nonsense');
	await t.throwsAsync(
		task.run({kind: 'plan'}, () => Promise.reject(error)),
		{is: error},
	);
	t.deepEqual(kinds, ['list done', 'plan failed']);
	t.true(task.isOpen);
	stop();
	task.done();
	t.is(kinds.length, 2);
	t.throws(() => task.open({kind: 'late'}), {instanceOf: AssertionError});
});

test('a task ends after its children', t => {
	const task = new Scheduler().open({kind: 'pull'});
	const child = task.open({kind: 'scan'});
	t.throws(() => task.done(), {instanceOf: AssertionError});
	child.done();
	task.done();
	t.is(task.state, 'done');
});

test('who watches a task hears of all below it, and of no other', t => {
	const scheduler = new Scheduler();
	const heard: string[] = [];
	const watch = {
		opened: ({kind}: {kind: string}) => heard.push(`+${kind}`),
		advanced: ({kind}: {kind: string}) => heard.push(kind),
		ended: ({kind}: {kind: string}) => heard.push(`-${kind}`),
	};
	const task = scheduler.open({kind: 'pull', watch});
	scheduler.open({kind: 'serve'});
	const child = task.open({kind: 'scan'});
	child.advance(1);
	child.done();
	task.done();
	t.deepEqual(heard, ['+pull', '+scan', 'scan', '-scan', '-pull']);
});

test('lanes are on the list while they are in use', t => {
	const scheduler = new Scheduler();
	const leave = scheduler.addLane(new Lane('threads', 3));
	t.deepEqual(scheduler.lanes, [{name: 'threads', concurrency: 3, jobsWaiting: 0, jobsRunning: 0}]);
	leave();
	t.deepEqual(scheduler.lanes, []);
});

test('stopping aborts everything and waits for the jobs that run', async t => {
	const lane = new Lane('threads', 1);
	const scheduler = new Scheduler();
	scheduler.addLane(lane);
	const task = scheduler.open({kind: 'hash'});
	let hasEnded = false;
	const job = lane.run(async () => {
		await turns();
		hasEnded = true;
	}, task.order);
	await scheduler.stop(new Error('shutting down'));
	t.true(hasEnded);
	t.deepEqual(scheduler.tasks, []);
	await job;
	t.is(task.view().jobsDone, 1);
	t.is(task.state, 'aborted');
});
