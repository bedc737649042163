import test from 'ava';
import {SlowStart} from '../../../src/congestion/slow-start.ts';

const roundTrip = 64_000;

/** A round of packets that all take as long; true: slow start is over after it. */
function round(start: SlowStart, delay: number, packets = 8): boolean {
	for (let packet = 0; packet < packets; packet++) start.onPacket(delay, roundTrip);
	return start.onRound();
}

test('a delay that grows by an eighth of the round trip makes it conservative, not one below', t => {
	const start = new SlowStart();
	round(start, 1_000_000);
	round(start, 1_007_999);
	t.false(start.conservative);
	t.is(start.growth(1200), 1200);
	round(start, 1_015_999);
	t.true(start.conservative);
	t.is(start.growth(1200), 300);
});

test('five conservative rounds end it', t => {
	const start = new SlowStart();
	round(start, 0);
	const ends = [20_000, 20_000, 21_000, 22_000, 23_000].map(delay => round(start, delay));
	t.deepEqual(ends, [false, false, false, false, true]);
});

test('a queue that was none lets it go on', t => {
	const start = new SlowStart();
	round(start, 0);
	round(start, 20_000);
	t.true(start.conservative);
	round(start, 100);
	t.false(start.conservative);
});

test('a round of seven packets says nothing', t => {
	const start = new SlowStart();
	round(start, 0);
	round(start, 50_000, 7);
	t.false(start.conservative);
});
