/** Whatever a tree has: pulled compressed it is the same as pulled as it is. */
import {mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {compression} from '../../native-free/compression.ts';
import {leafSize} from '../../src/limit.ts';
import {formCount, formOf, formOfKind, isSizes, sizeAt} from '../../src/wire/compressed.ts';
import {objectKind, refuseCode} from '../../src/wire/frame.ts';
import {patchForm} from '../../src/wire/patch.ts';
import {compressedObjects} from '../support/compressed.ts';
import {sharedPools} from '../support/pool.ts';
import {Prng} from '../support/prng.ts';
import {pullTree} from '../support/pull-tree.ts';
import {seedsOr} from '../support/seeds.ts';
import {type FeedOptions, TreeSource} from '../support/tree-source.ts';

const poolOf = sharedPools();
const compress = {forms: [formOf('brotli'), formOf('deflate')], skips: () => false};

function directories(t: ExecutionContext): {from: string; to: string} {
	const [from, to] = ['from', 'to'].map(name => mkdtempSync(join(tmpdir(), `shoal-${name}-`)));
	t.teardown(() => {
		for (const each of [from!, to!]) rmSync(each, {recursive: true});
	});
	return {from: from!, to: to!};
}

/** Text, noise, or stretches of either. */
function drawContent(prng: Prng): Uint8Array {
	const small = [0, 1, 127, 128, 1023, 5000, 40_000, leafSize - 1, leafSize];
	const large = [leafSize + 1, 3 * leafSize, 8 * leafSize, 9 * leafSize + 77, 17 * leafSize - 1];
	const sizes = prng.chance(0.3) ? large : small;
	const content = new Uint8Array(sizes[prng.below(sizes.length)]!);
	for (let at = 0; at < content.length; ) {
		const end = Math.min(content.length, at + 1 + prng.below(3 * leafSize));
		if (prng.chance(0.6)) content.fill(0x61 + prng.below(26), at, end);
		else content.set(prng.bytes(end - at), at);
		at = end;
	}
	return content;
}

for (const seed of seedsOr(1, 2, 3, 4, 5, 6)) {
	test(`any tree comes compressed as it comes plain [SHOAL_SEED=${seed}]`, async t => {
		const prng = new Prng(seed);
		const {from, to} = directories(t);
		const names = Array.from({length: 24}, (_, index) => `${index}`);
		for (const name of names) {
			const content = drawContent(prng);
			writeFileSync(join(from, name), content);
			if (!prng.chance(0.4)) continue;
			// An older version of which some is still there.
			const old = content.slice();
			old.set(prng.bytes(Math.min(old.length, 3000)), prng.below(Math.max(1, old.length - 3000)));
			writeFileSync(join(to, name), prng.chance(0.5) ? old : old.subarray(old.length >> 1));
			utimesSync(join(to, name), 1, 1);
		}
		const pool = poolOf(prng.below(3));
		const source = await TreeSource.of(pool, from);
		const {result, fed} = await pullTree({
			pool,
			source,
			destination: to,
			open: {compress},
			feed: {
				prng,
				repeats: 0.1,
				reach: 1 + prng.below(200),
				refuses: request => {
					const isCompressed = formOfKind(request.kind) > 0;
					return isCompressed && prng.chance(0.05) ? refuseCode.unavailable : undefined;
				},
			},
		});
		t.is(result?.exit, 0);
		t.deepEqual(result?.problems, []);
		t.true(fed.compressed > 0);
		for (const name of names) {
			const isSame = readFileSync(join(to, name)).equals(readFileSync(join(from, name)));
			t.true(isSame, name);
		}
	});
}

/** Pulls `count` files of text of `size` from a source that says `lie` of them. */
async function pullLies(
	t: ExecutionContext,
	lie: TreeSource['compressedOf'],
	{size = 20 * leafSize, skips = () => false, forms = compress.forms} = {},
) {
	const {from, to} = directories(t);
	const content = Buffer.alloc(size, 'that is what it says in every line of it\n');
	writeFileSync(join(from, 'file'), content);
	const pool = poolOf(1);
	const source = await TreeSource.of(pool, from);
	source.compressedOf = lie;
	const {result, fed} = await pullTree({
		pool,
		source,
		destination: to,
		open: {compress: {forms, skips}},
		feed: {window: 1},
	});
	const read = () => readFileSync(join(to, 'file')).equals(content);
	return {result, fed, read};
}

test('text costs a fraction, of a small file and of a large one', async t => {
	for (const size of [5000, leafSize, 20 * leafSize]) {
		const {result, fed, read} = await pullLies(t, compressedObjects, {size});
		t.is(result?.exit, 0);
		t.true(read());
		t.is(fed.contents, 0);
		t.true(fed.compressed < size / 20);
		t.is(result?.bytesLiteral, size);
	}
});

test('of a leaf that is here in part what is less comes: what is missing, or all of it compressed', async t => {
	const [prng, noise] = [new Prng(31), new Prng(32)];
	const words = Array.from({length: 200}, () => prng.next().toString(36));
	const sizes: number[] = [];
	// Text of which a third is new in stretches of 2 KiB, and noise of which a third is.
	for (const isText of [true, false]) {
		const {from, to} = directories(t);
		const said = (): string => `${prng.pick(words)} `;
		const make = (size: number): Buffer => {
			if (!isText) return Buffer.from(noise.bytes(size));
			return Buffer.from(
				Array.from({length: size / 4}, said)
					.join('')
					.slice(0, size),
			);
		};
		const content = make(10 * leafSize);
		const old = Buffer.from(content);
		for (let at = 0; at < old.length; at += 6144) old.set(make(2048), at);
		writeFileSync(join(from, 'file'), content);
		writeFileSync(join(to, 'file'), old);
		utimesSync(join(to, 'file'), 1, 1);
		const source = await TreeSource.of(poolOf(2), from);
		const open = {compress};
		const {result, fed} = await pullTree({pool: poolOf(2), source, destination: to, open});
		t.is(result?.exit, 0);
		t.true(readFileSync(join(to, 'file')).equals(content));
		sizes.push(fed.contents + fed.compressed);
	}
	const [ofText, ofNoise] = sizes;
	t.true(ofText! < leafSize * 10 * 0.3, `${ofText} octets, where a third is new`);
	t.true(ofNoise! < leafSize * 10 * 0.45, `${ofNoise} octets, where nothing can be saved`);
});

/** 20 leaves of text, and an older version of which a line has changed in each. */
async function pullPatched(
	t: ExecutionContext,
	feed: Partial<FeedOptions> = {},
	patchOf?: (of: TreeSource['patchOf']) => TreeSource['patchOf'],
) {
	const {from, to} = directories(t);
	const prng = new Prng(41);
	const words = Array.from({length: 2000}, () => prng.next().toString(36));
	const line = (): string => `${Array.from({length: 8}, () => prng.pick(words)).join(' ')}\n`;
	const content = Buffer.from(Array.from({length: 25_000}, line).join('')).subarray(
		0,
		20 * leafSize,
	);
	const old = Buffer.from(content);
	for (let leaf = 0; leaf < 20; leaf++) {
		const change = prng.bytes(100);
		for (let at = 0; at < 8; at++) old.set(change, leaf * leafSize + 5000 + 7000 * at);
	}
	writeFileSync(join(from, 'file'), content);
	writeFileSync(join(to, 'file'), old);
	utimesSync(join(to, 'file'), 1, 1);
	const pool = poolOf(2);
	const source = await TreeSource.of(pool, from);
	if (patchOf !== undefined) source.patchOf = patchOf(source.patchOf);
	const pull = (more: Partial<FeedOptions>) =>
		pullTree({pool, source, destination: to, open: {compress}, feed: {...feed, ...more}});
	return {...(await pull({})), pull, read: () => readFileSync(join(to, 'file')).equals(content)};
}

test('small changes come as patches, a few octets for each', async t => {
	const kinds = new Set<number>();
	const {result, fed, read} = await pullPatched(t, {
		refuses: ({kind}) => {
			kinds.add(kind);
			return undefined;
		},
	});
	t.is(result?.exit, 0);
	t.true(read());
	t.deepEqual([...kinds].sort(), [objectKind.patch, objectKind.leaves, objectKind.sums].sort());
	t.is(fed.contents, 0);
	// 160 blocks of 256 octets, of which half is noise at most.
	t.true(fed.compressed < 160 * 200, `${fed.compressed} octets`);
});

test('a patch that says more, fewer or other octets costs its leaf, and a bomb no more', async t => {
	const bomb = compression.compress('deflate', 9, Buffer.alloc(1 << 20));
	const lies: Record<string, (patch: Uint8Array, leaf: Uint8Array) => Uint8Array> = {
		bomb: () => Uint8Array.of(patchForm.deflate, ...bomb),
		short: patch => patch.subarray(0, patch.length - 1),
		nothing: patch => patch.subarray(0, 1),
		end: patch => patch.subarray(0, 0),
		other: (patch, leaf) => Uint8Array.of(patchForm.plain, ...leaf.subarray(1, 1 + patch.length)),
		unknown: patch => Uint8Array.of(77, ...patch.subarray(1)),
	};
	for (const [name, lie] of Object.entries(lies)) {
		let told = 0;
		const {result, fed, read} = await pullPatched(t, {}, patchOf => (leaf, lacked) => {
			const patch = patchOf(leaf, lacked);
			return told++ === 3 ? lie(patch, leaf) : patch;
		});
		t.is(result?.exit, 0, name);
		t.true(read(), name);
		t.is(fed.contents, 0, `${name}: the leaf comes whole, and compressed`);
		t.true(fed.compressed > leafSize / 4 && fed.compressed < leafSize * 1.5, name);
	}
});

test('a source that makes no patches is asked for contents, and for no other patch', async t => {
	let asked = 0;
	const {result, fed, read} = await pullPatched(t, {
		window: 1,
		refuses: ({part}) => {
			if (part !== undefined) asked++;
			return part === undefined ? undefined : refuseCode.invalid;
		},
	});
	t.is(result?.exit, 0);
	t.true(read());
	t.is(fed.compressed, 0);
	t.true(fed.contents >= 160 * 256 && fed.contents < 160 * 512, `${fed.contents} octets`);
	t.true(asked <= 20);
});

test('an update in patches that was stopped goes on where it was', async t => {
	const {result, pull, read} = await pullPatched(t, {prng: new Prng(5), blocksMax: 60});
	t.is(result, undefined, 'it was stopped');
	const again = await pull({blocksMax: Infinity});
	t.is(again.result?.exit, 0);
	t.true(read());
	t.true(again.fed.compressed < 160 * 200);
});

test('a leaf that expands to more, fewer or other octets comes as it is', async t => {
	const content = (length: number) => Buffer.alloc(length, 'x');
	const lies = {
		bomb: (all: Uint8Array) => content(100 * all.length),
		short: (all: Uint8Array) => all.subarray(0, all.length - 1),
		other: (all: Uint8Array) => content(all.length),
	};
	for (const [name, lie] of Object.entries(lies)) {
		const {result, fed, read} = await pullLies(
			t,
			(all, form) => {
				// Each leaf is compressed alone: what is said of one is said at its own address.
				const said = compressedObjects(lie(all.subarray(0, leafSize)), form);
				const truth = compressedObjects(all, form);
				truth.sizes.set(said.sizes.subarray(0, 2), 0);
				truth.leaves.set(said.leaves.subarray(0, sizeAt(said.sizes, 0)), 0);
				return truth;
			},
			{size: leafSize},
		);
		t.is(result?.exit, 0, name);
		t.true(read(), name);
		t.is(fed.contents, leafSize, `${name}: once more, plain`);
	}
});

test('sizes that are not those of the leaves, and octets that are no codec, cost one leaf', async t => {
	const {result, fed, read} = await pullLies(t, (all, form) => {
		const truth = compressedObjects(all, form);
		truth.sizes.set([0xff, 0xff], 0);
		return truth;
	});
	t.is(result?.exit, 0);
	t.true(read());
	t.true(fed.contents > 0);
});

test('a source without the form is asked for the next one, and without any for contents', async t => {
	const {from, to} = directories(t);
	writeFileSync(join(from, 'file'), Buffer.alloc(20 * leafSize, 'text '));
	const pool = poolOf(1);
	const source = await TreeSource.of(pool, from);
	const asked: number[] = [];
	const {fed} = await pullTree({
		pool,
		source,
		destination: to,
		open: {compress},
		feed: {
			refuses: ({kind}) => {
				if (isSizes(kind)) asked.push(formOfKind(kind));
				return formOfKind(kind) === compress.forms[0] ? refuseCode.invalid : undefined;
			},
		},
	});
	t.deepEqual([...new Set(asked)], compress.forms);
	t.is(fed.contents, 0);

	rmSync(join(to, 'file'));
	const {fed: plain, result} = await pullTree({
		pool,
		source,
		destination: to,
		options: {check: true},
		open: {compress},
		feed: {refuses: ({kind}) => (formOfKind(kind) > 0 ? refuseCode.invalid : undefined)},
	});
	t.is(result?.exit, 0);
	t.is(plain.compressed, 0);
	t.is(plain.contents, 20 * leafSize);
});

test('noise costs two octets a leaf more, and what is skipped none', async t => {
	const {from, to} = directories(t);
	const size = 40 * leafSize;
	writeFileSync(join(from, 'file'), new Prng(3).bytes(size));
	const pool = poolOf(1);
	const source = await TreeSource.of(pool, from);
	const open = {compress};
	const {fed} = await pullTree({pool, source, destination: to, open});
	t.is(fed.contents, size);
	t.is(fed.compressed, 0);
	rmSync(join(to, 'file'));
	const skipped = {compress: {...compress, skips: () => true}};
	const options = {check: true};
	const without = await pullTree({pool, source, destination: to, open: skipped, options});
	t.is(fed.octets - without.fed.octets, 2 * 40);
});

test('the numbers of forms and kinds are one to one', t => {
	t.is(formOf('deflate', 1), 4);
	t.is(formOf('deflate', 9), 1);
	t.is(formOf('brotli'), 2);
	t.is(formCount, 6);
});
