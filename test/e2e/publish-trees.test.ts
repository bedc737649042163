import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {
	chmodSync,
	existsSync,
	linkSync,
	lstatSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	readlinkSync,
	realpathSync,
	renameSync,
	rmSync,
	statSync,
	symlinkSync,
	utimesSync,
	writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {ShoalError} from '../../src/error.ts';
import {compareTrees, walkTree} from '../support/compare-trees.ts';
import {Scene} from '../support/scene.ts';

const open = {trees: {keep: 2, convert: false}};

/** The tree that DEST is now, by its own path. */
const shown = (scene: Scene): string => realpathSync(scene.to);
const trees = (scene: Scene): string[] =>
	readdirSync(join(scene.base, '.to.shoal', 'trees')).sort((a, b) => Number(a) - Number(b));

function plant(scene: Scene): void {
	scene.writeSizes(0, 1, 5000, 70_000, 150_000);
	for (const path of ['dir/a', 'dir/b', 'dir/deep/c', 'gone/x', 'swap', 'stays/1', 'stays/2']) {
		scene.write(path, scene.prng.bytes(100 + scene.prng.below(4000)));
	}
	linkSync(join(scene.from, 'stays/1'), join(scene.from, 'stays/1 again'));
	symlinkSync('stays/1', join(scene.from, 'link'));
	symlinkSync('nowhere', join(scene.from, 'stays/link'));
}

async function publish(t: ExecutionContext, scene: Scene, more = {}): Promise<void> {
	const {result, unchanged} = await scene.pull({open, ...more});
	t.is(result?.exit ?? 0, 0, JSON.stringify(result?.problems));
	t.deepEqual(compareTrees(scene.from, shown(scene)), []);
	t.false(unchanged);
	t.true((await scene.pull({open, ...more})).unchanged);
}

test('each publish shows another whole tree, and what did not change is shared', async t => {
	const scene = new Scene(t, 61);
	const {from, to} = scene;
	plant(scene);
	await publish(t, scene);
	t.is(readlinkSync(to), '.to.shoal/trees/1');
	const first = walkTree(shown(scene));
	const inode = (path: string) => statSync(join(shown(scene), path)).ino;
	const stayed = inode('stays/1');

	scene.write('dir/a', 'other content');
	rmSync(join(from, 'gone'), {recursive: true});
	rmSync(join(from, 'swap'));
	mkdirSync(join(from, 'swap'));
	scene.write('swap/in it', 'new');
	renameSync(join(from, 'file 70000'), join(from, 'dir/moved'));
	await publish(t, scene);
	t.is(readlinkSync(to), '.to.shoal/trees/2');
	t.is(inode('stays/1'), stayed, 'shared');
	t.deepEqual(walkTree(join(scene.base, '.to.shoal/trees/1')), first, 'the old tree is whole');

	chmodSync(join(from, 'stays/2'), 0o600);
	utimesSync(join(from, 'dir/b'), 1, 1_000_000_000);
	const two = statSync(join(shown(scene), 'stays/2'));
	await publish(t, scene);
	t.deepEqual(trees(scene), ['1', '2', '3']);
	t.not(inode('stays/2'), two.ino, 'an inode of its own');
	t.is(statSync(join(scene.base, '.to.shoal/trees/2/stays/2')).mode, two.mode);

	const before = walkTree(shown(scene));
	scene.write('dir/deep/c', 'once more');
	rmSync(join(from, 'swap'), {recursive: true});
	scene.write('swap', 'a file again');
	await publish(t, scene);
	t.deepEqual(trees(scene), ['2', '3', '4'], 'the first one was made anew');
	t.is(inode('stays/1'), stayed);
	t.deepEqual(walkTree(join(scene.base, '.to.shoal/trees/3')), before);
	t.false(existsSync(join(scene.base, '.to.shoal/stage')));
	t.is(lstatSync(join(scene.base, '.to.shoal')).mode & 0o777, 0o711);
});

test('hard links are regrouped without a trace in older trees', async t => {
	const scene = new Scene(t, 62);
	const {from} = scene;
	const path = (name: string) => join(from, name);
	for (const name of ['a', 'c', 'd']) scene.write(name, `content of ${name}`);
	linkSync(path('a'), path('b'));
	linkSync(path('c'), path('e'));
	await publish(t, scene);
	for (let round = 0; round < 4; round++) {
		const before = [shown(scene), walkTree(shown(scene))] as const;
		if (round % 2 === 0) {
			// The same octets, two files; two files, one; a third name.
			rmSync(path('b'));
			writeFileSync(path('b'), readFileSync(path('a')));
			const {atime, mtime} = statSync(path('a'));
			utimesSync(path('b'), atime, mtime);
			rmSync(path('d'));
			linkSync(path('c'), path('d'));
			chmodSync(path('c'), 0o640);
		} else {
			rmSync(path('b'));
			linkSync(path('a'), path('b'));
			rmSync(path('d'));
			scene.write('d', `content of d ${round}`);
			utimesSync(path('c'), 1, 1_000_000_000 + round);
		}
		await publish(t, scene);
		t.deepEqual(walkTree(before[0]), before[1]);
	}
});

test('a DEST that is something else is refused, with what to do', async t => {
	const scene = new Scene(t, 63);
	scene.write('file', 'x');
	mkdirSync(scene.to);
	const refuse = async (more: object, message: RegExp) => {
		const error = await t.throwsAsync(scene.pull(more), {instanceOf: ShoalError});
		t.regex(error?.code ?? '', /^DESTINATION_(INVALID|WAY)$/);
		t.regex(error?.message ?? '', message);
	};
	await refuse({open}, /is a directory, and not yet/);
	rmSync(scene.to, {recursive: true});
	symlinkSync('/', scene.to);
	await refuse({open}, /neither a directory nor a symlink to a tree/);
	rmSync(scene.to);
	writeFileSync(scene.to, '');
	await refuse({open}, /neither a directory nor/);
	rmSync(scene.to);
	await publish(t, scene);
	const trees = /is published as trees/;
	await refuse({}, trees);
	await refuse({destination: `${scene.to}/.`}, trees);
	await refuse({destination: shown(scene)}, trees);
	await refuse({destination: `${scene.to}/below`}, trees);
	await refuse({destination: `${scene.to}/file`}, trees);
	const makePath = {makePath: true};
	await refuse({destination: `${scene.to}/new/below`, open: makePath}, trees);
	rmSync(scene.to);
	await refuse({}, trees);
	t.false(existsSync(join(scene.base, '.to.shoal/trees/1/.shoal')));
});

test('a directory that was pulled in place is converted, and nothing is fetched again', async t => {
	const scene = new Scene(t, 64);
	plant(scene);
	await scene.pull();
	const inode = statSync(join(scene.to, 'stays/1')).ino;
	const convert = {trees: {keep: 2, convert: true}};
	const {unchanged} = await scene.pull({open: convert});
	t.true(unchanged);
	t.is(readlinkSync(scene.to), '.to.shoal/trees/1');
	t.deepEqual(compareTrees(scene.from, shown(scene), {skip: []}), []);
	scene.write('dir/a', 'changed');
	const {result} = await scene.pull({open: convert});
	t.like(result, {exit: 0, bytesLiteral: 7});
	t.deepEqual(compareTrees(scene.from, shown(scene)), []);
	t.is(statSync(join(shown(scene), 'stays/1')).ino, inode);
});

test('a tree is carried on where the pull before was not complete, or nothing is deleted', async t => {
	const scene = new Scene(t, 65);
	const {from} = scene;
	plant(scene);
	const options = {delete: false};
	await publish(t, scene, {options});
	writeFileSync(join(shown(scene), 'by hand'), 'extra');
	rmSync(join(from, 'gone'), {recursive: true});
	for (let round = 0; round < 4; round++) {
		scene.write('dir/a', `round ${round}`);
		const {result} = await scene.pull({open, options});
		t.is(result?.exit, 0);
		t.deepEqual(
			compareTrees(from, shown(scene)).filter(line => !line.includes('"."')),
			['"by hand": is too much', '"gone": is too much', '"gone/x": is too much'],
		);
	}
	const {result} = await scene.pull({open});
	t.is(result?.deleted, 3);
	t.deepEqual(compareTrees(from, shown(scene)), []);
});

test('who walks DEST all the time sees whole trees only, and each file old or new', async t => {
	const scene = new Scene(t, 66);
	const publishNext = async (generation: number) => {
		const word = String(generation).padStart(8, '0');
		for (let number = 0; number < 40; number++) {
			scene.write(`dir ${number % 4}/${number}`, word.repeat(200));
		}
		for (let extra = 0; extra < 2; extra++) {
			const path = join(scene.from, `dir 0/extra ${extra}`);
			if (extra < generation % 3) writeFileSync(path, word.repeat(200));
			else rmSync(path, {force: true});
		}
		const {result} = await scene.pull({open: {trees: {keep: 4, convert: false}}});
		t.is(result?.exit, 0);
	};
	await publishNext(0);
	const program = new URL('../support/tree-walker.js', import.meta.url).pathname;
	const walker = spawn(process.execPath, [program, scene.to], {stdio: ['pipe', 'pipe', 'pipe']});
	const said = {out: '', err: ''};
	walker.stderr.on('data', (data: Buffer) => (said.err += data.toString()));
	const ready = new Promise<void>(resolve => {
		walker.stdout.on('data', (data: Buffer) => {
			said.out += data.toString();
			if (said.out.includes('READY')) resolve();
		});
		walker.on('exit', () => resolve());
	});
	const over = once(walker, 'close');
	await ready;
	for (let generation = 1; generation <= 12; generation++) await publishNext(generation);
	walker.stdin.end();
	await over;
	t.is(said.err, '');
	const seen = JSON.parse(said.out.split('\n')[1] ?? '{}');
	t.log(seen);
	t.true(seen.trees > 12 && seen.generations >= 6, said.out);
	t.deepEqual(trees(scene).length, 5, 'four to keep, and a spare');
});

test('an older tree can be shown again, and the next pull goes on from there', async t => {
	const scene = new Scene(t, 67);
	plant(scene);
	for (const word of ['one', 'two', 'three']) {
		scene.write('dir/a', word);
		await publish(t, scene);
	}
	rmSync(scene.to);
	symlinkSync('.to.shoal/trees/2', scene.to);
	t.is(readFileSync(join(scene.to, 'dir/a'), 'utf8'), 'two');
	const {result} = await scene.pull({open});
	t.like(result, {exit: 0, filesChanged: 1, bytesLiteral: 5});
	t.deepEqual(compareTrees(scene.from, shown(scene)), []);
	// A symlink that is gone comes back, with the newest tree.
	rmSync(scene.to);
	t.true((await scene.pull({open})).unchanged);
	t.deepEqual(compareTrees(scene.from, shown(scene)), []);
});
