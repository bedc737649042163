/** Pools for tests, on real threads. */
import test, {type ExecutionContext} from 'ava';
import platform from '#platform';
import {threadsOf} from '../../native-free/thread.ts';
import type {ThreadDriver} from '../../src/platform/thread.ts';
import type {TreeIo} from '../../src/platform/tree.ts';
import {Pool, type PoolOptions} from '../../src/pool/pool.ts';

const context = {
	tree: platform.tree,
	crypto: platform.crypto,
	sha256: platform.crypto.sha256,
	clock: platform.clock,
	openSearchMemory: platform.openSearchMemory,
	compression: platform.compression,
};

/** A pool with the program's own tasks, closed when the test ends. */
export function openPool(t: ExecutionContext, threadCount: number): Pool {
	return closedAfter(t, new Pool({threads: platform.threads, threadCount, context}));
}

/**
 * Pools with the program's own tasks, by number of threads, for all tests of a file: a thread
 * takes longer to start than most tests to run.
 */
export function sharedPools(): (threadCount: number) => Pool {
	const pools = new Map<number, Pool>();
	test.after.always(async () => {
		await Promise.all(Array.from(pools.values(), pool => pool.close()));
	});
	return threadCount => {
		const pool =
			pools.get(threadCount) ?? new Pool({threads: platform.threads, threadCount, context});
		pools.set(threadCount, pool);
		return pool;
	};
}

/** A pool that works on the calling thread, with another file system. */
export function openPoolOn(t: ExecutionContext, tree: TreeIo): Pool {
	const {threads} = platform;
	return closedAfter(t, new Pool({threads, threadCount: 0, context: {...context, tree}}));
}

/** A pool with the tasks of `pool-tasks.ts`, on threads that `watch` may look at. */
export function openTestPool(
	t: ExecutionContext,
	threadCount: number,
	watch = (driver: ThreadDriver): ThreadDriver => driver,
	more: Partial<PoolOptions> = {},
): Pool {
	const threads = watch(threadsOf(() => new URL('./pool-worker.js', import.meta.url).href));
	return closedAfter(t, new Pool({threads, threadCount, context, ...more}));
}

/** A pool on the calling thread, over the real tree but for the operations in `spoil`. */
export function openPoolOver(t: ExecutionContext, spoil: (tree: TreeIo) => Partial<TreeIo>): Pool {
	const {threads} = platform;
	const tree = spoilTree(platform.tree, spoil(platform.tree));
	return closedAfter(t, new Pool({threads, threadCount: 0, context: {...context, tree}}));
}

/** `tree` with some of its operations replaced. */
export function spoilTree(tree: TreeIo, spoil: Partial<TreeIo>): TreeIo {
	return new Proxy(tree, {
		get(target, key: keyof TreeIo) {
			return spoil[key] ?? target[key].bind(target);
		},
	});
}

function closedAfter(t: ExecutionContext, pool: Pool): Pool {
	t.teardown(() => pool.close());
	return pool;
}
