/**
 * Runs tasks in worker threads: as many at once as there are threads, in the order of one lane.
 * The number of threads changes nothing but speed; with none, jobs run on the calling thread, one
 * at a time, with a turn of its loop between them.
 *
 * Threads are started when first needed and kept. One takes 40 ms of a core to start, so the first
 * few small jobs run on the calling thread too: a run that has no more never starts any.
 */
import {assert} from '../assert.ts';
import {ShoalError} from '../error.ts';
import type {ThreadDriver} from '../platform/thread.ts';
import {type JobOptions, Lane} from '../scheduler/lane.ts';
import type {Task, TaskContext} from '../task/task.ts';
import {packError, unpackError} from './message.ts';
import {PoolThread, ThreadEnded} from './pool-thread.ts';

export type PoolOptions = {
	readonly threads: ThreadDriver;
	/** 0 runs everything on the calling thread. */
	readonly threadCount: number;
	/** What jobs on the calling thread use; a worker thread has its own of the same platform. */
	readonly context: Omit<TaskContext, 'aborted'>;
};

export type RunOptions = JobOptions & {
	/** Buffers of the input to hand over instead of copying; such a job cannot be redone. */
	readonly transfer?: readonly ArrayBufferLike[] | undefined;
};

type AnyTask = Task<unknown, unknown>;

/** A job that says that it costs no more than this may run on the calling thread at first. */
export const smallCostMax = 1_048_576;

/** Time that the calling thread gives to small jobs in all before threads are started. */
const hereMicrosMax = 20_000;

export class Pool {
	readonly threadCount: number;
	/** Where jobs wait: to be looked at, paused and resumed. */
	readonly lane: Lane;
	readonly #threads: ThreadDriver;
	/** What jobs on the calling thread use, for who prepares a job there. */
	readonly context: Omit<TaskContext, 'aborted'>;
	readonly #started = new Set<PoolThread>();
	readonly #idle: PoolThread[] = [];
	#hereMicros = 0;
	#closed = false;

	constructor({threads, threadCount, context}: PoolOptions) {
		assert(Number.isSafeInteger(threadCount) && threadCount >= 0, 'a number of threads');
		this.threadCount = threadCount;
		this.lane = new Lane('threads', Math.max(1, threadCount));
		this.#threads = threads;
		this.context = context;
	}

	/**
	 * One job. Settles only when it has ended in its thread too, so whatever the input refers to
	 * (descriptors, shared memory) is in use until then. Once `signal` is aborted, it rejects with
	 * the signal's reason. A ShoalError in the job rejects with its equal; anything else thrown
	 * there is a bug and becomes an AssertionError.
	 * @throws ShoalError THREAD_LOST if its thread died twice; INTERRUPTED if the pool was closed
	 */
	run<Input, Output>(
		task: Task<Input, Output>,
		input: Input,
		options: RunOptions = {},
	): Promise<Output> {
		const {transfer = [], ...order} = options;
		const job = (): Promise<unknown> => this.#settle(task as AnyTask, input, transfer, order);
		return this.lane.run(job, order) as Promise<Output>;
	}

	/** Resolves in a later turn of the calling thread's loop: a long job there lets others in. */
	turn(): Promise<void> {
		return this.#threads.turn();
	}

	/** Ends all threads at once; jobs that run or wait reject with INTERRUPTED. */
	async close(): Promise<void> {
		this.#closed = true;
		await Promise.all([...this.#started].map(thread => thread.stop()));
	}

	async #settle(
		task: AnyTask,
		input: unknown,
		transfer: readonly ArrayBufferLike[],
		{signal, cost}: JobOptions,
	): Promise<unknown> {
		const output =
			this.threadCount === 0 || this.#fitsHere(cost)
				? await this.#runHere(task, input, signal)
				: await this.#runThere(task, input, transfer, signal);
		signal?.throwIfAborted();
		return output;
	}

	#fitsHere(cost: number | undefined): boolean {
		if (cost === undefined || cost > smallCostMax) return false;
		return this.#started.size === 0 && this.#hereMicros < hereMicrosMax;
	}

	/** A thread may die for reasons of its own, so a job is tried on a second one. */
	async #runThere(
		task: AnyTask,
		input: unknown,
		transfer: readonly ArrayBufferLike[],
		signal: AbortSignal | undefined,
	): Promise<unknown> {
		for (let triesLeft = transfer.length > 0 ? 1 : 2; ; triesLeft--) {
			if (this.#closed) throw new ShoalError('INTERRUPTED', `${task.name}: the pool was closed`);
			const thread = this.#idle.pop() ?? this.#start();
			try {
				return await thread.run(task.name, input, transfer, signal);
			} catch (error) {
				if (!(error instanceof ThreadEnded)) throw error;
				signal?.throwIfAborted();
				if (triesLeft === 1 && !this.#closed) {
					const detail = `${task.name}: the thread that ran it died: ${error.message}`;
					throw new ShoalError('THREAD_LOST', detail, {cause: error});
				}
			} finally {
				if (thread.ended) this.#started.delete(thread);
				else this.#idle.push(thread);
			}
		}
	}

	async #runHere(task: AnyTask, input: unknown, signal: AbortSignal | undefined): Promise<unknown> {
		await this.#threads.turn();
		if (this.#closed) throw new ShoalError('INTERRUPTED', `${task.name}: the pool was closed`);
		signal?.throwIfAborted();
		const {clock} = this.context;
		const begin = clock.now();
		try {
			return await task.run(input, {
				...this.context,
				aborted: () => signal?.aborted ?? false,
			});
		} catch (error) {
			throw error instanceof ShoalError ? error : unpackError(packError(error));
		} finally {
			this.#hereMicros += clock.now() - begin;
		}
	}

	#start(): PoolThread {
		const thread = new PoolThread(this.#threads);
		this.#started.add(thread);
		return thread;
	}
}
