/** What is said of an error: a line `shoal: CODE: what happened to what. Hint.`, names escaped. */
import {ShoalError} from '../error.ts';
import {escapePath, escapeText} from '../escape.ts';

/** Exit code of a bug: EX_SOFTWARE of sysexits.h. */
export const exitBug = 70;

/** An error as JSON shows it; `code` is that of a ShoalError, or INTERNAL for a bug. */
export type ErrorReport = {
	readonly code: string;
	readonly path?: string;
	readonly message: string;
	readonly hint: string;
};

export function errorLine({code, path, message, hint}: ErrorReport): string {
	const named = path === undefined || message.includes(path) ? message : `${path}: ${message}`;
	const stop = /[.!?]$/.test(named) ? '' : '.';
	return `shoal: ${code}: ${named}${stop} ${hint}`;
}

/** A failure as a report and an exit code; what is no ShoalError is a bug. */
export function describeFailure(failure: unknown): {report: ErrorReport; exit: number} {
	if (failure instanceof ShoalError) {
		const path = failure.path === undefined ? {} : {path: escapePath(failure.path)};
		const {code, hint, exit} = failure;
		return {report: {code, ...path, message: escapeText(failure.message), hint}, exit};
	}
	return {
		report: {
			code: 'INTERNAL',
			message: escapeText(describeBug(failure)),
			hint: 'This is a bug in shoal: report this line and the command that led to it.',
		},
		exit: exitBug,
	};
}

/** Name, message and the innermost places, on one line. */
function describeBug(failure: unknown): string {
	if (!(failure instanceof Error)) return `something was thrown: ${String(failure)}`;
	const places = (failure.stack ?? '')
		.split('\n')
		.filter(line => /^\s+at /.test(line))
		.slice(0, 4)
		.map(line => line.trim().replace(/\(?(?:file:\/\/)?\S*?\/((?:dist|node_modules)\/)/, '($1'));
	return [`${failure.name}: ${failure.message}`, ...places].join(' ');
}
