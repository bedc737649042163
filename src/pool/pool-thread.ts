/** One worker thread of the pool: runs one job at a time. */
import {assert} from '../assert.ts';
import type {Thread, ThreadDriver} from '../platform/thread.ts';
import {onAbort} from '../scheduler/on-abort.ts';
import {type Answer, type Begin, type Order, unpackError} from './message.ts';

/** The thread ended before its job did: nothing is known about the job. */
export class ThreadEnded extends Error {
	override readonly name = 'ThreadEnded';
}

type Waiting = {resolve(output: unknown): void; reject(error: Error): void};

export class PoolThread {
	readonly #thread: Thread;
	readonly #abortedJob = new Int32Array(new SharedArrayBuffer(4));
	#job = 0;
	#waiting: Waiting | undefined;
	#ended = false;

	constructor(threads: ThreadDriver) {
		this.#thread = threads.start({
			message: value => this.#onAnswer(value as Answer),
			exited: error => this.#onExit(error),
		});
		this.#thread.post({kind: 'begin', abortedJob: this.#abortedJob} satisfies Begin, []);
	}

	get ended(): boolean {
		return this.#ended;
	}

	/** Settles when the job has ended, aborted or not. Rejects with ThreadEnded if it never does. */
	run(
		task: string,
		input: unknown,
		transfer: readonly ArrayBufferLike[],
		signal: AbortSignal | undefined,
	): Promise<unknown> {
		assert(this.#waiting === undefined && !this.#ended, 'a thread runs one job at a time');
		const job = ++this.#job;
		const forget = onAbort(signal, () => Atomics.store(this.#abortedJob, 0, job));
		return new Promise<unknown>((resolve, reject) => {
			this.#waiting = {resolve, reject};
			this.#thread.post({kind: 'order', job, task, input} satisfies Order, transfer);
		}).finally(() => {
			this.#waiting = undefined;
			forget();
		});
	}

	async stop(): Promise<void> {
		await this.#thread.stop();
	}

	#onAnswer(answer: Answer): void {
		assert(answer.job === this.#job && this.#waiting !== undefined, 'an answer nobody waits for');
		if ('error' in answer) this.#waiting.reject(unpackError(answer.error));
		else this.#waiting.resolve(answer.output);
	}

	#onExit(cause: Error | undefined): void {
		this.#ended = true;
		const detail = cause?.message ?? 'a worker thread was stopped';
		this.#waiting?.reject(new ThreadEnded(detail, {cause}));
	}
}
