import {execFileSync} from 'node:child_process';
import {
	existsSync,
	mkdirSync,
	readFileSync,
	renameSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import platform from '#platform';
import {ShoalError} from '../../src/error.ts';
import {entryType, makeEntry} from '../../src/snapshot/entry.ts';
import type {FetchRequest} from '../../src/transfer/request.ts';
import {objectKind, refuseCode} from '../../src/wire/frame.ts';
import {compareTrees} from '../support/compare-trees.ts';
import {mortalTree} from '../support/mortal-tree.ts';
import {openPoolOn} from '../support/pool.ts';
import {pullTree} from '../support/pull-tree.ts';
import {Scene} from '../support/scene.ts';
import {listOf, octets} from '../support/snapshot.ts';
import {TreeSource} from '../support/tree-source.ts';

/** A first pull of everything, then a source with the rest of the test's changes. */
async function follow(t: ExecutionContext, scene: Scene, change: () => void): Promise<TreeSource> {
	const first = await scene.pull();
	t.is(first.result?.exit, 0);
	t.deepEqual(compareTrees(scene.from, scene.to), []);
	change();
	return scene.source();
}

test('wrong octets are noticed leaf by leaf and asked for again [SHOAL_SEED=31]', async t => {
	const scene = new Scene(t, 31);
	const {pool, prng, from, to} = scene;
	scene.writeSizes(0, 1, 1200, 65_535, 65_536, 65_537, 300_000, 1_000_000);
	const source = await scene.source();
	const feed = {prng, spoils: 0.004, repeats: 0.05};
	const {result, fed} = await pullTree({pool, source, destination: to, feed});
	t.is(result?.exit, 0, JSON.stringify(result?.problems));
	t.deepEqual(compareTrees(from, to), []);
	t.true(fed.octets > 1_430_000 + 65_536, 'some leaves came twice');
	t.true(fed.octets < 4_000_000, 'and not everything');
});

test('a file that is always wrong is left out, and nothing is deleted', async t => {
	const scene = new Scene(t, 32);
	const {pool, prng, from, to} = scene;
	scene.writeSizes(100, 200_000, 5000);
	const source = await follow(t, scene, () => {
		scene.writeSizes(200_000, 5000);
		rmSync(join(from, 'file 100'));
	});
	const old = readFileSync(join(to, 'file 200000'));
	const spoil = (request: FetchRequest): number =>
		request.kind === objectKind.content && request.count === 1 && request.length > 60_000 ? 1 : 0;
	const feed = {prng, spoilOf: spoil};
	const {result} = await pullTree({pool, source, destination: to, feed});
	t.is(result?.exit, 12);
	t.deepEqual(
		result?.problems.map(({code, path}) => [code, Buffer.from(path).toString()]),
		[['CONTENT_INVALID', 'file 200000']],
	);
	t.deepEqual(readFileSync(join(to, 'file 200000')), old);
	t.deepEqual(readFileSync(join(to, 'file 5000')), readFileSync(join(from, 'file 5000')));
	t.is(result?.deleted, 0);
	t.is(readFileSync(join(to, 'file 100')).length, 100);
});

test('what the source could not read stays as it is, and nothing at all is deleted', async t => {
	const scene = new Scene(t, 41);
	const {pool, from, to} = scene;
	for (const path of ['gone', 'locked', 'closed/inside', 'other/gone']) scene.write(path, path);
	await follow(t, scene, () => {
		scene.write('locked', 'changed');
		scene.write('fresh', 'fresh');
		for (const path of ['gone', 'closed/inside', 'other']) {
			rmSync(join(from, path), {recursive: true});
		}
	});
	for (const unread of [['locked'], ['closed']]) {
		const source = await TreeSource.of(pool, from, {unread});
		for (const check of [false, true]) {
			const {result} = await pullTree({pool, source, destination: to, options: {check}});
			t.like(result, {exit: 23, deleted: 0, complete: false});
			t.deepEqual(
				result?.problems.map(({code, path}) => [code, Buffer.from(path).toString()]),
				[['FILE_UNREADABLE', unread[0]]],
			);
		}
		for (const path of ['gone', 'closed/inside', 'other/gone', 'fresh']) {
			t.is(readFileSync(join(to, path), 'utf8'), path);
		}
		const locked = readFileSync(join(to, 'locked'), 'utf8');
		t.is(locked, unread[0] === 'locked' ? 'locked' : 'changed');
	}
	const {result} = await scene.pull();
	t.like(result, {exit: 0, deleted: 4});
	t.deepEqual(compareTrees(from, to), []);
});

test('a source that only lies is given up', async t => {
	const scene = new Scene(t, 33);
	const {pool, prng, from, to} = scene;
	for (let file = 0; file < 100; file++) writeFileSync(join(from, `${file}`), prng.bytes(900));
	const source = await scene.source();
	const pull = pullTree({pool, source, destination: to, feed: {prng, spoils: 1}});
	const error = await t.throwsAsync(pull, {instanceOf: ShoalError});
	t.is(error?.code, 'CONTENT_INVALID');
});

for (const [name, code, exit] of [
	['stale', refuseCode.stale, 24],
	['unavailable', refuseCode.unavailable, 24],
	['unreadable', refuseCode.unreadable, 23],
] as const) {
	test(`a ${name} file keeps its old version, and nothing is deleted`, async t => {
		const scene = new Scene(t, 34);
		const {pool, prng, from, to} = scene;
		scene.writeSizes(10, 20, 30, 70_000, 150_000);
		const source = await follow(t, scene, () => {
			scene.writeSizes(10, 20, 70_000, 150_000);
			rmSync(join(from, 'file 30'));
			mkdirSync(join(from, 'new'));
			writeFileSync(join(from, 'new', 'file'), 'new');
		});
		const [small, large] = ['file 20', 'file 150000'].map(each => readFileSync(join(to, each)));
		const sizeOf = (request: FetchRequest, object: number): number =>
			source.object({...request, kind: objectKind.content}, object).length;
		const refuses = (request: FetchRequest, object: number): number | undefined =>
			[20, 150_000].includes(sizeOf(request, object)) ? code : undefined;
		const feed = {prng, refuses};
		const strict = {strict: true};
		const none = await pullTree({pool, source, destination: to, feed, options: strict});
		t.false(none.result?.published);
		t.is(none.result?.exit, exit);
		t.is(readFileSync(join(to, 'file 70000')).length, 70_000);
		t.throws(() => readFileSync(join(to, 'new', 'file')));

		const {result} = await pullTree({pool, source, destination: to, feed});
		t.is(result?.exit, exit);
		t.is(result?.problemCount, 2);
		t.false(result?.complete);
		t.is(result?.deleted, 0);
		t.deepEqual(readFileSync(join(to, 'file 20')), small!);
		t.deepEqual(readFileSync(join(to, 'file 150000')), large!);
		for (const each of ['file 10', 'file 70000', 'new/file']) {
			t.deepEqual(readFileSync(join(to, each)), readFileSync(join(from, each)));
		}
		t.is(readFileSync(join(to, 'file 30')).length, 30, 'it would be deleted now');

		const again = await pullTree({pool, source, destination: to});
		t.is(again.result?.exit, 0);
		t.deepEqual(compareTrees(from, to), []);
	});
}

test('a pull that was stopped goes on where it was [SHOAL_SEED=35]', async t => {
	const scene = new Scene(t, 35);
	const {pool, prng, from, to} = scene;
	const sizes = [...Array.from({length: 200}, () => 1 + prng.below(4000)), 3_000_000, 500_000];
	scene.writeSizes(...sizes);
	const source = await scene.source();
	const total = source.list.contentBytes;
	const half = {prng, blocksMax: Math.floor(total / 1100 / 2), reach: 40};
	const first = await pullTree({pool, source, destination: to, feed: half});
	t.is(first.result, undefined);
	t.deepEqual(compareTrees(from, to).filter(line => !line.includes('is missing')).length, 1);
	const {fed, result} = await pullTree({pool, source, destination: to});
	t.is(result?.exit, 0);
	t.deepEqual(compareTrees(from, to), []);
	const sum = first.fed.octets + fed.octets;
	t.true(sum < total * 1.15, `${first.fed.octets} and ${fed.octets} of ${total}`);
	t.true(first.fed.octets > total * 0.4);
	const literal = result?.bytesLiteral ?? 0;
	t.true(literal < total * 0.7 && (result?.bytesMatched ?? 0) > 0, `${literal} of ${total}`);
});

test('a full disk leaves DEST as it was, and the next run goes on', async t => {
	const scene = new Scene(t, 36);
	const {prng, from, to} = scene;
	scene.writeSizes(1000, 2000, 400_000, 90_000);
	const source = await follow(t, scene, () => scene.writeSizes(1000, 2000, 400_000, 90_000));
	let written = 0;
	const mortal = mortalTree({
		strike(_, call) {
			if (call !== 'write' || ++written < 5) return undefined;
			return new ShoalError('DESTINATION_FULL', 'no space left on device');
		},
	});
	const contents = (): Buffer[] =>
		[1000, 2000, 400_000, 90_000].map(size => readFileSync(join(to, `file ${size}`)));
	const old = contents();
	const pool = openPoolOn(t, mortal.tree);
	const pull = pullTree({pool, source, destination: to, feed: {prng}});
	const error = await t.throwsAsync(pull, {instanceOf: ShoalError});
	t.is(error?.code, 'DESTINATION_FULL');
	t.deepEqual(contents(), old);
	const again = await pullTree({pool: scene.pool, source, destination: to});
	t.is(again.result?.exit, 0);
	t.deepEqual(compareTrees(from, to), []);
});

test('a moved file that can be neither linked nor copied keeps its old name', async t => {
	const scene = new Scene(t, 40);
	const {from, to} = scene;
	scene.writeSizes(400_000);
	const source = await follow(t, scene, () => {
		renameSync(join(from, 'file 400000'), join(from, 'moved'));
	});
	const mortal = mortalTree({
		strike(_, call) {
			if (call === 'makeLink') return new ShoalError('FILE_UNWRITABLE', 'no links here');
			if (call === 'write') return new ShoalError('DESTINATION_FULL', 'no space left');
			return undefined;
		},
	});
	const pool = openPoolOn(t, mortal.tree);
	const open = {platform: {...platform, tree: scene.pool.context.tree}};
	const error = await t.throwsAsync(pullTree({pool, source, destination: to, open}), {
		instanceOf: ShoalError,
	});
	t.is(error?.code, 'DESTINATION_FULL');
	t.is(readFileSync(join(to, 'file 400000')).length, 400_000);
	const again = await pullTree({pool: scene.pool, source, destination: to});
	t.is(again.result?.exit, 0);
	t.is(again.result?.bytesLiteral, 0);
	t.deepEqual(compareTrees(from, to), []);
});

test('a directory swapped for a symlink leads nowhere, at whatever change', async t => {
	const scene = new Scene(t, 37, 0);
	const {from, base, prng} = scene;
	for (const name of ['dir', 'dir/below']) {
		mkdirSync(join(from, name));
		for (const file of ['a', 'b']) writeFileSync(join(from, name, file), prng.bytes(50));
	}
	mkdirSync(join(from, 'dir/emptied'));
	writeFileSync(join(from, 'dir/emptied/c'), 'c');
	const source = await follow(t, scene, () => {
		for (const file of ['dir/a', 'dir/below/a', 'dir/below/new']) {
			writeFileSync(join(from, file), prng.bytes(60));
		}
		rmSync(join(from, 'dir/below/b'));
		rmSync(join(from, 'dir/emptied'), {recursive: true});
	});
	const outside = join(base, 'outside');
	for (const name of ['below', 'emptied']) mkdirSync(join(outside, name), {recursive: true});
	for (const file of ['a', 'b', 'below/a', 'below/b', 'emptied/c']) {
		writeFileSync(join(outside, file), 'precious');
	}
	const before = join(base, 'before');
	execFileSync('cp', ['-a', '--', outside, before]);
	let [when, isOver] = [0, false];
	while (!isOver) {
		when++;
		const copy = join(base, `to ${when}`);
		await pullTree({pool: scene.pool, source, destination: copy, options: {delete: false}});
		rmSync(join(copy, '.shoal'), {recursive: true});
		writeFileSync(join(copy, 'dir/a'), 'old');
		writeFileSync(join(copy, 'dir/below/b'), 'extraneous');
		let swapped = false;
		const mortal = mortalTree({
			strike(number) {
				if (number === when) {
					renameSync(join(copy, 'dir'), join(copy, 'moved away'));
					symlinkSync(outside, join(copy, 'dir'));
					swapped = true;
				}
				return undefined;
			},
		});
		const pool = openPoolOn(t, mortal.tree);
		await pullTree({pool, source, destination: copy});
		t.deepEqual(compareTrees(before, outside), [], `swapped at ${when}`);
		isOver = !swapped;
		rmSync(copy, {recursive: true});
	}
	t.true(when > 30, `${when} changes`);
});

test('an owner or a time that cannot be set is a problem of one path', async t => {
	const scene = new Scene(t, 38, 0);
	const {from, to, prng} = scene;
	scene.writeSizes(0, 10, 70_000, 90_000);
	symlinkSync('x', join(from, 'link'));
	mkdirSync(join(from, 'dir'));
	let calls = 0;
	const mortal = mortalTree({
		strike(_, call) {
			if (call !== 'setTimes') return undefined;
			calls++;
			return new ShoalError('FILE_UNWRITABLE', 'invalid argument');
		},
	});
	const pool = openPoolOn(t, mortal.tree);
	const {result} = await scene.pull({pool, source: await scene.source(), feed: {prng}});
	t.is(result?.exit, 23);
	t.true(calls >= 5);
	t.is(result?.problemCount, 5, 'each file and the symlink');
	const differences = compareTrees(from, to);
	t.is(differences.length, 5);
	t.true(differences.every(line => line.includes('time is')));
	const again = await scene.pull();
	t.true(again.plan?.examined);
	t.is(again.fed.octets, 0);
	t.deepEqual(compareTrees(from, to), []);
});

test('a snapshot cannot reach what shoal keeps in DEST', async t => {
	const scene = new Scene(t, 39);
	const {from, to, pool} = scene;
	scene.write('good', 'good');
	scene.write('.shoal/publish-journal', 'evil');
	scene.write('.shoal/stage/x', 'evil');
	scene.write('sub/.shoal/x', 'no business of ours');
	const source = await TreeSource.of(pool, from, {exclude: []});
	const {result} = await scene.pull({source});
	t.is(result?.exit, 23);
	t.deepEqual(
		result?.problems.map(({code, path}) => [code, Buffer.from(path).toString()]),
		[
			['NAME_UNSUPPORTED', '.shoal'],
			['NAME_UNSUPPORTED', '.shoal/publish-journal'],
			['NAME_UNSUPPORTED', '.shoal/stage'],
			['NAME_UNSUPPORTED', '.shoal/stage/x'],
		],
	);
	t.false(existsSync(join(to, '.shoal/publish-journal')));
	t.deepEqual(compareTrees(from, to), []);
	t.is((await scene.pull({source})).result?.exit, 23, 'and the state is sound');
});

test('a file that is listed as larger than any that is taken is left out', async t => {
	const scene = new Scene(t, 40);
	scene.write('file', 'as it was');
	const source = await follow(t, scene, () => undefined);
	const mode = 0o755;
	const huge = {size: Number.MAX_SAFE_INTEGER, digest: new Uint8Array(32), sparse: true};
	const list = listOf([
		makeEntry({path: octets(''), type: entryType.directory, mode}),
		makeEntry({path: octets('file'), type: entryType.file, mode, ...huge}),
	]);
	const {result} = await scene.pull({source: Object.assign(source, {list})});
	t.is(result?.exit, 23);
	t.deepEqual(
		result?.problems.map(({code}) => code),
		['FILE_UNSUPPORTED'],
	);
	t.is(readFileSync(join(scene.to, 'file'), 'utf8'), 'as it was');
});
