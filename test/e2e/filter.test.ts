import {
	existsSync,
	linkSync,
	readFileSync,
	rmSync,
	statSync,
	symlinkSync,
	unlinkSync,
	writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import type {PlanOptions} from '../../src/receiver/update.ts';
import type {FilterArgument} from '../../src/snapshot/filter-parse.ts';
import {parseFilterRules} from '../../src/snapshot/filter-parse.ts';
import {parseNames} from '../../src/snapshot/name-list.ts';
import {walkTree} from '../support/compare-trees.ts';
import {sharedPools} from '../support/pool.ts';
import {type PullTree, pullTree} from '../support/pull-tree.ts';
import {TreeSource} from '../support/tree-source.ts';
import {Workspace} from '../support/workspace.ts';

const pools = sharedPools();
const octets = (text: string): Uint8Array => Buffer.from(text);

/** Options with these --filter rules. */
function rules(...given: string[]): Partial<PlanOptions> {
	const list = given.map(text => ({option: 'filter', text: octets(text)}) satisfies FilterArgument);
	const readFile = () => octets('');
	return {filters: parseFilterRules(list, {readFile}), deleteMax: 1e6};
}

class Scene {
	readonly space: Workspace;
	/** What the source could not read. */
	unread: string[] = [];

	constructor(t: ExecutionContext, files: readonly string[]) {
		this.space = new Workspace(t);
		for (const file of files) this.space.write(`source/${file}`, `content of ${file}`);
	}

	async pull(options: Partial<PlanOptions>, more: Partial<PullTree> = {}) {
		const pool = pools(0);
		const source = await TreeSource.of(pool, this.space.at('source'), {unread: this.unread});
		return pullTree({pool, source, destination: this.space.at('mirror'), options, ...more});
	}

	/** Paths of the mirror, directories included. */
	get there(): string[] {
		return [...walkTree(this.space.at('mirror'), ['.shoal']).keys()].filter(path => path !== '');
	}

	mirrored(path: string): string {
		return join(this.space.at('mirror'), path);
	}
}

test('a pull with rules is unchanged only for the same rules, in the same order', async t => {
	const scene = new Scene(t, ['a', 'b', 'c']);
	const first = await scene.pull(rules('- a', '- b'));
	t.is(first.result?.complete, true);
	t.deepEqual(scene.there, ['c']);
	t.true((await scene.pull(rules('- a', '- b'))).unchanged);
	for (const other of [['- b', '- a'], ['-s a', '- b'], []]) {
		t.false((await scene.pull(rules(...other))).unchanged, other.join());
	}
	t.deepEqual(scene.there, ['a', 'b', 'c']);
});

test('content of hard links whose first name is hidden comes once, and they are one file', async t => {
	const scene = new Scene(t, ['a', 'other']);
	linkSync(scene.space.at('source/a'), scene.space.at('source/m'));
	linkSync(scene.space.at('source/a'), scene.space.at('source/z'));
	const {plan, fed} = await scene.pull(rules('- a'));
	t.is(plan?.counts.bytesTotal, 'content of a'.length + 'content of other'.length);
	t.is(plan?.counts.bytesToFetch, plan?.counts.bytesTotal);
	t.is(fed.octets, plan!.counts.bytesTotal);
	t.is(readFileSync(scene.mirrored('m'), 'utf8'), 'content of a');
	t.is(statSync(scene.mirrored('m')).ino, statSync(scene.mirrored('z')).ino);
	// Shown again, the first name joins them.
	await scene.pull(rules());
	t.is(statSync(scene.mirrored('a')).ino, statSync(scene.mirrored('z')).ino);
});

test('what is protected stays, also after a pull that looked at nothing else', async t => {
	const scene = new Scene(t, ['d/x', 'd/e/y', 'keep']);
	await scene.pull(rules('P own'));
	writeFileSync(scene.mirrored('d/own'), 'mine');
	writeFileSync(scene.mirrored('d/e/loose'), 'mine too');
	unlinkSync(scene.space.at('source/d/x'));
	await scene.space.write('source/new', 'new');
	const removed = scene.space.at('source/d');
	unlinkSync(join(removed, 'e/y'));
	const {plan, result} = await scene.pull(rules('P own'));
	t.false(plan!.examined);
	t.is(result?.complete, true);
	t.true(existsSync(scene.mirrored('d/own')));
	// A list without `d` at all: it stays for what is protected in it, and that is told.
	rmSync(removed, {recursive: true});
	const last = await scene.pull(rules('P own'));
	t.false(last.plan!.examined);
	t.deepEqual(scene.there, ['d', 'd/own', 'keep', 'new']);
	t.deepEqual(
		last.result!.problems.map(({path, notice}) => [Buffer.from(path).toString(), notice]),
		[['d', true]],
	);
});

test('a file does not take the place of a directory with something protected', async t => {
	const scene = new Scene(t, ['d/x', 'keep']);
	await scene.pull(rules('P own'));
	writeFileSync(scene.mirrored('d/own'), 'mine');
	rmSync(scene.space.at('source/d'), {recursive: true});
	scene.space.write('source/d', 'a file now');
	const {plan, result} = await scene.pull(rules('P own'));
	t.true(plan!.examined, 'the record cannot know what is in it');
	t.is(result?.exit, 23);
	t.false(result!.complete);
	t.deepEqual(scene.there, ['d', 'd/own', 'keep']);
	unlinkSync(scene.mirrored('d/own'));
	t.is((await scene.pull(rules('P own'))).result?.exit, 0);
	t.is(readFileSync(scene.mirrored('d'), 'utf8'), 'a file now');
});

test('a name that the source lacks is a problem, and nothing is deleted', async t => {
	const scene = new Scene(t, ['d/x', 'd/y']);
	await scene.pull({});
	writeFileSync(scene.mirrored('d/own'), 'mine');
	const names = (text: string) => ({names: parseNames(octets(text), false)});
	const {result} = await scene.pull(names('d/\ngone\n'));
	t.is(result?.exit, 23);
	t.is(result?.deleted, 0);
	t.deepEqual(
		result?.problems.map(({code}) => code),
		['NAME_MISSING'],
	);
	t.true(existsSync(scene.mirrored('d/own')));
	t.is((await scene.pull(names('d/\n'))).result?.deleted, 1);
	t.deepEqual(scene.there, ['d', 'd/x', 'd/y']);
});

test('a name goes through no symlink, and one that ends at a symlink is that symlink', async t => {
	const scene = new Scene(t, ['d/x']);
	symlinkSync('d', scene.space.at('source/link'));
	const pull = (text: string) => scene.pull({names: parseNames(octets(text), false)});
	t.is((await pull('link\n')).result?.exit, 0);
	t.deepEqual(scene.there, ['link']);
	for (const name of ['link/', 'link/x']) {
		const {result} = await pull(`${name}\n`);
		t.deepEqual(
			result?.problems.map(({code}) => code),
			['NAME_MISSING'],
			name,
		);
		t.deepEqual(scene.there, ['link']);
	}
});

test('what the source could not read keeps from deleting only where it is shown', async t => {
	const scene = new Scene(t, ['a', 'secret/x']);
	await scene.pull(rules('- secret'));
	writeFileSync(scene.mirrored('own'), 'mine');
	scene.unread = ['secret/x'];
	t.is((await scene.pull({})).result?.deleted, 0);
	t.is((await scene.pull(rules('-s secret', '+ *'))).result?.deleted, 2);
	t.deepEqual(scene.there, ['a']);
});

test('rules are anchored at the path that is pulled, and with a slash at the module', async t => {
	const scene = new Scene(t, ['sub/x', 'sub/deep/x', 'sub/deep/y', 'x']);
	const open = {
		image: {identity: new Uint8Array(32), module: octets(''), subPath: octets('sub')},
	};
	await scene.pull(rules('- /x'), {open});
	t.deepEqual(scene.there, ['deep', 'deep/x', 'deep/y']);
	const given = {...rules('-/ /sub/deep/x', '-/ deep/y', '-/ /x'), delete: true};
	await scene.pull(given, {open});
	t.deepEqual(scene.there, ['deep', 'deep/y', 'x'], 'what DEST has is not below sub');
	await scene.pull({...rules('-s/ /sub/deep/x', '-s/ deep/y', '-s/ /x'), delete: true}, {open});
	t.deepEqual(scene.there, ['deep', 'x']);
});

test('the command line keeps the order of rules, reads their files, and shows no source a rule', async t => {
	const space = new Workspace(t);
	for (const name of ['a.o', 'keep.o', 'b.c', 'sub/deep/x.c', 'sub/y.o']) {
		space.write(`tree/${name}`, name);
	}
	const server = await space.serve('tree');
	const file = space.write('rules', '# objects\n*.o\n');
	const pull = async (dest: string, ...words: string[]) => {
		const {exit, output, errors} = await space.runPlain(
			'pull',
			...words,
			server.url,
			space.at(dest),
		);
		t.is(exit, 0, errors + output);
		return [...walkTree(space.at(dest), ['.shoal']).keys()].filter(path => path !== '');
	};
	const kept = ['--include=keep.o', `--exclude-from=${file}`];
	t.deepEqual(await pull('one', ...kept), ['b.c', 'keep.o', 'sub', 'sub/deep', 'sub/deep/x.c']);
	t.deepEqual(await pull('two', ...[...kept].reverse()), [
		'b.c',
		'sub',
		'sub/deep',
		'sub/deep/x.c',
	]);
	t.deepEqual(await pull('three', '-f', '- /sub/*', '-f', `merge,- ${file}`), ['b.c', 'sub']);
	const names = space.write('names', 'sub/\n');
	t.deepEqual(await pull('four', '--files-from', names), ['sub', 'sub/deep', 'sub/y.o']);
	const all = ['sub', 'sub/deep', 'sub/deep/x.c', 'sub/y.o'];
	t.deepEqual(await pull('four', '-r', `--files-from=${names}`), all);
	t.deepEqual(await pull('four', '--delete-excluded', '--exclude=*.o'), [
		'b.c',
		'sub',
		'sub/deep',
		'sub/deep/x.c',
	]);
});

test('rules and files that cannot be read are refused before anything is asked', async t => {
	const space = new Workspace(t);
	for (const [words, code] of [
		[['--filter', ': .rules'], 'OPTION_UNBUILT'],
		[['-F'], 'OPTION_UNBUILT'],
		[['--exclude-from', space.at('absent')], 'OPTION_INVALID'],
		[['--files-from', 'host:list'], 'OPTION_UNBUILT'],
		[['--exclude', 'caf\ufffd'], 'OPTION_INVALID'],
	] as const) {
		const {exit, lines} = await space.run('pull', ...words, space.at('nowhere'), space.at('dest'));
		t.is(exit, 1, words.join(' '));
		t.like(lines.at(-1), {errors: [{code}]}, words.join(' '));
	}
	t.false(existsSync(space.at('dest')));
});
