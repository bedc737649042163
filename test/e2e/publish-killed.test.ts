import {execFileSync} from 'node:child_process';
import {
	chmodSync,
	linkSync,
	mkdirSync,
	renameSync,
	rmSync,
	symlinkSync,
	utimesSync,
	writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import platform from '#platform';
import {Pool} from '../../src/pool/pool.ts';
import {compareTrees} from '../support/compare-trees.ts';
import {Death, type MortalTree, mortalTree} from '../support/mortal-tree.ts';
import {openPool} from '../support/pool.ts';
import {Prng} from '../support/prng.ts';
import {openUpdate, pullTree} from '../support/pull-tree.ts';
import {tempDirectory} from '../support/temp-directory.ts';
import {TreeSource} from '../support/tree-source.ts';

/** The tree before; names in it are what `after` does to them. */
function plantBefore(root: string, prng: Prng): void {
	const write = (name: string) => writeFileSync(join(root, name), prng.bytes(prng.below(3000)));
	mkdirSync(root);
	for (const name of ['stays', 'changes', 'goes', 'moves', 'a', 'b', 'to directory', 'chmod']) {
		write(name);
	}
	writeFileSync(join(root, 'large'), prng.bytes(150_000));
	for (const name of ['to file', 'gone', 'gone/below']) {
		mkdirSync(join(root, name));
		write(`${name}/x`);
		write(`${name}/y`);
	}
	linkSync(join(root, 'a'), join(root, 'a linked'));
	symlinkSync('a', join(root, 'link'));
	utimesSync(root, 1, 1_000_000_000);
}

function change(root: string, prng: Prng): void {
	const path = (name: string) => join(root, name);
	writeFileSync(path('changes'), prng.bytes(4000));
	writeFileSync(path('large'), prng.bytes(140_000));
	writeFileSync(path('new'), 'new');
	rmSync(path('goes'));
	rmSync(path('gone'), {recursive: true});
	renameSync(path('moves'), path('moved'));
	renameSync(path('b'), path('swap'));
	renameSync(path('a'), path('b'));
	renameSync(path('swap'), path('a'));
	rmSync(path('to directory'));
	mkdirSync(path('to directory'));
	writeFileSync(path('to directory/z'), 'z');
	rmSync(path('to file'), {recursive: true});
	writeFileSync(path('to file'), 'file');
	rmSync(path('link'));
	symlinkSync('b', path('link'));
	chmodSync(path('chmod'), 0o4711);
	utimesSync(root, 1, 1_100_000_000);
}

/** A process that any lock of an earlier one does not hold up: that one is dead. */
const survivor = {...platform.process, state: () => 'gone' as const};

function poolOf(mortal: MortalTree): Pool {
	const {crypto, clock, threads} = platform;
	const context = {tree: mortal.tree, crypto, sha256: crypto.sha256, clock};
	return new Pool({threads, threadCount: 0, context});
}

for (const [how, fresh] of [
	['an update', false],
	['a first pull', true],
] as const) {
	test(`killed at any change of ${how}, the old or the new tree is there [SHOAL_SEED=21]`, async t => {
		const prng = new Prng(21);
		const base = tempDirectory(t);
		const [from, old, to] = ['from', 'old', 'to'].map(name => join(base, name)) as [
			string,
			string,
			string,
		];
		const pool = openPool(t, 0);
		plantBefore(from, prng);
		if (fresh) mkdirSync(old);
		else {
			const before = await TreeSource.of(pool, from);
			await pullTree({pool, source: before, destination: old});
			change(from, prng);
		}
		const source = await TreeSource.of(pool, from);
		const seen = {old: 0, new: 0};
		let isOver = false;
		for (let last = 1; !isOver; last++) {
			execFileSync('cp', ['-a', '--', old, to]);
			const mortal = mortalTree({
				strike: number => (number >= last ? new Death(`at ${last}`) : undefined),
				tears: true,
			});
			try {
				const open = {platform: {...platform, tree: mortal.tree, process: survivor}};
				await dieOrPull(mortal, {source, to, open});
				isOver = true;
			} catch (error) {
				if (!(error instanceof Error && /Death|at \d+/.test(error.message))) throw error;
			} finally {
				mortal.closeAll();
			}
			const open = {platform: {...platform, process: survivor}};
			await (await openUpdate(pool, to, open)).close();
			// Between making `.shoal` and giving DEST its time back, there is an instant.
			const toOld = compareTrees(old, to).filter(line => !(fresh && /^"\.": time/.test(line)));
			const toNew = compareTrees(from, to);
			if (toOld.length === 0) seen.old++;
			else if (toNew.length === 0) seen.new++;
			else t.fail(`a mixture after change ${last}: ${toOld.join('; ')} | ${toNew.join('; ')}`);
			const again = await pullTree({pool, source, destination: to, open});
			t.is(again.result?.exit ?? 0, 0, `${last}: ${JSON.stringify(again.result?.problems)}`);
			t.deepEqual(compareTrees(from, to), [], `after change ${last}`);
			t.true((await pullTree({pool, source, destination: to, open})).unchanged);
			rmSync(to, {recursive: true});
		}
		t.log(seen);
		t.true(seen.old > 20 && seen.new > 20, JSON.stringify(seen));
	});
}

async function dieOrPull(
	mortal: MortalTree,
	{source, to, open}: {source: TreeSource; to: string; open: object},
): Promise<void> {
	const pool = poolOf(mortal);
	try {
		await pullTree({pool, source, destination: to, open: {...open}});
	} finally {
		await pool.close();
	}
}
