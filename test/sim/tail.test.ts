/**
 * The end of a transfer: what is missing then is asked for again before it is known to be lost, so
 * that the last losses do not cost a round trip each. That is paid for with octets sent twice.
 */
import test from 'ava';
import {pathOf} from '../support/path.ts';
import {seedsOr} from '../support/seeds.ts';
import {type Run, runTransfer} from '../support/transfer-run.ts';

const size = 5e6;
const roundTripMs = 100;

/** Octets that came twice, and the time from all but the last per cent to all. */
function endOf(loss: number, seed: number): {duplicate: number; endMs: number} {
	let nearly = 0;
	let last: Run | undefined;
	const path = {megabits: 50, roundTripMs, loss, seed, sizes: [size]};
	const {complete, wrong, time} = runTransfer(pathOf(path), {
		trace(run) {
			last = run;
			if (nearly === 0 && run.receiver.bytes >= 0.99 * size) nearly = run.world.now - run.start;
		},
	});
	if (!complete || last === undefined) throw new Error(`${wrong}`);
	const {bytesDuplicate} = last.fetcher.statistics;
	return {duplicate: bytesDuplicate, endMs: (time - nearly) / 1000};
}

for (const first of seedsOr(1, 101)) {
	test(`repeats near the end cost less than a hundredth, and end it soon [SHOAL_SEED=${first}]`, t => {
		for (const [loss, endMost] of [
			[0, 0.4],
			[0.01, 1.5],
			[0.05, 1.8],
		] as const) {
			let duplicate = 0;
			let endMs = 0;
			for (let seed = first; seed < first + 4; seed++) {
				const end = endOf(loss, seed);
				duplicate += end.duplicate / 4;
				endMs += end.endMs / 4;
			}
			t.log(loss, duplicate / size, endMs);
			t.true(duplicate < 0.01 * size, `${duplicate} octets twice at a loss of ${loss}`);
			t.true(endMs < endMost * roundTripMs, `${endMs} ms at a loss of ${loss}`);
		}
	});
}
