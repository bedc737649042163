/** A task for what a test runs by itself, on a list of its own. */
import type {ActiveTask, TaskOptions} from '../../src/scheduler/active-task.ts';
import {Scheduler} from '../../src/scheduler/scheduler.ts';

export function openTask(options: Partial<TaskOptions> = {}): ActiveTask {
	return new Scheduler().open({kind: 'test', ...options});
}
