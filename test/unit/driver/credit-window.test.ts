import test from 'ava';
import {CreditWindow} from '../../../src/driver/credit-window.ts';
import {micros, never} from '../../../src/unit.ts';

const min = 16_000;
const size = 1000;
const make = (windowMax = 10_000_000) => new CreditWindow({windowMin: min, windowMax});

/** A sender with as much as may leave, over a path of so many octets a second. */
class Path {
	readonly credit = make();
	now: number = 0;
	delivered = 0;
	readonly #queue: {readonly at: number; readonly total: number}[] = [];
	#freeAt = 0;
	readonly #rate: number;
	readonly #delay: number;

	constructor(rate: number, delay: number) {
		this.#rate = rate;
		this.#delay = delay;
	}

	run(until: number, wanted = Infinity): void {
		let left = wanted;
		for (; this.now < until; this.now += 500) {
			while (this.#queue[0] !== undefined && this.#queue[0].at <= this.now) {
				this.credit.onEcho(this.#queue.shift()!.total, micros(this.now));
			}
			while (left > 0 && this.credit.admits(size)) {
				left -= size;
				this.credit.onSent(size);
				this.delivered += size;
				this.#freeAt = Math.max(this.#freeAt, this.now) + (size * 1e6) / this.#rate;
				const total = this.credit.takeMark(micros(this.now));
				if (total !== undefined) this.#queue.push({at: this.#freeAt + this.#delay, total});
			}
		}
	}

	get queued(): number {
		return Math.max(0, ((this.#freeAt - this.now) * this.#rate) / 1e6);
	}
}

test('no more leaves than the window holds, and the first datagram whatever its size', t => {
	const credit = make();
	t.true(credit.admits(10 * min));
	credit.onSent(min - size);
	t.true(credit.admits(size));
	t.false(credit.admits(size + 1));
	credit.onSent(size);
	t.false(credit.admits(1));
	t.is(credit.outstanding, min);
});

test('a mark is due after an eighth of the window, and tells all that was sent', t => {
	const credit = make();
	credit.onSent(1999);
	t.is(credit.takeMark(micros(0)), undefined);
	credit.onSent(1);
	t.is(credit.takeMark(micros(0)), 2000);
	t.is(credit.takeMark(micros(0)), undefined);
});

test('an echo opens the window again; one of what was never sent, or an old one, does nothing', t => {
	const credit = make();
	credit.onSent(min);
	credit.takeMark(micros(0));
	credit.onEcho(min + 1, micros(10));
	t.is(credit.outstanding, min);
	credit.onEcho(min, micros(1000));
	t.is(credit.outstanding, 0);
	credit.onSent(size);
	credit.onEcho(size, micros(2000));
	t.is(credit.outstanding, size, 'an old one');
});

test('a mark whose echo does not come is sent again, two round trips later', t => {
	const credit = make();
	t.is(credit.retryAt, never);
	credit.onSent(min);
	credit.takeMark(micros(0));
	t.is(credit.takeMark(micros(3_999_999)), undefined, 'no round trip is known: seconds');
	t.is(credit.takeMark(micros(4_000_000)), min);
	credit.onEcho(min, micros(4_150_000));
	credit.onSent(min);
	credit.takeMark(micros(5_000_000));
	t.is(Number(credit.retryAt), 5_300_000);
});

for (const [rate, delay] of [
	[12_500_000, 100_000],
	[1_000_000, 20_000],
	[20_000_000, 4000],
] as const) {
	test(`it fills a path of ${rate / 1e6} MB/s and ${delay / 1000} ms, and queues a round trip and 8 ms`, t => {
		const path = new Path(rate, delay);
		path.run(2_000_000);
		const before = path.delivered;
		path.run(6_000_000);
		const share = (path.delivered - before) / (4 * rate);
		t.true(share > 0.95, `${share} of the rate`);
		const most = 2 * min + 1.1 * rate * ((delay + 8000) / 1e6);
		t.true(path.queued <= most, `${path.queued} octets wait`);
	});
}

test('what had little to send does not close the window', t => {
	const path = new Path(12_500_000, 100_000);
	path.run(3_000_000);
	const {window} = path.credit;
	path.run(3_500_000, 0);
	for (let round = 0; round < 10; round++) path.run(path.now + 200_000, 10 * size);
	t.true(path.credit.window > window / 2, `${path.credit.window} of ${window}`);
});

test('what expired halves the window, to a quarter of the least; what is kept opens it', t => {
	const credit = make();
	credit.onExpired();
	t.is(credit.window, min / 2);
	for (let count = 0; count < 10; count++) credit.onExpired();
	t.is(credit.window, min / 4);
	t.false(!credit.admits(min / 4));
	for (let count = 0; count < 100; count++) credit.onKept(2 * min);
	credit.onSent(min / 4);
	credit.takeMark(micros(0));
	credit.onEcho(min / 4, micros(1000));
	t.true(credit.window >= min && credit.window <= 2 * min, `${credit.window}`);
});
