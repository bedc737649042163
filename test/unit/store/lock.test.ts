import {mkdtempSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import platform from '../../../native-free/index.ts';
import type {ProcessInfo} from '../../../src/platform/process.ts';
import type {DirHandle} from '../../../src/platform/tree.ts';
import {Lock} from '../../../src/store/lock.ts';

const {tree} = platform;

function makeDir(t: ExecutionContext): {path: string; dir: DirHandle} {
	const path = mkdtempSync(join(tmpdir(), 'shoal-'));
	const dir = tree.openRoot(path);
	t.teardown(() => {
		tree.closeDir(dir);
		rmSync(path, {recursive: true});
	});
	return {path, dir};
}

/** A process of which the others know whether it runs. */
function makeProcess(id: number, running: Set<string>): ProcessInfo {
	const identity = `host boot ns ${id} 1`;
	running.add(identity);
	return {
		isRoot: false,
		uid: 1,
		gid: 1,
		identity,
		state: other => (running.has(other) ? 'running' : 'gone'),
	};
}

test('a lock keeps others out until it is released, and names its holder', t => {
	const {path, dir} = makeDir(t);
	const running = new Set<string>();
	const [first, second] = [makeProcess(11, running), makeProcess(12, running)];
	const held = Lock.take(tree, first, dir, 'it');
	const error = t.throws(() => Lock.take(tree, second, dir, 'it'));
	t.like(error, {code: 'STORE_LOCKED'});
	t.regex(error?.message ?? '', /process 11 on host/);
	held.release();
	t.deepEqual(readdirSync(path), []);
	Lock.take(tree, second, dir, 'it').release();
});

test('the lock of a process that is gone is taken over, and nothing of it stays', t => {
	const {path, dir} = makeDir(t);
	const running = new Set<string>();
	const dead = makeProcess(11, running);
	Lock.take(tree, dead, dir, 'it');
	running.delete(dead.identity);
	const alive = makeProcess(12, running);
	const held = Lock.take(tree, alive, dir, 'it');
	t.is(readdirSync(path).length, 1);
	t.throws(() => Lock.take(tree, makeProcess(13, running), dir, 'it'));
	held.release();
});

test('a process that cannot be seen from here keeps its lock', t => {
	const {path, dir} = makeDir(t);
	writeFileSync(join(path, 'lock.1'), 'elsewhere boot ns 11 1');
	t.throws(() => Lock.take(tree, platform.process, dir, 'it'), {message: /on elsewhere/});
});

test('of two that find a dead holder at once, the slower one gives way', t => {
	const {path, dir} = makeDir(t);
	const running = new Set<string>();
	writeFileSync(join(path, 'lock.5'), 'host boot ns 5 1');
	const [slow, fast] = [makeProcess(21, running), makeProcess(22, running)];
	let isTaken = false;
	// The fast one takes over between the slow one's look and its link.
	const slowTree = Object.create(tree) as typeof tree;
	slowTree.makeLink = (...names) => {
		if (!isTaken) Lock.take(tree, fast, dir, 'it');
		isTaken = true;
		tree.makeLink(...names);
	};
	const error = t.throws(() => Lock.take(bound(slowTree), slow, dir, 'it'));
	t.like(error, {code: 'STORE_LOCKED'});
	t.deepEqual(readdirSync(path), ['lock.6']);
});

test('one that was left behind by two generations does not win late', t => {
	const {path, dir} = makeDir(t);
	const running = new Set<string>();
	writeFileSync(join(path, 'lock.5'), 'host boot ns 5 1');
	const late = makeProcess(31, running);
	let done = false;
	const lateTree = Object.create(tree) as typeof tree;
	lateTree.makeLink = (...names) => {
		if (!done) {
			done = true;
			const second = makeProcess(32, running);
			Lock.take(tree, second, dir, 'it');
			running.delete(second.identity);
			Lock.take(tree, makeProcess(33, running), dir, 'it');
		}
		tree.makeLink(...names);
	};
	t.throws(() => Lock.take(bound(lateTree), late, dir, 'it'), {message: /process 33/});
	t.deepEqual(readdirSync(path), ['lock.7']);
});

test('this process runs, a later one of its number does not', t => {
	const {identity, state} = platform.process;
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

/** The class keeps private state, so every method but the replaced one runs on the tree itself. */
function bound(replaced: typeof tree): typeof tree {
	return new Proxy(tree, {
		get(target, name) {
			if (name === 'makeLink') return replaced.makeLink;
			const member = Reflect.get(target, name) as unknown;
			return typeof member === 'function' ? member.bind(target) : member;
		},
	});
}
