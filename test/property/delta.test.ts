import test from 'ava';
import {allowance, requestCost} from '../../src/delta/delta.ts';
import {
	coveredSize,
	coverOf,
	literalRanges,
	matchedSize,
	matchRowSize,
} from '../../src/delta/match-list.ts';
import {countOf, subtract, toUnits} from '../../src/delta/pairs.ts';
import {Search} from '../../src/delta/search.ts';
import {sumsHeaderSize, sumsShape} from '../../src/delta/shape.ts';
import {parseSums} from '../../src/delta/sums.ts';
import {edit, makeContent} from '../support/edit.ts';
import {Prng} from '../support/prng.ts';
import {assemble, makeSums, runDelta} from '../support/run-delta.ts';

const given = process.env['SHOAL_SEED'];
const seeds = given === undefined ? Array.from({length: 60}, (_, k) => k + 1) : [Number(given)];

/** `deepEqual` looks at every octet apart: seconds for a megabyte. */
const equal = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

function makeCase(prng: Prng): {source: Uint8Array; bases: Uint8Array[]} {
	const size = 512 + prng.below(prng.chance(0.2) ? 1_200_000 : 70_000);
	const source = makeContent(prng, size);
	const bases = [edit(prng, source, prng.below(8)), edit(prng, source, prng.below(40))];
	if (prng.chance(0.2)) bases.unshift(new Uint8Array(0), prng.bytes(prng.below(300)));
	return {source, bases};
}

/** Ranges that lie apart, some of them long, at any octet. */
function drawPairs(prng: Prng, size: number): Float64Array {
	const pairs: number[] = [];
	for (let at = prng.below(size); at < size; ) {
		const end = Math.min(size, at + 1 + prng.below(prng.chance(0.3) ? size : 9000));
		pairs.push(at, end);
		at = end + 1 + prng.below(90_000);
	}
	return Float64Array.from(pairs);
}

/** A basis that raises hopes: it has little of the source, and that where it costs most. */
function adverse(prng: Prng, source: Uint8Array): Uint8Array {
	const basis = prng.bytes(source.length);
	const {levels} = sumsShape(source.length)!;
	const {blockSize} = levels[prng.below(levels.length)]!;
	const every = 1 + prng.below(9);
	const kind = prng.below(5);
	if (kind === 0) return basis;
	for (let at = 0, block = 0; at < source.length; at += blockSize, block++) {
		const whole = source.subarray(at, at + blockSize);
		if (kind === 1 && block % every === 0) basis.set(whole, at);
		if (kind === 2) basis.set(whole.subarray(0, blockSize - 1), at);
		if (kind === 3 && prng.chance(0.04)) basis.set(whole, at);
		if (kind === 4 && at > source.length / 2) break;
		if (kind === 4) basis.set(whole.subarray(prng.below(blockSize)), at);
	}
	return basis;
}

for (const seed of seeds) {
	test(`matches and literals make the source, on every level [SHOAL_SEED=${seed}]`, t => {
		const prng = new Prng(seed);
		const {source, bases} = makeCase(prng);
		const {shape, salt, levels} = parseSums(makeSums(source, prng.bytes(16)), source.length)!;
		for (const sums of levels) {
			const search = new Search({shape, salt, runs: [sums]});
			for (const [index, basis] of bases.entries()) {
				search.start(index, 0);
				for (let at = 0; at < basis.length; ) {
					const end = Math.min(basis.length, at + 1 + prng.below(100_000));
					search.push(basis.subarray(at, end));
					at = end;
				}
				search.end(true);
			}
			t.true(equal(assemble(search.matches(), bases, source), source));
		}
	});

	test(`so they do from coarse to fine, within the bound of sums [SHOAL_SEED=${seed}]`, t => {
		const prng = new Prng(seed);
		const {source, bases} = makeCase(prng);
		const size = source.length;
		const sums = makeSums(source, prng.bytes(16));
		const shareSizeMin = 1 + prng.below(200_000);
		const run = runDelta({size, sums, bases, prng, shareSizeMin});
		t.true(equal(assemble(run.matches, bases, source), source));
		t.true(run.sumsSize <= allowance(size, matchedSize(run.matches)));
		t.true(run.roundCount <= 8, `${run.roundCount} rounds`);
	});

	test(`of a file that is here in part, only the rest is searched for [SHOAL_SEED=${seed}]`, t => {
		const prng = new Prng(seed);
		const {source, bases} = makeCase(prng);
		const size = source.length;
		const missing = drawPairs(prng, size);
		const sums = makeSums(source, prng.bytes(16));
		const {matches, sumsSize} = runDelta({size, sums, bases, prng, missing});
		const staged = source.slice();
		for (let at = 0; at < missing.length; at += 2) staged.fill(0, missing[at], missing[at + 1]);
		for (let row = 0; row < matches.length; row += matchRowSize) {
			const [to, basis, from, length] = matches.subarray(row, row + matchRowSize);
			t.is(coveredSize(matches.subarray(row, row + matchRowSize), missing), length!);
			staged.set(bases[basis!]!.subarray(from!, from! + length!), to!);
		}
		const literals = subtract(missing, coverOf(matches));
		for (let at = 0; at < literals.length; at += 2) {
			staged.set(source.subarray(literals[at], literals[at + 1]), literals[at]);
		}
		t.true(equal(staged, source));
		t.is(countOf(missing), matchedSize(matches) + countOf(literals));
		const [{recordSize}, units] = [sumsShape(size)!, toUnits(missing, 2048)];
		const coarsest = sumsHeaderSize + (countOf(units) + 7 * units.length) * recordSize;
		t.true(sumsSize <= coarsest + allowance(countOf(missing), matchedSize(matches)));
	});

	test(`what is found does not depend on which share ends first [SHOAL_SEED=${seed}]`, t => {
		const prng = new Prng(seed);
		const {source, bases} = makeCase(prng);
		const sums = makeSums(source, prng.bytes(16));
		const shareSizeMin = 1 + prng.below(30_000);
		const [first, second] = [1, 2].map(order =>
			runDelta({size: source.length, sums, bases, prng: new Prng(order), shareSizeMin}),
		);
		t.deepEqual(first, second);
	});

	test(`a delta never costs more than the file and 0.5 % [SHOAL_SEED=${seed}]`, t => {
		const prng = new Prng(seed);
		const source = makeContent(prng, 512 + prng.below(prng.chance(0.3) ? 900_000 : 80_000));
		const bases = [adverse(prng, source), ...(prng.chance(0.3) ? [adverse(prng, source)] : [])];
		const sums = makeSums(source, prng.bytes(16));
		const run = runDelta({size: source.length, sums, bases, prng});
		const literals = literalRanges(run.matches, source.length);
		const literalSize = source.length - matchedSize(run.matches);
		const rangeCost = requestCost * (run.rangeCount + Math.max(0, literals.length / 2 - 1));
		const cost = run.sumsSize + rangeCost + literalSize;
		t.true(cost <= source.length * 1.005 + 512, `${cost} for ${source.length}`);
	});

	test(`sums of noise throw nothing and name only what is there [SHOAL_SEED=${seed}]`, t => {
		const prng = new Prng(seed);
		const {source, bases} = makeCase(prng);
		const size = source.length;
		const honest = makeSums(source, prng.bytes(16));
		const sums = honest.map(octet => (prng.chance(0.2) ? prng.below(4) : octet));
		if (prng.chance(0.9)) sums.set(honest.subarray(0, 4));
		t.is(
			parseSums(sums, size) === undefined,
			Buffer.compare(sums.subarray(0, 4), honest.subarray(0, 4)) !== 0,
		);
		const {matches} = runDelta({size, sums, bases, prng});
		for (let row = 0; row < matches.length; row += matchRowSize) {
			const [start, basis, from, length] = matches.subarray(row, row + matchRowSize);
			t.true(length! > 0 && start! + length! <= size);
			t.true(from! >= 0 && from! + length! <= bases[basis!]!.length);
		}
		t.is(assemble(matches, bases, source).length, size);
	});
}
