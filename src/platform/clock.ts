import type {Micros} from '../unit.ts';

export type Clock = {
	/** Monotonic time since some fixed instant. */
	now(): Micros;
	/** Wall-clock time, Unix milliseconds: for what is signed, shown or held against mtimes. */
	wallMs(): number;
	/** Calls `then` once, at or after `at`; the answer cancels it. Whole milliseconds in Node. */
	at(at: Micros, then: () => void): () => void;
};
