import type {Micros} from '../unit.ts';

/** Who is told of what threads do, while anybody watches. */
export type SpanBoard = {
	readonly isWatched: boolean;
	jobEnded(span: JobSpan): void;
};

/** One job, once it has left its thread. */
export type JobSpan = {
	/** What kind of work it was, as in `hash`. */
	readonly kind: string;
	/** Number of the worker thread in its pool, from 1; 0 is the calling thread. */
	readonly thread: number;
	/** Of the task that it belongs to, if any. */
	readonly task: number | undefined;
	/** Whose work it was. */
	readonly client: string;
	/** Octets of work that it said it costs. */
	readonly cost: number;
	/** When it came into its lane, and when its thread worked at it, by the caller's clock. */
	readonly addedAt: Micros;
	readonly beganAt: Micros;
	readonly endedAt: Micros;
	/** Whether it ended with an error. */
	readonly failed: boolean;
};
