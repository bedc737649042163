/** What many receivers of one source get, where the source itself is the narrow place. */
import test from 'ava';
import type {Controller} from '../../src/congestion/controller.ts';
import {Admission} from '../../src/source/admission.ts';
import {micros} from '../../src/unit.ts';
import {Crowd} from '../support/crowd.ts';
import {jain} from '../support/shared-path.ts';

/** Nobody comes to the end of it. */
const endless = [2 ** 30];

/** Octets a second. */
const uplink = 2e6;

test('64 equal receivers share what the operator allows', async t => {
	const admission = new Admission();
	admission.setLimits({rateTotalMax: uplink}, micros(0));
	const crowd = new Crowd({seed: 1, sizes: endless, admission});
	for (let index = 0; index < 64; index++) crowd.add({startMs: index * 5});
	const shares = await crowd.measure(1000, 2500);
	const total = shares.reduce((a, b) => a + b, 0) / 1.5;
	t.true(jain(shares) >= 0.98, `${jain(shares)}`);
	t.true(total > 0.85 * uplink && total < uplink, `${total}`);
	t.deepEqual(crowd.failures, []);
});

test('64 equal receivers share what the source can send', async t => {
	const crowd = new Crowd({seed: 2, sizes: endless, uplink});
	for (let index = 0; index < 64; index++) crowd.add({startMs: index * 5});
	const shares = await crowd.measure(1000, 2500);
	const total = shares.reduce((a, b) => a + b, 0) / 1.5;
	t.true(jain(shares) >= 0.95, `${jain(shares)}`);
	t.true(total > 0.85 * uplink && total < uplink, `${total}`);
	t.deepEqual(crowd.failures, []);
});

/** Grants whatever can be granted, whatever the path says. */
const greed: Controller = {
	rate: 1e9,
	window: 1e9,
	lossRate: 0,
	onPacket: () => undefined,
	onRoundTrip: () => undefined,
	onLost: () => undefined,
	onLate: () => undefined,
	onRound: () => undefined,
	onSilence: () => undefined,
	onNap: () => undefined,
	onPathChanged: () => undefined,
};

test('a receiver that grants everything gets no more than the others, and slows none', async t => {
	const crowd = new Crowd({seed: 3, sizes: endless, uplink});
	for (let index = 0; index < 8; index++) crowd.add({startMs: index * 5});
	crowd.add({controller: () => greed});
	const shares = await crowd.measure(1000, 2500);
	const fair = shares.reduce((a, b) => a + b, 0) / 9;
	for (const share of shares) t.true(Math.abs(share / fair - 1) < 0.03, `${share} of ${fair}`);
});

test('a hundred receivers of one update have it read once', async t => {
	const sizes = Array.from({length: 20}, (_, index) => 500 + index * index * 100);
	const crowd = new Crowd({seed: 4, sizes, uplink: 5e6});
	for (let index = 0; index < 100; index++) {
		const rate = index % 3 === 0 ? 50e3 : Infinity;
		crowd.add({startMs: index * 10, rate, roundTripMs: 5 + index});
	}
	await crowd.runTo(60_000);
	t.true(crowd.receivers.every(({isDone}) => isDone));
	t.deepEqual(crowd.failures, []);
	const distinct = sizes.reduce((a, b) => a + b, 0);
	// The first alone shares nothing.
	t.true(crowd.source.bytesRead <= 1.1 * distinct, `${crowd.source.bytesRead} of ${distinct}`);
});
