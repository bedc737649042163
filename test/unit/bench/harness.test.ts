import test from 'ava';
import {fold, type Kernel, measure, summarize} from '../../../bench/harness.ts';

test('the median and the quartiles are between samples in proportion', t => {
	t.deepEqual(summarize([400, 100, 300, 200]), {
		median: 250,
		slowest: 100,
		fastest: 400,
		spread: 0.6,
	});
	t.like(summarize([7]), {median: 7, slowest: 7, fastest: 7, spread: 0});
});

const kernel = (run: () => number): Kernel => ({
	name: 'test/kernel',
	unit: 'octets',
	samples: 3,
	prepare: () => ({amount: 10, run}),
});

test('a run is warmed up, then sampled; smoke is one run to check and one to time', async t => {
	let runs = 0;
	const count = () => {
		runs++;
		return 5;
	};
	t.like(await measure(kernel(count), false), {samples: 3, check: 5, amount: 10, smoke: false});
	t.is(runs, 5);
	runs = 0;
	t.like(await measure(kernel(count), true), {samples: 1, check: 5, smoke: true});
	t.is(runs, 2);
});

test('what a kernel is held against runs after each sample, and the ratio is of the medians', async t => {
	const {name, unit, samples} = kernel(() => 5);
	const rates = [100, 300, 200];
	const prepare = () => ({amount: 10, run: () => 5, beside: async () => rates.shift()!});
	const sample = await measure({name, unit, samples: samples!, prepare}, false);
	t.is(sample.beside, 200);
	t.is(sample.ratio, Math.round(sample.median / 2) / 100);
	t.is(
		(
			await measure(
				kernel(() => 5),
				false,
			)
		).ratio,
		undefined,
	);
});

test('a kernel whose answer changes is refused', async t => {
	let runs = 0;
	await t.throwsAsync(
		measure(
			kernel(() => runs++),
			false,
		),
		{message: /is not/},
	);
});

test('a check value depends on every octet and its place', t => {
	const values = [
		[1, 2],
		[2, 1],
		[1, 2, 0],
		[1, 3],
	].map(octets => fold(Uint8Array.from(octets)));
	t.is(new Set(values).size, 4);
});
