import {mkdirSync, renameSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {openTree} from '../../../native-free/tree.ts';
import type {DirHandle, TreeIo} from '../../../src/platform/tree.ts';
import {DirectoryWalk} from '../../../src/task/directory-walk.ts';
import {Prng} from '../../support/prng.ts';
import {tempDirectory} from '../../support/temp-directory.ts';
import {octets} from '../../support/tree-compliance.ts';

type World = {path: string; tree: TreeIo; walk: DirectoryWalk; open: Set<number>; opened: number[]};

/** A walk over a tree that keeps account of the handles that are open. */
function begin(t: ExecutionContext): World {
	const path = tempDirectory(t);
	const real = openTree();
	const root = real.openRoot(path);
	const open = new Set<number>();
	const opened: number[] = [];
	const tree: TreeIo = Object.create(null, {
		openDir: {
			value: (dir: DirHandle, name: Uint8Array) => {
				const handle = real.openDir(dir, name);
				if (handle === undefined) return undefined;
				open.add(handle.fd);
				opened.push(handle.fd);
				return handle;
			},
		},
		closeDir: {
			value: (dir: DirHandle) => {
				t.true(open.delete(dir.fd), 'closed once');
				real.closeDir(dir);
			},
		},
		statDir: {value: (dir: DirHandle) => real.statDir(dir)},
	});
	t.teardown(() => real.closeDir(root));
	return {path, tree, walk: new DirectoryWalk(tree, root), open, opened};
}

function inode(path: string): bigint {
	const tree = openTree();
	const dir = tree.openRoot(path);
	const {ino} = tree.statDir(dir);
	tree.closeDir(dir);
	return ino;
}

test('a path leads to its directory, the empty one to the root', t => {
	const {path, tree, walk, open} = begin(t);
	mkdirSync(join(path, 'a/b/c'), {recursive: true});
	for (const each of ['', 'a', 'a/b/c', 'a/b', '']) {
		t.is(tree.statDir(walk.directory(octets(each))!).ino, inode(join(path, each)), each);
	}
	t.is(tree.statDir(walk.parent(octets('a/b/file'))!).ino, inode(join(path, 'a/b')));
	t.is(tree.statDir(walk.parent(octets('file'))!).ino, inode(path));
	walk.release();
	t.is(open.size, 0);
});

test('neighbours share the way to them', t => {
	const {path, walk, opened} = begin(t);
	for (const each of ['x/y/1', 'x/y/10', 'x/z']) mkdirSync(join(path, each), {recursive: true});
	for (const each of ['x/y/1', 'x/y/10', 'x/z']) walk.directory(octets(each));
	t.is(opened.length, 5, 'x, y, 1, 10, z');
	walk.release();
});

test('a file, a symlink or nothing in the way is undefined, and the walk goes on', t => {
	const {path, walk, open} = begin(t);
	mkdirSync(join(path, 'real/sub'), {recursive: true});
	writeFileSync(join(path, 'file'), '');
	symlinkSync('real', join(path, 'link'));
	for (const each of ['file', 'link', 'link/sub', 'absent', 'real/absent/sub', 'file/sub']) {
		t.is(walk.directory(octets(each)), undefined, each);
	}
	t.truthy(walk.directory(octets('real/sub')));
	walk.release();
	t.is(open.size, 0);
});

test('a held directory that is moved away stays the one that is meant', t => {
	const {path, tree, walk} = begin(t);
	mkdirSync(join(path, 'a/b'), {recursive: true});
	mkdirSync(join(path, 'outside/b'), {recursive: true});
	walk.directory(octets('a'));
	renameSync(join(path, 'a'), join(path, 'moved'));
	symlinkSync('outside', join(path, 'a'));
	const found = walk.directory(octets('a/b'))!;
	t.is(tree.statDir(found).ino, inode(join(path, 'moved/b')));
	walk.release();
	t.is(walk.directory(octets('a/b')), undefined, 'once let go of, the symlink is refused');
});

test('any order of paths at any depth, with few handles open [SHOAL_SEED=11]', t => {
	const {path, tree, walk, open} = begin(t);
	const prng = new Prng(11);
	const paths = [''];
	for (let chain = 0; chain < 4; chain++) {
		let deep = '';
		for (let level = 0; level < 90; level++) {
			deep = `${deep}${deep && '/'}${chain < 2 && level < 60 ? 'common' : chain}`;
			paths.push(deep);
		}
		mkdirSync(join(path, deep), {recursive: true});
	}
	let most = 0;
	for (let step = 0; step < 300; step++) {
		const each = prng.pick(paths);
		t.is(tree.statDir(walk.directory(octets(each))!).ino, inode(join(path, each)), each);
		most = Math.max(most, open.size);
	}
	t.true(most <= 49, `${most} were open`);
	walk.release();
	t.is(open.size, 0);
});
