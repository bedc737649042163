import test from 'ava';
import platform from '#platform';
import {sumsShape} from '../../../src/delta/shape.ts';
import {chunkSum, StrongSum} from '../../../src/delta/strong-sum.ts';
import {sumKeys} from '../../../src/delta/sum-keys.ts';
import {parseRecords, parseSums, strongMask, weakMask} from '../../../src/delta/sums.ts';
import {joinSums, SumsBuilder} from '../../../src/delta/sums-builder.ts';
import {weakSum} from '../../../src/delta/weak-sum.ts';
import type {OpenSearchMemory} from '../../../src/platform/search-memory.ts';
import {Prng} from '../../support/prng.ts';

const salt = Uint8Array.from({length: 16}, (_, index) => index * 7 + 1);

function wholeSums(content: Uint8Array, openMemory?: OpenSearchMemory): Uint8Array {
	const builder = new SumsBuilder({size: content.length, salt, openMemory});
	builder.update(content);
	return joinSums(content.length, salt, [builder.finish()]);
}

/** Both sides of every change of shape, and odd tails. */
const sizes = [2048, 2049, 16_384, 65_535, 65_536, 65_537, 70_001, 1_048_576, 1_048_577, 3_000_003];

for (const size of sizes) {
	test(`every record of ${size} octets is its block's weak and strong sum`, t => {
		const content = new Prng(size).bytes(size);
		const sums = parseSums(wholeSums(content), size);
		t.not(sums, undefined);
		const {shape, levels} = sums!;
		const keys = sumKeys(shape, salt);
		const view = new DataView(content.buffer);
		const strong = new StrongSum(keys, (from, to) => chunkSum(view, from, to, keys.keys));
		for (const level of levels) {
			const {blockSize, blockCount} = shape.levels[level.level]!;
			t.is(level.weak.length, blockCount);
			for (let block = 0; block < blockCount; block++) {
				const start = block * blockSize;
				const end = Math.min(start + blockSize, size);
				const weak = weakSum(view, start, end, keys.multiplier) & weakMask(shape);
				if (level.weak[block] !== weak) return t.fail(`weak ${level.level}:${block}`);
				const depth = keys.depthOfLevel[level.level]!;
				const value = strong.sum(start, end, depth) & strongMask(shape);
				if (level.strong[block] !== value) return t.fail(`strong ${level.level}:${block}`);
			}
		}
	});

	test(`the sums of ${size} octets are the same in WebAssembly`, t => {
		const content = new Prng(size).bytes(size);
		t.deepEqual(wholeSums(content, platform.openSearchMemory), wholeSums(content));
	});

	test(`the sums of ${size} octets do not depend on how they came`, t => {
		const prng = new Prng(size + 1);
		const content = prng.bytes(size);
		const builder = new SumsBuilder({size, salt});
		for (let at = 0; at < size; ) {
			const end = Math.min(size, at + prng.below(prng.chance(0.5) ? 700 : 70_000));
			builder.update(content.subarray(at, end));
			at = end;
		}
		t.deepEqual(joinSums(size, salt, [builder.finish()]), wholeSums(content));
	});
}

test('parts that several threads made join to the sums of one', t => {
	const size = 1_400_001;
	const content = new Prng(3).bytes(size);
	const unit = sumsShape(size)!.levels[0]!.blockSize;
	const bounds = [0, unit * 3, unit * 4, unit * 20, size];
	const parts = bounds.slice(1).map((end, index) => {
		const start = bounds[index]!;
		const builder = new SumsBuilder({size, salt, start, end});
		builder.update(content.subarray(start, end));
		return builder.finish();
	});
	t.deepEqual(joinSums(size, salt, parts.reverse()), wholeSums(content));
});

test('another salt makes other sums of every block', t => {
	const content = new Prng(4).bytes(50_000);
	const first = parseSums(wholeSums(content), content.length)!;
	const builder = new SumsBuilder({size: content.length, salt: new Uint8Array(16)});
	builder.update(content);
	const other = parseSums(
		joinSums(content.length, new Uint8Array(16), [builder.finish()]),
		content.length,
	)!;
	for (const [index, level] of first.levels.entries()) {
		const same = level.weak.filter((weak, block) => weak === other.levels[index]!.weak[block]);
		t.is(same.length, 0);
	}
});

test('beyond 4 GiB the finest block is several chunks: the last part of such a file', t => {
	const size = 2 ** 34 + 100_001;
	const shape = sumsShape(size)!;
	const start = 2 ** 34;
	const content = new Prng(5).bytes(size - start);
	const builder = new SumsBuilder({size, salt, start});
	builder.update(content);
	const {records} = builder.finish();
	const keys = sumKeys(shape, salt);
	const view = new DataView(content.buffer);
	const strong = new StrongSum(keys, (from, to) => chunkSum(view, from, to, keys.keys));
	let at = 0;
	for (const [index, {blockSize}] of shape.levels.entries()) {
		const count = Math.ceil(content.length / blockSize);
		const octets = records.subarray(at, at + count * shape.recordSize);
		at += octets.length;
		const sums = parseRecords(shape, index, start / blockSize, octets)!;
		for (let block = 0; block < count; block++) {
			const from = block * blockSize;
			const end = Math.min(from + blockSize, content.length);
			t.is(sums.weak[block], weakSum(view, from, end, keys.multiplier));
			const depth = keys.depthOfLevel[index]!;
			t.is(sums.strong[block], strong.sum(from, end, depth));
		}
	}
	t.is(at, records.length);
});
