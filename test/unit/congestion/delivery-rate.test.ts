import test from 'ava';
import {DeliveryRate} from '../../../src/congestion/delivery-rate.ts';
import {QueueDelay} from '../../../src/congestion/queue-delay.ts';

const size = 1000;

/** Packets with a time of sending and of arrival each; the greatest sample. */
function greatest(packets: readonly (readonly [sentAt: number, now: number])[]): number {
	const delivery = new DeliveryRate();
	let most = 0;
	for (const [sentAt, now] of packets) {
		if (delivery.add(size, sentAt, now, false, 50_000, 1000, false)) {
			most = Math.max(most, delivery.rate);
		}
	}
	return most;
}

const spaced = Array.from({length: 400}, (_, index) => index * 1000);

test('packets a millisecond apart: a thousand packets a second', t => {
	const rate = greatest(spaced.map(at => [at, at + 20_000]));
	t.true(Math.abs(rate - 1e6) < 1e6 * 0.01, `${rate}`);
});

test('what is sent faster than it arrives: the rate of arrival', t => {
	const rate = greatest(spaced.map(at => [at / 3, at + 20_000]));
	t.true(Math.abs(rate - 1e6) < 1e6 * 0.01, `${rate}`);
});

test('what is held up and arrives all at once: the rate of sending', t => {
	// Every 20 ms the path lets go what came to it since.
	const rate = greatest(spaced.map(at => [at, Math.ceil(at / 20_000) * 20_000 + 20_000]));
	t.true(rate <= 1e6 * 1.05, `${rate}`);
});

test('a source that had no more to send marks the samples that it touches', t => {
	const delivery = new DeliveryRate();
	const marks: boolean[] = [];
	for (const [index, at] of spaced.entries()) {
		if (delivery.add(size, at, at + 20_000, index === 100, 20_000, 1000, false)) {
			marks[index] = delivery.limited;
		}
	}
	t.true(marks[100]! && marks[110]!);
	t.false(marks[99]! || marks[130]!);
});

test('the rate after a pause of the source is that of the packets, not of the pause', t => {
	for (const isSourceIdle of [true, false]) {
		const delivery = new DeliveryRate();
		let least = Infinity;
		for (const [index, sentAt] of spaced.entries()) {
			const at = sentAt + (index < 100 ? 0 : 500_000);
			const fresh = delivery.add(
				size,
				at,
				at + 20_000,
				isSourceIdle && index === 100,
				50_000,
				1000,
				false,
			);
			if (fresh) least = Math.min(least, delivery.rate);
		}
		t.is(least > 0.95e6, isSourceIdle, `${least}`);
		t.is(delivery.rateSince(20_000, 399_000 + 520_000) > 0.95e6, true);
	}
});

test('what waited while this process was late makes no path look fast', t => {
	const delivery = new DeliveryRate();
	const queue = new QueueDelay();
	let most = 0;
	for (let index = 0; index < 2000; index++) {
		// Sent twice as fast as the path takes it; from 100 ms on for 15 ms nothing is read.
		const at = 50_000 + index * 100;
		const waited = at > 100_000 && at < 115_000 ? 115_000 + (at - 100_000) / 5 : at;
		const now = at >= 115_000 && at < 118_000 ? 118_000 : waited;
		queue.add(now - index * 50, now, 100_000);
		if (delivery.add(size, index * 50, now, false, 25_000, 3000, queue.isLate)) {
			most = Math.max(most, delivery.rate);
		}
	}
	t.true(most < 1.1e7, `${most}`);
});
