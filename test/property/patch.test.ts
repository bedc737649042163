/** Whatever is lacked of a leaf: it is named, made and put in again; and whatever else is said. */
import test from 'ava';
import {compression} from '../../native-free/compression.ts';
import {leafSize} from '../../src/limit.ts';
import {applyPatch, makePatch} from '../../src/task/patch.ts';
import {
	contextOf,
	lackedSizeMax,
	packStretches,
	patchForm,
	patchSizeMax,
	sizeOf,
	unpackStretches,
} from '../../src/wire/patch.ts';
import {Prng} from '../support/prng.ts';
import {seedsOr} from '../support/seeds.ts';

/** Text that goes on to say the same, with stretches of noise. */
function drawLeaf(prng: Prng): Uint8Array {
	const leaf = new Uint8Array(1 + prng.below(prng.chance(0.3) ? 300 : leafSize));
	const words = Array.from({length: 50}, () => prng.bytes(1 + prng.below(12)));
	for (let at = 0; at < leaf.length; ) {
		const word = prng.chance(0.02) ? prng.bytes(200) : prng.pick(words);
		leaf.set(word.subarray(0, leaf.length - at), at);
		at += word.length;
	}
	return leaf;
}

function drawStretches(prng: Prng, length: number): number[] {
	const count = 1 + prng.below(prng.chance(0.2) ? 200 : 8);
	const edges = new Set(Array.from({length: 2 * count}, () => prng.below(length + 1)));
	const sorted = [...edges].sort((a, b) => a - b);
	if (sorted.length % 2 === 1) sorted.pop();
	return sorted.length === 0 ? [0, length] : sorted;
}

const covers = (wide: readonly number[], octet: number): boolean => {
	for (let at = 0; at < wide.length; at += 2) {
		if (wide[at]! <= octet && octet < wide[at + 1]!) return true;
	}
	return false;
};

for (const seed of seedsOr(1, 2, 3)) {
	test(`what is lacked comes back, whatever it is [SHOAL_SEED=${seed}]`, t => {
		const prng = new Prng(seed);
		for (let turn = 0; turn < 40; turn++) {
			const leaf = drawLeaf(prng);
			const stretches = drawStretches(prng, leaf.length);
			const lacked = packStretches(stretches);
			t.true(lacked.length <= lackedSizeMax);
			const named = unpackStretches(lacked, leaf.length)!;
			t.true(stretches.every((edge, at) => covers(named, at % 2 === 0 ? edge : edge - 1)));
			t.deepEqual(packStretches(named), lacked, 'the same has one name');

			const patch = makePatch(compression, leaf, named);
			t.true(patch.length <= 1 + sizeOf(named) && patch.length <= patchSizeMax);
			const made = leaf.slice();
			for (let at = 0; at < named.length; at += 2) made.fill(0xee, named[at], named[at + 1]);
			t.true(applyPatch(compression, patch, made, named));
			t.deepEqual(Buffer.from(made), Buffer.from(leaf));
			const rest = leaf.length - sizeOf(named);
			const context = contextOf(leaf, named);
			t.true(context.length <= Math.min(rest, 32_768));
			t.true(context.length === rest || context.length > 32_768 - 2 * named.length);
		}
	});

	test(`damage makes no more, no fewer and no throw [SHOAL_SEED=${seed}]`, t => {
		const prng = new Prng(seed);
		for (let turn = 0; turn < 60; turn++) {
			const leaf = drawLeaf(prng);
			const stretches = unpackStretches(
				packStretches(drawStretches(prng, leaf.length)),
				leaf.length,
			)!;
			const patch = makePatch(compression, leaf, stretches);
			const bad = patch.subarray(0, 1 + prng.below(patch.length)).slice();
			bad[prng.below(bad.length)]! ^= 1 << prng.below(8);
			const made = leaf.slice();
			const isApplied = applyPatch(compression, bad, made, stretches);
			t.is(typeof isApplied, 'boolean');
			t.is(made.length, leaf.length);
			for (let at = 0; at < leaf.length; at += 97) {
				if (!covers(stretches, at)) t.is(made[at], leaf[at], 'what is held is left alone');
			}
			const noise = unpackStretches(prng.bytes(prng.below(lackedSizeMax + 20)), leaf.length) ?? [];
			t.true(noise.every((edge, at) => edge <= leaf.length && edge > (noise[at - 1] ?? -1)));
		}
	});
}

test('names of nothing, beyond the leaf, of too much or of too many stretches name none', t => {
	const bad = [
		[],
		[0],
		[1],
		[0, 0],
		[0, 1, 0, 1],
		[1, 1, 1],
		[8, 1],
		[0, 1, 8, 1],
		[0, 0x80],
		new Array(lackedSizeMax).fill(1),
		new Array(lackedSizeMax + 2).fill(1),
	];
	for (const each of bad) t.is(unpackStretches(Uint8Array.from(each), 1000), undefined, `${each}`);
	t.deepEqual(unpackStretches(Uint8Array.of(0, 8), 1000), [0, 1000]);
	t.deepEqual(unpackStretches(Uint8Array.of(7, 1), 1000), [896, 1000]);
});

test('what is held is the context: what it says already costs next to nothing', t => {
	const leaf = new Prng(1).bytes(20_000);
	leaf.set(leaf.subarray(0, 4096), 8192);
	const stretches = [8192, 12_288];
	const patch = makePatch(compression, leaf, stretches);
	t.is(patch[0], patchForm.deflate);
	t.true(patch.length < 100, `${patch.length} octets`);
	const both = makePatch(compression, leaf, [0, 4096, 8192, 12_288]);
	t.true(both.length < 4300, `${both.length} octets: one of the two repeats the other`);
	const alone = makePatch(compression, leaf, [4096, 8192]);
	t.is(alone[0], patchForm.plain);
	t.is(alone.length, 4097);
});

test('a bomb makes no more than what is lacked', t => {
	const stretches = [128, 256];
	const all = Buffer.alloc(64 << 20);
	for (const [form, codec] of [
		[patchForm.deflate, 'deflate'],
		[patchForm.brotli, 'brotli'],
	] as const) {
		const bomb = compression.compress(codec, 1, all);
		const leaf = new Uint8Array(1000).fill(7);
		t.false(applyPatch(compression, Buffer.concat([Uint8Array.of(form), bomb]), leaf, stretches));
		t.true(leaf.every(octet => octet === 7));
	}
	const other = Uint8Array.of(9, 1, 2, 3);
	t.false(applyPatch(compression, other, new Uint8Array(1000), stretches), 'an unknown form');
	t.false(applyPatch(compression, other.subarray(0, 0), new Uint8Array(1000), stretches));
});
