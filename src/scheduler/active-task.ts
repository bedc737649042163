/**
 * One activity of the program (a scan, a pull, a session's send queue) as everyone may see it:
 * what it is, for whom, how far it has come, which jobs it has in the lanes. It lives long; what
 * it does, it does in jobs, and in steps that datagrams call for. It never blocks.
 */
import {assert} from '../assert.ts';
import {ShoalError} from '../error.ts';
import type {LinkHandler} from '../platform/datagram.ts';
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

export type TaskState = keyof typeof taskTransitions;

/** What the list shows of a task: a copy. */
export type TaskView = {
	readonly id: number;
	/** What it does, as in `scan`. */
	readonly kind: string;
	readonly state: TaskState;
	/** Where its jobs wait, if it has any. */
	readonly lane: string | undefined;
	/** Whose work it is: its jobs take turns with those of other owners. */
	readonly owner: string;
	readonly parent: number | undefined;
	readonly progress: TaskProgress;
	readonly jobsWaiting: number;
	readonly jobsRunning: number;
	readonly jobsDone: number;
	readonly datagramCount: number;
};

export type TaskProgress = {
	readonly done: number;
	/** Undefined while it is not known. */
	readonly total: number | undefined;
	/** Of what: `entries`, `octets`. */
	readonly unit: string;
};

export type TaskOptions = {
	readonly kind: string;
	readonly owner?: string;
	readonly lane?: string;
	/** Aborting it aborts this; it ends only after this has. */
	readonly parent?: ActiveTask;
	readonly priority?: number;
	/** Aborts the task from outside. */
	readonly signal?: AbortSignal;
	readonly unit?: string;
};

export class ActiveTask {
	readonly id: number;
	readonly kind: string;
	readonly owner: string;
	readonly lane: string | undefined;
	readonly parent: ActiveTask | undefined;
	readonly #priority: number;
	readonly #controller = new AbortController();
	readonly #children = new Set<ActiveTask>();
	readonly #ended: (task: ActiveTask) => void;
	readonly #forget: (() => void) | undefined;
	readonly #watch: JobWatch = {
		added: () => this.#jobs(1, 0, 0),
		started: () => this.#jobs(-1, 1, 0),
		dropped: () => this.#jobs(-1, 0, 0),
		ended: () => this.#jobs(0, -1, 1),
	};
	#state: TaskState = 'waiting';
	#progress: TaskProgress;
	#jobsWaiting = 0;
	#jobsRunning = 0;
	#jobsDone = 0;
	#datagramCount = 0;

	/** Made by `Scheduler.open`; `ended` is told once, when it has come to its last state. */
	constructor(id: number, options: TaskOptions, ended: (task: ActiveTask) => void) {
		const {kind, owner, lane, parent, priority = 0, signal, unit = 'octets'} = options;
		assert(parent?.isOpen !== false, 'a task that has ended has no new children');
		this.id = id;
		this.kind = kind;
		this.owner = owner ?? parent?.owner ?? '';
		this.lane = lane ?? parent?.lane;
		this.parent = parent;
		this.#priority = priority;
		this.#progress = {done: 0, total: undefined, unit};
		this.#ended = ended;
		if (parent !== undefined) parent.#children.add(this);
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
		return this.#controller.signal;
	}

	/** For `Lane.run`, `Pool.run` and what is built on them: the jobs count as this task's. */
	get order(): JobOptions {
		const {signal, owner: client} = this;
		return {signal, client, priority: this.#priority, watch: this.#watch};
	}

	view(): TaskView {
		return {
			id: this.id,
			kind: this.kind,
			state: this.#state,
			lane: this.lane,
			owner: this.owner,
			parent: this.parent?.id,
			progress: this.#progress,
			jobsWaiting: this.#jobsWaiting,
			jobsRunning: this.#jobsRunning,
			jobsDone: this.#jobsDone,
			datagramCount: this.#datagramCount,
		};
	}

	advance(done: number, total: number | undefined = this.#progress.total): void {
		this.#progress = {...this.#progress, done, total};
	}

	/**
	 * Hands what a link brings to `step`, the routine that takes the task's next step, at once and
	 * in the same turn. What the world does to the task in it fails this task alone; a bug passes.
	 * Once the task has ended, datagrams are dropped.
	 */
	steps(step: LinkHandler): LinkHandler {
		return {
			datagrams: batch => {
				if (!this.isOpen) return;
				this.#datagramCount += batch.length;
				this.#guard(() => step.datagrams(batch));
			},
			failed: error => {
				if (this.isOpen) this.#guard(() => step.failed(error));
			},
		};
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
	abort(reason: unknown = new ShoalError('INTERRUPTED', `${this.kind} was stopped`)): void {
		if (this.isOpen) this.#stop('aborted', reason);
	}

	#stop(state: 'failed' | 'aborted', reason: unknown): void {
		for (const child of this.#children) child.abort(reason);
		this.#end(state);
		this.#controller.abort(reason);
	}

	#end(state: TaskState): void {
		this.#to(state);
		this.#forget?.();
		if (this.parent !== undefined) this.parent.#children.delete(this);
		this.#ended(this);
	}

	/** Jobs may end after their task has: then only the counts change. */
	#jobs(waiting: number, running: number, done: number): void {
		this.#jobsWaiting += waiting;
		this.#jobsRunning += running;
		this.#jobsDone += done;
		if (!this.isOpen) return;
		const state = this.#jobsRunning > 0 ? 'running' : 'waiting';
		if (state !== this.#state) this.#to(state);
	}

	#to(state: TaskState): void {
		const next: readonly string[] = taskTransitions[this.#state];
		assert(next.includes(state), `a task that is ${this.#state} cannot become ${state}`);
		this.#state = state;
	}

	#guard(step: () => void): void {
		try {
			step();
		} catch (error) {
			if (!(error instanceof ShoalError)) throw error;
			if (this.isOpen) this.fail(error);
		}
	}
}
