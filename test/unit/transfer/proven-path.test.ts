import test from 'ava';
import {RoundTrip} from '../../../src/congestion/round-trip.ts';
import {ProvenPath} from '../../../src/transfer/proven-path.ts';
import {SentLog} from '../../../src/transfer/sent-log.ts';

const packet = 1228;
const initialWindow = 32 * packet;
const roundTrip = 100_000;
const lent = {flight: 1_000_000, roundTrip};

function scene(loan: typeof lent | 'none' = lent, sample = roundTrip) {
	const log = new SentLog();
	const trip = new RoundTrip();
	const path = new ProvenPath(log, trip, loan === 'none' ? undefined : loan);
	if (sample > 0) trip.add(sample);
	let sent = 0;
	const send = (count: number, now: number): void => {
		for (let each = 0; each < count; each++) {
			log.add(sent++, packet, now);
			path.onSent(now);
		}
	};
	const receipt = (from: number, to: number, now: number): void => {
		log.receipt(from, to);
		log.closeMoment(now, 1);
		path.onReceipts(now);
	};
	return {log, path, send, receipt};
}

test('without a loan there is the initial window, or twice what the last round trip proved', t => {
	const {path, send, receipt} = scene('none');
	t.is(path.flightMax(0), initialWindow);
	send(32, 0);
	receipt(0, 31, roundTrip);
	t.is(path.flightMax(roundTrip), 2 * initialWindow);
	t.is(path.flightMax(3 * roundTrip), initialWindow);
	t.is(path.record, undefined, 'too little to be remembered');
});

test('a loan is half of what was proved, for a round trip like that, and not before one is known', t => {
	t.is(scene(lent, 0).path.flightMax(0), initialWindow);
	t.is(scene(lent).path.flightMax(0), lent.flight / 2);
	t.is(scene(lent, 2 * roundTrip).path.flightMax(0), lent.flight / 2);
	t.is(scene(lent, 0.6 * roundTrip).path.flightMax(0), 0.3 * lent.flight);
	t.is(scene(lent, roundTrip / 2).path.flightMax(0), initialWindow);
	t.is(scene(lent, 10 * roundTrip).path.flightMax(0), initialWindow);
});

test('it lasts until what was sent on it can be proved, and is not given twice', t => {
	const {path, send} = scene();
	send(32, 0);
	t.is(path.flightMax(900 * roundTrip), lent.flight / 2, 'nothing of it was needed');
	t.is(path.record, lent);
	send(1, 900 * roundTrip);
	t.is(path.record, undefined, 'it is spent');
	t.is(path.flightMax(902 * roundTrip), lent.flight / 2);
	t.is(path.flightMax(903 * roundTrip), initialWindow);
});

test('what a session proves is remembered, as long as it is at the same address', t => {
	const {path, send, receipt} = scene('none');
	send(200, 0);
	receipt(0, 199, roundTrip);
	t.deepEqual(path.record, {flight: 200 * packet, roundTrip});
	path.reset();
	t.is(path.record, undefined);
	const other = scene();
	other.path.reset();
	t.is(other.path.flightMax(0), initialWindow);
	t.is(other.path.record, undefined);
});
