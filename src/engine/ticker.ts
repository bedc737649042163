/** Tells progress as an event: at once when a phase begins, then a few times a second. */
import type {Clock} from '../platform/clock.ts';
import {later, millis} from '../unit.ts';
import type {EventSink, Progress} from './event.ts';

/** Fast enough to look alive, slow enough to cost nothing. */
const everyMs = 200;

export class Ticker {
	readonly #clock: Clock;
	readonly #on: EventSink | undefined;
	#phase: Progress['phase'] | undefined;
	#toldAt = 0;

	constructor(clock: Clock, on: EventSink | undefined) {
		this.#clock = clock;
		this.#on = on;
	}

	/** `figures` is asked only when it is told. */
	tell(phase: Progress['phase'], figures: () => Progress): void {
		if (this.#on === undefined) return;
		const now = this.#clock.now();
		if (phase === this.#phase && now < this.#toldAt + everyMs * 1000) return;
		this.#phase = phase;
		this.#toldAt = now;
		this.#on({event: 'progress', progress: figures()});
	}

	/** Tells also while nothing happens, until the answer is called: a rate falls, and that shows. */
	beat(phase: Progress['phase'], figures: () => Progress): () => void {
		let cancel: () => void = () => undefined;
		const again = (): void => {
			this.tell(phase, figures);
			cancel = this.#clock.at(later(this.#clock.now(), millis(everyMs)), again);
		};
		if (this.#on !== undefined) again();
		return () => cancel();
	}
}
