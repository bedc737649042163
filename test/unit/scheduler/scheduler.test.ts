import test from 'ava';
import {AssertionError} from '../../../src/assert.ts';
import {ShoalError} from '../../../src/error.ts';
import type {Datagram} from '../../../src/platform/datagram.ts';
import {taskTransitions} from '../../../src/scheduler/active-task.ts';
import {Lane} from '../../../src/scheduler/lane.ts';
import {Scheduler} from '../../../src/scheduler/scheduler.ts';

const turns = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 1));

const datagram: Datagram = {data: Uint8Array.of(1), from: '192.0.2.1:8730'};

test('the states and what may follow each', t => {
	t.snapshot(taskTransitions);
});

test('the list shows what goes on, for whom and how far', t => {
	const scheduler = new Scheduler([new Lane('threads', 2)]);
	const pull = scheduler.open({kind: 'pull', owner: 'alice'});
	const scan = scheduler.open({kind: 'scan', parent: pull, lane: 'threads', unit: 'entries'});
	scan.advance(10, 40);
	scan.advance(20);
	t.like(scheduler.tasks, [
		{id: 1, kind: 'pull', owner: 'alice', state: 'waiting', parent: undefined, lane: undefined},
		{id: 2, kind: 'scan', owner: 'alice', state: 'waiting', parent: 1, lane: 'threads'},
	]);
	t.deepEqual(scheduler.tasks[1]?.progress, {done: 20, total: 40, unit: 'entries'});
	scan.done();
	t.is(scan.state, 'done');
	t.is(scheduler.tasks.length, 1);
});

test('jobs in a lane count as the task they belong to', async t => {
	const lane = new Lane('threads', 1);
	const scheduler = new Scheduler([lane]);
	const task = scheduler.open({kind: 'hash', lane: 'threads'});
	let end = (): void => undefined;
	const first = lane.run(
		() =>
			new Promise<void>(resolve => {
				end = resolve;
			}),
		task.order,
	);
	const second = scheduler.lane('threads').run(async () => undefined, task.order);
	await turns();
	t.like(task.view(), {state: 'running', jobsRunning: 1, jobsWaiting: 1, jobsDone: 0});
	end();
	await Promise.all([first, second]);
	t.like(task.view(), {state: 'waiting', jobsRunning: 0, jobsWaiting: 0, jobsDone: 2});
	task.done();
});

test('an abort goes down the tree, takes waiting jobs along and leaves the parent be', async t => {
	const lane = new Lane('threads', 1);
	const scheduler = new Scheduler([lane]);
	lane.pause();
	const [root, other] = [scheduler.open({kind: 'serve'}), scheduler.open({kind: 'serve'})];
	const child = scheduler.open({kind: 'session', parent: root});
	const grandchild = scheduler.open({kind: 'send', parent: child});
	const job = lane.run(async () => undefined, grandchild.order);
	child.abort(new Error('gone'));
	await t.throwsAsync(job, {message: 'gone'});
	t.is(grandchild.state, 'aborted');
	t.true(grandchild.signal.aborted);
	t.is((grandchild.signal.reason as Error).message, 'gone');
	t.is(grandchild.view().jobsWaiting, 0);
	t.is(root.state, 'waiting');
	t.deepEqual(
		scheduler.tasks.map(({id}) => id),
		[root.id, other.id],
	);
	child.abort(new Error('twice'));
	t.is((child.signal.reason as Error).message, 'gone');
});

test('a signal from outside aborts a task; one aborted before, at once', t => {
	const scheduler = new Scheduler([]);
	const controller = new AbortController();
	const task = scheduler.open({kind: 'pull', signal: controller.signal});
	controller.abort(new Error('Ctrl-C'));
	t.is(task.state, 'aborted');
	t.is(scheduler.open({kind: 'pull', signal: controller.signal}).state, 'aborted');
	t.deepEqual(scheduler.tasks, []);
});

test('a task that fails takes its children with it', t => {
	const scheduler = new Scheduler([]);
	const task = scheduler.open({kind: 'pull'});
	const child = scheduler.open({kind: 'scan', parent: task});
	task.fail(new ShoalError('DESTINATION_FULL', 'no space'));
	t.is(task.state, 'failed');
	t.is(child.state, 'aborted');
	t.is((child.signal.reason as ShoalError).code, 'DESTINATION_FULL');
	t.throws(() => scheduler.open({kind: 'late', parent: task}), {instanceOf: AssertionError});
	t.throws(() => task.done(), {instanceOf: AssertionError});
});

test('a task ends after its children', t => {
	const scheduler = new Scheduler([]);
	const task = scheduler.open({kind: 'pull'});
	const child = scheduler.open({kind: 'scan', parent: task});
	t.throws(() => task.done(), {instanceOf: AssertionError});
	child.done();
	task.done();
	t.is(task.state, 'done');
});

test('a datagram is handed to its task at once, and none after its end', t => {
	const scheduler = new Scheduler([]);
	const task = scheduler.open({kind: 'session'});
	const seen: number[] = [];
	const handler = task.steps({
		datagrams: batch => void seen.push(batch.length),
		failed: error => task.fail(error),
	});
	handler.datagrams([datagram, datagram]);
	t.deepEqual(seen, [2]);
	t.is(task.view().datagramCount, 2);
	handler.failed(new ShoalError('PATH_UNREACHABLE', 'refused'));
	t.is(task.state, 'failed');
	handler.datagrams([datagram]);
	t.deepEqual(seen, [2]);
});

test('what a datagram does to one task does nothing to another; a bug is not hidden', t => {
	const scheduler = new Scheduler([]);
	const [bad, good] = [scheduler.open({kind: 'session'}), scheduler.open({kind: 'session'})];
	const failing = bad.steps({
		datagrams: () => {
			throw new ShoalError('PEER_FRAME_INVALID', 'nonsense');
		},
		failed: () => undefined,
	});
	t.notThrows(() => failing.datagrams([datagram]));
	t.is(bad.state, 'failed');
	t.is(good.state, 'waiting');
	const broken = good.steps({
		datagrams: () => {
			throw new TypeError('a bug');
		},
		failed: () => undefined,
	});
	t.throws(() => broken.datagrams([datagram]), {instanceOf: TypeError});
});

test('stopping aborts everything and waits for the jobs that run', async t => {
	const lane = new Lane('threads', 1);
	const scheduler = new Scheduler([lane]);
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
