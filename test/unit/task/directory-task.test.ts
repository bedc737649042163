import {chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import platform from '#platform';
import {entryType} from '../../../src/snapshot/entry.ts';
import {listBelow} from '../../../src/task/list-below.ts';
import {OctetPool, octetsAt, type PackedOctets} from '../../../src/task/packed-octets.ts';
import {removeTree} from '../../../src/task/remove-tree.ts';
import {isStagedContent, stagedName} from '../../../src/task/staged-name.ts';
import {absent, survey} from '../../../src/task/survey.ts';
import {openPool} from '../../support/pool.ts';
import {tempDirectory} from '../../support/temp-directory.ts';

const {tree} = platform;

function pack(...paths: string[]): PackedOctets {
	const pool = new OctetPool(1);
	for (const path of paths) pool.add(Buffer.from(path));
	return pool.packed();
}

test('a survey sees what is there and follows no symlink on its way', async t => {
	const base = tempDirectory(t);
	mkdirSync(join(base, 'dir/below'), {recursive: true});
	writeFileSync(join(base, 'dir/file'), 'four');
	symlinkSync('dir', join(base, 'link'));
	const root = tree.openRoot(base);
	const paths = ['', 'dir', 'dir/below', 'dir/file', 'dir/none', 'link', 'link/file'];
	const found = await openPool(t, 0).run(survey, {root, paths: pack(...paths)});
	tree.closeDir(root);
	const {directory, file, symlink} = entryType;
	t.deepEqual([...found.type], [directory, directory, directory, file, absent, symlink, absent]);
	t.is(found.size[3], 4);
	t.is(Buffer.from(octetsAt(found.targets, 5)).toString(), 'dir');
});

test('all below a directory is listed, and nothing through a symlink', async t => {
	const base = tempDirectory(t);
	mkdirSync(join(base, 'a/b/c'), {recursive: true});
	writeFileSync(join(base, 'a/b/file'), '');
	symlinkSync('..', join(base, 'a/up'));
	const root = tree.openRoot(base);
	const found = await openPool(t, 0).run(listBelow, {root, paths: pack('a', 'a/up', 'none')});
	tree.closeDir(root);
	const paths = Array.from(found.ends, (_, at) => Buffer.from(octetsAt(found, at)).toString());
	t.deepEqual(paths.sort(), ['a/b', 'a/b/c', 'a/b/file', 'a/up']);
});

test('a tree is removed whole, locked directories too, and what a symlink names stays', t => {
	const base = tempDirectory(t);
	mkdirSync(join(base, 'kept'));
	writeFileSync(join(base, 'kept/file'), '');
	mkdirSync(join(base, 'gone/below'), {recursive: true});
	writeFileSync(join(base, 'gone/below/file'), '');
	symlinkSync('../kept', join(base, 'gone/link'));
	chmodSync(join(base, 'gone/below'), 0o500);
	const root = tree.openRoot(base);
	removeTree(tree, root, Buffer.from('gone'));
	removeTree(tree, root, Buffer.from('never there'));
	tree.closeDir(root);
	t.deepEqual(readdirSync(base), ['kept']);
	t.true(existsSync(join(base, 'kept/file')));
});

test('staged content is known by its name', t => {
	const digest = new Uint8Array(32).fill(0xa7);
	t.is(Buffer.from(stagedName(digest, 0)).toString(), 'a7'.repeat(32));
	t.is(Buffer.from(stagedName(digest, 12)).toString(), `${'a7'.repeat(32)}-12`);
	t.true(isStagedContent(stagedName(digest, 0)));
	t.true(isStagedContent(stagedName(digest, 4_294_967_295)));
	for (const name of ['link-1', 'aside-2', 'a7', `${'a7'.repeat(32)}-0`, `${'A7'.repeat(32)}`]) {
		t.false(isStagedContent(Buffer.from(name)), name);
	}
});
