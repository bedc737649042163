/** SIGUSR1: prints what goes on, as a table for people. */
import {escapeText} from '../escape.ts';
import type {TaskView} from '../scheduler/active-task.ts';
import type {LaneView, Scheduler} from '../scheduler/scheduler.ts';
import {formatCount, formatCounted, formatSize} from './format.ts';

/**
 * Calls `print` with the list at each SIGUSR1. Node keeps that signal for its inspector, and gives
 * it up while somebody listens.
 */
export function onListSignal(scheduler: Scheduler, print: (line: string) => void): void {
	process.on('SIGUSR1', () => {
		for (const line of taskLines(scheduler)) print(line);
	});
}

/** A task below what it is a part of; then the lanes. */
export function taskLines({tasks, lanes}: Pick<Scheduler, 'tasks' | 'lanes'>): string[] {
	if (tasks.length === 0) return ['shoal: nothing goes on'];
	const rows = aligned([titles, ...rowsOf(tasks, undefined, 0)]);
	return [`shoal: ${formatCounted(tasks.length, 'task')}`, ...rows, ...lanes.map(describeLane)];
}

const titles = ['id', 'task', 'state', 'done', 'jobs', 'for', 'figures'] as const;

function rowsOf(
	tasks: readonly TaskView[],
	parent: TaskView | undefined,
	depth: number,
): (readonly string[])[] {
	return tasks
		.filter(task => task.parent === parent?.id)
		.flatMap(task => [
			[
				`${task.id}`,
				`${'  '.repeat(depth)}${escapeText(task.kind)}`,
				task.state,
				describeProgress(task),
				describeJobs(task),
				task.owner === parent?.owner ? '' : escapeText(task.owner),
				describeFigures(task),
			],
			...rowsOf(tasks, task, depth + 1),
		]);
}

function describeProgress({progress}: TaskView): string {
	const {done, total, unit} = progress;
	if (done === 0 && total === undefined) return '';
	const show = (count: number): string =>
		unit === 'octets' ? formatSize(count) : formatCount(count);
	const of = total === undefined ? '' : ` of ${show(total)}`;
	return `${show(done)}${of}${unit === 'octets' ? '' : ` ${unit}`}`;
}

function describeJobs({jobsRunning, jobsWaiting, jobsDone}: TaskView): string {
	if (jobsRunning + jobsWaiting + jobsDone === 0) return '';
	return `${jobsRunning} run, ${jobsWaiting} wait, ${formatCount(jobsDone)} done`;
}

function describeFigures({figures}: TaskView): string {
	return Object.entries(figures)
		.map(([name, value]) => `${name} ${formatCount(value)}`)
		.join(', ');
}

function describeLane({name, concurrency, jobsRunning, jobsWaiting}: LaneView): string {
	return `lane ${name}: ${jobsRunning} of ${concurrency} run, ${jobsWaiting} wait`;
}

function aligned(rows: readonly (readonly string[])[]): string[] {
	const widths = titles.map((_, column) => Math.max(0, ...rows.map(row => row[column]!.length)));
	return rows.map(row =>
		row
			.map((cell, column) => cell.padEnd(widths[column]!))
			.join('  ')
			.trimEnd(),
	);
}
