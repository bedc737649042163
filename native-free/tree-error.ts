/** Node's file-system errors become ShoalErrors here and nowhere else. */
import {getSystemErrorMap} from 'node:util';
import type {ErrorCode} from '../src/error.ts';
import {ShoalError} from '../src/error.ts';
import {escapePath} from '../src/escape.ts';

export type NodeError = Error & {readonly code: string; readonly errno?: number};

/** What was being done: only the direction decides about the code. */
export type Intent = 'read' | 'write';

/** True of errors that Node's file system throws; everything else is a bug and passes through. */
export function isNodeError(error: unknown): error is NodeError {
	return error instanceof Error && 'code' in error && typeof error.code === 'string';
}

/** Node's code of `error`, or undefined if it is not one of Node's. */
export function nodeCode(error: unknown): string | undefined {
	return isNodeError(error) ? error.code : undefined;
}

/** `action` begins the message, as in `cannot open`; `path` is as long as the caller knows it. */
export function treeError(
	error: unknown,
	intent: Intent,
	action: string,
	path: Uint8Array,
): unknown {
	if (error instanceof ShoalError || !isNodeError(error)) return error;
	const code = either[error.code] ?? (intent === 'read' ? 'FILE_UNREADABLE' : writing(error.code));
	return new ShoalError(code, `${action} ${escapePath(path)}: ${reason(error)}`, {cause: error});
}

const either: Readonly<Record<string, ErrorCode>> = {
	ENOSPC: 'DESTINATION_FULL',
	EDQUOT: 'DESTINATION_FULL',
	EILSEQ: 'NAME_UNSUPPORTED',
	ENAMETOOLONG: 'NAME_UNSUPPORTED',
	EOPNOTSUPP: 'FILE_UNSUPPORTED',
	ENOTSUP: 'FILE_UNSUPPORTED',
};

function writing(code: string): ErrorCode {
	return code === 'EIO' ? 'DESTINATION_FAILED' : 'FILE_UNWRITABLE';
}

/** The system's own sentence; Node's message would repeat the path, unescaped. */
function reason(error: NodeError): string {
	const entry = error.errno === undefined ? undefined : getSystemErrorMap().get(error.errno);
	return entry?.[1] ?? error.code;
}
