import test from 'ava';
import {SentLog} from '../../../src/transfer/sent-log.ts';
import {Prng} from '../../support/prng.ts';

test('in flight is what was sent and neither receipted nor gone', t => {
	const log = new SentLog();
	for (let number = 0; number < 10; number++) log.add(number, 100, number * 10);
	t.is(log.inFlight, 1000);
	log.receipt(2, 4);
	log.receipt(3, 4);
	t.is(log.inFlight, 700, 'each counts once');
	log.expire(30);
	t.is(log.inFlight, 500, '0 and 1 are gone; 2 and 3 were receipted');
	log.receipt(0, 1);
	t.is(log.inFlight, 500, 'a late receipt frees nothing twice');
	t.is(log.oldestAt, 50);
	log.receipt(5, 9);
	t.is(log.inFlight, 0);
	t.is(log.oldestAt, Infinity);
});

test('a round trip is sampled by the highest number alone, when it is new', t => {
	const log = new SentLog();
	for (let number = 0; number < 10; number++) log.add(number, 100, 1000 + number);
	t.is(log.receipt(0, 3), 1003);
	t.is(log.receipt(0, 3), -1);
	t.is(log.receipt(1, 2), -1);
	t.is(log.receipt(8, 9), 1009);
});

test('a grant counts from a packet: numbers may have gaps, or be ahead of what was sent', t => {
	const log = new SentLog();
	for (const number of [0, 1, 5, 6]) log.add(number, 100, 0);
	t.deepEqual(
		[0, 1, 2, 5, 6, 7, 99].map(number => log.before(number)),
		[0, 100, 200, 200, 300, 400, 400],
	);
});

test('what was receipted since a time is told to the moment', t => {
	const log = new SentLog();
	for (let number = 0; number < 100; number++) log.add(number, 100, number);
	for (let number = 0; number < 100; number++) {
		log.receipt(number, number);
		log.closeMoment(1000 + 10 * number, 10);
	}
	t.is(log.receiptedSince(1990), 100);
	t.is(log.receiptedSince(1890), 1100);
	t.is(log.receiptedSince(3000), 0);
});

test('thousands in flight are kept apart; the past is forgotten [SHOAL_SEED=4]', t => {
	const prng = new Prng(4);
	const log = new SentLog();
	const flight = new Map<number, {size: number; at: number}>();
	let next = 0;
	let total = 0;
	for (let now = 0; now < 20_000; now++) {
		next += prng.chance(0.05) ? 3 : 1;
		const size = 50 + prng.below(1200);
		log.add(next, size, now);
		flight.set(next, {size, at: now});
		total += size;
		if (prng.chance(0.2)) {
			const to = next - prng.below(3000);
			const from = Math.max(0, to - prng.below(20));
			if (to >= 0) log.receipt(from, to);
			for (let number = from; number <= to; number++) flight.delete(number);
		}
		if (prng.chance(0.01)) {
			log.expire(now - 4000);
			for (const [number, {at}] of flight) if (at <= now - 4000) flight.delete(number);
		}
		if (now % 500 === 0) {
			t.is(log.total, total);
			t.is(
				log.inFlight,
				[...flight.values()].reduce((sum, each) => sum + each.size, 0),
			);
		}
	}
});

test('another path: nothing is in flight, nothing is proved', t => {
	const log = new SentLog();
	log.add(0, 100, 0);
	log.receipt(0, 0);
	log.closeMoment(5, 1);
	log.add(1, 100, 1);
	log.reset();
	t.is(log.inFlight, 0);
	t.is(log.receiptedSince(0), 0);
	t.is(log.total, 200);
});
