/** A source that has nothing to send for a while, and a path that drops what exceeds its rate. */
import test from 'ava';
import {pathOf} from '../support/path.ts';
import {isOver, runTransfer, startRun} from '../support/transfer-run.ts';

const seconds = 1e6;

test('after a pause of ten seconds the path is full again in some round trips, without overflow', t => {
	const half = 10e6;
	// Two pages of a hundred.
	const sizes = Array.from({length: 200}, () => half / 100);
	const run = startRun(pathOf({megabits: 50, roundTripMs: 60, queue: 0.5, sizes}));
	const {world, store, receiver, down} = run;
	const [first, second] = store.contentRequests();
	receiver.onList = () => run.fetcher.fetch(first!);
	const until = world.now + 60 * seconds;
	const paused = () => run.fetcher.wantedBytes === 0 && receiver.doneCount > 0;
	t.is(world.drive({done: paused, until}), 'done');
	world.drive({until: world.now + 10 * seconds});
	const overflowed = down.counts.overflowed;
	const again = world.now;
	run.fetcher.fetch(second!);
	world.poll('receiver');
	t.is(world.drive({done: () => isOver(run), until}), 'done');
	t.true(receiver.isWhole);
	const time = world.now - again;
	t.true(time < 2 * seconds, `${time}, where 1.7 are the path's`);
	t.is(down.counts.overflowed, overflowed);
});

// 21.2 MB is the least. A policer shows no queue, so that a rate is too high is seen by loss alone,
// and a large bucket hides that from each probe for a while.
for (const [burst, most] of [
	[20_000, 25e6],
	[200_000, 27e6],
] as const) {
	test(`a policer of 20 Mbit/s with a bucket of ${burst} octets: 20 MB within 9.5 s`, t => {
		const down = {policer: {rate: 2.5e6, burst}};
		const path = pathOf({megabits: 100, roundTripMs: 40, sizes: [20e6], down});
		const {complete, time, bytesDown} = runTransfer(path);
		t.true(complete);
		t.true(time < 9.5 * seconds, `${time}`);
		t.true(bytesDown < most, `${bytesDown}`);
	});
}
