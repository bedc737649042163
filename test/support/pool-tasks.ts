/** Tasks that behave as badly as a test needs, for `test/support/pool-worker.ts`. */
import {AssertionError} from '../../src/assert.ts';
import {ShoalError} from '../../src/error.ts';
import type {AnyTask} from '../../src/task/table.ts';
import {defineTask} from '../../src/task/task.ts';

/** Doubles each octet in place and answers the same buffer. */
export const double = defineTask({
	name: 'double',
	run: (octets: Uint8Array) => octets.map(octet => octet * 2),
	transfer: output => [output.buffer],
});

/** Counts itself in `counters[0]`, then holds its thread until `gate[0]` is not 0. */
export const wait = defineTask({
	name: 'wait',
	run({counters, gate}: {counters: Int32Array; gate: Int32Array}, {aborted}): number {
		const order = Atomics.add(counters, 0, 1);
		while (Atomics.load(gate, 0) === 0 && !aborted()) Atomics.wait(gate, 0, 0, 5);
		Atomics.add(counters, 1, 1);
		return order;
	},
});

export const fail = defineTask({
	name: 'fail',
	run(how: 'world' | 'assertion' | 'type'): never {
		if (how === 'assertion') throw new AssertionError('two and two are five');
		if (how === 'type') throw new TypeError('not a function');
		const cause = Object.assign(new Error('EACCES: denied'), {code: 'EACCES'});
		const path = new Uint8Array([0xff, 0x0a]);
		throw new ShoalError('FILE_UNREADABLE', 'cannot open it', {cause, path});
	},
});

/** Ends its thread outside of any job's reach the first `times[0]` times that it runs. */
export const die = defineTask({
	name: 'die',
	run(times: Int32Array): Promise<string> | string {
		if (Atomics.sub(times, 0, 1) <= 0) return 'alive';
		queueMicrotask(() => {
			throw new Error('the thread breaks down');
		});
		return new Promise<string>(() => undefined);
	},
});

/** Answers, and ends its thread once that has nothing to do. */
export const dieLater = defineTask({
	name: 'die-later',
	run(died: Int32Array): string {
		setTimeout(() => {
			Atomics.store(died, 0, 1);
			throw new Error('the thread breaks down while it is idle');
		}, 1);
		return 'alive';
	},
});

/** Does nothing at all, without a sign of life, the first `times[0]` times that it runs. */
export const hang = defineTask({
	name: 'hang',
	run(times: Int32Array): string {
		if (Atomics.sub(times, 0, 1) <= 0) return 'alive';
		Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
		return 'woken';
	},
});

/** Keeps its thread busy for so many milliseconds. */
export const takeTime = defineTask({
	name: 'take-time',
	run(ms: number, {clock}): number {
		const begin = clock.now();
		while (clock.now() - begin < ms * 1000);
		return ms;
	},
});

/** Answers something that no thread can send to another. */
export const unsendable = defineTask({
	name: 'unsendable',
	run:
		(_: number): unknown =>
		() =>
			1,
});

export const poolTasks: ReadonlyMap<string, AnyTask> = new Map(
	[double, wait, fail, die, dieLater, hang, takeTime, unsendable].map(task => [task.name, task]),
);
