import test from 'ava';
import {RoundTrip} from '../../../src/congestion/round-trip.ts';

test('the first sample is the estimate; later ones move it by an eighth (RFC 9002)', t => {
	const roundTrip = new RoundTrip();
	t.is(roundTrip.smoothed, 100_000);
	roundTrip.add(80_000);
	t.is(roundTrip.smoothed, 80_000);
	t.is(roundTrip.variation, 40_000);
	roundTrip.add(160_000);
	t.is(roundTrip.smoothed, 90_000);
	t.is(roundTrip.variation, 50_000);
	t.is(roundTrip.min, 80_000);
	t.is(roundTrip.latest, 160_000);
	t.is(roundTrip.patience, 290_000);
});

test('patience is never less than a millisecond more than the round trip', t => {
	const roundTrip = new RoundTrip();
	for (let count = 0; count < 200; count++) roundTrip.add(50);
	t.true(Math.abs(roundTrip.patience - 1050) < 1);
});

test('another path: nothing is known', t => {
	const roundTrip = new RoundTrip();
	roundTrip.add(10);
	roundTrip.reset();
	t.deepEqual([roundTrip.sampleCount, roundTrip.smoothed, roundTrip.min], [0, 100_000, Infinity]);
});
