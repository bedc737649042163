import test from 'ava';
import {Impairment, type PathSettings} from '../../../bench/demo/impairment.ts';
import {Prng} from '../../support/prng.ts';

const clear: PathSettings = {
	rate: 1_228_000,
	delayMs: 50,
	jitterMs: 0,
	loss: 0,
	burst: 1,
	reorder: 0,
	reorderMs: 0,
	queueMs: 10,
};
const path = (settings: Partial<PathSettings>) =>
	new Impairment({...clear, ...settings}, new Prng(7));

test('a datagram takes its time on the link and the delay', t => {
	const way = path({});
	t.is(way.pass(1200, 0), 51, '1,228 octets at 1,228 an ms, then 50 ms');
	t.is(way.pass(1200, 0), 52, 'queued behind the first');
	t.is(way.pass(1200, 100), 151);
});

test('the queue holds what drains in its time, and one datagram more is dropped', t => {
	const way = path({});
	for (let index = 0; index <= 10; index++) t.not(way.pass(1200, 0), undefined);
	t.is(way.pass(1200, 0), undefined);
	t.is(way.counts.overflowed, 1);
	t.not(way.pass(1200, 1.5), undefined, 'one has left meanwhile');
});

test('loss has the rate and the length of bursts that were asked for', t => {
	const way = path({loss: 0.02, burst: 4});
	let bursts = 0;
	let before = false;
	for (let index = 0; index < 200_000; index++) {
		const lost = way.pass(100, index * 10) === undefined;
		if (lost && !before) bursts++;
		before = lost;
	}
	const {lost} = way.counts;
	t.true(Math.abs(lost / 200_000 - 0.02) < 0.002, `${lost}`);
	t.true(Math.abs(lost / bursts - 4) < 0.4, `${lost / bursts}`);
});

test('jitter keeps the order; only datagrams that are held back are overtaken', t => {
	const arrivals = (settings: Partial<PathSettings>) => {
		const way = path(settings);
		return Array.from({length: 5000}, (_, index) => way.pass(100, index)!);
	};
	const overtaken = (times: number[]) => {
		let latest = 0;
		return times.filter(at => {
			const late = at < latest;
			latest = Math.max(latest, at);
			return late;
		}).length;
	};
	const steady = arrivals({jitterMs: 20});
	t.is(overtaken(steady), 0);
	const delays = steady.map((at, index) => at - index);
	t.true(Math.max(...delays) - Math.min(...delays) > 15, 'the delay does wander');
	t.true(overtaken(arrivals({reorder: 0.01, reorderMs: 10})) > 50);
});

test('the same seed gives the same path', t => {
	const run = () => {
		const way = path({loss: 0.1, burst: 2, jitterMs: 5, reorder: 0.1, reorderMs: 5});
		return Array.from({length: 500}, (_, index) => way.pass(500, index));
	};
	t.deepEqual(run(), run());
});
