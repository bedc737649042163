/** A destination that is published as trees, as a source: of lists, of snapshots, of contents. */
import {
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
