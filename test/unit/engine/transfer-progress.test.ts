import test from 'ava';
import platform from '#platform';
import type {Supply} from '../../../src/engine/supply.ts';
import {limitedBy, TransferProgress} from '../../../src/engine/transfer-progress.ts';
import type {Platform} from '../../../src/platform/platform.ts';
import type {ProcessUsage} from '../../../src/platform/process.ts';
import {micros} from '../../../src/unit.ts';

const idle = {busy: 0.2, cpu: 0.3};
const full = {busy: 0.95, cpu: 0.5};

test('what holds a transfer up is what is said, unless this machine is', t => {
	t.is(limitedBy('path', false, idle), 'path');
	t.is(limitedBy('path', false, full), 'CPU');
	t.is(limitedBy('path', false, {busy: 0.1, cpu: 0.9}), 'CPU', 'all threads, not the main one');
	t.is(limitedBy('disk', false, idle), 'disk');
	t.is(limitedBy('disk', false, full), 'CPU', 'hashing, not writing');
	t.is(limitedBy('limit', false, full), 'limit');
	t.is(limitedBy('source', false, full), 'source');
	t.is(limitedBy(undefined, false, full), undefined, 'nothing is asked for');
});

test('a search that asks for little is no slow source', t => {
	t.is(limitedBy('source', true, full), 'CPU');
	t.is(limitedBy('source', true, idle), 'disk');
	t.is(limitedBy(undefined, true, full), 'CPU');
	t.is(limitedBy('path', true, idle), 'path');
});

test('the rate is that of the last two seconds, and falls while nothing comes', t => {
	let now = 0;
	let usage: ProcessUsage = {cpu: 0, busy: 0};
	const world: Platform = {
		...platform,
		clock: {...platform.clock, now: () => micros(now)},
		process: {...platform.process, usage: () => usage},
		threads: {...platform.threads, coreCount: 4},
	};
	const progress = new TransferProgress(world, 2);
	const supply = {
		limitedBy: 'path',
		statistics: {roundTrip: 101_000, rangesLost: 5, rangesRepaired: 4},
	} as Supply;
	const figures = (seconds: number, bytesLiteral: number) => {
		now = seconds * 1e6;
		return progress.figures(supply, {bytesLiteral, bytesToCome: 9e6, isSearching: false});
	};
	t.deepEqual(figures(10, 0), {
		phase: 'transfer',
		done: 0,
		total: 9e6,
		roundTripMs: 101,
		rangesLost: 5,
		rangesRepaired: 4,
	});
	t.is(figures(11, 1e6).rate, 1e6);
	t.is(figures(12, 3e6).rate, 1.5e6);
	usage = {cpu: 2.8e6, busy: 0};
	t.like(figures(13, 5e6), {rate: 2e6, limitedBy: 'path'});
	usage = {cpu: 8.4e6, busy: 0};
	t.like(figures(14, 5e6), {rate: 1e6, limitedBy: 'CPU'}, 'three of four cores, all it may use');
	t.like(figures(16, 5e6), {rate: 0, limitedBy: 'path'});
});
