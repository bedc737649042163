/** A destination that is published as trees, as a source: of lists, of snapshots, of contents. */
import {
	chmodSync,
	existsSync,
	readdirSync,
	readFileSync,
	readlinkSync,
	realpathSync,
	writeFileSync,
} from 'node:fs';
import test from 'ava';
import {compareTrees} from '../support/compare-trees.ts';
import {Prng} from '../support/prng.ts';
import {RandomTree} from '../support/random-tree.ts';
import {Workspace} from '../support/workspace.ts';

test('a mirror of trees is listed and served on, with its state beside it', async t => {
	const space = new Workspace(t);
	new RandomTree(space.at('origin'), new Prng(81)).grow(60);
	const [origin, mirror, leaf] = ['origin', 'mirror', 'leaf'].map(name => space.at(name)) as [
		string,
		string,
		string,
	];
	const publish = async (): Promise<string> => {
		const {exit, errors} = await space.run('pull', '--publish', 'tree', '--delete', origin, mirror);
		t.is(exit, 0, errors);
		const taken = await space.run('snapshot', mirror);
		t.is(taken.exit, 0, taken.errors);
		return String(taken.lines.at(-1)?.['snapshot']);
	};
	await publish();
	const server = await space.serve('mirror');
	const follow = async (): Promise<void> => {
		const {exit, errors} = await space.run('pull', '--delete', server.url, leaf);
		t.is(exit, 0, errors);
		t.deepEqual(compareTrees(origin, leaf), []);
	};
	await follow();
	// So many publishes that the tree which was served first is made anew.
	let newest = '';
	for (let round = 1; round <= 3; round++) {
		writeFileSync(`${origin}/round`, `${round}`);
		writeFileSync(`${origin}/only ${round}`, 'x');
		newest = await publish();
	}
	t.is(readlinkSync(mirror), '.mirror.shoal/trees/4');
	await server.offers(newest);
	await follow();
	t.is(readFileSync(`${leaf}/round`, 'utf8'), '3');
	const listed = await space.runPlain('ls', mirror, 'round');
	t.regex(listed.output, / round\n$/);
	for (const name of readdirSync(space.at('.mirror.shoal/trees'))) {
		t.false(existsSync(space.at(`.mirror.shoal/trees/${name}/.shoal`)));
	}
	t.deepEqual(compareTrees(origin, realpathSync(mirror), {skip: ['.shoal']}), []);
	const refused = await space.runPlain('pull', origin, mirror);
	t.is(refused.exit, 1);
	t.regex(refused.errors, /is published as trees, not in place\. Pull with --publish tree/);
});

test('a tree that is published again and again is hashed once, but for what changed', async t => {
	const space = new Workspace(t);
	const content = new Prng(7).bytes(200_000);
	for (let file = 0; file < 20; file++) space.write(`origin/d/${file}`, content.subarray(file * 7));
	const [origin, mirror] = [space.at('origin'), space.at('mirror')];
	const publish = async (): Promise<Record<string, unknown>> => {
		const {exit, errors} = await space.run('pull', '--publish', 'tree', '--delete', origin, mirror);
		t.is(exit, 0, errors);
		return (await space.run('snapshot', mirror)).lines.at(-1)!;
	};
	t.like(await publish(), {exit: 0, files: 20, filesHashed: 20});
	for (let round = 1; round <= 3; round++) {
		space.write('origin/d/new', content.subarray(round * 1000));
		chmodSync(`${origin}/d/3`, 0o600 + round);
		t.like(await publish(), {exit: 0, files: 21, filesHashed: 1}, `round ${round}`);
	}
	// Who writes in a tree is no publisher: nobody vouches for that.
	space.write('mirror/d/4', content.subarray(500));
	t.like((await space.run('snapshot', mirror)).lines.at(-1), {exit: 0, filesHashed: 1});
	const server = await space.serve('mirror');
	t.is((await space.run('pull', server.url, space.at('leaf'))).exit, 0);
	t.deepEqual(compareTrees(realpathSync(mirror), space.at('leaf'), {skip: ['.shoal']}), []);
});
