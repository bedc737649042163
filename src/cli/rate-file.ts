/** `--bwlimit-from`: a rate in a file, followed while a run goes on. */
import {readFileSync} from 'node:fs';
import {RateDial} from '../engine/rate-dial.ts';
import {ShoalError} from '../error.ts';
import type {Clock} from '../platform/clock.ts';
import {later, millis} from '../unit.ts';
import {readValue} from './value.ts';

/** How often the file is looked at. */
const lookEveryMs = 1000;

/** Enough for any rate: the file may be a device that never ends. */
const textMax = 64;

export class RateFile {
	readonly dial: RateDial;
	readonly #path: string;
	readonly #clock: Clock;
	readonly #notice: (text: string) => void;
	#trouble: string | undefined;
	#cancel: () => void = () => undefined;

	/** @throws ShoalError OPTION_INVALID: the file has no rate */
	constructor(path: string, clock: Clock, notice: (text: string) => void) {
		this.#path = path;
		this.#clock = clock;
		this.#notice = notice;
		this.dial = new RateDial(this.#read());
		this.#lookLater();
	}

	/** Follows it no more. */
	close(): void {
		this.#cancel();
	}

	#read(): number {
		let text: string;
		try {
			text = readFileSync(this.#path, 'utf8').slice(0, textMax).trim();
		} catch (cause) {
			const reason = cause instanceof Error ? cause.message : String(cause);
			throw new ShoalError('OPTION_INVALID', `--bwlimit-from: ${reason}`, {cause});
		}
		return (readValue('rate', this.#path, text) as number) || Infinity;
	}

	#lookLater(): void {
		this.#cancel = this.#clock.at(later(this.#clock.now(), millis(lookEveryMs)), () => {
			this.#look();
			this.#lookLater();
		});
	}

	/** A file that is being written, or has a fault, changes nothing; it is told once. */
	#look(): void {
		try {
			const rate = this.#read();
			this.#trouble = undefined;
			if (rate === this.dial.rate) return;
			this.dial.set(rate);
			const said = rate === Infinity ? 'no limit' : `${rate} octets a second`;
			this.#notice(`from now on: ${said}`);
		} catch (error) {
			if (!(error instanceof ShoalError)) throw error;
			if (this.#trouble === error.message) return;
			this.#trouble = error.message;
			this.#notice(`${error.message}; the limit stays as it is`);
		}
	}
}
