/** One worker thread of the pool: runs one job at a time, and shows whether it goes on. */
import {assert} from '../assert.ts';
import type {Thread, ThreadDriver} from '../platform/thread.ts';
import {onAbort} from '../scheduler/on-abort.ts';
import {type Answer, type Begin, type Order, sign, unpackError} from './message.ts';

/** The thread ended before its job did, or had to be given up: nothing is known about the job. */
export class ThreadEnded extends Error {
	override readonly name = 'ThreadEnded';
	readonly how: ThreadEnd;

	constructor(how: ThreadEnd, detail: string, options?: ErrorOptions) {
		super(detail, options);
		this.how = how;
	}
}

/**
 * `died` by itself; `hung` and was stopped; `stuck`: hung and does not even stop, so that what it
 * was doing may come to an end at any time.
 */
export type ThreadEnd = 'died' | 'hung' | 'stuck';

type Waiting = {resolve(output: unknown): void; reject(error: Error): void};

export class PoolThread {
	/** In its pool: from 1, and given again when it has ended. */
	readonly number: number;
	/** When it worked at its last job, on the clock that all threads share; 0: not known. */
	times = {beganAt: 0, endedAt: 0};
	readonly #thread: Thread;
	readonly #signs = new Int32Array(new SharedArrayBuffer(8));
	#job = 0;
	#waiting: Waiting | undefined;
	#ended = false;
	#isHung = false;
	/** What `showsLife` saw last, and how often it has seen the same. */
	#seen = {job: 0, beat: 0, again: 0};

	constructor(threads: ThreadDriver, number: number) {
		this.number = number;
		this.#thread = threads.start({
			message: value => this.#onAnswer(value as Answer),
			exited: error => this.#onExit(error),
		});
		// Without them, whoever runs jobs elsewhere is given the time that a start may take.
		if (!threads.sharesMemory) return;
		this.#thread.post({kind: 'begin', signs: this.#signs} satisfies Begin, []);
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
		this.times = {beganAt: 0, endedAt: 0};
		const forget = onAbort(signal, () => Atomics.store(this.#signs, sign.aborted, job));
		return new Promise<unknown>((resolve, reject) => {
			this.#waiting = {resolve, reject};
			this.#thread.post({kind: 'order', job, task, input} satisfies Order, transfer);
		}).finally(() => {
			this.#waiting = undefined;
			forget();
		});
	}

	/** It has not come to any job yet: it is being started. */
	get isStarting(): boolean {
		return Atomics.load(this.#signs, sign.beat) === 0;
	}

	/** How many times in a row this has found its job where it was the last time; 0 without one. */
	countStill(): number {
		const beat = Atomics.load(this.#signs, sign.beat);
		const {job, beat: before, again} = this.#seen;
		const isStill = this.#waiting !== undefined && job === this.#job && before === beat;
		this.#seen = {job: this.#job, beat, again: isStill ? again + 1 : 0};
		return this.#seen.again;
	}

	/** It does not go on: stops it. Its job rejects when the thread has ended, or by `abandon`. */
	giveUp(): void {
		this.#isHung = true;
		void this.#thread.stop();
	}

	/** It was given up and is still not gone: in a call of the system that nothing interrupts. */
	abandon(): void {
		if (this.#ended) return;
		this.#ended = true;
		this.#waiting?.reject(new ThreadEnded('stuck', 'it does not go on and cannot be stopped'));
	}

	async stop(): Promise<void> {
		await this.#thread.stop();
	}

	#onAnswer(answer: Answer): void {
		if (this.#ended) return;
		assert(answer.job === this.#job && this.#waiting !== undefined, 'an answer nobody waits for');
		this.times = answer;
		if ('error' in answer) this.#waiting.reject(unpackError(answer.error));
		else this.#waiting.resolve(answer.output);
	}

	#onExit(cause: Error | undefined): void {
		if (this.#ended) return;
		this.#ended = true;
		const how = this.#isHung ? 'hung' : 'died';
		const detail = this.#isHung ? 'it did not go on' : (cause?.message ?? 'it was stopped');
		this.#waiting?.reject(new ThreadEnded(how, detail, {cause}));
	}
}
