import {
	chmodSync,
	mkdirSync,
	readdirSync,
	statSync,
	symlinkSync,
	utimesSync,
	writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import type {ShoalError} from '../../../src/error.ts';
import type {TreeIo} from '../../../src/platform/tree.ts';
import {StateDir} from '../../../src/store/state-dir.ts';
import {Prng} from '../../support/prng.ts';
import {makeDirectory, openState, statePlatform, tree} from '../../support/state.ts';

const content = new Prng(1).bytes(5000);

function openAt(path: string, more: {state?: string; create: boolean}): StateDir | undefined {
	return StateDir.open(statePlatform, {root: tree.openRoot(path), rootPath: path, ...more});
}

test("it is made at the tree's root, for its user alone, and leaves no trace in mtime", t => {
	const path = makeDirectory(t);
	t.is(openAt(path, {create: false}), undefined);
	const before = statSync(path).mtimeMs;
	openState(t, path);
	t.is(statSync(join(path, '.shoal')).mode & 0o777, 0o700);
	t.true(Math.abs(statSync(path).mtimeMs - before) < 0.01);
	t.truthy(openAt(path, {create: false}));
});

test("an operator's directory is used instead, its last component made", t => {
	const path = makeDirectory(t);
	const state = openAt(path, {state: join(path, 'state/'), create: true})!;
	state.writeRecord('a', content);
	t.deepEqual(readdirSync(join(path, 'state')), ['a']);
	t.is(statSync(join(path, 'state')).mode & 0o777, 0o700);
	t.is(openAt(path, {state: join(path, 'none'), create: false}), undefined);
	t.throws(() => openAt(path, {state: join(path, 'no/ne'), create: true}), {code: 'TREE_MISSING'});
});

test('a link in its place is refused, and so is one that others can write', t => {
	const path = makeDirectory(t);
	mkdirSync(join(path, 'elsewhere'));
	symlinkSync('elsewhere', join(path, '.shoal'));
	t.throws(() => openAt(path, {create: true}), {code: 'STORE_FAILED', message: /not a directory/});
	const open = makeDirectory(t);
	mkdirSync(join(open, '.shoal'));
	for (const mode of [0o770, 0o707, 0o1777]) {
		chmodSync(join(open, '.shoal'), mode);
		const error = t.throws<ShoalError>(() => openAt(open, {create: true}))!;
		t.is(error.code, 'STORE_FAILED', mode.toString(8));
		t.regex(error.message, /others can write in .*\.shoal/);
	}
	chmodSync(join(open, '.shoal'), 0o755);
	t.truthy(openAt(open, {create: true}));
});

test('records are read as they were written, and replaced as a whole', t => {
	const state = openState(t);
	t.is(state.readRecord('head'), undefined);
	state.writeRecord('head', content);
	t.deepEqual(state.readRecord('head'), content);
	state.writeRecord('head', new Uint8Array(0));
	t.deepEqual(state.readRecord('head'), new Uint8Array(0));
	state.removeRecord('head');
	t.is(state.readRecord('head'), undefined);
	t.deepEqual(readdirSync(state.path), []);
});

test('a record with any octet changed, or cut anywhere, is corrupt and named', t => {
	const state = openState(t);
	state.writeRecord('head', content.subarray(0, 20));
	const good = state.readFile('head')!.slice();
	const path = join(state.path, 'head');
	for (let at = 0; at < good.length; at++) {
		const bad = good.slice();
		bad[at]! ^= 0x10;
		writeFileSync(path, bad);
		t.throws(() => state.readRecord('head'), {code: 'STORE_CORRUPT', message: /\/head is damaged/});
		writeFileSync(path, good.subarray(0, at));
		t.throws(() => state.readRecord('head'), {code: 'STORE_CORRUPT'});
	}
	writeFileSync(path, good);
	t.deepEqual(state.readRecord('head'), content.subarray(0, 20));
});

test("a link in a record's place is not followed", t => {
	const state = openState(t);
	writeFileSync(join(state.path, 'other'), 'x');
	symlinkSync('other', join(state.path, 'head'));
	t.is(state.readRecord('head'), undefined);
	state.writeRecord('head', content);
	t.deepEqual(state.readRecord('head'), content);
	t.is(statSync(join(state.path, 'other')).size, 1);
});

test('a record is synced before it takes its place, and its directory after', t => {
	const steps: string[] = [];
	const text = (name: Uint8Array): string => Buffer.from(name).toString();
	const io = new Proxy(tree, {
		get(target, name: keyof TreeIo) {
			const method = (target[name] as (...values: unknown[]) => unknown).bind(target);
			return (...values: unknown[]) => {
				if (name === 'write' || name === 'sync') steps.push(name);
				if (name === 'rename') steps.push(`rename ${text(values[3] as Uint8Array)}`);
				return method(...values);
			};
		},
	});
	const state = openState(t, makeDirectory(t), {...statePlatform, tree: io});
	steps.length = 0;
	state.writeRecord('head', content);
	t.deepEqual(steps.slice(-3), ['sync', 'rename head', 'sync']);
	t.true(steps.slice(0, -3).every(step => step === 'write'));
});

test('what a crash left beside a record is replaced with the next write', t => {
	const state = openState(t);
	state.writeRecord('head', content);
	writeFileSync(join(state.path, '.head.new'), 'half');
	t.deepEqual(state.readRecord('head'), content);
	state.writeRecord('head', content.subarray(9));
	t.deepEqual(state.readRecord('head'), content.subarray(9));
	t.deepEqual(readdirSync(state.path), ['head']);
});

test('it is locked until it is closed', t => {
	const path = makeDirectory(t);
	const first = openAt(path, {create: true})!;
	first.lock();
	first.lock();
	const second = openAt(path, {create: false})!;
	t.throws(() => second.lock(), {code: 'STORE_LOCKED'});
	first.unlock();
	second.lock();
	t.throws(() => first.lock(), {code: 'STORE_LOCKED'});
	second.close();
	first.lock();
	first.writeRecord('kept', new Uint8Array(1));
	first.close();
	t.deepEqual(readdirSync(join(path, '.shoal')), ['kept']);
});

test('one that was made for nothing is gone again, and the tree as it was', t => {
	const path = makeDirectory(t);
	utimesSync(path, 1e9, 1e9);
	const made = openAt(path, {create: true})!;
	made.lock();
	made.close();
	t.deepEqual(readdirSync(path), []);
	t.is(statSync(path).mtimeMs, 1e12);
	mkdirSync(join(path, '.shoal'), {mode: 0o700});
	openAt(path, {create: true})!.close();
	t.deepEqual(readdirSync(path), ['.shoal'], 'what was there stays');
});
