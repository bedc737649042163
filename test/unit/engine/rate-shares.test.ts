/** What several sources may send together: never more than the whole, and little of it unused. */
import test from 'ava';
import {RateDial} from '../../../src/engine/rate-dial.ts';
import {RateShares} from '../../../src/engine/rate-shares.ts';
import {Prng} from '../../support/prng.ts';

/** Sources that could send so much a second. */
function scene(total: RateDial, able: number[]) {
	const shares = new RateShares(total);
	const used = able.map(() => 0 as number | undefined);
	const dials = able.map((_, index) => shares.add(() => used[index]));
	const sum = () =>
		dials.reduce((all, {rate}, at) => (used[at] === undefined ? all : all + rate), 0);
	/** So many looks, with half a second of sending before each. */
	const run = (looks: number): void => {
		for (; looks > 0; looks--) {
			used.forEach((octets, at) => {
				if (octets !== undefined) used[at] = octets + Math.min(able[at]!, dials[at]!.rate) / 2;
			});
			shares.look(0.5);
		}
	};
	return {shares, dials, used, sum, run};
}

test('sources that can send more have equal shares of the whole', t => {
	const {dials, run} = scene(new RateDial(3000), [5000, 9000, Infinity]);
	t.deepEqual(
		dials.map(({rate}) => rate),
		[1000, 1000, 1000],
	);
	run(5);
	t.deepEqual(
		dials.map(({rate}) => Math.round(rate)),
		[1000, 1000, 1000],
	);
});

test('what one does not use the others have, and it gets a share again when it wants more', t => {
	const able = [100, 9000];
	const {dials, run} = scene(new RateDial(2000), able);
	run(6);
	t.true(dials[1]!.rate > 1700, `${dials[1]!.rate}`);
	t.true(dials[0]!.rate >= 125);
	able[0] = 9000;
	run(12);
	t.true(Math.abs(dials[0]!.rate - 1000) < 10, `${dials[0]!.rate}`);
});

test('who is asked no more leaves its share, and a change of the whole is one of all at once', t => {
	const total = new RateDial(1000);
	const {shares, dials, used, run, sum} = scene(total, [9000, 9000]);
	run(2);
	used[0] = undefined;
	run(2);
	t.is(Math.round(dials[1]!.rate), 1000);
	total.set(400);
	t.is(Math.round(sum()), 400);
	total.set(Infinity);
	t.is(dials[1]!.rate, Infinity);
	total.set(500);
	t.is(Math.round(sum()), 500);
	shares.close();
	total.set(50);
	t.is(Math.round(sum()), 500, 'nobody listens any more');
});

test('together they never have more than the whole, whoever wants what [SHOAL_SEED=5]', t => {
	const prng = new Prng(5);
	for (let round = 0; round < 100; round++) {
		const count = 1 + prng.below(6);
		const able = Array.from({length: count}, () => 10 ** (prng.float() * 7));
		const total = 10 ** (2 + prng.float() * 5);
		const {dials, run, sum} = scene(new RateDial(total), able);
		let most = 0;
		for (const dial of dials) dial.onChange(() => (most = Math.max(most, sum())));
		for (let looks = 0; looks < 20; looks++) {
			run(1);
			able[prng.below(count)] = 10 ** (prng.float() * 7);
		}
		t.true(most <= total * 1.000001, `${most} of ${total}`);
		t.true(sum() >= total * 0.999999, 'and nothing less');
	}
});
