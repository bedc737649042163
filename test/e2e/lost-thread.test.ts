/** Threads that die after their job and before anyone heard of it: each job is done twice. */
import {linkSync, renameSync, rmSync, symlinkSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import platform from '#platform';
import type {ThreadDriver} from '../../src/platform/thread.ts';
import {Pool} from '../../src/pool/pool.ts';
import {compareTrees} from '../support/compare-trees.ts';
import {pullTree} from '../support/pull-tree.ts';
import {Scene} from '../support/scene.ts';

/** Threads of which each loses its answer, and itself, the first time that it did a kind of job. */
function forgetful(threads: ThreadDriver, lost: Set<string>): ThreadDriver {
	return {
		...threads,
		start(handler) {
			let task = '';
			const thread = threads.start({
				exited: error => handler.exited(error),
				message(value) {
					if (lost.has(task)) return handler.message(value);
					lost.add(task);
					void thread.stop();
				},
			});
			return {
				stop: () => thread.stop(),
				post(value, transfer) {
					const order = value as {kind: string; task: string};
					if (order.kind === 'order') task = order.task;
					thread.post(value, transfer);
				},
			};
		},
	};
}

test('each kind of job of a pull may be done twice [SHOAL_SEED=71]', async t => {
	const scene = new Scene(t, 71);
	const {from, to} = scene;
	for (let index = 0; index < 300; index++) scene.write(`d${index % 5}/${index}`, `${index}`);
	scene.write('large', 'x'.repeat(3_000_000));
	linkSync(join(from, 'd0/0'), join(from, 'linked'));
	symlinkSync('d0/0', join(from, 'symlink'));
	const {crypto, clock, tree} = platform;
	const context = {tree, crypto, sha256: crypto.sha256, clock};
	const lost = new Set<string>();
	const makePool = (): Pool => {
		lost.clear();
		const pool = new Pool({threads: forgetful(platform.threads, lost), threadCount: 2, context});
		t.teardown(() => pool.close());
		pool.warm();
		return pool;
	};
	const first = await pullTree({pool: makePool(), source: await scene.source(), destination: to});
	t.is(first.result?.exit, 0);
	t.deepEqual(compareTrees(from, to), []);
	t.true(lost.has('stage') && lost.has('publish') && lost.has('survey'), [...lost].join());

	renameSync(join(from, 'd1/1'), join(from, 'moved'));
	rmSync(join(from, 'd2'), {recursive: true});
	scene.write('copied', '3');
	scene.write('large', `${'x'.repeat(1_500_000)}y${'x'.repeat(1_500_000)}`);
	const pool = makePool();
	const second = await pullTree({pool, source: await scene.source(), destination: to});
	t.is(second.result?.exit, 0);
	t.deepEqual(compareTrees(from, to), []);
	for (const kind of ['list-below', 'match', 'copy-matches', 'copy-content', 'link-content']) {
		t.true(lost.has(kind), `${kind} of ${[...lost].join()}`);
	}
});
