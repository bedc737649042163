import test from 'ava';
import platform from '#platform';
import {AssertionError} from '../../../src/assert.ts';
import {ShoalError} from '../../../src/error.ts';
import type {ThreadDriver} from '../../../src/platform/thread.ts';
import {smallCostMax} from '../../../src/pool/pool.ts';
import type {JobSpan} from '../../../src/scheduler/job-span.ts';
import {Scheduler} from '../../../src/scheduler/scheduler.ts';
import {millis} from '../../../src/unit.ts';
import {openTestPool} from '../../support/pool.ts';
import {
	die,
	dieLater,
	double,
	fail,
	hang,
	takeTime,
	unsendable,
	wait,
} from '../../support/pool-tasks.ts';

const shared = (length: number): Int32Array => new Int32Array(new SharedArrayBuffer(length * 4));

async function until(condition: () => boolean): Promise<void> {
	for (let turn = 0; !condition(); turn++) {
		if (turn > 2000) throw new Error('waited in vain');
		await new Promise(resolve => setTimeout(resolve, 2));
	}
}

for (const threadCount of [0, 1, 3]) {
	test(`answers are the same with ${threadCount} threads`, async t => {
		const pool = openTestPool(t, threadCount);
		const inputs = Array.from({length: 40}, (_, index) => Uint8Array.of(index, 1, 2));
		const outputs = await Promise.all(inputs.map(input => pool.run(double, input)));
		t.deepEqual(
			outputs.map(output => [...output]),
			inputs.map(([first]) => [first! * 2, 2, 4]),
		);
	});

	test(`an error fails its own job alone with ${threadCount} threads`, async t => {
		const pool = openTestPool(t, threadCount);
		const [failed, fine] = await Promise.allSettled([
			pool.run(fail, 'world'),
			pool.run(double, Uint8Array.of(4)),
		]);
		t.is(fine.status, 'fulfilled');
		const error = (failed as PromiseRejectedResult).reason as ShoalError;
		t.true(error instanceof ShoalError);
		t.is(error.code, 'FILE_UNREADABLE');
		t.is(error.message, 'cannot open it');
		t.deepEqual([...error.path!], [0xff, 0x0a]);
		t.is((error.cause as NodeJS.ErrnoException).code, 'EACCES');
		t.is((error.cause as Error).message, 'EACCES: denied');
		t.is(error.exit, 23);
	});

	test(`a bug in a job is an AssertionError with ${threadCount} threads`, async t => {
		const pool = openTestPool(t, threadCount);
		const asserted = await t.throwsAsync(pool.run(fail, 'assertion'));
		t.true(asserted instanceof AssertionError);
		t.regex(asserted!.message, /two and two are five/);
		const typed = await t.throwsAsync(pool.run(fail, 'type'));
		t.true(typed instanceof AssertionError);
		t.regex(typed!.message, /TypeError: not a function/);
	});

	test(`a job aborted while it waits never starts, with ${threadCount} threads`, async t => {
		const pool = openTestPool(t, threadCount);
		const counters = shared(2);
		const controller = new AbortController();
		pool.lane.pause();
		const job = pool.run(wait, {counters, gate: shared(1)}, {signal: controller.signal});
		controller.abort(new Error('not wanted'));
		await t.throwsAsync(job, {message: 'not wanted'});
		pool.lane.resume();
		await pool.run(double, Uint8Array.of(1));
		t.is(counters[0], 0);
	});
}

test('as many jobs run at once as there are threads', async t => {
	const pool = openTestPool(t, 2);
	const [counters, gate] = [shared(2), shared(1)];
	const jobs = [1, 2, 3].map(() => pool.run(wait, {counters, gate}));
	await until(() => counters[0] === 2);
	t.is(pool.lane.waitingCount, 1);
	Atomics.store(gate, 0, 1);
	t.deepEqual((await Promise.all(jobs)).sort(), [0, 1, 2]);
});

test('an aborted job that runs is told, and settles only once it has ended', async t => {
	const pool = openTestPool(t, 1);
	const [counters, gate] = [shared(2), shared(1)];
	const controller = new AbortController();
	const job = pool.run(wait, {counters, gate}, {signal: controller.signal});
	await until(() => counters[0] === 1);
	controller.abort(new Error('not wanted'));
	await t.throwsAsync(job, {message: 'not wanted'});
	t.is(counters[1], 1, 'it had ended');
	t.deepEqual([...(await pool.run(double, Uint8Array.of(3)))], [6], 'the thread lives on');
});

test('a job whose thread dies is done again on another', async t => {
	const pool = openTestPool(t, 1);
	const times = shared(1);
	times[0] = 1;
	t.is(await pool.run(die, times), 'alive');
});

test('a job whose thread dies twice fails, and the pool goes on', async t => {
	const pool = openTestPool(t, 1);
	const times = shared(1);
	times[0] = 2;
	const error = await t.throwsAsync<ShoalError>(pool.run(die, times));
	t.is(error?.code, 'THREAD_LOST');
	t.regex(error!.message, /the thread breaks down/);
	t.is(times[0], 0, 'it was tried twice');
	t.is(await pool.run(die, times), 'alive');
});

test('a thread that dies between two jobs is replaced', async t => {
	const pool = openTestPool(t, 1);
	const died = shared(1);
	t.is(await pool.run(dieLater, died), 'alive');
	await until(() => died[0] === 1);
	await new Promise(resolve => setTimeout(resolve, 200));
	t.deepEqual([...(await pool.run(double, Uint8Array.of(4)))], [8]);
});

test('threads can be started before there is work', async t => {
	let startCount = 0;
	const pool = openTestPool(t, 2, threads => ({
		...threads,
		start(handler) {
			startCount++;
			return threads.start(handler);
		},
	}));
	pool.warm();
	pool.warm();
	t.is(startCount, 2);
	const jobs = [1, 2, 3].map(octet => pool.run(double, Uint8Array.of(octet), {cost: 1}));
	t.deepEqual(
		(await Promise.all(jobs)).flatMap(octets => [...octets]),
		[2, 4, 6],
	);
	t.is(startCount, 2);
});

test('a job that gave its input away is not done again', async t => {
	const pool = openTestPool(t, 1);
	const times = shared(1);
	times[0] = 1;
	const given = new ArrayBuffer(8);
	const error = await t.throwsAsync<ShoalError>(pool.run(die, times, {transfer: [given]}));
	t.is(error?.code, 'THREAD_LOST');
	t.is(given.byteLength, 0);
});

/** Much for a thread that waits for its turn on a busy machine. */
const impatient = {silenceMax: millis(2000), stopMax: millis(1500)};

test('a job that shows no life is done again on another thread', async t => {
	const pool = openTestPool(t, 1, undefined, impatient);
	const times = shared(1);
	times[0] = 1;
	t.is(await pool.run(hang, times), 'alive');
});

test('a job that hangs twice fails alone, with a code of its own', async t => {
	const pool = openTestPool(t, 2, undefined, impatient);
	const times = shared(1);
	times[0] = 2;
	const hung = pool.run(hang, times);
	t.deepEqual([...(await pool.run(double, Uint8Array.of(4)))], [8]);
	const error = await t.throwsAsync<ShoalError>(hung);
	t.is(error?.code, 'THREAD_HUNG');
	t.is(error?.exit, 11);
	t.is(times[0], 0, 'it was tried twice');
	t.is(await pool.run(hang, times), 'alive');
});

test('a thread that cannot be stopped is left behind, and its job not done again', async t => {
	const stops: (() => Promise<void>)[] = [];
	t.teardown(() => Promise.all(stops.map(stop => stop())));
	const stubborn = (threads: ThreadDriver): ThreadDriver => ({
		...threads,
		start(handler) {
			const thread = threads.start(handler);
			stops.push(thread.stop);
			return stops.length > 1 ? thread : {...thread, stop: () => new Promise(() => undefined)};
		},
	});
	const pool = openTestPool(t, 1, stubborn, impatient);
	const times = shared(1);
	times[0] = 5;
	const error = await t.throwsAsync<ShoalError>(pool.run(hang, times));
	t.is(error?.code, 'THREAD_HUNG');
	t.is(times[0], 4, 'it was tried once');
	t.deepEqual([...(await pool.run(double, Uint8Array.of(3)))], [6], 'another has its place');
});

test('a job that takes long and goes on is left alone', async t => {
	const pool = openTestPool(t, 1, undefined, impatient);
	const [counters, gate] = [shared(2), shared(1)];
	const job = pool.run(wait, {counters, gate});
	await until(() => counters[0] === 1);
	await new Promise(resolve => setTimeout(resolve, 2600));
	Atomics.store(gate, 0, 1);
	t.is(await job, 0);
});

test('who watches is told of each job: what, where, when and for whom', async t => {
	const scheduler = new Scheduler();
	const spans: JobSpan[] = [];
	const pool = openTestPool(t, 1, undefined, {scheduler});
	await pool.run(double, Uint8Array.of(1));
	const stop = scheduler.watch({job: span => spans.push(span)});
	const task = scheduler.open({kind: 'hash', owner: 'alice'});
	const from = platform.clock.now();
	await pool.run(takeTime, 5, {...task.order, cost: smallCostMax + 1});
	const to = platform.clock.now();
	await t.throwsAsync(pool.run(fail, 'world'));
	stop();
	await pool.run(double, Uint8Array.of(1));
	t.is(spans.length, 2);
	const [first, second] = spans as [JobSpan, JobSpan];
	t.like(first, {kind: 'take-time', thread: 1, task: task.id, client: 'alice', failed: false});
	t.is(first.cost, smallCostMax + 1);
	t.true(first.endedAt - first.beganAt >= 5000);
	// The two threads' zeros are compared by clocks that are read one after the other.
	const slack = 1000;
	t.true(first.addedAt >= from && first.beganAt + slack >= first.addedAt);
	t.true(first.endedAt <= to + slack);
	t.like(second, {kind: 'fail', thread: 1, task: undefined, client: '', failed: true});
});

test('buffers are handed over, not copied', async t => {
	const pool = openTestPool(t, 1);
	const input = Uint8Array.of(1, 2);
	t.deepEqual([...(await pool.run(double, input, {transfer: [input.buffer]}))], [2, 4]);
	t.is(input.length, 0);
});

test('an answer that cannot be sent is a bug of the task', async t => {
	const error = await t.throwsAsync(openTestPool(t, 1).run(unsendable, 1));
	t.true(error instanceof AssertionError);
});

test('small jobs start no thread, until they are many', async t => {
	let startCount = 0;
	const pool = openTestPool(t, 2, threads => ({
		...threads,
		start(handler) {
			startCount++;
			return threads.start(handler);
		},
	}));
	t.deepEqual([...(await pool.run(double, Uint8Array.of(1), {cost: 100}))], [2]);
	t.is(startCount, 0);
	for (let job = 0; startCount === 0 && job < 100; job++) {
		await pool.run(takeTime, 1, {cost: smallCostMax});
	}
	t.is(startCount, 1);
	await pool.run(double, Uint8Array.of(1), {cost: 1});
	t.is(startCount, 1, 'once there is a thread, it has the jobs');
});

for (const [what, options] of [
	['costs more', {cost: smallCostMax + 1}],
	['does not say what it costs', {}],
] as const) {
	test(`a job that ${what} has a thread from the first`, async t => {
		let startCount = 0;
		const pool = openTestPool(t, 1, threads => ({
			...threads,
			start(handler) {
				startCount++;
				return threads.start(handler);
			},
		}));
		await pool.run(double, Uint8Array.of(1), options);
		t.is(startCount, 1);
	});
}

test('closing ends what runs and what waits', async t => {
	const pool = openTestPool(t, 1);
	const [counters, gate] = [shared(2), shared(1)];
	const jobs = [1, 2].map(() => pool.run(wait, {counters, gate}));
	await until(() => counters[0] === 1);
	const settled = Promise.allSettled(jobs);
	await pool.close();
	for (const result of await settled) {
		t.is((result as PromiseRejectedResult).reason.code, 'INTERRUPTED');
	}
	t.is(counters[0], 1, 'the second never ran');
});
