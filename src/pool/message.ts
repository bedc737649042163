/** What a pool and its threads say to each other. */
import {AssertionError} from '../assert.ts';
import {type ErrorCode, ShoalError} from '../error.ts';

/** To a thread, once: what both sides see at any time, by `sign`. */
export type Begin = {readonly kind: 'begin'; readonly signs: Int32Array};

export const sign = {
	/** Number of the job that nobody wants any more. */
	aborted: 0,
	/** Goes up as long as the job goes on. */
	beat: 1,
} as const;

/** To a thread: run a task. Numbers count up from 1 for each thread. */
export type Order = {
	readonly kind: 'order';
	readonly job: number;
	readonly task: string;
	readonly input: unknown;
};

/** From a thread, once for each order. */
export type Answer = {
	readonly job: number;
	/** When it worked at the job, on the clock that all threads share. */
	readonly beganAt: number;
	readonly endedAt: number;
} & ({readonly output: unknown} | {readonly error: PostedError});

/** An error as plain data: a structured clone keeps neither class nor code. */
export type PostedError = {
	/** Undefined for a bug: anything thrown that is not a ShoalError. */
	readonly code: ErrorCode | undefined;
	readonly message: string;
	readonly path: Uint8Array | undefined;
	readonly cause: {readonly code: string; readonly message: string} | undefined;
	readonly stack: string | undefined;
};

export function packError(error: unknown): PostedError {
	if (error instanceof ShoalError) {
		const {code, message, path, cause} = error;
		return {code, message, path, cause: packCause(cause), stack: undefined};
	}
	const known = error instanceof Error ? error : new Error(String(error));
	const message =
		known instanceof AssertionError ? known.message : `${known.name}: ${known.message}`;
	return {code: undefined, message, path: undefined, cause: undefined, stack: known.stack};
}

/** The same ShoalError, or an AssertionError for whatever else was thrown. */
export function unpackError({code, message, path, cause, stack}: PostedError): Error {
	if (code === undefined) return new AssertionError(stack ?? message);
	const inner = cause && Object.assign(new Error(cause.message), {code: cause.code});
	return new ShoalError(code, message, {
		...(inner === undefined ? {} : {cause: inner}),
		...(path === undefined ? {} : {path}),
	});
}

function packCause(cause: unknown): PostedError['cause'] {
	if (!(cause instanceof Error)) return undefined;
	const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
	return {code, message: cause.message};
}
