/** Pools for tests, on real threads. */
import type {ExecutionContext} from 'ava';
import platform from '#platform';
import {threadsOf} from '../../native-free/thread.ts';
import {Pool} from '../../src/pool/pool.ts';

const context = {
	tree: platform.tree,
	crypto: platform.crypto,
	sha256: platform.crypto.sha256,
	clock: platform.clock,
};

/** A pool with the program's own tasks, closed when the test ends. */
export function openPool(t: ExecutionContext, threadCount: number): Pool {
	return closedAfter(t, new Pool({threads: platform.threads, threadCount, context}));
}

/** A pool with the tasks of `pool-tasks.ts`. */
export function openTestPool(t: ExecutionContext, threadCount: number): Pool {
	const threads = threadsOf(() => new URL('./pool-worker.js', import.meta.url).href);
	return closedAfter(t, new Pool({threads, threadCount, context}));
}

function closedAfter(t: ExecutionContext, pool: Pool): Pool {
	t.teardown(() => pool.close());
	return pool;
}
