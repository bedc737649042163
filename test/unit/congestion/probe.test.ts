import test from 'ava';
import {plateauTime} from '../../../src/congestion/cubic.ts';
import {Probe} from '../../../src/congestion/probe.ts';

const rate = 12_500_000;
const roundTrip = 100_000;

test('CUBIC comes back to 833 packets in 8.5 seconds (RFC 9438, section 4.2)', t => {
	t.is(Math.round(plateauTime(833 * 1228) / 1e5), 85);
});

test('probes that make a short queue run over soon leave CUBIC the time to come back', t => {
	const probe = new Probe();
	const pauses: number[] = [];
	for (let count = 0; count < 6; count++) {
		probe.end('spill', rate, roundTrip);
		pauses.push(probe.pause);
	}
	const plateau = plateauTime((rate * roundTrip) / 1e6) / roundTrip;
	t.deepEqual(pauses.slice(0, 3), [8, 32, Math.ceil(plateau)]);
	t.is(pauses[5], pauses[2]);
	probe.begin(rate);
	t.true(probe.onStep(1.12 * rate), 'there is more after all');
	t.is(probe.pause, 2);
});

test('what such a probe showed outlasts the pause, and that of another does not', t => {
	const kept = (met: 'spill' | 'loss' | 'nothing'): number => {
		const probe = new Probe();
		probe.end(met, rate, roundTrip);
		return Array.from({length: 40}, (_, round) => probe.proves(round)).filter(Boolean).length;
	};
	t.is(kept('spill'), 30);
	t.is(kept('loss'), 0);
	t.is(kept('nothing'), 0);
});
