import {ShoalError} from '../error.ts';
import type {Platform} from '../platform/platform.ts';
import {Pool} from '../pool/pool.ts';
import type {Scheduler} from '../scheduler/scheduler.ts';

/**
 * The threads of one run: by default as many as there are cores.
 * @throws ShoalError OPTION_INVALID
 */
export function makePool(
	platform: Platform,
	scheduler: Scheduler,
	threads: number | undefined,
): Pool {
	if (
		threads !== undefined &&
		!(Number.isSafeInteger(threads) && threads >= 0 && threads <= threadsMax)
	) {
		throw new ShoalError(
			'OPTION_INVALID',
			`threads: a whole number up to ${threadsMax}, not ${threads}`,
		);
	}
	const {clock, compression, crypto, tree, openSearchMemory} = platform;
	return new Pool({
		threads: platform.threads,
		threadCount: threads ?? platform.threads.coreCount,
		context: {tree, crypto, sha256: crypto.sha256, clock, compression, openSearchMemory},
		scheduler,
	});
}

/** Each has a heap of its own: some thousands would fill the memory before they did anything. */
const threadsMax = 256;
