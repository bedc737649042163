/**
 * The worlds of the QUIC interop runner: 10 Mbit/s, 15 ms one way, a queue of 25 packets, and what
 * each of them does to that. Bounds are in virtual time. A new address and port every five seconds
 * are in rebinding.test.ts.
 */
import test from 'ava';
import {Cubic} from '../../src/congestion/cubic.ts';
import {PathModel} from '../../src/congestion/model.ts';
import {nullCrypto} from '../support/null-crypto.ts';
import {type PathOptions, pathOf} from '../support/path.ts';
import {Prng} from '../support/prng.ts';
import {seedsOr} from '../support/seeds.ts';
import {drainEvents, Network, TestPayload, TestSource} from '../support/session-pair.ts';
import {SharedPath} from '../support/shared-path.ts';
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

for (const seed of seedsOr(1, 2, 3)) {
	test(`2 % lost in bursts of three, each way: 5 MB within 5 s [SHOAL_SEED=${seed}]`, t => {
		// The path's own time is 4.3 s.
		const burst = {share: 0.02, mean: 2950};
		const time = timeOf(world({seed, down: {burst}, up: {burst}}));
		t.true(time < 5 * seconds, `${time}`);
	});
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

for (const startMs of [0, 2000]) {
	test(`CUBIC crosses it, and begins ${startMs} ms later: each has 40 to 60 % from 5 s to 30 s`, t => {
		const flow = {roundTripMs: 30};
		const flows = [
			{...flow, controller: () => new PathModel()},
			{...flow, controller: () => new Cubic(), startMs},
		];
		const path = new SharedPath({megabits: 10, queue: queueOctets / 37_500}, flows);
		const [mine = 0, other = 0] = path.measure(5000, 30_000);
		const share = mine / (mine + other);
		t.true(share > 0.4 && share < 0.6, `${share}`);
	});
}

test('nothing but the hello gets through: three times as much comes back, then it goes on', t => {
	const network = new Network(new Prng(1), {
		delay: 0.015 * seconds,
		jitter: 0,
		loss: 0,
		repeat: 0,
		corrupt: 0,
	});
	const source = new TestSource(nullCrypto(new Prng(2)));
	source.says = {early: [new Prng(3).bytes(6000)]};
	network.add('source:1', source.responder(network.now));
	const initiator = source.initiator(network.now);
	network.add('receiver:1', initiator);
	let forth = 0;
	let back = 0;
	let isOpen = false;
	network.onSend = (data, from) => {
		if (from === 'source:1') back += data.length;
		else if (!isOpen && forth > 0) return false;
		else forth += data.length;
		return true;
	};
	for (let step = 0; step < 50; step++) {
		network.runFor(0.1 * seconds);
		if (drainEvents(initiator).some(event => event.type === 'answered')) {
			initiator.attach(new TestPayload(false), network.now);
		}
		t.true(back <= 3 * forth, `${back} octets for ${forth}`);
	}
	t.true(back > 0);
	t.is(source.sessions.length, 0);
	isOpen = true;
	network.runFor(4 * seconds);
	t.is(source.sessions.length, 1);
});
