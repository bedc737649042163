import {mkdirSync} from 'node:fs';
import test, {type ExecutionContext} from 'ava';
import platform from '#platform';
import {makePool} from '../../../src/engine/make-pool.ts';
import {OpenedTree} from '../../../src/engine/opened-tree.ts';
import {TreeWatch} from '../../../src/engine/tree-watch.ts';
import {ShoalError} from '../../../src/error.ts';
import type {Platform} from '../../../src/platform/platform.ts';
import type {WatchDirectory} from '../../../src/platform/watch.ts';
import {Scheduler} from '../../../src/scheduler/scheduler.ts';
import type {Taken} from '../../../src/source/take-snapshot.ts';
import {Workspace} from '../../support/workspace.ts';

type Told = {readonly notices: string[]; readonly taken: Taken[]};

/** Watches a tree of one file by what `watchDirectory` tells. */
function start(t: ExecutionContext, watchDirectory: WatchDirectory): Told & {space: Workspace} {
	const space = new Workspace(t);
	space.write('tree/d/file', 'x');
	mkdirSync(space.at('state'), {mode: 0o700});
	const own: Platform = {...platform, watchDirectory};
	const tree = OpenedTree.open(own, {directory: space.at('tree'), state: space.at('state')});
	const scheduler = new Scheduler();
	const pool = makePool(own, scheduler, 0);
	const task = scheduler.open({kind: 'serve', owner: ''});
	const told: Told = {notices: [], taken: []};
	const watch = TreeWatch.start({
		platform: own,
		pool,
		tree,
		task,
		limits: {},
		taken: taken => told.taken.push(taken),
		notice: text => told.notices.push(text),
	});
	t.teardown(async () => {
		await watch.close();
		await pool.close();
		tree.close();
	});
	return {...told, space};
}

async function until(holds: () => boolean): Promise<void> {
	for (let tries = 0; tries < 1200 && !holds(); tries++) {
		await new Promise(resolve => setTimeout(resolve, 50));
	}
}

test('where the system watches no more, that is said once, and all is looked at', async t => {
	const {notices, taken} = start(t, () => {
		throw new ShoalError('WATCH_FAILED', 'the system watches no more directories');
	});
	await until(() => notices.length > 0);
	t.is(notices.length, 1);
	t.regex(notices[0]!, /watches no more .*every 1 min\. Raise fs\.inotify/);
	t.true(taken[0]!.whole);
});

test('what is told is looked at alone, a flood of it is a look at everything', async t => {
	const tell = new Map<number, (name: Uint8Array | undefined) => void>();
	const {notices, taken, space} = start(t, (_dir, told) => {
		tell.set(tell.size, told);
		return () => undefined;
	});
	await until(() => taken.length >= 2);
	t.is(tell.size, 2, 'the root and one directory');
	const before = taken.length;
	space.write('tree/d/file', 'changed');
	tell.get(1)!(new TextEncoder().encode('file'));
	await until(() => taken.length > before);
	t.like(taken.at(-1), {whole: false, changed: true, fileCount: 1});
	space.write('tree/other', 'untold');
	for (let count = 0; count < 8192; count++) tell.get(1)!(undefined);
	await until(() => taken.at(-1)!.whole);
	t.like(taken.at(-1), {whole: true, changed: true, fileCount: 2});
	t.deepEqual(notices, []);
});
