import test from 'ava';
import platform from '#platform';
import {BlockTable, chainMax} from '../../../src/delta/block-table.ts';
import {Search} from '../../../src/delta/search.ts';
import {sumsShape} from '../../../src/delta/shape.ts';
import {type BlockSums, parseSums, strongMask, weakMask} from '../../../src/delta/sums.ts';
import {Prng} from '../../support/prng.ts';
import {makeSums} from '../../support/run-delta.ts';

const salt = new Uint8Array(16).fill(3);

/** Matches of one level of `source` in one basis. */
function find(source: Uint8Array, basis: Uint8Array, level: number): number[] {
	const {shape, levels} = parseSums(makeSums(source, salt), source.length)!;
	const search = new Search({shape, salt, runs: [levels[level]!]});
	search.start(0, 0);
	search.push(basis);
	search.end(true);
	return [...search.matches()];
}

/** Sums of as many blocks as a file of `size` has on its finest level, as `make` says. */
function forge(size: number, make: (block: number) => [weak: number, strong: number]): BlockSums {
	const shape = sumsShape(size)!;
	const level = shape.levels.length - 1;
	const count = Math.floor(size / shape.levels[level]!.blockSize);
	const weak = new Int32Array(count);
	const strong = new Int32Array(count);
	for (let block = 0; block < count; block++) {
		const [first, second] = make(block);
		weak[block] = first & weakMask(shape);
		strong[block] = second & strongMask(shape);
	}
	return {level, first: 0, weak, strong};
}

/** The finest sums of `content`. */
function sumsOf(content: Uint8Array): BlockSums {
	return parseSums(makeSums(content, salt), content.length)!.levels.at(-1)!;
}

/** Every other block looks like its neighbour until its strong sum is made. */
function alternate({strong, ...sums}: BlockSums): BlockSums {
	return {...sums, strong: strong.map((sum, block) => (block % 2 === 0 ? sum : ~sum))};
}

function periodic(size: number, period: number): Uint8Array {
	const once = new Prng(period).bytes(period);
	return new Uint8Array(size).map((_, at) => once[at % period]!);
}

test('an equal file is one match', t => {
	const source = new Prng(1).bytes(100_001);
	for (const level of [0, 1, 2]) t.deepEqual(find(source, source, level), [0, 0, 0, 100_001]);
});

test('octets put in front are stepped over', t => {
	const source = new Prng(2).bytes(10_000);
	const basis = new Uint8Array([1, 2, 3, ...source]);
	t.deepEqual(find(source, basis, 1), [0, 0, 3, 10_000]);
});

test('only the block with the change is not found', t => {
	const source = new Prng(3).bytes(10_000);
	const basis = source.slice();
	basis[5000]! ^= 1;
	t.deepEqual(find(source, basis, 1), [0, 0, 0, 4992, 5120, 0, 5120, 4880]);
});

test('the short last block is found behind its neighbour and at the end of a basis', t => {
	const source = new Prng(4).bytes(2048 + 77);
	const tail = source.subarray(2048);
	t.deepEqual(find(source, new Uint8Array([...source, 9, 9, 9]), 1), [0, 0, 0, 2125]);
	t.deepEqual(find(source, new Uint8Array([9, 9, 9, ...tail]), 1), [2048, 0, 3, 77]);
	t.deepEqual(find(source, tail, 1), [2048, 0, 0, 77]);
	t.deepEqual(find(source, new Uint8Array([...tail, 9]), 1), [], 'elsewhere it is not looked for');
});

test('the first basis that has a block keeps it', t => {
	const source = new Prng(5).bytes(4096);
	const {shape, levels} = parseSums(makeSums(source, salt), source.length)!;
	const search = new Search({shape, salt, runs: [levels[1]!]});
	for (const basis of [0, 1, 2]) {
		search.start(basis, 0);
		search.push(basis === 0 ? source.subarray(0, 1024) : source);
		search.end(true);
	}
	t.deepEqual([...search.matches()], [0, 0, 0, 1024, 1024, 1, 1024, 3072]);
});

test('blocks with equal content are all found by one of them', t => {
	const source = new Uint8Array(65_536);
	source.set(new Prng(6).bytes(1000), 30_000);
	const basis = new Uint8Array(300);
	const matches = find(source, basis, 1);
	const found = matches.filter((_, index) => index % 4 === 3).reduce((sum, size) => sum + size, 0);
	t.is(found, 65_536 - 9 * 128);
});

test('a run of equal blocks in its place is one match', t => {
	const source = new Uint8Array(65_536);
	source.set(new Prng(6).bytes(1024), 30_000);
	t.deepEqual(find(source, source, 1), [0, 0, 0, 65_536]);
});

test('matches do not depend on how the basis came', t => {
	const prng = new Prng(7);
	const source = prng.bytes(60_000);
	const basis = source.slice();
	for (let edits = 0; edits < 20; edits++) basis[prng.below(basis.length)]! ^= 1;
	const {shape, levels} = parseSums(makeSums(source, salt), source.length)!;
	const search = new Search({shape, salt, runs: [levels[1]!]});
	search.start(0, 0);
	for (let at = 0; at < basis.length; at++) search.push(basis.subarray(at, at + 1));
	search.end(true);
	t.deepEqual([...search.matches()], find(source, basis, 1));
});

test('no bucket is longer than the bound, whatever the sums are', t => {
	const shape = sumsShape(2 ** 20)!;
	const prng = new Prng(8);
	const equalWeak = forge(2 ** 20, () => [0, prng.next()]);
	const near = forge(2 ** 20, block => [block << 8, prng.next()]);
	const allEqual = forge(2 ** 20, () => [0, 0]);
	for (const sums of [equalWeak, near, allEqual]) {
		const table = new BlockTable(shape, [sums]);
		for (const weak of sums.weak) {
			let length = 0;
			for (let entry = table.head(weak); entry >= 0; entry = table.next(entry)) length++;
			t.true(length <= chainMax);
		}
	}
});

/** Sums and bases that make a search work hardest, also for one who knows the salt. */
const worst: Readonly<Record<string, [BlockSums, Uint8Array]>> = {
	'every offset has the weak sum of all blocks, and none is one': [
		forge(2 ** 20, block => [0, block + 1]),
		new Uint8Array(6_000_000),
	],
	'eight classes share each bucket, and none is there': [
		forge(2 ** 20, block => [(block & 7) << 8, block + 1]),
		new Uint8Array(6_000_000),
	],
	'every block is the same, and so is every octet': [
		sumsOf(new Uint8Array(2 ** 20)),
		new Uint8Array(6_000_000),
	],
	'a block that is there, and one like it that never follows': [
		alternate(sumsOf(new Uint8Array(2 ** 20))),
		new Uint8Array(6_000_000),
	],
	'a period that is not the block': [sumsOf(periodic(2 ** 20, 255)), periodic(6_000_000, 255)],
	'a period that runs against the other': [
		sumsOf(periodic(2 ** 20, 255)),
		periodic(6_000_000, 254),
	],
};

for (const [name, [sums, basis]] of Object.entries(worst)) {
	test(`work is bounded: ${name}`, t => {
		const shape = sumsShape(2 ** 20)!;
		for (const openMemory of [undefined, platform.openSearchMemory]) {
			const search = new Search({shape, salt, runs: [sums], openMemory});
			search.start(0, 0);
			search.push(basis);
			search.end(true);
			const {searched, compared, summed, falseAlarms} = search.statistics;
			t.is(searched, basis.length);
			t.true(compared <= chainMax * searched);
			t.true(summed <= 4 * searched + 2 ** 22);
			t.true(falseAlarms * 256 <= 3 * searched + 2 ** 22);
		}
	});
}

test('what the credit did not let be tested is counted, and the rest is', t => {
	const [sums, basis] = Object.values(worst)[0]!;
	const search = new Search({shape: sumsShape(2 ** 20)!, salt, runs: [sums]});
	search.start(0, 0);
	search.push(basis);
	search.end(true);
	const {falseAlarms, untested, summed} = search.statistics;
	t.is(summed, falseAlarms * 256);
	t.true(summed > basis.length, 'the credit is used');
	t.true(untested > basis.length / 2);
});

test('sums of nothing but zeros cost one comparison for each block of basis', t => {
	const size = 2 ** 20;
	const shape = sumsShape(size)!;
	const search = new Search({shape, salt, runs: [forge(size, () => [0, 0])]});
	search.start(0, 0);
	search.push(new Prng(10).bytes(1_000_000));
	search.end(true);
	t.true(search.statistics.matches <= 1_000_000 / 512);
});
