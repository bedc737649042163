/**
 * The worlds of the QUIC interop runner: 10 Mbit/s, 15 ms one way, a queue of 25 packets, and what
 * each of them does to that. Bounds are in virtual time.
 */
import test from 'ava';
import {type PathOptions, pathOf} from '../support/path.ts';
import {runTransfer} from '../support/transfer-run.ts';

const seconds = 1e6;
const queueOctets = 25 * 1228;

function world(more: Partial<PathOptions> = {}): PathOptions {
	const {roundTripMs = 30} = more;
	return {
		megabits: 10,
		queue: queueOctets / (1250 * roundTripMs),
		sizes: [5e6],
		...more,
		roundTripMs,
	};
}

/** Microseconds; the handshake has measured the round trip. */
function timeOf(options: PathOptions): number {
	const result = runTransfer(pathOf(options), {fetcher: {roundTrip: options.roundTripMs * 1000}});
	if (result.wrong !== undefined || !result.complete) throw new Error(`${result.wrong}`);
	return result.time;
}

for (const [corrupt, most] of [
	[0.02, 5],
	[0.3, 8.5],
] as const) {
	test(`${100 * corrupt} % of all datagrams are damaged: 5 MB within ${most} s`, t => {
		const time = timeOf(world({down: {corrupt}, up: {corrupt}}));
		t.true(time < most * seconds, `${time}`);
	});
}

test('750 ms one way, a queue of 25 packets, 0.016 of the flight: 5 MB within 20 s', t => {
	// The path's own time is 4.3 s. A queue so short ends the start early, and probes step by step.
	const time = timeOf(world({roundTripMs: 1500}));
	t.true(time < 20 * seconds, `${time}`);
});

test('5 s on, 2 s off, again and again: 10 MB within 12 s', t => {
	const holes = Array.from({length: 10}, (_, index) => {
		const from = (5 + 7 * index) * seconds;
		return [from, from + 2 * seconds] as const;
	});
	const time = timeOf(world({sizes: [10e6], down: {holes}, up: {holes}}));
	t.true(time < 12 * seconds, `${time}`);
});

test('30 % lost in bursts of three: 50 handshakes with 1 KB each, all within 4 s, half in 0.5', t => {
	const burst = {share: 0.3, mean: 2950};
	const times = Array.from({length: 50}, (_, index) => {
		const path = pathOf({...world({sizes: [1000]}), seed: index + 1, down: {burst}, up: {burst}});
		const result = runTransfer(path, {sealed: true});
		t.true(result.complete, `seed ${index + 1}`);
		return result.time;
	}).sort((a, b) => a - b);
	t.true(times[24]! < 0.5 * seconds, `${times[24]}`);
	t.true(times[49]! < 4 * seconds, `${times[49]}`);
});
