/**
 * The end of a transfer: what leaves last, and every repeat after it, is asked for twice before it is
 * known to be lost, so that the last losses do not cost a round trip each. That is paid for with
 * octets sent twice.
 */
import test from 'ava';
import {pathOf} from '../support/path.ts';
import {seedsOr} from '../support/seeds.ts';
import {type Run, runTransfer} from '../support/transfer-run.ts';

const size = 20e6;
const roundTripMs = 100;
const seedCount = 4;

/** Octets that came twice, and the time from all but the last per cent to all. */
function endOf(loss: number, seed: number): {duplicate: number; endMs: number} {
	let nearly = 0;
	let last: Run | undefined;
	const path = {megabits: 20, roundTripMs, loss, seed, sizes: [size]};
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

for (const first of seedsOr(1)) {
	test(`nothing is asked for twice where nothing is lost [SHOAL_SEED=${first}]`, t => {
		const {duplicate, endMs} = endOf(0, first);
		t.is(duplicate, 0);
		t.true(endMs < 0.95 * roundTripMs, `${endMs} ms`);
	});

	test(`losses near the end cost half a round trip, and less than a hundredth of octets [SHOAL_SEED=${first}]`, t => {
		const losses = [0.01, 0.02, 0.05];
		let endMs = 0;
		for (const loss of losses) {
			let duplicate = 0;
			for (let seed = first; seed < first + seedCount; seed++) {
				const end = endOf(loss, seed);
				duplicate += end.duplicate / seedCount;
				endMs += end.endMs / (seedCount * losses.length);
			}
			t.log(loss, duplicate / size);
			t.true(duplicate < 0.01 * size, `${duplicate} octets twice at a loss of ${loss}`);
		}
		// A hundredth of the octets takes 0.8 round trips, with and without loss.
		t.true(endMs < 1.6 * roundTripMs, `${endMs} ms`);
	});
}
