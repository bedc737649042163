/**
 * The one list of everything that goes on, and the lanes that its jobs wait in. A run makes its
 * own; a program that wants to see several runs on one list makes one and gives it to them.
 */
import {
	ActiveTask,
	type TaskBoard,
	type TaskOptions,
	type TaskView,
	type TaskWatch,
} from './active-task.ts';
import type {JobSpan} from './job-span.ts';
import type {Lane} from './lane.ts';

/** Told of everything on the list; none of it may throw. */
export type SchedulerWatch = TaskWatch & {
	/** A job has left its thread. */
	job?(span: JobSpan): void;
};

/** What the list shows of a lane: a copy. */
export type LaneView = {
	readonly name: string;
	/** Jobs that may run at once. */
	readonly concurrency: number;
	readonly jobsWaiting: number;
	readonly jobsRunning: number;
};

/** The list of all that goes on, and the lanes in which its jobs wait. */
export class Scheduler {
	readonly #lanes = new Set<Lane>();
	readonly #tasks = new Map<number, ActiveTask>();
	readonly #watches = new Set<SchedulerWatch>();
	readonly #board: TaskBoard = {
		spans: this,
		nextId: () => ++this.#lastId,
		opened: task => {
			this.#tasks.set(task.id, task);
			for (const watch of this.#watches) watch.opened?.(task);
		},
		ended: task => {
			this.#tasks.delete(task.id);
			for (const watch of this.#watches) watch.ended?.(task);
		},
	};
	#lastId = 0;

	/** A new task on the list; it leaves the list when it is done, fails or is aborted. */
	open(options: TaskOptions): ActiveTask {
		return new ActiveTask(this.#board, undefined, options);
	}

	/** What goes on now, oldest first. */
	get tasks(): TaskView[] {
		return Array.from(this.#tasks.values(), task => task.view());
	}

	/** Where jobs wait now: a lane for each pool of threads. */
	get lanes(): LaneView[] {
		return Array.from(this.#lanes, ({name, concurrency, waitingCount, runningCount}) => ({
			name,
			concurrency,
			jobsWaiting: waitingCount,
			jobsRunning: runningCount,
		}));
	}

	/** Jobs wait in `lane`, too, until that is called off. */
	addLane(lane: Lane): () => void {
		this.#lanes.add(lane);
		return () => this.#lanes.delete(lane);
	}

	/** Somebody wants to hear of each job: only then they are timed. */
	get isWatched(): boolean {
		return this.#watches.size > 0;
	}

	/** Tells `watch` what happens from now on, until that is called off. */
	watch(watch: SchedulerWatch): () => void {
		this.#watches.add(watch);
		return () => this.#watches.delete(watch);
	}

	/** Told by who runs jobs, while `isWatched`. */
	jobEnded(span: JobSpan): void {
		for (const watch of this.#watches) watch.job?.(span);
	}

	/** Aborts the task, if it is on the list, and all below it. */
	abort(id: number, reason?: unknown): void {
		this.#tasks.get(id)?.abort(reason);
	}

	/** Aborts every task. Resolves when no job is left in any lane. */
	async stop(reason?: unknown): Promise<void> {
		for (const task of this.#tasks.values()) task.abort(reason);
		await Promise.all(Array.from(this.#lanes, lane => lane.idle()));
	}
}
