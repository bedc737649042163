/** What a new or changed file is made of, counted in octets of content that travel. */
import {
	cpSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	symlinkSync,
	utimesSync,
	writeFileSync,
} from 'node:fs';
import test from 'ava';
import type {PlanOptions, PublishResult} from '../../src/receiver/update.ts';
import {openPoolOver, sharedPools} from '../support/pool.ts';
import {Prng} from '../support/prng.ts';
import {pullTree} from '../support/pull-tree.ts';
import {TreeSource} from '../support/tree-source.ts';
import {Workspace} from '../support/workspace.ts';

const poolOf = sharedPools();

/** Pulls `tree` to `mirror`. */
async function pull(space: Workspace, options: Partial<PlanOptions> = {}): Promise<PublishResult> {
	const pool = poolOf(2);
	const destination = space.at('mirror');
	mkdirSync(destination, {recursive: true});
	const source = await TreeSource.of(pool, space.at('tree'));
	const {result} = await pullTree({pool, source, destination, options});
	if (result?.exit !== 0) throw new Error(JSON.stringify(result?.problems));
	return result;
}

test('a file of a similar name is searched if that is asked for, and an archive in its directory', async t => {
	const space = new Workspace(t);
	const prng = new Prng(1);
	const old = prng.bytes(400_000);
	const [first, second] = [prng.bytes(100_000), prng.bytes(90_000)];
	mkdirSync(space.at('mirror/all'), {recursive: true});
	writeFileSync(space.at('mirror/foo-1.2.tar'), old);
	writeFileSync(space.at('mirror/unlike.bin'), prng.bytes(400_000));
	writeFileSync(space.at('mirror/all/first'), first);
	writeFileSync(space.at('mirror/all/second'), second);
	space.write('tree/foo-1.3.tar', Buffer.concat([prng.bytes(1000), old]));
	space.write('tree/all.tar', Buffer.concat([prng.bytes(512), first, prng.bytes(512), second]));

	cpSync(space.at('mirror'), space.at('plain'), {recursive: true});
	const similar = await pull(space, {fuzzy: 1, delete: false});
	t.true(similar.bytesLiteral < 12_000, `${similar.bytesLiteral} octets`);
	t.deepEqual(readFileSync(space.at('mirror/all.tar')), readFileSync(space.at('tree/all.tar')));

	rmSync(space.at('mirror'), {recursive: true});
	cpSync(space.at('plain'), space.at('mirror'), {recursive: true});
	const plain = await pull(space, {delete: false});
	t.is(plain.bytesLiteral, 401_000 + 191_024);
});

test('a moved file costs nothing, also in a mirror that shoal did not fill', async t => {
	const space = new Workspace(t);
	const content = new Prng(2).bytes(300_000);
	space.write('tree/a/file', content);
	space.write('tree/lie', content.subarray(1));
	for (const name of ['a/file', 'lie']) utimesSync(space.at(`tree/${name}`), 1e9, 1e9);
	utimesSync(space.at('tree/a'), 1e9, 1e9);
	cpSync(space.at('tree'), space.at('mirror'), {recursive: true, preserveTimestamps: true});
	// Size and time say that this one is the same: a copy of it must not pass for it.
	writeFileSync(space.at('mirror/lie'), new Prng(3).bytes(299_999));
	utimesSync(space.at('mirror/lie'), 1e9, 1e9);
	t.is((await pull(space)).bytesLiteral, 0);

	for (const name of ['moved', 'lie moved']) {
		const from = name === 'moved' ? 'a/file' : 'lie';
		cpSync(space.at(`tree/${from}`), space.at(`tree/${name}`), {preserveTimestamps: true});
		rmSync(space.at(`tree/${from}`));
	}
	const moved = await pull(space);
	t.is(moved.bytesLiteral, 299_999, 'only what was taken for something else');
	t.deepEqual(readFileSync(space.at('mirror/moved')), Buffer.from(content));
	t.deepEqual(readFileSync(space.at('mirror/lie moved')), Buffer.from(content.subarray(1)));
});

test('a log that grew costs what was appended, and an insertion what was inserted', async t => {
	const space = new Workspace(t);
	const prng = new Prng(4);
	const old = prng.bytes(1_500_000);
	space.write('tree/log', old);
	space.write('tree/data', old);
	await pull(space);
	space.write('tree/log', Buffer.concat([old, prng.bytes(5000)]));
	const at = 1_234_567;
	space.write('tree/data', Buffer.concat([old.subarray(0, at), prng.bytes(77), old.subarray(at)]));
	const {bytesLiteral} = await pull(space);
	t.true(bytesLiteral >= 5077 && bytesLiteral < 5077 + 1024, `${bytesLiteral} octets`);
	t.deepEqual(readFileSync(space.at('mirror/data')), readFileSync(space.at('tree/data')));
});

test('--link-dest names what is just so, by its path from DEST; kinds exclude each other', async t => {
	const space = new Workspace(t);
	const prng = new Prng(5);
	space.write('tree/same', prng.bytes(5000));
	space.write('tree/other', prng.bytes(5000));
	utimesSync(space.at('tree/same'), 1e9, 1e9);
	cpSync(space.at('tree'), space.at('before'), {recursive: true, preserveTimestamps: true});
	space.write('before/other', 'older');
	const link = ['pull', space.at('tree'), space.at('mirror'), '--link-dest=../before'];
	const {exit, lines, errors} = await space.run(...link, '-y');
	t.is(exit, 0, errors);
	t.like(lines.at(-1), {bytesLiteral: 5000});
	t.is(statSync(space.at('mirror/same')).ino, statSync(space.at('before/same')).ino);
	t.not(statSync(space.at('mirror/other')).ino, statSync(space.at('before/other')).ino);

	const words = ['--link-dest=../before', '--copy-dest=../before'];
	const mixed = await space.run('pull', space.at('tree'), space.at('mirror'), ...words);
	t.is(mixed.exit, 1);
	const trees = ['--publish=tree', '--link-dest=../before'];
	t.is((await space.run('pull', space.at('tree'), space.at('next'), ...trees)).exit, 1);
});

test('what is swapped while --link-dest names it is not published', async t => {
	const space = new Workspace(t);
	space.write('tree/file', 'content');
	space.write('secret', 'content');
	utimesSync(space.at('tree/file'), 1e9, 1e9);
	cpSync(space.at('tree'), space.at('before'), {recursive: true, preserveTimestamps: true});
	mkdirSync(space.at('mirror'));
	let isSwapped = false;
	const pool = openPoolOver(t, tree => ({
		makeLink(...link: Parameters<typeof tree.makeLink>): void {
			rmSync(space.at('before/file'));
			symlinkSync(space.at('secret'), space.at('before/file'));
			isSwapped = true;
			tree.makeLink(...link);
		},
	}));
	const source = await TreeSource.of(poolOf(2), space.at('tree'));
	const alternates = {kind: 'link', directories: [space.at('before')]} as const;
	const options = {alternates};
	const {result} = await pullTree({pool, source, destination: space.at('mirror'), options});
	t.true(isSwapped);
	t.not(result?.exit, 0);
	t.deepEqual(
		readdirSync(space.at('mirror')).filter(name => name !== '.shoal'),
		[],
	);
});
