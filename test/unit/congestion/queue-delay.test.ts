import test from 'ava';
import {QueueDelay} from '../../../src/congestion/queue-delay.ts';

const roundTrip = 100_000;

/** Packets sent every 500 µs, each `extra(n)` µs later than the path takes, taken at `now(n)`. */
function run(
	count: number,
	extra: (index: number) => number,
	taken: (arrival: number) => number,
): number[] {
	const queue = new QueueDelay();
	return Array.from({length: count}, (_, index) => {
		const sentAt = index * 500;
		const now = taken(sentAt + 50_000 + extra(index));
		queue.add(now - sentAt, now, roundTrip);
		return queue.delay;
	});
}

test('a queue that stands is seen, as long as it is', t => {
	const delays = run(
		400,
		index => (index < 200 ? 0 : 30_000),
		arrival => arrival,
	);
	t.true(delays.slice(0, 200).every(delay => delay === 0));
	t.is(delays.at(-1), 30_000);
});

test('packets that a busy process takes late, all at once, are no queue', t => {
	const stallAt = 150_000;
	const delays = run(
		400,
		() => 0,
		arrival => (arrival > stallAt && arrival < stallAt + 60_000 ? stallAt + 60_000 : arrival),
	);
	t.true(
		delays.every(delay => delay < 1000),
		`${Math.max(...delays)} µs`,
	);
});

test('a queue shorter than the span of a look is not seen', t => {
	const delays = run(
		400,
		index => (index >= 200 && index < 230 ? 30_000 : 0),
		arrival => arrival,
	);
	t.true(delays.every(delay => delay === 0));
});

test('on a path of two seconds a queue is seen in a tenth of one', t => {
	const queue = new QueueDelay();
	let seenAt = Infinity;
	for (let sentAt = 0; sentAt < 1_000_000; sentAt += 500) {
		const oneWay = sentAt < 500_000 ? 1_000_000 : 1_030_000;
		queue.add(oneWay, sentAt + oneWay, 2_000_000);
		if (queue.delay > 0) seenAt = Math.min(seenAt, sentAt);
	}
	t.true(seenAt < 605_000, `${seenAt}`);
});
