import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import type {ShoalError} from '../../../src/error.ts';
import type {ProcessInfo} from '../../../src/platform/process.ts';
import type {TreeIo} from '../../../src/platform/tree.ts';
import {Lock} from '../../../src/store/lock.ts';
import {fakeProcess, makeDirectory, statePlatform, tree} from '../../support/state.ts';

function setUp(t: ExecutionContext) {
	const path = makeDirectory(t);
	const dir = tree.openRoot(path);
	t.teardown(() => tree.closeDir(dir));
	const running = new Set<string>();
	const take = (process: ProcessInfo, io: TreeIo = tree): Lock => Lock.take(io, process, dir, 'it');
	const locked = (process: ProcessInfo): string => {
		const error = t.throws<ShoalError>(() => take(process))!;
		t.is(error.code, 'STORE_LOCKED');
		return error.message;
	};
	return {path, running, take, locked};
}

test('one process at a time, the next when it has let go', t => {
	const {path, running, take, locked} = setUp(t);
	const [a, b] = [fakeProcess('1', running), fakeProcess('2', running)];
	const lock = take(a);
	t.regex(locked(b), /it is in use by process 1 on host$/);
	t.regex(locked(a), /process 1/, 'also not twice in one process');
	lock.release();
	t.deepEqual(readdirSync(path), []);
	take(b);
	t.regex(locked(a), /process 2/);
});

test('the lock of a process that is gone is taken over, and cleaned up', t => {
	const {path, running, take} = setUp(t);
	const a = fakeProcess('1', running);
	take(a);
	running.clear();
	const lock = take(fakeProcess('2', running));
	t.is(readdirSync(path).length, 1);
	lock.release();
	t.deepEqual(readdirSync(path), []);
});

test('a process that cannot be seen may run: its lock file is named', t => {
	const {running, take, locked} = setUp(t);
	take(fakeProcess('1', running));
	t.regex(locked(fakeProcess('2', running, '1')), /cannot be seen.*remove lock\.1/);
});

test("a lock file that was never written to its end is nobody's", t => {
	const {path, running, take} = setUp(t);
	writeFileSync(join(path, 'lock.7'), '');
	writeFileSync(join(path, 'lock.8'), 'host boo');
	writeFileSync(join(path, 'lock.x'), 'host boot 1 1 7');
	take(fakeProcess('1', running));
	t.deepEqual(readdirSync(path).sort(), ['lock.9', 'lock.x']);
});

test('this process is seen to run, by its real name', t => {
	const {path, take, locked} = setUp(t);
	const lock = take(statePlatform.process);
	t.is(readFileSync(join(path, 'lock.1'), 'latin1'), statePlatform.process.identity);
	t.regex(locked(statePlatform.process), new RegExp(`process ${process.pid} `));
	lock.release();
});

/** The whole of one taker's steps put before each step of the other's that touches the disk. */
test('whoever comes between two steps of another, one holds it and not both', t => {
	for (let step = 0; step < 12; step++) {
		for (const stale of [false, true]) {
			const {running, take} = setUp(t);
			const [a, b] = [fakeProcess('1', running), fakeProcess('2', running)];
			if (stale) {
				take(fakeProcess('9', running));
				running.delete('host boot 1 9 7');
			}
			let held = 0;
			let left = step;
			const attempt = (process: ProcessInfo, io: TreeIo): void => {
				try {
					take(process, io);
					held++;
				} catch (error) {
					t.is((error as ShoalError).code, 'STORE_LOCKED');
				}
			};
			const between = (): void => {
				if (left-- === 0) attempt(b, tree);
			};
			const io: TreeIo = {
				...bound(tree),
				list: dir => {
					between();
					return tree.list(dir);
				},
				create: (dir, name, mode) => {
					between();
					return tree.create(dir, name, mode);
				},
				write: (file, from, offset) => {
					between();
					tree.write(file, from, offset);
				},
				unlink: (dir, name) => {
					between();
					return tree.unlink(dir, name);
				},
				openRead: (dir, name) => {
					between();
					return tree.openRead(dir, name);
				},
			};
			attempt(a, io);
			t.is(held, 1, `step ${step}, stale ${stale}`);
		}
	}
});

/** A taker that found a dead holder, slept through another's whole life, and goes on. */
test('a slow taker does not win against one that came and holds it since', t => {
	const {running, take} = setUp(t);
	take(fakeProcess('9', running));
	running.delete('host boot 1 9 7');
	const [a, b, c] = ['1', '2', '3'].map(name => fakeProcess(name, running));
	let slept = false;
	const io: TreeIo = {
		...bound(tree),
		create: (dir, name, mode) => {
			if (!slept) {
				slept = true;
				take(b!).release();
				take(c!);
			}
			return tree.create(dir, name, mode);
		},
	};
	t.throws(() => take(a!, io), {message: /process 3/});
});

test('a process is another one with another start, boot or number', t => {
	const {identity, state} = statePlatform.process;
	t.is(state(identity), 'running');
	t.regex(identity, /^[\x21-\x7e]+( [\x21-\x7e]+){4}$/);
	const words = identity.split(' ');
	t.is(state([...words.slice(0, 3), '999999999', '1'].join(' ')), 'gone');
	t.is(state([words[0], 'another-boot', ...words.slice(2)].join(' ')), 'gone');
	t.is(state(['another-host', ...words.slice(1)].join(' ')), 'unknown');
	if (process.platform === 'linux') {
		t.is(state([...words.slice(0, 4), '12345'].join(' ')), 'gone', 'the number is another process');
	}
});

/** The methods of a class instance as own properties, so that some can be replaced. */
function bound(io: TreeIo): TreeIo {
	const names = new Set<string>();
	for (let at: object | null = io; at !== null; at = Object.getPrototypeOf(at)) {
		for (const name of Object.getOwnPropertyNames(at)) names.add(name);
	}
	const methods = [...names].flatMap(name => {
		const value = (io as unknown as Record<string, unknown>)[name];
		return typeof value === 'function' && name !== 'constructor' ? [[name, value.bind(io)]] : [];
	});
	return Object.fromEntries(methods) as TreeIo;
}
