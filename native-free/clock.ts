/** Node's clocks. */
import type {Clock} from '../src/platform/clock.ts';
import {type Micros, micros} from '../src/unit.ts';

export const clock: Clock = {
	now: () => micros(Math.floor(performance.now() * 1000)),
	wallMs: () => Date.now(),
	at(at: Micros, then: () => void): () => void {
		const arm = (): NodeJS.Timeout => {
			const left = at / 1000 - performance.now();
			return setTimeout(due, Math.min(timeoutMaxMs, Math.max(0, Math.ceil(left))));
		};
		const due = (): void => {
			if (performance.now() * 1000 >= at) then();
			else timer = arm();
		};
		let timer = arm();
		return () => clearTimeout(timer);
	},
};

/** Node takes more than 31 bits of milliseconds for one: a later instant is reached in steps. */
const timeoutMaxMs = 2 ** 31 - 1;
