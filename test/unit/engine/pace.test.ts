import test from 'ava';
import {Pace} from '../../../src/engine/pace.ts';
import {RateDial} from '../../../src/engine/rate-dial.ts';
import {type Micros, micros} from '../../../src/unit.ts';

/** A clock that stands until it is told to go on. */
class StandingClock {
	#now = micros(0);
	readonly #due = new Map<() => void, Micros>();

	now(): Micros {
		return this.#now;
	}

	wallMs(): number {
		return 0;
	}

	at(at: Micros, then: () => void): () => void {
		this.#due.set(then, at);
		return () => this.#due.delete(then);
	}

	get waitCount(): number {
		return this.#due.size;
	}

	goTo(now: number): void {
		this.#now = micros(now);
		for (const [then, at] of [...this.#due]) {
			if (at > this.#now) continue;
			this.#due.delete(then);
			then();
		}
	}
}

test('octets go at the rate, and none that were not asked for are saved up', async t => {
	const clock = new StandingClock();
	const pace = new Pace(clock, new RateDial(1000));
	const done: number[] = [];
	const ask = (octets: number) => void pace.wait(octets)!.then(() => done.push(octets));
	const goTo = (now: number): Promise<void> => {
		clock.goTo(now);
		return new Promise(resolve => setImmediate(resolve));
	};
	ask(500);
	ask(250);
	await goTo(499_999);
	t.deepEqual(done, []);
	await goTo(500_000);
	t.deepEqual(done, [500]);
	await goTo(750_000);
	t.deepEqual(done, [500, 250]);
	await goTo(9_000_000);
	ask(100);
	await goTo(9_099_999);
	t.is(done.length, 2);
	await goTo(9_100_000);
	t.is(done.length, 3);
});

test('without a limit nobody waits; at the end nobody does any more', async t => {
	const clock = new StandingClock();
	t.is(new Pace(clock, new RateDial()).wait(1e12), undefined);
	const pace = new Pace(clock, new RateDial(1));
	const waits = [pace.wait(1000), pace.wait(1000)];
	pace.close();
	await Promise.all(waits);
	t.is(clock.waitCount, 0);
});

test('another rate holds for those who wait already, in their order', async t => {
	const clock = new StandingClock();
	const dial = new RateDial(10);
	const pace = new Pace(clock, dial);
	const done: number[] = [];
	const goTo = (now: number): Promise<void> => {
		clock.goTo(now);
		return new Promise(resolve => setImmediate(resolve));
	};
	for (const octets of [1000, 500]) void pace.wait(octets)!.then(() => done.push(octets));
	await goTo(1_000_000);
	dial.set(1000);
	await goTo(1_999_999);
	t.deepEqual(done, []);
	await goTo(2_000_000);
	t.deepEqual(done, [1000]);
	dial.set(Infinity);
	await goTo(2_000_000);
	t.deepEqual(done, [1000, 500]);
	t.is(clock.waitCount, 0);
	pace.close();
});
