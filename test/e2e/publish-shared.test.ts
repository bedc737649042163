/** Files of DEST that have names beyond the image: what happens to one of them is not the others'. */
import {
	linkSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	realpathSync,
	renameSync,
	rmSync,
	statSync,
	symlinkSync,
	utimesSync,
	writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import platform from '#platform';
import {sharedPools} from '../support/pool.ts';
import {pullTree} from '../support/pull-tree.ts';
import {TreeSource} from '../support/tree-source.ts';
import {Workspace} from '../support/workspace.ts';

const pools = sharedPools();
const trees = {trees: {keep: 2, convert: true}};
const inodeOf = (path: string): number => statSync(path).ino;

test('names that are one file in DEST and two in the source part where only a hash tells', async t => {
	const work = new Workspace(t);
	const [a, b] = [work.write('source/a', 'same'), work.write('source/b', 'same')];
	utimesSync(a, 1e9, 1e9);
	utimesSync(b, 1.1e9, 1.1e9);
	linkSync(work.write('ours/a', 'same'), work.at('ours/b'));
	const source = await TreeSource.of(pools(0), work.at('source'));
	await pullTree({pool: pools(0), source, destination: work.at('ours')});
	t.not(inodeOf(work.at('ours/a')), inodeOf(work.at('ours/b')));
	for (const [name, time] of [
		['a', 1e12],
		['b', 1.1e12],
	] as const) {
		t.is(statSync(work.at(`ours/${name}`)).mtimeMs, time);
	}
});

test('a copy of DEST by links keeps the times of files that the source only touches', async t => {
	const work = new Workspace(t);
	utimesSync(work.write('source/a', 'same'), 1.1e9, 1.1e9);
	utimesSync(work.write('ours/a', 'same'), 1e9, 1e9);
	mkdirSync(work.at('copy'));
	linkSync(work.at('ours/a'), work.at('copy/a'));
	const source = await TreeSource.of(pools(0), work.at('source'));
	for (let pull = 0; pull < 2; pull++) {
		await pullTree({pool: pools(0), source, destination: work.at('ours')});
		t.is(statSync(work.at('ours/a')).mtimeMs, 1.1e12);
		t.is(statSync(work.at('copy/a')).mtimeMs, 1e12);
	}
});

test('what could not be read beside an image does not keep trees from replacing directories', async t => {
	const work = new Workspace(t);
	work.write('source/a/x', 'a file now');
	work.write('source/unread', 'beside');
	work.write('ours/x/y', 'in a directory');
	const unread = ['unread'];
	const source = await TreeSource.of(pools(0), work.at('source'), {unread});
	const identity = new Uint8Array(32);
	const image = {identity, module: new Uint8Array(0), subPath: new TextEncoder().encode('a')};
	const open = {image, trees: {keep: 2, convert: true}};
	const {result} = await pullTree({pool: pools(0), source, destination: work.at('ours'), open});
	t.is(result?.exit, 0);
	t.true(statSync(join(realpathSync(work.at('ours')), 'x')).isFile());
});

test('what could not be read in an image keeps directories that files are to replace', async t => {
	const work = new Workspace(t);
	work.write('source/a/x', 'a file now');
	work.write('source/a/unread', 'in it');
	const unread = ['a/unread'];
	const source = await TreeSource.of(pools(0), work.at('source'), {unread});
	const identity = new Uint8Array(32);
	const image = {identity, module: new Uint8Array(0), subPath: new TextEncoder().encode('a')};
	for (const open of [{image}, {image, trees: {keep: 2, convert: true}}]) {
		const name = 'trees' in open ? 'trees' : 'in-place';
		work.write(`${name}/x/y`, 'in a directory');
		work.write(`${name}/z`, 'own');
		const destination = work.at(name);
		const {result} = await pullTree({pool: pools(0), source, destination, open});
		t.is(result?.exit, 23);
		t.true(statSync(join(realpathSync(destination), 'x/y')).isFile());
		t.true(statSync(join(realpathSync(destination), 'z')).isFile());
	}
});

test('what an error of the source keeps in a tree is all of it, by whomever it was put there', async t => {
	const work = new Workspace(t);
	work.write('source/a', 'a file');
	const pull = {pool: pools(0), destination: work.at('ours'), open: trees};
	mkdirSync(work.at('ours'));
	await pullTree({...pull, source: await TreeSource.of(pools(0), work.at('source'))});
	work.write('ours/own', 'made by hand');
	work.write('source/b', 'another');
	work.write('source/c', 'more');
	const unread = ['b'];
	const source = await TreeSource.of(pools(0), work.at('source'), {unread});
	const {plan, result} = await pullTree({...pull, source});
	t.false(plan!.examined);
	t.is(result?.exit, 23);
	t.is(readFileSync(work.at('ours/own'), 'latin1'), 'made by hand');
	t.is(readFileSync(work.at('ours/c'), 'latin1'), 'more');
});

test('a refused file keeps what was put into a tree by hand, too', async t => {
	const work = new Workspace(t);
	work.write('source/a', 'a file');
	const pull = {pool: pools(0), destination: work.at('ours'), open: trees};
	mkdirSync(work.at('ours'));
	await pullTree({...pull, source: await TreeSource.of(pools(0), work.at('source'))});
	work.write('ours/own', 'made by hand');
	work.write('source/b', 'another');
	mkdirSync(work.at('source/d'));
	const source = await TreeSource.of(pools(0), work.at('source'));
	const {result} = await pullTree({...pull, source, feed: {refuses: () => 1}});
	t.is(result?.exit, 24);
	t.true(statSync(work.at('ours/d')).isDirectory());
	t.is(readFileSync(work.at('ours/own'), 'latin1'), 'made by hand');
});

test('a tree in which somebody has made a directory of a file is followed by another one', async t => {
	const work = new Workspace(t);
	work.write('source/a', 'a file');
	const pull = {pool: pools(0), destination: work.at('ours'), open: trees};
	mkdirSync(work.at('ours'));
	await pullTree({...pull, source: await TreeSource.of(pools(0), work.at('source'))});
	rmSync(work.at('ours/a'));
	work.write('ours/a/own', 'made by hand');
	work.write('source/b', 'another');
	const source = await TreeSource.of(pools(0), work.at('source'));
	const {plan, result} = await pullTree({...pull, source});
	t.false(plan!.examined);
	t.is(result?.exit, 0);
	t.is(readFileSync(work.at('ours/b'), 'latin1'), 'another');
	t.true(statSync(work.at('ours/a/own')).isFile());
	await pullTree({...pull, source, options: {check: true}});
	t.is(readFileSync(work.at('ours/a'), 'latin1'), 'a file');
});

test('a file that has to wait, since another is to be made of it, is not recorded as new', async t => {
	const work = new Workspace(t);
	const old = work.write('source/c', 'old octets');
	utimesSync(old, 1e9, 1e9);
	mkdirSync(work.at('ours'));
	const pull = {pool: pools(0), destination: work.at('ours')};
	await pullTree({...pull, source: await TreeSource.of(pools(0), work.at('source'))});
	// What is in the way of the file that the old octets go to has entries, and the source an error.
	work.write('ours/a/own', 'made by hand');
	renameSync(old, work.at('source/a'));
	writeFileSync(work.at('source/c'), 'new octets');
	utimesSync(work.at('source/c'), 1e9, 1e9);
	const unread = ['e'];
	work.write('source/e', 'unread');
	const poor = await TreeSource.of(pools(0), work.at('source'), {unread});
	const first = await pullTree({...pull, source: poor, options: {check: true}});
	t.is(first.result?.exit, 23);
	const source = await TreeSource.of(pools(0), work.at('source'));
	const {result} = await pullTree({...pull, source, options: {}});
	t.is(result?.exit, 0);
	t.is(readFileSync(work.at('ours/c'), 'latin1'), 'new octets');
	t.is(readFileSync(work.at('ours/a'), 'latin1'), 'old octets');
});

test('what is beside DEST has to be of who pulls, and no link', async t => {
	const work = new Workspace(t);
	work.write('source/a', 'a file');
	const source = await TreeSource.of(pools(0), work.at('source'));
	const pull = {pool: pools(0), destination: work.at('ours'), source};
	mkdirSync(work.at('elsewhere'));
	symlinkSync('elsewhere', work.at('.ours.shoal'));
	await t.throwsAsync(pullTree({...pull, open: trees}), {code: 'STORE_FAILED'});
	t.deepEqual(readdirSync(work.at('elsewhere')), []);
	rmSync(work.at('.ours.shoal'));
	mkdirSync(work.at('.ours.shoal'), 0o711);
	const other = {...platform, process: {...platform.process, uid: platform.process.uid + 1}};
	const refused = pullTree({...pull, open: {...trees, platform: other}});
	await t.throwsAsync(refused, {code: 'STORE_FAILED', message: /another user/});
	t.deepEqual(readdirSync(work.at('.ours.shoal')), []);
	const {result} = await pullTree({...pull, open: trees});
	t.is(result?.exit, 0);
});
