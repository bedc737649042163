import test from 'ava';
import {PathAllowance} from '../../../src/session/path-allowance.ts';
import {RateLimit} from '../../../src/session/rate-limit.ts';
import {later, micros} from '../../../src/unit.ts';

test('an unvalidated address gets three times what came from it, and not an octet more', t => {
	const path = new PathAllowance('a:1', false);
	t.is(path.room, 0);
	t.false(path.take(1));
	path.received(1200);
	t.is(path.room, 3600);
	t.true(path.take(1200));
	t.true(path.take(2400));
	t.false(path.take(1));
	path.received(100);
	t.false(path.take(301));
	t.true(path.take(300));
	t.is(path.room, 0);
});

test('a validated address gets what there is', t => {
	const path = new PathAllowance('a:1', false);
	path.validate();
	t.true(path.validated);
	t.true(path.take(1e9));
	t.true(new PathAllowance('b:1', true).take(1e9));
});

test('a rate is what it says, in a burst and over time', t => {
	const start = micros(1_000_000);
	const limit = new RateLimit(10, start);
	const taken = (from: number, seconds: number): number => {
		let count = 0;
		for (let step = 0; step < 1000; step++) {
			const now = later(start, (from + (seconds * step) / 1000) * 1e6);
			if (limit.take(now)) count++;
		}
		return count;
	};
	t.is(taken(0, 0), 10, 'a second at once');
	t.is(taken(0, 1), 9, 'then one every tenth of a second');
	t.is(taken(1, 10), 100);
	t.is(taken(1000, 0), 10, 'rest saves up no more than a second');
});
