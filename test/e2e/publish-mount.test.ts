import {execFileSync, spawnSync} from 'node:child_process';
import {
	existsSync,
	linkSync,
	mkdirSync,
	rmSync,
	statSync,
	utimesSync,
	writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {compareTrees} from '../support/compare-trees.ts';
import {Scene} from '../support/scene.ts';

/** Mounts a file system of its own on `path`; false where this user may not. */
function mountOn(t: ExecutionContext, path: string): boolean {
	mkdirSync(path, {recursive: true});
	const {status} = spawnSync('mount', ['-t', 'tmpfs', 'none', path]);
	if (status !== 0) return false;
	t.teardown(() => execFileSync('umount', ['-l', '--', path]));
	return true;
}

test('a file system mounted below DEST has a staging directory of its own', async t => {
	const scene = new Scene(t, 51);
	const {from, to, prng} = scene;
	for (const name of ['a', 'm/b', 'm/deep/c', 'm/deep/d']) scene.write(name, prng.bytes(90_000));
	scene.write('m/n/e', 'twice mounted');
	linkSync(join(from, 'm/b'), join(from, 'm/linked'));
	for (const name of ['', 'm', 'm/n']) utimesSync(join(from, name), 1, 1_000_000_000);
	if (!mountOn(t, join(to, 'm')) || !mountOn(t, join(to, 'm/n'))) {
		t.log('this user may not mount: not tested');
		t.pass();
		return;
	}
	writeFileSync(join(to, 'm/n/extraneous'), 'goes');
	const first = await scene.pull();
	t.is(first.result?.exit, 0, JSON.stringify(first.result?.problems));
	t.deepEqual(compareTrees(from, to), []);
	t.not(statSync(join(to, 'm')).dev, statSync(to).dev);
	t.false(existsSync(join(to, 'm/.shoal-staging')));

	const saved = join(scene.base, 'saved');
	execFileSync('cp', ['-a', '--', from, saved]);
	const change = (): void => {
		for (const name of ['a', 'm/b', 'm/deep/d', 'm/n/e', 'm/n/new']) {
			scene.write(name, prng.bytes(70_000));
		}
		rmSync(join(from, 'm/deep/c'));
		execFileSync('mv', ['--', join(from, 'a'), join(from, 'm/moved across')]);
		for (const name of ['', 'm', 'm/n']) utimesSync(join(from, name), 1, 1_100_000_000);
	};
	change();
	const half = await scene.pull({feed: {blocksMax: 100}});
	t.is(half.result, undefined);
	t.true(existsSync(join(to, 'm/.shoal-staging')), 'what came is kept');

	// The next run has nothing to do on the mounted ones, and tidies up there all the same.
	rmSync(from, {recursive: true});
	execFileSync('cp', ['-a', '--', saved, from]);
	scene.write('a', 'only this differs from what DEST is');
	const aside = await scene.pull();
	t.false(aside.plan?.examined);
	t.is(aside.result?.exit, 0);
	t.false(existsSync(join(to, 'm/.shoal-staging')));
	t.deepEqual(compareTrees(from, to), []);

	change();
	t.is((await scene.pull({feed: {blocksMax: 100}})).result, undefined);
	const second = await scene.pull();
	t.is(second.result?.exit, 0, JSON.stringify(second.result?.problems));
	t.deepEqual(compareTrees(from, to), []);
	t.false(existsSync(join(to, 'm/.shoal-staging')));
	t.true((await scene.pull()).unchanged);
});
