import type {Platform} from '../platform/platform.ts';
import {Pool} from '../pool/pool.ts';
import type {Scheduler} from '../scheduler/scheduler.ts';

/** The threads of one run: by default as many as there are cores. */
export function makePool(
	platform: Platform,
	scheduler: Scheduler,
	threads: number | undefined,
): Pool {
	const {clock, crypto, tree} = platform;
	return new Pool({
		threads: platform.threads,
		threadCount: threads ?? platform.threads.coreCount,
		context: {tree, crypto, sha256: crypto.sha256, clock},
		scheduler,
	});
}
