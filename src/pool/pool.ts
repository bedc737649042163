/**
 * Runs tasks in worker threads: as many at once as there are threads, in the order of one lane.
 * The number of threads changes nothing but speed; with none, jobs run on the calling thread, one
 * at a time, with a turn of its loop between them.
 *
 * Threads are started when first needed and kept. One takes 40 ms of a core to start, so the first
 * few small jobs run on the calling thread too: a run that has no more never starts any. A thread
 * that dies, or whose job shows no life for minutes, is replaced, and its job is done once more.
 */
import {assert} from '../assert.ts';
import {ShoalError} from '../error.ts';
import type {ThreadDriver} from '../platform/thread.ts';
import {quantum} from '../scheduler/fair-queue.ts';
import {type JobOptions, Lane} from '../scheduler/lane.ts';
import {Scheduler} from '../scheduler/scheduler.ts';
import type {Task, TaskContext} from '../task/task.ts';
import {later, type Micros, micros, millis} from '../unit.ts';
import {packError, unpackError} from './message.ts';
import {PoolThread, ThreadEnded} from './pool-thread.ts';

export type PoolOptions = {
	readonly threads: ThreadDriver;
	/** 0 runs everything on the calling thread. */
	readonly threadCount: number;
	/** What jobs on the calling thread use; a worker thread has its own of the same platform. */
	readonly context: Omit<TaskContext, 'aborted' | 'beat'>;
	/** Shows the lane, and hears of the jobs if anybody watches. */
	readonly scheduler?: Scheduler;
	/** Microseconds without a sign of life after which a thread with a job is given up. */
	readonly silenceMax?: number;
	/** Microseconds that it then has to end. */
	readonly stopMax?: number;
};

export type RunOptions = JobOptions & {
	/** Buffers of the input to hand over instead of copying; such a job cannot be redone. */
	readonly transfer?: readonly ArrayBufferLike[] | undefined;
};

type AnyTask = Task<unknown, unknown>;

type Job = {
	readonly task: AnyTask;
	readonly input: unknown;
	readonly options: RunOptions;
	/** When it came into the lane: only while someone watches. */
	readonly addedAt: Micros | undefined;
};

/** Where and when a job was done: by number of the thread, on the calling thread's clock. */
type Done = {readonly thread: number; readonly beganAt: Micros; readonly endedAt: Micros};

/** A job that says that it costs no more than this may run on the calling thread at first. */
export const smallCostMax = 1_048_576;

/** Time that the calling thread gives to small jobs in all before threads are started. */
const hereMicrosMax = 20_000;

/**
 * The longest that one step of a job may take (a read of 64 KiB, a rename) before its thread counts
 * as hung. A disk that retries, or a server of files that restarts, takes a minute or two.
 */
const silenceMaxDefault = millis(300_000);
const stopMaxDefault = millis(5000);

/** Looks within `silenceMax`; counted, so that a process that was stopped itself blames nobody. */
const looks = 4;
/** So many for a thread that is being started: its code may come from a slow disk, too. */
const startLooks = 40;

export class Pool {
	readonly threadCount: number;
	/** Where jobs wait: to be looked at, paused and resumed. */
	readonly lane: Lane;
	/** What jobs on the calling thread use, for who prepares a job there. */
	readonly context: PoolOptions['context'];
	readonly #options: PoolOptions;
	readonly #threads: ThreadDriver;
	readonly #scheduler: Scheduler;
	readonly #silenceMax: number;
	readonly #stopMax: number;
	readonly #started = new Set<PoolThread>();
	readonly #idle: PoolThread[] = [];
	readonly #leaveScheduler: () => void;
	#cancelLook: (() => void) | undefined;
	#hereMicros = 0;
	#closed = false;

	constructor(options: PoolOptions) {
		const {threads, threadCount, context, scheduler = new Scheduler()} = options;
		assert(Number.isSafeInteger(threadCount) && threadCount >= 0, 'a number of threads');
		this.#options = {...options, scheduler};
		this.threadCount = threadCount;
		this.lane = new Lane('threads', Math.max(1, threadCount));
		this.#threads = threads;
		this.context = context;
		this.#scheduler = scheduler;
		this.#silenceMax = options.silenceMax ?? silenceMaxDefault;
		this.#stopMax = options.stopMax ?? stopMaxDefault;
		this.#leaveScheduler = scheduler.addLane(this.lane);
	}

	/** As many threads of another driver, but no more than `most`, shown by the same scheduler. */
	beside(threads: ThreadDriver, most: number): Pool {
		const threadCount = Math.min(this.threadCount, most);
		return new Pool({...this.#options, threads, threadCount});
	}

	/**
	 * One job. Settles only when it has ended in its thread too, so whatever the input refers to
	 * (descriptors, shared memory) is in use until then. Once `signal` is aborted, it rejects with
	 * the signal's reason. A ShoalError in the job rejects with its equal; anything else thrown
	 * there is a bug and becomes an AssertionError.
	 * @throws ShoalError THREAD_LOST if its thread died twice, THREAD_HUNG if it did not go on
	 * twice, or cannot be stopped; INTERRUPTED if the pool was closed
	 */
	run<Input, Output>(
		task: Task<Input, Output>,
		input: Input,
		options: RunOptions = {},
	): Promise<Output> {
		const addedAt = this.#scheduler.isWatched ? this.context.clock.now() : undefined;
		const job: Job = {task: task as AnyTask, input, options, addedAt};
		return this.lane.run(() => this.#settle(job), options) as Promise<Output>;
	}

	/** Resolves in a later turn of the calling thread's loop: a long job there lets others in. */
	turn(): Promise<void> {
		return this.#threads.turn();
	}

	/** Starts all threads, while there is other work: they will soon be needed. */
	warm(): void {
		while (this.#started.size < this.threadCount) this.#idle.push(this.#start());
	}

	/** Ends all threads at once; jobs that run or wait reject with INTERRUPTED. */
	async close(): Promise<void> {
		this.#closed = true;
		this.#leaveScheduler();
		this.#cancelLook?.();
		await Promise.all([...this.#started].map(thread => thread.stop()));
	}

	async #settle(job: Job): Promise<unknown> {
		const {signal, cost} = job.options;
		const isHere = this.threadCount === 0 || this.#fitsHere(cost);
		const output = isHere ? await this.#runHere(job) : await this.#runThere(job);
		signal?.throwIfAborted();
		return output;
	}

	#fitsHere(cost: number | undefined): boolean {
		if (cost === undefined || cost > smallCostMax || !this.#threads.sharesMemory) return false;
		return this.#started.size === 0 && this.#hereMicros < hereMicrosMax;
	}

	/** A thread may end for reasons of its own, so a job is tried on a second one. */
	async #runThere(job: Job): Promise<unknown> {
		const {task, input, options} = job;
		const {signal, transfer = []} = options;
		for (let triesLeft = transfer.length > 0 ? 1 : 2; ; triesLeft--) {
			this.#refuseClosed(task);
			const thread = this.#takeIdle() ?? this.#start();
			this.#look();
			let failed = true;
			const beganAt = this.context.clock.now();
			try {
				const output = await thread.run(task.name, input, transfer, signal);
				failed = false;
				return output;
			} catch (error) {
				if (!(error instanceof ThreadEnded)) throw error;
				signal?.throwIfAborted();
				this.#refuseClosed(task);
				if (triesLeft === 1 || error.how === 'stuck') throw lost(task, error);
			} finally {
				if (thread.ended) this.#started.delete(thread);
				else this.#idle.push(thread);
				if (job.addedAt !== undefined) this.#tell(job, this.#done(thread, beganAt), failed);
			}
		}
	}

	async #runHere(job: Job): Promise<unknown> {
		const {task, input, options} = job;
		const {signal} = options;
		await this.#threads.turn();
		this.#refuseClosed(task);
		signal?.throwIfAborted();
		const {clock} = this.context;
		const beganAt = clock.now();
		let failed = true;
		try {
			const output = await task.run(input, {
				...this.context,
				aborted: () => signal?.aborted ?? false,
				beat: () => undefined,
			});
			failed = false;
			return output;
		} catch (error) {
			throw error instanceof ShoalError ? error : unpackError(packError(error));
		} finally {
			const endedAt = clock.now();
			this.#hereMicros += endedAt - beganAt;
			this.#tell(job, {thread: 0, beganAt, endedAt}, failed);
		}
	}

	#refuseClosed({name}: AnyTask): void {
		if (this.#closed) throw new ShoalError('INTERRUPTED', `${name}: the pool was closed`);
	}

	/** One that ended before it could answer has told no times of its own. */
	#done({number, times}: PoolThread, postedAt: Micros): Done {
		const {epoch} = this.#threads;
		const now = this.context.clock.now();
		const beganAt = times.beganAt === 0 ? postedAt : micros(times.beganAt - epoch);
		const endedAt = times.endedAt === 0 ? now : micros(times.endedAt - epoch);
		return {thread: number, beganAt, endedAt};
	}

	#tell({task, options, addedAt}: Job, done: Done, failed: boolean): void {
		if (addedAt === undefined) return;
		const {client = '', cost = quantum, watch} = options;
		const {name: kind} = task;
		this.#scheduler.jobEnded({kind, task: watch?.taskId, client, cost, addedAt, ...done, failed});
	}

	/** One may have died between two jobs. */
	#takeIdle(): PoolThread | undefined {
		for (let thread = this.#idle.pop(); thread !== undefined; thread = this.#idle.pop()) {
			if (!thread.ended) return thread;
			this.#started.delete(thread);
		}
		return undefined;
	}

	#start(): PoolThread {
		const taken = new Set(Array.from(this.#started, ({number}) => number));
		let number = 1;
		while (taken.has(number)) number++;
		const thread = new PoolThread(this.#threads, number);
		this.#started.add(thread);
		return thread;
	}

	/** Looks, as long as jobs run, whether they go on. */
	#look(): void {
		if (this.#cancelLook !== undefined) return;
		const {clock} = this.context;
		this.#cancelLook = clock.at(later(clock.now(), this.#silenceMax / looks), () => {
			this.#cancelLook = undefined;
			if (this.#closed) return;
			for (const thread of this.#started) {
				const allowed = thread.isStarting ? startLooks : looks;
				if (thread.countStill() === allowed) this.#giveUp(thread);
			}
			if (this.#idle.length < this.#started.size) this.#look();
		});
	}

	#giveUp(thread: PoolThread): void {
		const {clock} = this.context;
		thread.giveUp();
		clock.at(later(clock.now(), this.#stopMax), () => thread.abandon());
	}
}

function lost({name}: AnyTask, cause: ThreadEnded): ShoalError {
	if (cause.how === 'died') {
		const detail = `${name}: the thread that ran it died: ${cause.message}`;
		return new ShoalError('THREAD_LOST', detail, {cause});
	}
	return new ShoalError('THREAD_HUNG', `${name}: the thread that ran it: ${cause.message}`, {
		cause,
	});
}
