/** Long work on the calling thread. */
import type {Pool} from './pool.ts';

/** Does all steps, with a turn for others between any two. Once aborted, it goes no further. */
export async function inTurns<Result>(
	pool: Pool,
	steps: Generator<void, Result>,
	signal?: AbortSignal,
): Promise<Result> {
	for (;;) {
		const step = steps.next();
		if (step.done) return step.value;
		await pool.turn();
		signal?.throwIfAborted();
	}
}
