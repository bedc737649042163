/**
 * A task is a kind of work that may run in any thread: a name, and a function from plain data to
 * plain data. What it is given and what it answers crosses threads, so both are flat: numbers,
 * octets and typed arrays, never an array of objects that grows with a tree or a file. A job, one
 * run of a task, should be at least a millisecond of work.
 *
 * A job may be done twice: its thread can die in the midst of it, or after it and before anyone
 * heard. The second run must find what the first left and end with the same.
 */
import type {Clock} from '../platform/clock.ts';
import type {Compression} from '../platform/compression.ts';
import type {Crypto, Sha256} from '../platform/crypto.ts';
import type {OpenSearchMemory} from '../platform/search-memory.ts';
import type {TreeIo} from '../platform/tree.ts';

/** What a job may use of the world. Handles of `tree` are valid in every thread. */
export type TaskContext = {
	readonly tree: TreeIo;
	readonly crypto: Crypto;
	readonly sha256: Sha256;
	readonly clock: Clock;
	/** Without it searches run on plain functions. */
	readonly openSearchMemory?: OpenSearchMemory;
	/** Without it nothing is compressed. */
	readonly compression?: Compression;
	/**
	 * True once nobody wants the answer: a long job looks now and then, and returns early. Who
	 * looks also shows that the job goes on: see `beat`.
	 */
	aborted(): boolean;
	/** Shows that the job goes on: a thread in which no job does for minutes is given up. */
	beat(): void;
};

export type Task<Input, Output> = {
	/** Unique: how a thread finds the task. */
	readonly name: string;
	/** @throws ShoalError for what the world does: it fails this job alone, with the same error */
	run(input: Input, context: TaskContext): Output | Promise<Output>;
	/** Buffers of the answer that may be handed over instead of copied. */
	transfer?(output: Output): readonly ArrayBufferLike[];
};

/** Only names the types; `src/task/table.ts` makes it known to the threads. */
export function defineTask<Input, Output>(task: Task<Input, Output>): Task<Input, Output> {
	return task;
}
