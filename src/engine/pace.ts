/** Holds reads of a local source to the rate that the operator allows, as `--bwlimit` does. */
import type {Clock} from '../platform/clock.ts';
import {later, type Micros, micros} from '../unit.ts';
import type {RateDial} from './rate-dial.ts';

type Wait = {readonly octets: number; readonly go: () => void; cancel: () => void};

export class Pace {
	readonly #clock: Clock;
	readonly #dial: RateDial;
	readonly #unfollow: () => void;
	/** In the order in which they may go on. */
	readonly #waits = new Set<Wait>();
	/** When all that was let through would have been read at the rate. */
	#free: Micros;

	constructor(clock: Clock, dial: RateDial) {
		this.#clock = clock;
		this.#dial = dial;
		this.#free = clock.now();
		this.#unfollow = dial.onChange(() => this.#reschedule());
	}

	get isLimited(): boolean {
		return this.#dial.rate < Infinity;
	}

	/** Until so many octets may be read; at once where there is no limit. */
	wait(octets: number): Promise<void> | undefined {
		if (!this.isLimited) return undefined;
		return new Promise(resolve => {
			const wait: Wait = {
				octets,
				go: () => {
					this.#waits.delete(wait);
					resolve();
				},
				cancel: () => undefined,
			};
			this.#waits.add(wait);
			this.#schedule(wait);
		});
	}

	/** Whoever waits waits no more. */
	close(): void {
		this.#unfollow();
		for (const {cancel, go} of [...this.#waits]) {
			cancel();
			go();
		}
	}

	#schedule(wait: Wait): void {
		const start = micros(Math.max(this.#free, this.#clock.now()));
		this.#free = later(start, (wait.octets * 1e6) / this.#dial.rate);
		wait.cancel = this.#clock.at(this.#free, wait.go);
	}

	/** At another rate, from now on. */
	#reschedule(): void {
		this.#free = this.#clock.now();
		for (const wait of [...this.#waits]) {
			wait.cancel();
			if (this.isLimited) this.#schedule(wait);
			else wait.go();
		}
	}
}
