/**
 * `--log-file`: a line for all that is done, as rsync writes it: local time, process, text. The
 * file is held open, so one that was renamed is written on until the run ends, as rsync does too.
 */
import {closeSync, constants, openSync, writeSync} from 'node:fs';
import {ShoalError} from '../error.ts';

export class LogFile {
	readonly #fd: number;
	readonly #wallMs: () => number;
	/** Why it is not whole. */
	failure: string | undefined;

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
		try {
			writeSync(this.#fd, `${localStamp(this.#wallMs())} [${process.pid}] ${text}\n`);
		} catch (error) {
			if (!(error instanceof Error)) throw error;
			this.failure ??= error.message;
		}
	}

	close(): void {
		closeSync(this.#fd);
	}
}

/** `2026/11/22 01:33:47`, where this machine is. */
export function localStamp(wallMs: number): string {
	const date = new Date(wallMs);
	const pair = (value: number): string => String(value).padStart(2, '0');
	const day = [date.getFullYear(), pair(date.getMonth() + 1), pair(date.getDate())].join('/');
	return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(pair).join(':')}`;
}
