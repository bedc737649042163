import test from 'ava';
import {allowance, Delta} from '../../../src/delta/delta.ts';
import {literalRanges, matchedSize} from '../../../src/delta/match-list.ts';
import {sumsHeaderSize, sumsShape} from '../../../src/delta/shape.ts';
import {Prng} from '../../support/prng.ts';
import {type DeltaRun, makeSums, runDelta} from '../../support/run-delta.ts';

const salt = new Uint8Array(16).fill(5);
const mebibyte = 1 << 20;

function run(source: Uint8Array, ...bases: Uint8Array[]): DeltaRun {
	const sums = makeSums(source, salt);
	return runDelta({size: source.length, sums, bases, prng: new Prng(1)});
}

const literalSize = (source: Uint8Array, {matches}: DeltaRun): number =>
	source.length - matchedSize(matches);

test('a file that has no sums, and one without a basis, are literal at once', t => {
	t.true(new Delta({size: 511, basisSizes: [1000]}).done);
	t.true(new Delta({size: 5000, basisSizes: []}).done);
	t.true(new Delta({size: 5000, basisSizes: [0, 0]}).done);
	const delta = new Delta({size: 5000, basisSizes: [0, 1]});
	t.false(delta.done);
	t.is(delta.pollSearch(), undefined);
});

test('an equal file costs its coarsest sums and one pass', t => {
	const source = new Prng(1).bytes(3 * mebibyte);
	const equal = run(source, source);
	t.is(literalSize(source, equal), 0);
	t.is(equal.sumsSize, sumsShape(source.length)!.levels[1]!.offset);
	t.is(equal.roundCount, 1);
	t.is(equal.searched, source.length);
});

test('one changed octet costs one finest block and the sums of its neighbours', t => {
	const source = new Prng(2).bytes(20 * mebibyte);
	const basis = source.slice();
	basis[9_999_999]! ^= 1;
	const changed = run(source, basis);
	t.is(literalSize(source, changed), 256);
	const shape = sumsShape(source.length)!;
	t.is(changed.sumsSize, shape.levels[1]!.offset + (8 + 4 + 4) * shape.recordSize);
	t.is(changed.roundCount, 4);
	t.true(changed.searched < 1.02 * source.length);
});

test('a log that grew costs what was appended', t => {
	const source = new Prng(3).bytes(20 * mebibyte);
	const grown = run(source, source.subarray(0, 19 * mebibyte));
	t.is(literalSize(source, grown), mebibyte);
	t.true(grown.sumsSize < mebibyte / 100);
});

test('octets that were put in or taken out shift nothing', t => {
	const prng = new Prng(4);
	const source = prng.bytes(5 * mebibyte);
	const longer = new Uint8Array([...source.subarray(0, 12_345), 1, ...source.subarray(12_345)]);
	t.is(literalSize(source, run(source, longer)), 256);
	t.true(literalSize(longer, run(longer, source)) <= 2 * 256);
});

test('a file made of parts of others is found in all of them', t => {
	const prng = new Prng(5);
	const parts = [prng.bytes(700_001), prng.bytes(300_007), prng.bytes(500_003)];
	const source = new Uint8Array(parts.flatMap(part => [1, 2, 3, ...part]));
	const whole = run(source, ...parts);
	t.true(literalSize(source, whole) <= 3 * 2 * 256);
});

test('content that does not match is given up after a sample of each level', t => {
	const source = new Prng(6).bytes(40 * mebibyte);
	const other = run(source, new Prng(7).bytes(40 * mebibyte));
	t.is(other.matches.length, 0);
	t.is(other.roundCount, 4);
	t.true(other.sumsSize <= allowance(source.length, 0));
	t.true(other.sumsSize < source.length / 1500);
	t.deepEqual([...literalRanges(other.matches, source.length)], [0, source.length]);
});

test('what may be asked of content without a match is 0.4 %, or little', t => {
	t.is(allowance(2 ** 30, 0), 2 ** 22);
	t.is(allowance(65_536, 0), 256);
	t.is(allowance(2048, 0), 256);
	t.is(allowance(512, 0), 64);
	t.is(allowance(65_536, 4000), 1256);
	for (let size = 512; size < 2 ** 44; size = Math.ceil(size * 1.07)) {
		t.true(sumsShape(size)!.levels[1]!.offset <= allowance(size, 0), `the first of ${size}`);
	}
});

test('sums that are refused, at any time, leave what was found', t => {
	const source = new Prng(8).bytes(mebibyte);
	const basis = source.slice();
	basis[500_000]! ^= 1;
	const sums = makeSums(source, salt);

	const never = new Delta({size: source.length, basisSizes: [basis.length]});
	t.not(never.pollWant(), undefined);
	never.handleRefused();
	t.true(never.done);
	t.is(never.pollWant(), undefined);
	t.is(never.matches.length, 0);

	const later = new Delta({size: source.length, basisSizes: [basis.length]});
	const want = later.pollWant()!;
	later.handleBlock(want.offset, sums.subarray(want.offset, want.offset + want.length));
	later.handleDone();
	const search = later.pollSearch();
	later.handleMatches(search!, Float64Array.of(0, 0, 0, 32_768));
	t.not(later.pollWant(), undefined);
	later.handleRefused();
	t.true(later.done);
	t.deepEqual([...later.matches], [0, 0, 0, 32_768]);
});

test('a header of another version, or none, ends it', t => {
	const sums = makeSums(new Prng(9).bytes(5000), salt);
	for (const change of [0, 1, 2, 3]) {
		const delta = new Delta({size: 5000, basisSizes: [5000]});
		const {length} = delta.pollWant()!;
		const octets = sums.slice(0, length);
		octets[change]! ^= 0x80;
		delta.handleBlock(0, octets);
		delta.handleDone();
		t.true(delta.done);
		t.is(delta.pollSearch(), undefined);
	}
});

test('octets that nobody asked for change nothing', t => {
	const source = new Prng(10).bytes(5 * mebibyte);
	const sums = makeSums(source, salt);
	const delta = new Delta({size: source.length, basisSizes: [source.length]});
	const {offset, length} = delta.pollWant()!;
	delta.handleBlock(offset, sums);
	delta.handleBlock(offset + length, new Uint8Array(10).fill(9));
	delta.handleDone();
	const search = delta.pollSearch()!;
	t.is(search.level, 0);
	t.deepEqual(search.salt, sums.slice(sumsHeaderSize - 16, sumsHeaderSize));
	t.deepEqual(search.runs[0]!.records, sums.slice(sumsHeaderSize, length));
});
