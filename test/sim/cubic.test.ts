import test from 'ava';
import {Cubic} from '../../src/congestion/cubic.ts';
import {type PathOptions, pathOf} from '../support/path.ts';
import {runTransfer, startRun} from '../support/transfer-run.ts';

const controller = () => new Cubic();

function share(megabits: number, roundTripMs: number, loss: number, size: number): number {
	const result = runTransfer(pathOf({megabits, roundTripMs, loss, sizes: [size]}), {controller});
	if (!result.complete) throw new Error('not complete');
	return (size * 8) / result.time / megabits;
}

/** Content that arrives in so many seconds, in Mbit/s, when a minute has made up for the start. */
function megabitsOver(seconds: number, path: PathOptions): number {
	const {world, receiver, start} = startRun(pathOf(path), {controller});
	world.drive({until: start + 60e6});
	const before = receiver.bytes;
	world.drive({until: start + 60e6 + seconds * 1e6});
	return ((receiver.bytes - before) * 8) / seconds / 1e6;
}

test('CUBIC fills a path without loss', t => {
	t.true(share(20, 50, 0, 10e6) > 0.75);
});

test('CUBIC is slowed by random loss as the law of its response says (RFC 9438, figure)', t => {
	// In packets: 1.054 (RTT^3 / p^3)^(1/4) with the constants of the RFC; Reno's where that is more.
	for (const [loss, roundTripMs] of [
		[0.01, 100],
		[0.001, 100],
		[0.01, 20],
	] as const) {
		const roundTrip = roundTripMs / 1000;
		const reno = Math.sqrt(1.5 / loss);
		const cubic = 1.054 * (roundTrip / loss) ** 0.75;
		const packets = Math.max(reno, cubic);
		const expected = (packets * 1228 * 8) / roundTrip / 1e6;
		const measured = megabitsOver(120, {megabits: 200, roundTripMs, loss, sizes: [150e6]});
		t.true(
			measured > expected * 0.5 && measured < expected * 2,
			`${measured.toFixed(1)} Mbit/s, ${expected.toFixed(1)} by the law`,
		);
	}
});

test('drawn paths are crossed whole with CUBIC too', t => {
	const holes = [[500_000, 3_000_000]] as const;
	const path = pathOf({
		megabits: 10,
		roundTripMs: 60,
		loss: 0.02,
		sizes: [300_000, 5, 0, 70_000],
		down: {holes, reorder: {share: 0.05, delay: 20_000}},
		up: {holes},
	});
	const result = runTransfer(path, {controller});
	t.true(result.complete);
	t.is(result.wrong, undefined);
});
