/**
 * A lane starts jobs, so many at once, in the order that FairQueue decides. `p-queue` counts what
 * runs, pauses and resumes; this file gives it our order and our meaning of an abort.
 */
import PQueue, {type Queue, type QueueAddOptions} from 'p-queue';
import {type FairItem, FairQueue, quantum} from './fair-queue.ts';
import {onAbort} from './on-abort.ts';

export type JobOptions = {
	/** Higher goes first; 0 unless told. */
	readonly priority?: number | undefined;
	/** Whose work it is: jobs of equal priority take turns between clients. */
	readonly client?: string | undefined;
	/** Octets of work: what it counts for in its client's turn. One turn's worth unless told. */
	readonly cost?: number | undefined;
	readonly signal?: AbortSignal | undefined;
	/** Told what becomes of the job. */
	readonly watch?: JobWatch | undefined;
};

/** `added`, then either `dropped` or `started` and `ended`. */
export type JobWatch = {
	/** Of the task that the jobs belong to. */
	readonly taskId: number;
	added(lane: string): void;
	started(): void;
	ended(): void;
	/** It was aborted before it started. */
	dropped(): void;
};

type Run = () => Promise<unknown>;
type LaneItem = FairItem & {readonly run: Run; readonly id: string | undefined};
type LaneOptions = QueueAddOptions & {client?: string; cost?: number};

export class Lane {
	readonly name: string;
	readonly #waiting = new LaneQueue();
	readonly #queue: PQueue<LaneQueue, LaneOptions>;
	#lastId = 0;

	constructor(name: string, concurrency: number) {
		this.name = name;
		// p-queue makes its queue itself, with `new`; a function may answer one that exists.
		const waiting = this.#waiting;
		const queueClass = function laneQueue() {
			return waiting;
		} as unknown as new () => LaneQueue;
		this.#queue = new PQueue({concurrency, queueClass});
	}

	get waitingCount(): number {
		return this.#queue.size;
	}

	get runningCount(): number {
		return this.#queue.pending;
	}

	get concurrency(): number {
		return this.#queue.concurrency;
	}

	/**
	 * Settles as `job` does, never before it has ended: what was lent to it is then the caller's
	 * again. Aborted while it waits, it is not started; the answer rejects with the signal's reason.
	 */
	run<Result>(job: () => Promise<Result>, options: JobOptions = {}): Promise<Result> {
		const {priority = 0, client = '', cost = quantum, signal, watch} = options;
		const id = `${++this.#lastId}`;
		const order = {priority, client, cost, id};
		const watched = watch === undefined ? job : this.#watchedBy(watch, job);
		if (signal === undefined) return this.#queue.add(watched, order);
		return new Promise((resolve, reject) => {
			const forget = onAbort(signal, () => {
				this.#waiting.remove(id);
				watch?.dropped();
				reject(signal.reason);
			});
			if (signal.aborted) return;
			const started = (): Promise<Result> => {
				forget();
				return watched();
			};
			this.#queue.add(started, order).then(resolve, reject);
		});
	}

	pause(): void {
		this.#queue.pause();
	}

	resume(): void {
		this.#queue.start();
	}

	/** Resolves when nothing waits or runs. */
	idle(): Promise<void> {
		return this.#queue.onIdle();
	}

	#watchedBy<Result>(watch: JobWatch, job: () => Promise<Result>): () => Promise<Result> {
		watch.added(this.name);
		return async () => {
			watch.started();
			try {
				return await job();
			} finally {
				watch.ended();
			}
		};
	}
}

/** What waits, in the shape that p-queue asks for. */
class LaneQueue implements Queue<Run, LaneOptions> {
	readonly #queue = new FairQueue<LaneItem>();

	get size(): number {
		return this.#queue.size;
	}

	enqueue(run: Run, options: Partial<LaneOptions> = {}): void {
		const {priority = 0, client = '', cost = quantum, id} = options;
		this.#queue.push({priority, client, cost, run, id});
	}

	dequeue(): Run | undefined {
		return this.#queue.shift()?.run;
	}

	filter({priority}: Readonly<Partial<LaneOptions>>): Run[] {
		return [...this.#queue].filter(item => item.priority === priority).map(item => item.run);
	}

	setPriority(id: string, priority: number): void {
		const item = this.#queue.remove(waiting => waiting.id === id);
		if (item !== undefined) this.#queue.push({...item, priority});
	}

	/** p-queue names what to remove by its id or by itself. */
	remove(which: string | Run): void {
		this.#queue.remove(item => item.id === which || item.run === which);
	}
}
