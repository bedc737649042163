import test from 'ava';
import {ignoringGrants} from '../support/fault.ts';
import {pathOf} from '../support/path.ts';
import {broken, summarize} from '../support/run-summary.ts';
import {type RunOptions, runTransfer} from '../support/transfer-run.ts';
import {drawWorld} from '../support/world-draw.ts';

const runs = 120;

function summaryOf(from: number, count: number, options: RunOptions = {}) {
	return summarize(
		Array.from({length: count}, (_, index) => runTransfer(drawWorld(from + index), options)),
	);
}

// The ten thousand are test/sim/soak.ts; these are few enough for every run of the tests, so one
// run beyond its bound is chance, and two are not.
for (const seed of [1000, 2000]) {
	test(`drawn worlds are crossed whole, in time, without waste [SHOAL_SEED=${seed}]`, t => {
		const summary = summaryOf(seed, runs);
		t.deepEqual(summary.failed, []);
		t.deepEqual(summary.wasteful, []);
		t.true(summary.late.length <= 2, `late: ${summary.late}`);
		t.true(summary.halfMedian < 0.6, `median ${summary.halfMedian}`);
	});
}

test('drawn worlds are crossed in sealed sessions, from the hello on [SHOAL_SEED=3000]', t => {
	const summary = summaryOf(3000, 60, {sealed: true});
	t.deepEqual(summary.failed, []);
	t.deepEqual(summary.wasteful, []);
	t.true(summary.late.length <= 2, `late: ${summary.late}`);
	t.true(summary.halfMedian < 0.8, `median ${summary.halfMedian}`);
});

test('patches end where they end, whatever is lost of them [SHOAL_SEED=4000]', t => {
	const summary = summaryOf(4000, 30, {patches: true});
	t.deepEqual(summary.failed, []);
	t.true(summary.late.length <= 2, `late: ${summary.late}`);
	t.true(summary.wasteful.length <= 2, `wasteful: ${summary.wasteful}`);
});

test('a run is a function of its seed', t => {
	for (const sealed of [false, true]) {
		const [once, again] = [
			runTransfer(drawWorld(77), {sealed}),
			runTransfer(drawWorld(77), {sealed}),
		];
		t.deepEqual(once, again);
	}
	t.not(runTransfer(drawWorld(78)).time, runTransfer(drawWorld(77)).time);
});

// Each fault is one that a fetcher or a sender could have; the promise must break with it.

test('fault: what is lost is never asked for again', t => {
	const never = {numbers: Infinity, initial: () => 1e15, most: () => 1e15, rounds: 1};
	const summary = summaryOf(1000, 40, {fetcher: {reorder: never}});
	t.true(summary.failed.length >= 10, `failed: ${summary.failed}`);
	t.true(broken(summary).length > 0);
});

test('fault: no probe of a silent source, and none at the tail', t => {
	const summary = summaryOf(1000, 60, {
		fetcher: {patience: () => Infinity},
		sender: {tailProbes: 0},
	});
	t.true(summary.failed.length >= 2, `failed: ${summary.failed}`);
	t.true(broken(summary).length > 0);
});

test('fault: the source ignores its grant', t => {
	const summary = summaryOf(1000, 60, {wrapSender: ignoringGrants});
	t.true(summary.wasteful.length >= 5, `wasteful: ${summary.wasteful}`);
	t.true(broken(summary).length > 0);
});

test('fault: a reordering window that is always too long', t => {
	const patient = {numbers: Infinity, initial: () => 3e6, most: () => 3e6, rounds: 1};
	const summary = summaryOf(1000, 60, {fetcher: {reorder: patient}});
	t.true(summary.late.length >= 5, `late: ${summary.late}`);
	t.true(broken(summary).length > 0);
});

test('reordering by 10 ms costs less than 2 % of octets and time; a window too short does not', t => {
	const sizes = [24 << 20];
	const path = (reorder: boolean) =>
		pathOf({
			megabits: 100,
			roundTripMs: 100,
			sizes,
			down: reorder ? {reorder: {share: 1, delay: 20_000}} : {},
		});
	const ordered = runTransfer(path(false));
	const reordered = runTransfer(path(true));
	t.true(reordered.bytesDown < 1.02 * ordered.bytesDown);
	t.true(reordered.time < 1.02 * ordered.time + 300_000, 'and the delay itself, each round trip');
	const hasty = {numbers: 1, initial: () => 0, most: () => 0, rounds: 1};
	const wasteful = runTransfer(path(true), {fetcher: {reorder: hasty}});
	t.true(wasteful.bytesDown > 1.2 * ordered.bytesDown);
});
