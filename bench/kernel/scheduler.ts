/**
 * Jobs that do nothing, through lane, pool and a task on the list: what a job costs beside its
 * work, on the calling thread and through two others; and with someone who watches.
 */
import platform from '#platform';
import {inParallel} from '../../src/pool/in-parallel.ts';
import {Pool} from '../../src/pool/pool.ts';
import {Scheduler} from '../../src/scheduler/scheduler.ts';
import {listBelow} from '../../src/task/list-below.ts';
import type {Kernel} from '../harness.ts';

const none = {bytes: new Uint8Array(0), ends: new Uint32Array(0)};

function jobs(threadCount: number, watched: boolean): Kernel {
	return {
		name: `scheduler/empty-job-${threadCount}${watched ? '-watched' : ''}`,
		unit: 'jobs',
		prepare: smoke => {
			const amount = smoke ? 50 : 5000;
			const {tree, crypto, clock, threads} = platform;
			const context = {tree, crypto, sha256: crypto.sha256, clock};
			const scheduler = new Scheduler();
			let told = 0;
			if (watched) scheduler.watch({job: () => told++});
			const pool = new Pool({threads, threadCount, context, scheduler});
			const root = tree.openRoot('/');
			const input = {root, paths: none};
			return {
				amount,
				run: async () => {
					const task = scheduler.open({kind: 'bench'});
					const limit = 2 * Math.max(1, threadCount);
					await inParallel(Array.from({length: amount}), limit, async () => {
						await pool.run(listBelow, input, task.order);
					});
					const {jobsDone} = task.view();
					task.done();
					return jobsDone;
				},
				figures: () => ({told}),
				close: async () => {
					await pool.close();
					tree.closeDir(root);
				},
			};
		},
	};
}

export const schedulerKernels: readonly Kernel[] = [jobs(0, false), jobs(2, false), jobs(2, true)];
