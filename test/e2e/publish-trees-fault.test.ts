import {execFileSync} from 'node:child_process';
import {chmodSync, existsSync, linkSync, realpathSync, renameSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import platform from '#platform';
import {ShoalError} from '../../src/error.ts';
import {refuseCode} from '../../src/wire/frame.ts';
import {compareTrees, walkTree} from '../support/compare-trees.ts';
import {Death, mortalTree} from '../support/mortal-tree.ts';
import {openPoolOn} from '../support/pool.ts';
import {openUpdate, pullTree} from '../support/pull-tree.ts';
import {Scene} from '../support/scene.ts';
import {TreeSource} from '../support/tree-source.ts';

const open = {trees: {keep: 2, convert: false}};
const convert = {trees: {keep: 2, convert: true}};

/** A process that any lock of an earlier one does not hold up: that one is dead. */
const survivor = {...platform.process, state: () => 'gone' as const};

function plant(scene: Scene, word: string): void {
	for (const path of ['a', 'b', 'dir/c', 'dir/d', 'dir/deep/e', 'gone/f']) {
		scene.write(path, `${word} ${path}`);
	}
	scene.write('stays', 'as it is');
	scene.write('large', scene.prng.bytes(100_000));
}

function change(scene: Scene): void {
	const path = (name: string) => join(scene.from, name);
	rmSync(path('gone'), {recursive: true});
	renameSync(path('a'), path('dir/moved'));
	scene.write('b', 'changed');
	scene.write('dir/deep/new', 'new');
	chmodSync(path('dir/c'), 0o600);
	linkSync(path('dir/d'), path('linked'));
	scene.write('large', scene.prng.bytes(90_000));
}

test('a disk that is full, or fails, at any change leaves the old tree or shows the new one', async t => {
	const scene = new Scene(t, 91, 0);
	const olds = join(scene.base, 'olds');
	plant(scene, 'old');
	await scene.pull({open});
	scene.write('b', 'between');
	await scene.pull({open});
	execFileSync('cp', ['-a', '--', scene.from, olds]);
	change(scene);
	const source = await scene.source();
	const before = await TreeSource.of(scene.pool, olds);
	const alive = {...open, platform: {...platform, process: survivor}};
	const seen = {old: 0, new: 0};
	let isOver = false;
	for (let at = 1; !isOver; at += 9) {
		const code = at % 2 === 0 ? 'DESTINATION_FULL' : 'FILE_UNWRITABLE';
		let count = 0;
		const mortal = mortalTree({
			strike: number => {
				count = number;
				return number === at ? new ShoalError(code, `call ${at}`) : undefined;
			},
		});
		const pool = openPoolOn(t, mortal.tree);
		const attempt = {pool, source, destination: scene.to, open: {trees: open.trees}};
		try {
			await pullTree(attempt);
		} catch (error) {
			if (!(error instanceof ShoalError)) throw error;
		} finally {
			mortal.closeAll();
		}
		isOver = count < at;
		const shown = realpathSync(scene.to);
		const toNew = compareTrees(scene.from, shown);
		if (compareTrees(olds, shown).length === 0) seen.old++;
		// What one failed call cost is told, and made good by the next pull.
		else if (toNew.length <= 1) seen.new++;
		else t.fail(`after call ${at}: ${toNew.join('; ')}`);
		const {result} = await scene.pull({source, open: alive});
		t.is(result?.exit ?? 0, 0, `${at}: ${JSON.stringify(result?.problems)}`);
		t.deepEqual(compareTrees(scene.from, realpathSync(scene.to)), [], `after call ${at}`);
		const {result: back} = await scene.pull({source: before, open: alive, options: {check: true}});
		t.is(back?.exit ?? 0, 0);
		t.deepEqual(compareTrees(olds, realpathSync(scene.to)), []);
	}
	t.log(seen);
	// A tree that cannot be made by what its record says is made once more, and then shown.
	t.true(seen.old > 2 && seen.new > 1, JSON.stringify(seen));
});

test('killed at any change of a conversion, nothing is lost and nothing is fetched again', async t => {
	const scene = new Scene(t, 92, 0);
	plant(scene, 'tree');
	const source = await scene.source();
	const seen = {directory: 0, absent: 0, tree: 0};
	let isOver = false;
	for (let last = 1; !isOver; last++) {
		await pullTree({pool: scene.pool, source, destination: scene.to});
		const mortal = mortalTree({
			strike: number => (number >= last ? new Death(`at ${last}`) : undefined),
		});
		const pool = openPoolOn(t, mortal.tree);
		try {
			await (await openUpdate(pool, scene.to, convert)).close();
			isOver = true;
		} catch (error) {
			if (!(error instanceof Error && /Death|at \d+/.test(error.message))) throw error;
		} finally {
			mortal.closeAll();
		}
		if (!existsSync(scene.to)) seen.absent++;
		else if (realpathSync(scene.to) === scene.to) seen.directory++;
		else seen.tree++;
		const alive = {...convert, platform: {...platform, process: survivor}};
		const again = await pullTree({pool: scene.pool, source, destination: scene.to, open: alive});
		t.is(again.fed.octets, 0, `${last}: content travelled`);
		t.is(again.result?.exit ?? 0, 0);
		t.deepEqual(compareTrees(scene.from, realpathSync(scene.to), {skip: []}), [], `${last}`);
		rmSync(scene.to);
		rmSync(join(scene.base, '.to.shoal'), {recursive: true});
	}
	t.log(seen);
	t.true(seen.directory > 5 && seen.absent > 0 && seen.tree > 0, JSON.stringify(seen));
});

test('a file that does not come keeps its old version, and nothing goes from the tree', async t => {
	const scene = new Scene(t, 93);
	plant(scene, 'old');
	await scene.pull({open});
	const first = [realpathSync(scene.to), walkTree(realpathSync(scene.to))] as const;
	change(scene);
	const source = await scene.source();
	const feed = {
		refuses: (_: object, object: number) => (object === 0 ? refuseCode.stale : undefined),
	};
	const {result} = await scene.pull({source, open, feed});
	t.like(result, {exit: 24, deleted: 0, complete: false});
	t.true(existsSync(join(scene.to, 'gone/f')));
	t.deepEqual(walkTree(first[0]), first[1]);
	const again = await scene.pull({source, open});
	t.is(again.result?.exit, 0);
	t.deepEqual(compareTrees(scene.from, realpathSync(scene.to)), []);
});

test('more deletions than allowed make no tree', async t => {
	const scene = new Scene(t, 94);
	plant(scene, 'old');
	await scene.pull({open});
	rmSync(join(scene.from, 'gone'), {recursive: true});
	const pull = scene.pull({open, options: {deleteMax: 1}});
	const error = await t.throwsAsync(pull, {instanceOf: ShoalError});
	t.is(error?.code, 'DELETE_REFUSED');
	t.regex(realpathSync(scene.to), /trees\/1$/);
	t.false(existsSync(join(scene.base, '.to.shoal/trees/2')));
});

test('what a publish does follows from what changed, not from the size of the tree', async t => {
	const counts: number[] = [];
	for (const size of [30, 600]) {
		const scene = new Scene(t, 95, 0);
		for (let number = 0; number < size; number++) scene.write(`dir/${number}`, `${number}`);
		for (const word of ['one', 'two', 'three', 'four']) {
			scene.write('dir/1', word);
			scene.write(`other/${word}`, word);
			const source = await scene.source();
			const mortal = mortalTree({strike: () => undefined});
			const pool = openPoolOn(t, mortal.tree);
			await pullTree({pool, source, destination: scene.to, open});
			mortal.closeAll();
			if (word === 'four') counts.push(mortal.count());
		}
	}
	t.is(counts[0], counts[1]);
	t.true(counts[0]! < 150, `${counts[0]} changes`);
});
