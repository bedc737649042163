/** `--log-file`: a line for all that is done, with time and process id, as rsync writes it. */
import {closeSync, constants, openSync, writeSync} from 'node:fs';
import {ShoalError} from '../error.ts';

export class LogFile {
	readonly #fd: number;
	readonly #wallMs: () => number;

	/** Appends to `path`. @throws ShoalError OPTION_INVALID when it cannot be written */
	constructor(path: string, wallMs: () => number) {
		const {O_APPEND, O_CREAT, O_WRONLY} = constants;
		try {
			this.#fd = openSync(path, O_APPEND | O_CREAT | O_WRONLY, 0o644);
		} catch (cause) {
			const reason = cause instanceof Error ? cause.message : String(cause);
			throw new ShoalError('OPTION_INVALID', `--log-file: ${reason}`, {cause});
		}
		this.#wallMs = wallMs;
	}

	/** A full disk under the log must not break the run: what cannot be logged is dropped. */
	line(text: string): void {
		const date = new Date(this.#wallMs());
		const stamp = date.toISOString().slice(0, 19).replaceAll('-', '/').replace('T', ' ');
		try {
			writeSync(this.#fd, `${stamp} [${process.pid}] ${text}\n`);
		} catch (error) {
			if (!(error instanceof Error)) throw error;
		}
	}

	close(): void {
		closeSync(this.#fd);
	}
}
