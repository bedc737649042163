/** What a pool and its threads say to each other. */
import {AssertionError} from '../assert.ts';
import {type ErrorCode, ShoalError} from '../error.ts';

/** To a thread, once: where it sees which of its jobs nobody wants any more. */
export type Begin = {readonly kind: 'begin'; readonly abortedJob: Int32Array};

/** To a thread: run a task. Numbers count up from 1 for each thread. */
export type Order = {
	readonly kind: 'order';
	readonly job: number;
	readonly task: string;
	readonly input: unknown;
};

/** From a thread, once for each order. */
export type Answer =
	| {readonly job: number; readonly output: unknown}
	| {readonly job: number; readonly error: PostedError};

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
