/** `--trace`: a file of trace events that is whole JSON after each write, so also after a kill. */
import {closeSync, openSync, writeSync} from 'node:fs';
import {ShoalError} from '../error.ts';
import {Trace} from '../scheduler/trace.ts';
import type {Context} from './context.ts';

/** Traces what the scheduler does until the answer is called. @throws ShoalError OPTION_INVALID */
export function openTrace(
	{scheduler, platform, terminal}: Pick<Context, 'scheduler' | 'platform' | 'terminal'>,
	path: string,
): () => void {
	const file = new TraceFile(path);
	const {clock} = platform;
	const usage = () => platform.process.usage();
	const write = (events: string): void => file.append(events);
	const trace = new Trace({scheduler, clock, usage, name: 'shoal', write});
	return () => {
		trace.close();
		file.close();
		const {failure} = file;
		if (failure !== undefined) terminal.warn(`shoal: --trace: ${path} is not whole: ${failure}`);
	};
}

const end = '\n]\n';

export class TraceFile {
	readonly #fd: number;
	/** Where the next event goes: over the end. */
	#size = 0;
	/** Why it is not whole. */
	failure: string | undefined;

	/** Replaces what is at `path`. @throws ShoalError OPTION_INVALID when it cannot be written */
	constructor(path: string) {
		try {
			this.#fd = openSync(path, 'w', 0o644);
		} catch (cause) {
			const reason = cause instanceof Error ? cause.message : String(cause);
			throw new ShoalError('OPTION_INVALID', `--trace: ${reason}`, {cause});
		}
		this.#write('[');
	}

	append(events: string): void {
		if (events !== '') this.#write(`${this.#size === 1 ? '\n' : ',\n'}${events}`);
	}

	close(): void {
		closeSync(this.#fd);
	}

	/** A full disk under the trace must not break the run: what cannot be written is dropped. */
	#write(text: string): void {
		try {
			writeSync(this.#fd, text + end, this.#size);
			this.#size += Buffer.byteLength(text);
		} catch (error) {
			if (!(error instanceof Error)) throw error;
			this.failure ??= error.message;
		}
	}
}
