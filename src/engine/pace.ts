/** Holds reads of a local source to the rate that the operator allows, as `--bwlimit` does. */
import type {Clock} from '../platform/clock.ts';
import {later, type Micros, micros} from '../unit.ts';

export class Pace {
	readonly #clock: Clock;
	readonly #octetsPerSecond: number;
	readonly #waiting = new Map<() => void, () => void>();
	/** When all that was let through would have been read at the rate. */
	#free: Micros;

	constructor(clock: Clock, octetsPerSecond: number) {
		this.#clock = clock;
		this.#octetsPerSecond = octetsPerSecond;
		this.#free = clock.now();
	}

	get isLimited(): boolean {
		return this.#octetsPerSecond < Infinity;
	}

	/** Until so many octets may be read; at once where there is no limit. */
	wait(octets: number): Promise<void> | undefined {
		if (!this.isLimited) return undefined;
		const start = micros(Math.max(this.#free, this.#clock.now()));
		this.#free = later(start, (octets * 1e6) / this.#octetsPerSecond);
		const due = this.#free;
		return new Promise(resolve => {
			const go = (): void => {
				this.#waiting.delete(go);
				resolve();
			};
			this.#waiting.set(go, this.#clock.at(due, go));
		});
	}

	/** Whoever waits waits no more. */
	close(): void {
		for (const [go, cancel] of [...this.#waiting]) {
			cancel();
			go();
		}
	}
}
