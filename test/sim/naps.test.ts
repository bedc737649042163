/**
 * Machines whose processes share their cores: each runs for a while and waits for a while, and what
 * came meanwhile is handed over all at once. Nothing of that is the path's doing.
 */
import test from 'ava';
import {pathOf} from '../support/path.ts';
import {isOver, startRun} from '../support/transfer-run.ts';

/** Mbit/s of content, both processes awake and asleep for so many milliseconds on average. */
function megabits(
	link: {readonly megabits: number; readonly roundTripMs: number},
	awakeMs: number,
	asleepMs: number,
): number {
	const settings = pathOf({...link, queue: 50, sizes: [32e6]});
	const naps = {awake: awakeMs * 1000, asleep: asleepMs * 1000};
	const run = startRun(settings, {timerGrain: 1000, naps});
	run.world.drive({done: () => isOver(run), until: run.start + 60e6, stepsMax: 5e6});
	return (run.receiver.bytes * 8) / (run.world.now - run.start);
}

test('half of two cores: a fast short path still carries a good part of it', t => {
	const rate = megabits({megabits: 1000, roundTripMs: 0.1}, 10, 10);
	t.true(rate > 120, `${rate} Mbit/s`);
});

test('a quarter of two cores: a long path of 100 Mbit/s is not taken for a narrow one', t => {
	const rate = megabits({megabits: 100, roundTripMs: 100}, 10, 30);
	t.true(rate > 26, `${rate} Mbit/s`);
});

test('a quarter of two cores: nor is a short one', t => {
	const rate = megabits({megabits: 100, roundTripMs: 20}, 10, 30);
	t.true(rate > 8, `${rate} Mbit/s`);
});

test('a pause of fifty milliseconds each second costs little more than itself', t => {
	const settings = pathOf({megabits: 100, roundTripMs: 40, sizes: [16e6]});
	const time = (naps?: {awake: number; asleep: number}) => {
		const run = startRun(settings, {timerGrain: 1000, ...(naps && {naps})});
		run.world.drive({done: () => isOver(run), until: run.start + 60e6, stepsMax: 5e6});
		t.true(run.receiver.isWhole);
		return run.world.now - run.start;
	};
	t.true(time({awake: 1_000_000, asleep: 50_000}) < 1.3 * time());
});

for (const seed of [1, 2, 3]) {
	test(`a start on a machine that is late now and then fills no queue [SHOAL_SEED=${seed}]`, t => {
		const settings = pathOf({megabits: 100, roundTripMs: 100, sizes: [16 << 20], seed});
		const naps = {awake: 50_000, asleep: 10_000};
		const run = startRun(settings, {timerGrain: 1000, sealed: true, naps});
		run.world.drive({done: () => isOver(run), until: run.start + 60e6, stepsMax: 5e6});
		t.true(run.receiver.isWhole);
		const {overflowed, delivered} = run.down.counts;
		t.true(overflowed < delivered / 100, `${overflowed} of ${delivered} found the queue full`);
	});
}

test('a start that nobody disturbs leaves a third of the queue free', t => {
	const settings = pathOf({megabits: 100, roundTripMs: 100, sizes: [16 << 20]});
	const run = startRun(settings, {timerGrain: 1000, sealed: true});
	let most = 0;
	const done = () => {
		most = Math.max(most, run.down.waitAt(run.world.now));
		return isOver(run);
	};
	run.world.drive({done, until: run.start + 60e6, stepsMax: 5e6});
	t.true(run.receiver.isWhole);
	t.true(most < 67_000, `${most} µs`);
});
