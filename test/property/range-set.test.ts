import test from 'ava';
import fc from 'fast-check';
import {RangeSet} from '../../src/transfer/range-set.ts';

type Step = {readonly adds: boolean; readonly from: number; readonly size: number};

const span = 60;
const step: fc.Arbitrary<Step> = fc.record({
	adds: fc.boolean(),
	from: fc.nat(span),
	size: fc.nat(20),
});

test('a range set is a set of numbers, whatever is added and removed', t => {
	fc.assert(
		fc.property(fc.array(step, {maxLength: 60}), fc.nat(span), fc.nat(20), (steps, at, size) => {
			const ranges = new RangeSet();
			const naive = new Set<number>();
			for (const {adds, from, size} of steps) {
				let changed = 0;
				for (let value = from; value < from + size; value++) {
					if (adds ? !naive.has(value) : naive.has(value)) changed++;
					if (adds) naive.add(value);
					else naive.delete(value);
				}
				const answer = adds ? ranges.add(from, from + size) : ranges.remove(from, from + size);
				t.is(answer, changed);
				t.is(ranges.total, naive.size);
			}
			const members = [...naive].sort((a, b) => a - b);
			const listed: number[] = [];
			for (let index = 0; index < ranges.count; index++) {
				if (index > 0) t.true(ranges.from(index) > ranges.to(index - 1), 'apart, in order');
				for (let each = ranges.from(index); each < ranges.to(index); each++) listed.push(each);
			}
			t.deepEqual(listed, members);

			t.is(ranges.has(at), naive.has(at));
			let gap = at;
			while (naive.has(gap)) gap++;
			t.is(ranges.nextGap(at), gap);
			t.is(ranges.nextMember(at), members.find(each => each >= at) ?? Infinity);
			let missing = 0;
			for (let each = at; each < at + size; each++) if (!naive.has(each)) missing++;
			t.is(ranges.missing(at, at + size), missing);
		}),
		{numRuns: 2000},
	);
});

test('a range set holds ten thousand ranges and loses them again', t => {
	const ranges = new RangeSet();
	for (let at = 0; at < 20_000; at += 2) t.is(ranges.add(at, at + 1), 1);
	t.is(ranges.count, 10_000);
	t.is(ranges.missing(0, 20_000), 10_000);
	t.is(ranges.add(0, 20_000), 10_000);
	t.is(ranges.count, 1);
	t.is(ranges.remove(0, 20_000), 20_000);
	t.is(ranges.count, 0);
});
