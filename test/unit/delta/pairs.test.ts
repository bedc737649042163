import test from 'ava';
import {coveredSize, joinMatches, literalRanges} from '../../../src/delta/match-list.ts';
import {
	countOf,
	head,
	join,
	type Pairs,
	pick,
	subtract,
	toUnits,
	unite,
} from '../../../src/delta/pairs.ts';
import {nearStretches, splitStretches, unusedStretches} from '../../../src/delta/stretches.ts';
import {Prng} from '../../support/prng.ts';

const span = 200;

/** A random set, as pairs and as a naive model. */
function random(prng: Prng): {pairs: Pairs; model: Set<number>} {
	const raw: number[] = [];
	for (let at = prng.below(20); at < span; at += 1 + prng.below(30)) {
		const end = Math.min(span, at + 1 + prng.below(20));
		raw.push(at, end);
		if (prng.chance(0.7)) at = end;
	}
	const pairs = join(raw);
	return {pairs, model: modelOf(pairs)};
}

function modelOf(pairs: Pairs): Set<number> {
	const model = new Set<number>();
	for (let at = 0; at < pairs.length; at += 2) {
		for (let number = pairs[at]!; number < pairs[at + 1]!; number++) model.add(number);
	}
	return model;
}

const sorted = (model: Iterable<number>): number[] => [...model].sort((a, b) => a - b);

test('sets of pairs behave as sets of numbers', t => {
	const prng = new Prng(1);
	for (let run = 0; run < 500; run++) {
		const [a, b] = [random(prng), random(prng)];
		for (let at = 2; at < a.pairs.length; at += 2) t.true(a.pairs[at]! > a.pairs[at - 1]!);
		t.is(countOf(a.pairs), a.model.size);
		const less = sorted(a.model).filter(number => !b.model.has(number));
		t.deepEqual(sorted(modelOf(subtract(a.pairs, b.pairs))), less);
		const both = sorted(new Set([...a.model, ...b.model]));
		t.deepEqual(sorted(modelOf(unite(a.pairs, b.pairs))), both);
		const count = prng.below(60);
		t.deepEqual(sorted(modelOf(head(a.pairs, count))), sorted(a.model).slice(0, count));
		const picked = sorted(modelOf(pick(a.pairs, count)));
		t.is(picked.length, Math.min(count, a.model.size));
		t.true(picked.every(number => a.model.has(number)));
		const units = new Set(sorted(a.model).map(number => Math.floor(number / 7)));
		t.deepEqual(sorted(modelOf(toUnits(a.pairs, 7))), sorted(units));
	}
});

test('a pick is spread over the whole set', t => {
	t.deepEqual([...pick(Float64Array.of(0, 100), 2)], [25, 26, 75, 76]);
	t.deepEqual([...pick(Float64Array.of(0, 10, 90, 100), 2)], [5, 6, 95, 96]);
});

test('joined matches keep the first and fill up from the second', t => {
	const first = Float64Array.of(100, 0, 0, 50, 200, 0, 500, 50);
	const second = Float64Array.of(0, 1, 0, 120, 130, 1, 1130, 100, 400, 1, 0, 10);
	const joined = joinMatches(first, second);
	t.deepEqual(
		[...joined],
		[0, 1, 0, 100, 100, 0, 0, 50, 150, 1, 1150, 50, 200, 0, 500, 50, 400, 1, 0, 10],
	);
	t.deepEqual([...literalRanges(joined, 500)], [250, 400, 410, 500]);
	t.is(coveredSize(joined, Float64Array.of(90, 110, 240, 405)), 20 + 10 + 5);
});

test('what matches do not use is searched, with a margin', t => {
	const matches = Float64Array.of(0, 0, 1000, 500, 500, 0, 0, 600, 1100, 1, 0, 100);
	t.deepEqual(
		[...unusedStretches(matches, [2000, 100, 0, 50], 10)],
		[0, 590, 1010, 0, 1490, 2000, 3, 0, 50],
	);
});

test('what was overwritten in its place is searched without a margin', t => {
	// Gaps of 100 octets here and of 100, 100 and 90 in the source's file.
	const matches = Float64Array.of(100, 0, 100, 50, 250, 0, 250, 50, 390, 0, 400, 50);
	t.deepEqual([...unusedStretches(matches, [450], 10)], [0, 0, 100, 0, 150, 250, 0, 290, 410]);
});

test('a sample is searched around its own place', t => {
	const near = 2 ** 22;
	t.deepEqual([...nearStretches(Float64Array.of(1, 2), 1000, [5000])], [0, 0, 5000]);
	t.deepEqual(
		[...nearStretches(Float64Array.of(100, 101), 65_536, [10 ** 9, 10])],
		[0, 100 * 65_536 - near, 101 * 65_536 + near],
	);
});

test('shares of a search overlap by a window and the block after it, and lose nothing', t => {
	const rows = Float64Array.of(0, 0, 3e7, 1, 5, 100, 1, 1000, 2e7);
	const shares = splitStretches(rows, 1024, 1000);
	t.is(shares.length, 6);
	t.deepEqual(splitStretches(rows, 1024, 300_000), [rows], 'a table that takes as long to make');
	t.deepEqual(splitStretches(rows, 2 ** 22, 1000), [rows], 'blocks that hardly fit a share');
	t.deepEqual(splitStretches(new Float64Array(0), 1024, 1), [new Float64Array(0)]);
	t.is(splitStretches(Float64Array.of(0, 0, 2 ** 40), 65_536, 2 ** 20).length, 64);
	const all = shares.flatMap(share => [...share]);
	t.deepEqual(all.slice(0, 2), [0, 0]);
	let cuts = 0;
	for (let row = 3; row < all.length; row += 3) {
		const isCut = all[row] === all[row - 3] && all[row + 1]! < all[row - 1]!;
		if (isCut) t.is(all[row + 1], all[row - 1]! - 2047);
		if (isCut) cuts++;
	}
	t.is(cuts, shares.length - 1);
});
