/**
 * The two output streams and the line that is redrawn. A reader that goes away (EPIPE) is no
 * error: what is written afterwards is dropped, and `closed` tells a command whose whole purpose
 * was that output. The signals of the process are in `interrupt.ts`.
 */
import type {WriteStream} from 'node:tty';
import {ShoalError} from '../error.ts';

type Stream = NodeJS.WritableStream & Partial<Pick<WriteStream, 'isTTY' | 'columns'>>;

export class Terminal {
	readonly #out: Stream;
	readonly #err: Stream;
	readonly #closed = new AbortController();
	#status = '';

	constructor(out: Stream, err: Stream) {
		this.#out = out;
		this.#err = err;
		out.on('error', error => this.#failed(error, out));
		err.on('error', error => this.#failed(error, err));
	}

	/** Someone looks at standard output. */
	get interactive(): boolean {
		return this.#out.isTTY === true;
	}

	/** A status line can be shown. */
	get redraws(): boolean {
		return this.#err.isTTY === true;
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
		this.#erase();
		if (this.#out.write(text)) return;
		return new Promise(resolve => {
			const done = () => {
				this.#out.removeListener('drain', done);
				this.#closed.signal.removeEventListener('abort', done);
				resolve();
			};
			this.#out.on('drain', done);
			this.#closed.signal.addEventListener('abort', done);
		});
	}

	/** Writes a line to standard error. */
	warn(line: string): void {
		this.#erase();
		this.#err.write(`${line}\n`);
	}

	/** Shows `line` in place of the last status line, cut to the width; empty: none. */
	showStatus(line: string): void {
		if (!this.redraws) return;
		const cut = line.slice(0, Math.max(20, (this.#err.columns ?? 80) - 1));
		if (cut === this.#status) return;
		const padded = cut.padEnd(this.#status.length);
		this.#err.write(cut === '' ? `\r${padded}\r` : `\r${padded}`);
		this.#status = cut;
	}

	#erase(): void {
		this.showStatus('');
	}

	#failed(error: Error, stream: Stream): void {
		if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
		if (stream !== this.#out) return;
		this.#closed.abort(new ShoalError('INTERRUPTED', 'nobody reads the output', {cause: error}));
	}
}
