/** Collects what could not be done, for the result of a run and for whoever watches it. */
import {type ErrorCode, ShoalError} from '../error.ts';
import {escapePath} from '../escape.ts';
import type {EventSink, Problem} from './event.ts';

/** Kept for the result; each is told as an event too. */
const keptMax = 100;

export class Problems {
	readonly kept: Problem[] = [];
	/** All of them. */
	count = 0;
	/** The exit code that they ask for together: the greatest of partial (23) and stale (24). */
	exit = 0;
	readonly #on: EventSink | undefined;

	constructor(on: EventSink | undefined) {
		this.#on = on;
	}

	/** One path that could not be done; the run goes on. */
	add(code: ErrorCode, message: string, path?: Uint8Array): void {
		const {hint, exit} = new ShoalError(code, message);
		this.exit = Math.max(this.exit, exit);
		this.#tell({code, message, hint, ...(path && {path: escapePath(path)})});
	}

	/** What ended the run: its exit code is the run's. */
	end(error: ShoalError): void {
		const {code, message, hint, path, exit} = error;
		this.exit = exit;
		this.#tell({code, message, hint, ...(path && {path: escapePath(path)})});
	}

	#tell(problem: Problem): void {
		this.count++;
		if (this.kept.length < keptMax) this.kept.push(problem);
		this.#on?.({event: 'problem', problem});
	}
}
