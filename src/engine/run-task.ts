/**
 * Every run is a task, and what it does are parts of it: the list of the scheduler shows them, and
 * events tell of them. `src/scheduler/README.md` names the kinds.
 */
import type {Clock} from '../platform/clock.ts';
import type {ActiveTask, TaskOptions} from '../scheduler/active-task.ts';
import {Scheduler} from '../scheduler/scheduler.ts';
import type {Progress} from './event.ts';
import type {RunOptions} from './options.ts';
import {Ticker} from './ticker.ts';

export type Run = {
	readonly scheduler: Scheduler;
	readonly task: ActiveTask;
	readonly ticker: Ticker;
};

/** Kinds of tasks whose progress is an event; that of a transfer has figures of its own. */
const phases: readonly string[] = ['connect', 'list', 'scan', 'hash', 'publish'];

/** The task of a run. Aborting it, or the signal of the options, stops the run. */
export function openRun(
	{scheduler = new Scheduler(), signal, on}: RunOptions,
	clock: Clock,
	{kind, owner}: Pick<TaskOptions, 'kind' | 'owner'>,
): Run {
	const ticker = new Ticker(clock, on);
	const advanced = (task: ActiveTask): void => {
		if (!phases.includes(task.kind)) return;
		const phase = task.kind as Progress['phase'];
		ticker.tell(phase, () => {
			const {done, total} = task.progress;
			return {phase, done, total};
		});
	};
	const watch = on && {
		advanced,
		opened(task: ActiveTask): void {
			on({event: 'task', change: 'opened', task: task.view()});
			advanced(task);
		},
		ended(task: ActiveTask): void {
			on({event: 'task', change: 'ended', task: task.view()});
		},
	};
	return {scheduler, ticker, task: scheduler.open({kind, owner, signal, watch})};
}
