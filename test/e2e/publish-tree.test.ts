import {execFileSync, spawnSync} from 'node:child_process';
import {
	chmodSync,
	linkSync,
	lutimesSync,
	mkdirSync,
	renameSync,
	rmSync,
	symlinkSync,
	unlinkSync,
	utimesSync,
	writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {compareTrees} from '../support/compare-trees.ts';
import {at, growTree} from '../support/grow-tree.ts';
import {openPool} from '../support/pool.ts';
import {Prng} from '../support/prng.ts';
import {pullTree} from '../support/pull-tree.ts';
import {Scene} from '../support/scene.ts';
import {tempDirectory} from '../support/temp-directory.ts';
import {TreeSource} from '../support/tree-source.ts';

const hasRsync = spawnSync('rsync', ['--version']).status === 0;

/** What rsync would still do to make `to` the image of `from`: nothing, if it is one. */
function rsyncSays(t: ExecutionContext, from: string, to: string): string {
	if (!hasRsync) {
		t.log('rsync is not installed: compared by our own walker alone');
		return '';
	}
	const words = ['-aHnci', '--delete', '--exclude=/.shoal', '--', `${from}/`, `${to}/`];
	return execFileSync('rsync', words, {encoding: 'latin1'});
}

function assertEqual(t: ExecutionContext, from: string, to: string): void {
	t.deepEqual(compareTrees(from, to), []);
	t.is(rsyncSays(t, from, to), '');
}

/** A tree with all that a tree can have, and large files. */
function plant(root: string, prng: Prng): void {
	mkdirSync(root);
	growTree(root, prng, 400);
	rmSync(join(root, 'fifo'));
	const write = (name: string, octets: Uint8Array) => writeFileSync(at(root, name), octets);
	write('large', prng.bytes(1_000_003));
	write('exact', prng.bytes(131_072));
	write('leaf', prng.bytes(65_536));
	write('twin of large', prng.bytes(0));
	execFileSync('cp', ['--', join(root, 'large'), join(root, 'twin of large')]);
	write('empty', prng.bytes(0));
	write('also empty', prng.bytes(0));
	mkdirSync(join(root, 'locked'));
	writeFileSync(join(root, 'locked', 'inside'), 'x');
	chmodSync(join(root, 'locked', 'inside'), 0o400);
	chmodSync(join(root, 'locked'), 0o500);
	mkdirSync(join(root, 'sticky'));
	chmodSync(join(root, 'sticky'), 0o1777);
	mkdirSync(join(root, 'hollow'));
	symlinkSync('/etc/passwd', join(root, 'outside'));
	symlinkSync('.', join(root, 'loop'));
	linkSync(join(root, 'large'), join(root, 'large again'));
	linkSync(join(root, 'large'), join(root, 'hollow', 'large too'));
	utimesSync(join(root, 'exact'), 1_234_567_890.123456, 1_234_567_890.123456);
	lutimesSync(join(root, 'outside'), 12, 34.5);
	utimesSync(join(root, 'hollow'), 5, 1_000_000_007);
	utimesSync(root, 6, 1_000_000_009);
}

for (const threadCount of [0, 2]) {
	test(`a tree arrives whole, in any order, ${threadCount} threads [SHOAL_SEED=11]`, async t => {
		const prng = new Prng(11);
		const base = tempDirectory(t);
		const [from, to] = [join(base, 'from'), join(base, 'to')];
		plant(from, prng);
		const pool = openPool(t, threadCount);
		const source = await TreeSource.of(pool, from);
		const first = await pullTree({pool, source, destination: to, feed: {prng, repeats: 0.1}});
		t.is(first.result?.exit, 0, JSON.stringify(first.result?.problems));
		t.true(first.result?.complete);
		assertEqual(t, from, to);

		const second = await pullTree({pool, source, destination: to});
		t.true(second.unchanged);

		const third = await pullTree({pool, source, destination: to, options: {check: true}});
		t.true(third.plan?.examined);
		t.is(third.plan?.counts.bytesToFetch, 0);
		t.is(third.plan?.counts.changed, 0);
		t.is(third.fed.octets, 0);
		t.is(third.result?.exit, 0);
	});
}

/** Everything that can happen to a tree between two pulls. */
function change(root: string, prng: Prng): void {
	const path = (name: string) => at(root, name);
	const touch = (name: string) => utimesSync(path(name), 7, 1_400_000_000 + prng.below(1e6));
	// Contents: grown, shrunk, one octet, the same size and time.
	writeFileSync(path('large'), prng.bytes(700_001));
	writeFileSync(path('leaf'), prng.bytes(65_537));
	writeFileSync(path('exact'), prng.bytes(131_072));
	touch('exact');
	writeFileSync(path('was file'), prng.bytes(99));
	// A cycle of names, and a swap.
	renameSync(path('cycle 1'), path('cycle'));
	renameSync(path('cycle 2'), path('cycle 1'));
	renameSync(path('cycle 3'), path('cycle 2'));
	renameSync(path('cycle'), path('cycle 3'));
	// A file for a directory, a directory for a file, a symlink for both.
	rmSync(path('was directory'), {recursive: true});
	writeFileSync(path('was directory'), 'now a file');
	unlinkSync(path('was file'));
	mkdirSync(path('was file'));
	writeFileSync(path('was file/inside'), 'now a directory');
	rmSync(path('to symlink'), {recursive: true});
	symlinkSync('was file', path('to symlink'));
	unlinkSync(path('outside'));
	mkdirSync(path('outside'));
	// Moves, of a file and of all in a directory; copies.
	renameSync(path('wanders'), path('hollow/wandered'));
	renameSync(path('moving'), path('moved'));
	execFileSync('cp', ['-p', '--', join(root, 'copied'), join(root, 'copy')]);
	// Links: one gone, one new, one name now another file.
	unlinkSync(path('large again'));
	linkSync(path('leaf'), path('leaf too'));
	unlinkSync(path('pair b'));
	writeFileSync(path('pair b'), 'no longer paired');
	// Only metadata.
	chmodSync(path('sticky'), 0o3775);
	chmodSync(path('only mode'), 0o4750);
	touch('only time');
	lutimesSync(path('loop'), 9, 1_111_111_111);
	// Deletions, one of a directory that nobody may change.
	chmodSync(path('locked'), 0o700);
	rmSync(path('locked'), {recursive: true});
	rmSync(path('doomed'), {recursive: true});
	utimesSync(root, 6, 1_300_000_009);
}

/** What `change` needs beside `plant`. */
function plantMore(root: string, prng: Prng): void {
	for (const name of ['cycle 1', 'cycle 2', 'cycle 3', 'wanders', 'copied', 'was file']) {
		writeFileSync(at(root, name), prng.bytes(5000 + prng.below(100_000)));
	}
	for (const name of ['only mode', 'only time', 'pair a']) writeFileSync(at(root, name), name);
	linkSync(at(root, 'pair a'), at(root, 'pair b'));
	for (const name of ['was directory', 'to symlink', 'moving', 'doomed', 'doomed/deep']) {
		mkdirSync(at(root, name));
		for (let file = 0; file < 5; file++) {
			writeFileSync(at(root, `${name}/file ${file}`), prng.bytes(prng.below(90_000)));
		}
	}
}

for (const how of ['from its record', 'without a record', 'checked'] as const) {
	test(`a changed tree is followed ${how} [SHOAL_SEED=12]`, async t => {
		const prng = new Prng(12);
		const base = tempDirectory(t);
		const [from, to] = [join(base, 'from'), join(base, 'to')];
		plant(from, prng);
		plantMore(from, prng);
		const pool = openPool(t, 2);
		const before = await TreeSource.of(pool, from);
		await pullTree({pool, source: before, destination: to});
		assertEqual(t, from, to);
		change(from, prng);
		const source = await TreeSource.of(pool, from);
		if (how === 'without a record') rmSync(join(to, '.shoal'), {recursive: true});
		const check = how === 'checked';
		const pulled = await pullTree({pool, source, destination: to, options: {check}});
		t.is(pulled.result?.exit, 0, JSON.stringify(pulled.result?.problems));
		t.is(pulled.plan?.examined, how !== 'from its record');
		assertEqual(t, from, to);
		if (how !== 'without a record') {
			t.true((pulled.result?.filesMoved ?? 0) >= 10, 'what was moved did not travel');
			const octets = pulled.plan?.counts.bytesToFetch ?? 0;
			t.true(octets < 700_001 + 65_537 + 131_072 + 1000, `${octets} octets travel`);
		}
		t.true((await pullTree({pool, source, destination: to})).unchanged);
	});
}

test('of a changed file only what changed travels, and one octet too few is noticed', async t => {
	const scene = new Scene(t, 13);
	const {from, to, prng} = scene;
	const old = new Map<string, Uint8Array>();
	for (const size of [3000, 60_000, 400_000, 2_000_000]) {
		old.set(`file ${size}`, prng.bytes(size));
		scene.write(`file ${size}`, old.get(`file ${size}`)!);
	}
	await scene.pull();
	for (const [name, octets] of old) {
		const cut = octets.length >> 1;
		const inserted = Buffer.concat([octets.subarray(0, cut), prng.bytes(10), octets.subarray(cut)]);
		scene.write(name, inserted);
	}
	const spoilt = join(to, 'file 2000000');
	const {result} = await scene.pull({
		// While the sums are compared, somebody changes what they were compared with.
		feed: {
			spoilOf() {
				writeFileSync(spoilt, Buffer.alloc(1_999_999));
				return 0;
			},
		},
	});
	t.is(result?.exit, 0, JSON.stringify(result?.problems));
	t.deepEqual(compareTrees(from, to), []);
	for (const [name, octets] of old) scene.write(name, Buffer.concat([octets, prng.bytes(20)]));
	const again = await scene.pull();
	t.is(again.result?.exit, 0);
	t.deepEqual(compareTrees(from, to), []);
	const {bytesLiteral = 0, bytesMatched = 0} = again.result ?? {};
	t.true(bytesLiteral < 120_000, `${bytesLiteral} octets were literal`);
	t.true(bytesLiteral + bytesMatched >= 2_463_000, `${bytesLiteral} and ${bytesMatched}`);
	const whole = await scene.pull({options: {wholeFile: true, check: true}});
	t.is(whole.fed.octets, 0);
});

const lent = 'content of 3 names';
for (const [there, octets] of [
	[lent, 0],
	['another as large!!', lent.length],
] as const) {
	test(`of a hard link that DEST has by its last name alone, ${octets} octets travel`, async t => {
		const scene = new Scene(t, 31);
		scene.write('a', lent);
		for (const name of ['m', 'z']) linkSync(join(scene.from, 'a'), join(scene.from, name));
		mkdirSync(scene.to);
		writeFileSync(join(scene.to, 'z'), there);
		execFileSync('touch', ['-r', join(scene.from, 'z'), '--', join(scene.to, 'z')]);
		const {fed, result} = await scene.pull();
		t.is(result?.complete, true);
		t.is(fed.octets, octets);
		assertEqual(t, scene.from, scene.to);
	});
}
