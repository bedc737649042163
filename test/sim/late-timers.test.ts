import test from 'ava';
import type {LinkSettings} from '../support/link.ts';
import {runTransfer} from '../support/transfer-run.ts';

const rate = 12_500_000;
const size = 24 << 20;

/** 100 Mbit/s, 100 ms, 1 % lost each way, a queue of one flight. */
const link: LinkSettings = {rate, delay: 50_000, queue: 1_250_000, loss: 0.01};

/** What content, headers and a start of eight round trips take at the least. */
const atBest = 8 * 100_000 + (size * 1.08 * 1e6) / (rate * 0.99);

for (const timerGrain of [1, 1000, 2500, 12_000]) {
	test(`timers that come up to ${timerGrain} µs late do not slow a transfer`, t => {
		const world = {seed: 3, rate, roundTrip: 100_000, loss: 0.01, sizes: [size]};
		const result = runTransfer({...world, down: link, up: link}, {timerGrain, sealed: true});
		t.true(result.complete);
		t.true(result.time < 1.15 * atBest, `${result.time / 1e6} s, at best ${atBest / 1e6} s`);
	});
}
