/** A pull and a listing of a path of a large module: what travels, and what comes of it. */
import {execFileSync, spawnSync} from 'node:child_process';
import {
	linkSync,
	mkdirSync,
	readFileSync,
	renameSync,
	rmSync,
	statSync,
	symlinkSync,
} from 'node:fs';
import test, {type ExecutionContext} from 'ava';
import {compareTrees} from '../support/compare-trees.ts';
import {Prng} from '../support/prng.ts';
import {Workspace} from '../support/workspace.ts';

/** A module whose list is far larger than a slice of it; `part` is what is pulled. */
function largeTree(space: Workspace): string {
	const name = new Prng(1);
	for (let file = 0; file < 800; file++) {
		const long = Buffer.from(name.bytes(80)).toString('hex');
		space.write(`tree/d${file % 10}/${long}`, `${file}`);
	}
	space.write('tree/d7/file-7', 'to be changed');
	space.write('tree/a-first', 'content of a hard link');
	space.write('tree/part/of/one', 'one');
	space.write('tree/part/of/two', 'two');
	space.write('tree/part.not', 'beside');
	mkdirSync(space.at('tree/part/empty'));
	symlinkSync('of/one', space.at('tree/part/link'));
	linkSync(space.at('tree/a-first'), space.at('tree/part/further'));
	linkSync(space.at('tree/a-first'), space.at('tree/part/of/further'));
	return space.at('tree');
}

const hasRsync = spawnSync('rsync', ['--version']).error === undefined;

/** The part is as rsync would make it. */
function checkEqual(t: ExecutionContext, from: string, to: string, what: string): void {
	t.deepEqual(compareTrees(from, to), [], what);
	if (!hasRsync) return;
	const words = ['-aHnci', '--delete', '--exclude=/.shoal', `${from}/`, `${to}/`];
	t.is(execFileSync('rsync', words, {encoding: 'utf8'}), '', what);
}

test('a path fetches its pages, follows changes, and is listed as it is in the tree', async t => {
	const space = new Workspace(t);
	const tree = largeTree(space);
	const taken = await space.run('snapshot', tree, '-o', space.at('whole.list'));
	const listSize = statSync(space.at('whole.list')).size;
	t.true(listSize > 131_072, `${listSize}`);
	const server = await space.serve('tree');
	const source = `${server.url}//part`;
	const pull = async (...words: string[]): Promise<Record<string, unknown>> => {
		const {exit, lines, errors} = await space.run('pull', ...words, source, space.at('copy'));
		t.is(exit, 0, errors);
		return lines.at(-1)!;
	};
	const first = await pull();
	t.like(first, {entries: 8, files: 4, created: 8, snapshot: taken.lines.at(-1)!['snapshot']});
	t.true(Number(first['wireBytesIn']) < listSize / 2, `${first['wireBytesIn']} of ${listSize}`);
	checkEqual(t, `${tree}/part`, space.at('copy'), 'first');
	t.is(statSync(space.at('copy/further')).ino, statSync(space.at('copy/of/further')).ino);
	t.like(await pull(), {unchanged: true});

	space.write('tree/part/of/one', 'another one');
	space.write('tree/d7/file-7', 'changed elsewhere');
	renameSync(space.at('tree/part/of/two'), space.at('tree/part/empty/two'));
	rmSync(space.at('tree/part/further'));
	const next = await space.run('snapshot', tree);
	await server.offers(String(next.lines.at(-1)!['snapshot']));
	const second = await pull('--delete');
	t.like(second, {unchanged: false, filesMoved: 1, deleted: 2});
	// How much of an answer comes early, and what is asked for twice, is the network's.
	t.true(Number(second['wireBytesIn']) < listSize / 2, `${second['wireBytesIn']}`);
	checkEqual(t, `${tree}/part`, space.at('copy'), 'second');
	t.is(readFileSync(space.at('copy/of/further'), 'utf8'), 'content of a hard link');

	// Of one snapshot, the record of a slice is of no use for another one, and does no harm.
	const words = ['--delete', '--max-delete=999', `${server.url}//d3`, space.at('copy')];
	const other = await space.run('pull', ...words);
	t.is(other.exit, 0, other.errors);
	checkEqual(t, `${tree}/d3`, space.at('copy'), 'another path');
	t.like(await pull('--delete', '--max-delete=999'), {entries: 7});
	checkEqual(t, `${tree}/part`, space.at('copy'), 'back');
	t.like(await pull('--delete'), {unchanged: true});

	const file = await space.run('pull', `${source}/of/further`, space.at('single'));
	t.is(file.exit, 0, file.errors);
	t.is(readFileSync(space.at('single'), 'utf8'), 'content of a hard link');
	const missing = await space.run('pull', `${source}/none`, space.at('other'));
	t.is(missing.exit, 1, missing.errors);

	const there = await space.runPlain('ls', server.url, 'part', '--format', 'mtree-netbsd');
	const here = await space.runPlain('ls', tree, 'part', '--format', 'mtree-netbsd');
	t.is(there.exit, 0, there.errors);
	t.is(there.output, here.output);
	t.regex(here.output, /\/further .* nlink=2 /, 'whose first name is elsewhere');
	const deep = await space.runPlain('ls', source, 'of');
	t.is(deep.output.trimEnd().split('\n').length, 3, deep.errors);
	const none = await space.runPlain('ls', source, 'none');
	t.is(none.exit, 1);
	t.regex(none.errors, /PATH_MISSING/);
});
