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

/** Whether there was room behind 400 packets that waited `waits(n)` µs each. */
function hadRoom(waits: (index: number) => number, count = 400): boolean {
	const queue = new QueueDelay();
	for (let index = 0; index < count; index++) {
		const sentAt = index * 500;
		queue.add(50_000 + waits(index), sentAt + 50_000 + waits(index), roundTrip);
	}
	return queue.hasRoom(2000);
}

test('a queue that stood at 30 ms once has room where packets wait 5 ms, and not at 20', t => {
	const then = (index: number, wait: number): number =>
		index < 20 ? 0 : index < 180 ? 30_000 : wait;
	t.true(hadRoom(index => then(index, 5000)));
	t.false(hadRoom(index => then(index, 20_000)));
});

test('a short queue that comes and goes is full when it comes, also where none stands', t => {
	t.false(hadRoom(index => (index > 100 && index < 300 ? 5000 : index % 16 < 4 ? 5000 : 0)));
});

test('what stood before the last forty seconds says nothing of the queue that is there now', t => {
	const wait = (index: number): number => (index < 20 ? 0 : index < 820 ? 200_000 : 5000);
	t.true(hadRoom(wait, 20_000));
	t.false(hadRoom(wait, 100_000));
});

test('a queue is full while packets wait for as long as any did, and short beside a long round trip', t => {
	const queue = new QueueDelay();
	let sentAt = 0;
	const wait = (waiting: number): void => {
		for (let count = 0; count < 200; count++, sentAt += 500) {
			queue.add(50_000 + waiting, sentAt + 50_000 + waiting, roundTrip);
		}
	};
	wait(0);
	t.false(queue.isFull(2000));
	wait(5000);
	t.true(queue.isFull(2000));
	t.false(queue.isFull(6000), 'it is no queue at all');
	t.true(queue.isShort(50_000));
	t.false(queue.isShort(15_000));
	wait(2500);
	t.false(queue.isFull(2000), 'half of it is free');
});

test('one packet that waits long by itself is no queue', t => {
	t.true(hadRoom(index => (index < 20 ? 0 : index < 180 ? 30_000 : index === 398 ? 29_000 : 100)));
});
