import test from 'ava';
import {jainIndex, median, percentile} from '../../../../bench/wan/statistics.ts';

test('a percentile is the bucket in which it falls, and no more than the most', t => {
	const histogram = {
		max: 130,
		counts: [
			[0, 50],
			[10, 45],
			[128, 5],
		] as const,
	};
	t.is(percentile(histogram, 0.5), 0);
	t.is(percentile(histogram, 0.51), 10);
	t.is(percentile(histogram, 0.95), 10);
	t.is(percentile(histogram, 0.96), 128);
	t.is(percentile({max: 100, counts: [[128, 1]]}, 1), 100);
	t.is(percentile({max: 0, counts: []}, 0.5), 0);
});

test('a median is the middle, or half way between two', t => {
	t.is(median([3, 1, 2]), 2);
	t.is(median([4, 1, 2, 3]), 2.5);
	t.is(median([]), Number.NaN);
});

test('the index of Jain is one for equals and a part for one of many', t => {
	t.is(jainIndex([5, 5, 5]), 1);
	t.is(jainIndex([1, 0, 0, 0]), 0.25);
	t.is(jainIndex([0, 0]), Number.NaN);
});
