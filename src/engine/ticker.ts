/** Tells progress as an event: at once when a phase begins, then a few times a second. */
import type {Clock} from '../platform/clock.ts';
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
}
