/**
 * The two output streams, and the lines that are redrawn on the second. A reader that goes away
 * (EPIPE) is no error: what is written afterwards is dropped, and `closed` tells a command whose
 * whole purpose was that output. A full disk is one: told once, and the exit code says so at last.
 * The signals of the process are in `interrupt.ts`.
 */
import {ShoalError} from '../error.ts';
import type {Live, LiveStream} from './live.ts';
import type {LiveState} from './live-state.ts';
import {describeFailure, errorLine} from './report.ts';

export class Terminal {
	readonly #out: LiveStream;
	readonly #err: LiveStream;
	readonly #closed = new AbortController();
	readonly #isDumb: boolean;
	#live: Live | undefined;
	#loading: Promise<void> | undefined;
	/** What is to be seen once `live.ts` is loaded. */
	#shown: LiveState | undefined;
	#isClosed = false;
	/** While the reader is slow: one for all who wait. */
	#drained: Promise<void> | undefined;
	/** Why standard output is not whole. */
	failure: ShoalError | undefined;

	/** `term` is the kind of the terminal, from the environment. */
	constructor(out: LiveStream, err: LiveStream, term?: string) {
		this.#out = out;
		this.#err = err;
		this.#isDumb = term === 'dumb';
		out.on('error', error => this.#failed(error, out));
		err.on('error', error => this.#failed(error, err));
	}

	/** Someone looks at standard output. */
	get interactive(): boolean {
		return this.#out.isTTY === true;
	}

	/** Lines can be redrawn: standard error is a terminal of known size that can move its cursor. */
	get redraws(): boolean {
		const {isTTY, columns} = this.#err;
		return isTTY === true && columns !== 0 && !this.#isDumb;
	}

	/** Width of standard output; undefined where that is no terminal. */
	get columns(): number | undefined {
		return this.#out.isTTY ? this.#out.columns : undefined;
	}

	/** Aborted when nobody reads standard output any more. */
	get closed(): AbortSignal {
		return this.#closed.signal;
	}

	/** Writes `text`, whole lines, to standard output; a promise while the reader is slow. */
	write(text: string | Uint8Array): void | Promise<void> {
		if (this.#closed.signal.aborted) return;
		this.erase();
		if (this.#out.write(text)) return;
		this.#drained ??= new Promise(resolve => {
			const done = () => {
				this.#out.removeListener('drain', done);
				this.#closed.signal.removeEventListener('abort', done);
				this.#drained = undefined;
				resolve();
			};
			this.#out.on('drain', done);
			this.#closed.signal.addEventListener('abort', done);
		});
		return this.#drained;
	}

	/** Writes a line to standard error. */
	warn(line: string): void {
		this.erase();
		this.#err.write(`${line}\n`);
	}

	/** Shows `state` in place of what was shown last, until something is written. */
	show(state: LiveState): void {
		if (!this.redraws || this.#isClosed) return;
		this.#shown = state;
		if (this.#live !== undefined) this.#live.show(state);
		else this.#loading ??= this.#load();
	}

	/** What was shown last goes. */
	erase(): void {
		this.#shown = undefined;
		this.#live?.erase();
	}

	/** Nothing is redrawn any more: the screen is as if nothing had been. */
	close(): void {
		this.#isClosed = true;
		this.#live?.close();
	}

	async #load(): Promise<void> {
		const {Live} = await import('./live.ts');
		if (this.#isClosed) return;
		this.#live = new Live(this.#err);
		if (this.#shown !== undefined) this.#live.show(this.#shown);
	}

	#failed(error: Error, stream: LiveStream): void {
		// Of standard error nobody can be told.
		if (stream !== this.#out || this.#closed.signal.aborted) return;
		if ((error as NodeJS.ErrnoException).code !== 'EPIPE') {
			this.failure = new ShoalError('OUTPUT_FAILED', `standard output: ${error.message}`);
			this.warn(errorLine(describeFailure(this.failure).report));
		}
		this.#closed.abort(new ShoalError('INTERRUPTED', 'nobody reads the output', {cause: error}));
	}
}
