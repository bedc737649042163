/**
 * The long paths of picoquic's tests (the short ones are in path.test.ts). The bounds are what is
 * reached here; where picoquic asks for less, the title has its figure. The difference is the
 * start: the source has in flight no more than twice what was receipted in the last round trip, so
 * that no receiver can have it flood a path. From 32 datagrams, a round trip for the list before
 * them, that permits doubling and no more: n = log2(flight / 32) round trips in which 32 (2^n - 1)
 * datagrams come, then the path's rate. In seconds, with round trips of 0.6, 10 and 2:
 *
 *   satellite     1.2 + 8.9 x 0.6 = 6.5, then 72,100 of 87,300 datagrams at 39 us: 9.4
 *   10 Mbit/s      20 + 8.3 x 10 = 103, then 77,100 of 87,300 at 0.98 ms: 179
 *   1 Mbit/s         4 + 2.7 x 2 = 9.3, then 8,560 of 8,730 at 9.8 ms: 93
 */
import test from 'ava';
import {type PathOptions, pathOf} from '../support/path.ts';
import {runTransfer} from '../support/transfer-run.ts';

const satellite = {megabits: 250, upMegabits: 3, roundTripMs: 600, sizes: [100e6]};

const worlds: readonly (readonly [title: string, most: number, path: PathOptions])[] = [
	['100 MB by satellite, 250 and 3 Mbit/s, 300 ms one way (5.5)', 10, satellite],
	['the same with one in 64 lost (7.1)', 11.5, {...satellite, loss: 1 / 64}],
	[
		'100 MB at 10 Mbit/s, 5 s one way (145)',
		190,
		{megabits: 10, roundTripMs: 10_000, sizes: [100e6]},
	],
	['10 MB at 1 Mbit/s, 1 s one way (90)', 96, {megabits: 1, roundTripMs: 2000, sizes: [10e6]}],
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
