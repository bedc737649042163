/**
 * One activity of the program (a scan, a pull, a session's send queue) as everyone may see it:
 * what it is, for whom, how far it has come, which jobs it has in a lane. It lives long; what it
 * does, it does in jobs, and in steps that datagrams call for. It never blocks.
 */
import {assert} from '../assert.ts';
import {ShoalError} from '../error.ts';
import type {SpanBoard} from './job-span.ts';
import type {JobOptions, JobWatch} from './lane.ts';
import {onAbort} from './on-abort.ts';

/** From each state, the states that may follow. */
export const taskTransitions = {
	waiting: ['running', 'done', 'failed', 'aborted'],
	running: ['waiting', 'done', 'failed', 'aborted'],
	done: [],
	failed: [],
	aborted: [],
} as const satisfies Record<string, readonly string[]>;

/** Running: a job of it, or of a task below it, is in a thread. */
export type TaskState = keyof typeof taskTransitions;

/** What the list shows of a task: a copy. */
export type TaskView = {
	readonly id: number;
	/** What it does, as in `scan`. */
	readonly kind: string;
	readonly state: TaskState;
	/** Where its jobs wait, once it has had one. */
	readonly lane: string | undefined;
	/** Whose work it is: its jobs take turns with those of other owners. Octets of others: escape. */
	readonly owner: string;
	readonly parent: number | undefined;
	readonly progress: TaskProgress;
	/** Its own jobs, not those of tasks below it. */
	readonly jobsWaiting: number;
	readonly jobsRunning: number;
	readonly jobsDone: number;
	/** What else it can tell in numbers, by their names. */
	readonly figures: TaskFigures;
};

/** How far a task is: its own units. */
export type TaskProgress = {
	readonly done: number;
	/** Undefined while it is not known. */
	readonly total: number | undefined;
	/** Of what: `entries`, `octets`. */
	readonly unit: string;
};

/** Numbers of a task by their names. */
export type TaskFigures = Readonly<Record<string, number>>;

/** Told what becomes of tasks; none of it may throw. */
export type TaskWatch = {
	/** It is on the list now. */
	opened?(task: ActiveTask): void;
	/** It has come further. */
	advanced?(task: ActiveTask): void;
	/** It has come to its last state. */
	ended?(task: ActiveTask): void;
};

export type TaskOptions = {
	readonly kind: string;
	/** Unless told, that of its parent. */
	readonly owner?: string | undefined;
	readonly priority?: number | undefined;
	/** Its jobs are done even when it is aborted: what they were given must not be lost. */
	readonly finishes?: boolean;
	/** Aborts the task from outside. */
	readonly signal?: AbortSignal | undefined;
	readonly unit?: string | undefined;
	/** Asked when somebody looks, in place of what `advance` told: what counts on its own does. */
	readonly progress?: (() => {readonly done: number; readonly total?: number}) | undefined;
	/** Asked when somebody looks. */
	readonly figures?: (() => TaskFigures) | undefined;
	/** Called when it fails or is aborted: what it holds is let go. */
	readonly stopped?: ((reason: unknown) => void) | undefined;
	/** Told of this task and of all below it. */
	readonly watch?: TaskWatch | undefined;
};

/** What a task is on: the scheduler. */
export type TaskBoard = {
	readonly spans: SpanBoard;
	nextId(): number;
	opened(task: ActiveTask): void;
	ended(task: ActiveTask): void;
};

export class ActiveTask {
	readonly id: number;
	readonly kind: string;
	readonly owner: string;
	readonly parent: ActiveTask | undefined;
	readonly #board: TaskBoard;
	readonly #options: TaskOptions;
	readonly #watch: TaskWatch | undefined;
	readonly #children = new Set<ActiveTask>();
	readonly #forget: (() => void) | undefined;
	readonly #jobs: JobWatch;
	#controller: AbortController | undefined;
	#reason: unknown;
	#state: TaskState = 'waiting';
	#lane: string | undefined;
	#progress: TaskProgress;
	#jobsWaiting = 0;
	#jobsRunning = 0;
	#jobsDone = 0;
	/** Of this task and all below it. */
	#runningCount = 0;

	/** Made by `Scheduler.open` and `open` of another task. */
	constructor(board: TaskBoard, parent: ActiveTask | undefined, options: TaskOptions) {
		const {kind, owner, signal, unit = 'octets'} = options;
		this.id = board.nextId();
		this.kind = kind;
		this.owner = owner ?? parent?.owner ?? '';
		this.parent = parent;
		this.#board = board;
		this.#options = options;
		const inherited = parent === undefined ? undefined : parent.#watch;
		this.#watch = options.watch ?? inherited;
		this.#progress = {done: 0, total: undefined, unit};
		this.#jobs = this.#makeWatch();
		if (parent !== undefined) parent.#children.add(this);
		board.opened(this);
		this.#watch?.opened?.(this);
		this.#forget = onAbort(signal, () => this.abort(signal?.reason));
	}

	get isOpen(): boolean {
		return taskTransitions[this.#state].length > 0;
	}

	get state(): TaskState {
		return this.#state;
	}

	/** Aborted when the task fails or is aborted, with the reason. */
	get signal(): AbortSignal {
		if (this.#controller === undefined) {
			this.#controller = new AbortController();
			const isStopped = this.#state === 'failed' || this.#state === 'aborted';
			if (isStopped) this.#controller.abort(this.#reason);
		}
		return this.#controller.signal;
	}

	/** For `Lane.run`, `Pool.run` and what is built on them: the jobs count as this task's. */
	get order(): JobOptions {
		const {priority, finishes = false} = this.#options;
		const signal = finishes ? undefined : this.signal;
		return {signal, client: this.owner, priority, watch: this.#jobs};
	}

	get progress(): TaskProgress {
		const now = this.#options.progress?.();
		return now === undefined ? this.#progress : {...this.#progress, ...now};
	}

	/** For who works at it on the calling thread. */
	get spans(): SpanBoard {
		return this.#board.spans;
	}

	view(): TaskView {
		return {
			id: this.id,
			kind: this.kind,
			state: this.#state,
			lane: this.#lane,
			owner: this.owner,
			parent: this.parent?.id,
			progress: this.progress,
			jobsWaiting: this.#jobsWaiting,
			jobsRunning: this.#jobsRunning,
			jobsDone: this.#jobsDone,
			figures: this.#options.figures?.() ?? {},
		};
	}

	/**
	 * A new task that is a part of this one: aborted with it, and ended before it.
	 * @throws the reason, if this one has failed or was aborted
	 */
	open(options: TaskOptions): ActiveTask {
		if (!this.isOpen) this.signal.throwIfAborted();
		assert(this.isOpen, 'a task that is done has no new children');
		return new ActiveTask(this.#board, this, options);
	}

	/** A part of this one that lasts as long as `work`: done when that resolves, else failed. */
	async run<Result>(
		options: TaskOptions,
		work: (task: ActiveTask) => Promise<Result> | Result,
	): Promise<Result> {
		return this.open(options).lasting(work);
	}

	/** Does `work`, and ends as that does. */
	async lasting<Result>(work: (task: ActiveTask) => Promise<Result> | Result): Promise<Result> {
		try {
			const result = await work(this);
			if (this.isOpen) this.done();
			return result;
		} catch (error) {
			if (this.isOpen) this.fail(error);
			throw error;
		}
	}

	advance(done: number, total: number | undefined = this.#progress.total): void {
		this.#progress = {...this.#progress, done, total};
		this.#watch?.advanced?.(this);
	}

	/** Its work is done. Its children have ended before. */
	done(): void {
		assert(this.#children.size === 0, 'a task ends after its children');
		this.#end('done');
	}

	/** It cannot go on; its children are aborted for the same reason. */
	fail(error: unknown): void {
		this.#stop('failed', error);
	}

	/** Nobody wants it any more; nothing happens if it has ended. */
	abort(reason?: unknown): void {
		if (!this.isOpen) return;
		const isTold = reason instanceof ShoalError;
		const options = reason === undefined ? {} : {cause: reason};
		const error = isTold
			? reason
			: new ShoalError('INTERRUPTED', `${this.kind} was stopped`, options);
		this.#stop('aborted', error);
	}

	#stop(state: 'failed' | 'aborted', reason: unknown): void {
		this.#reason = reason;
		for (const child of this.#children) child.abort(reason);
		this.#end(state);
		this.#controller?.abort(reason);
		this.#options.stopped?.(reason);
	}

	#end(state: TaskState): void {
		this.#to(state);
		this.#forget?.();
		if (this.parent !== undefined) this.parent.#children.delete(this);
		this.#board.ended(this);
		this.#watch?.ended?.(this);
	}

	/** Jobs may end after their task has: then only the counts change. */
	#makeWatch(): JobWatch {
		return {
			taskId: this.id,
			added: lane => {
				this.#lane = lane;
				this.#jobsWaiting++;
			},
			dropped: () => {
				this.#jobsWaiting--;
			},
			started: () => {
				this.#jobsWaiting--;
				this.#jobsRunning++;
				this.#countRunning(1);
			},
			ended: () => {
				this.#jobsRunning--;
				this.#jobsDone++;
				this.#countRunning(-1);
			},
		};
	}

	#countRunning(change: number): void {
		for (let task: ActiveTask | undefined = this; task !== undefined; task = task.parent) {
			task.#runningCount += change;
			if (!task.isOpen) continue;
			const state = task.#runningCount > 0 ? 'running' : 'waiting';
			if (state !== task.#state) task.#to(state);
		}
	}

	#to(state: TaskState): void {
		const next: readonly string[] = taskTransitions[this.#state];
		assert(next.includes(state), `a task that is ${this.#state} cannot become ${state}`);
		this.#state = state;
	}
}
