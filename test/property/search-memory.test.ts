/** The search in WebAssembly beside its twin in TypeScript: the same answers to everything. */
import test, {type ExecutionContext} from 'ava';
import platform from '#platform';
import {addToFilter} from '../../src/delta/filter.ts';
import {PlainMemory} from '../../src/delta/plain-memory.ts';
import {Search} from '../../src/delta/search.ts';
import {type BlockSums, parseSums} from '../../src/delta/sums.ts';
import {power} from '../../src/delta/weak-sum.ts';
import type {Rolling, SearchMemory} from '../../src/platform/search-memory.ts';
import {edit, makeContent} from '../support/edit.ts';
import {Prng} from '../support/prng.ts';
import {makeSums} from '../support/run-delta.ts';

const given = process.env['SHOAL_SEED'];
const seeds = given === undefined ? Array.from({length: 40}, (_, k) => k + 1) : [Number(given)];

/** Two memories with the same octets; the test is skipped where there is no WebAssembly. */
function openBoth(
	t: ExecutionContext,
	octets: Uint8Array,
): [SearchMemory, SearchMemory] | undefined {
	const fast = platform.openSearchMemory(octets.length);
	if (fast === undefined) {
		t.log('dist/native-free/wasm/search.wasm is not there: npm run build:wasm');
		t.pass();
		return undefined;
	}
	const plain = new PlainMemory(octets.length);
	for (const memory of [fast, plain]) memory.octets.set(octets);
	return [fast, plain];
}

for (const seed of seeds) {
	test(`sums of any octets at any place are the same [SHOAL_SEED=${seed}]`, t => {
		const prng = new Prng(seed);
		const both = openBoth(t, prng.bytes(4 * (2 + 1024) * 4 + 3000));
		if (both === undefined) return;
		for (let count = 0; count < 100; count++) {
			const start = 4 * (2 + 1024) * 4 + prng.below(1500);
			const end = start + prng.below(prng.chance(0.5) ? 40 : 1024);
			const multiplier = (prng.next() & ~7) | 5;
			const [weak, plainWeak] = both.map(memory => memory.weakSum(start, end, multiplier));
			t.is(weak, plainWeak);
			const keysAt = 4 * prng.below(8);
			const [strong, plainStrong] = both.map(memory => memory.chunkSum(start, end, keysAt));
			t.is(strong, plainStrong);
		}
		both[0].close();
	});

	test(`rolling stops at the same windows, with the same sums [SHOAL_SEED=${seed}]`, t => {
		const prng = new Prng(seed);
		const filterShift = 32 - (3 + prng.below(6));
		const filterSize = 4 * 2 ** (32 - filterShift);
		const content = makeContent(prng, 2 + prng.below(6000));
		const octets = new Uint8Array(filterSize + content.length);
		const filter = new Int32Array(octets.buffer, 0, filterSize / 4);
		const weakMask = prng.chance(0.5) ? -256 : -1;
		for (let left = prng.below(2 * filter.length); left > 0; left--) {
			addToFilter(filter, filterShift, (prng.chance(0.1) ? 0 : prng.next()) & weakMask);
		}
		octets.set(content, filterSize);
		const both = openBoth(t, octets);
		if (both === undefined) return;
		const blockSize = 1 + prng.below(content.length - 1);
		const multiplier = (prng.next() & ~7) | 5;
		const leaving = power(multiplier, blockSize);
		const stops = both.map(memory => {
			const weak = memory.weakSum(filterSize, filterSize + blockSize, multiplier);
			const rolling: Rolling = {
				...{blockSize, multiplier, leaving, weakMask, filterShift},
				filterAt: 0,
				weak: Int32Array.of(weak),
			};
			const last = octets.length - blockSize;
			const found: number[] = [];
			for (let at = filterSize; at <= last; at++) {
				at = memory.roll(rolling, at, last);
				const whole = memory.weakSum(at, at + blockSize, multiplier);
				found.push(at, rolling.weak[0]!, whole);
				if (at === last) break;
				const come = octets[at + blockSize]! - Math.imul(octets[at]!, leaving);
				rolling.weak[0] = Math.imul(rolling.weak[0]!, multiplier) + come;
			}
			return found;
		});
		t.deepEqual(stops[0], stops[1]);
		for (let at = 0; at < stops[0]!.length; at += 3) t.is(stops[0]![at + 1], stops[0]![at + 2]);
		both[0].close();
	});

	test(`a search finds the same and does the same work [SHOAL_SEED=${seed}]`, t => {
		const prng = new Prng(seed);
		const source = makeContent(prng, 512 + prng.below(prng.chance(0.2) ? 400_000 : 70_000));
		const bases = [edit(prng, source, prng.below(30)), makeContent(prng, 50_000)];
		const {shape, salt, levels} = parseSums(makeSums(source, prng.bytes(16)), source.length)!;
		const runs = levels.map(level => (prng.chance(0.2) ? collide(prng, level) : level));
		for (const run of runs) {
			const [fast, plain] = [platform.openSearchMemory, undefined].map(openMemory => {
				const search = new Search({shape, salt, runs: [run], openMemory});
				for (const [index, basis] of bases.entries()) {
					search.start(index, 0);
					search.push(basis);
					search.end(true);
				}
				search.close();
				return {matches: [...search.matches()], statistics: search.statistics};
			});
			t.deepEqual(fast, plain);
		}
	});
}

/** Sums among which few are apart: many false alarms. */
function collide(prng: Prng, level: BlockSums): BlockSums {
	const few = Array.from({length: 3}, () => (prng.chance(0.5) ? 0 : prng.next() & -256));
	return {...level, weak: level.weak.map(() => few[prng.below(few.length)]!)};
}

test('the module is built and loads', t => {
	t.not(platform.openSearchMemory(1), undefined, 'npm run build:wasm');
});

test('a memory that grew, and one that is used again, hold nothing that matters', t => {
	const prng = new Prng(1);
	for (const size of [1000, 3_000_000, 10, 500_000]) {
		const octets = prng.bytes(size);
		const both = openBoth(t, octets);
		if (both === undefined) return;
		const [fast, plain] = both.map(memory => memory.weakSum(0, size, 5));
		t.is(fast, plain);
		t.is(both[0].octets.length, size);
		both[0].close();
	}
});

test('two searches at once have memories of their own', t => {
	const both = openBoth(t, new Uint8Array(100).fill(1));
	if (both === undefined) return;
	const other = openBoth(t, new Uint8Array(100).fill(2))!;
	t.deepEqual(both[0].octets, new Uint8Array(100).fill(1));
	t.deepEqual(other[0].octets, new Uint8Array(100).fill(2));
	both[0].close();
	other[0].close();
});
