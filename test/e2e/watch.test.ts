/** `serve --watch`: what changes in the tree is offered, without anybody taking a snapshot. */
import {appendFileSync, mkdirSync, renameSync, rmSync} from 'node:fs';
import test from 'ava';
import {compareTrees} from '../support/compare-trees.ts';
import {Workspace} from '../support/workspace.ts';

const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));

test('a source that watches its tree offers what changed, new directories and all', async t => {
	const space = new Workspace(t);
	space.write('tree/a/one', 'one');
	space.write('tree/b/two', 'two');
	const server = await space.serve('tree', '--watch');
	const [tree, mirror] = [space.at('tree'), space.at('mirror')];
	const follows = async (what: string): Promise<void> => {
		let differences: readonly string[] = [what];
		for (let tries = 0; tries < 40 && differences.length > 0; tries++) {
			await pause(250);
			const {exit, errors} = await space.run('pull', '--delete', server.url, mirror);
			t.true(exit === 0 || exit === 24, errors);
			differences = compareTrees(tree, mirror, {skip: ['.shoal']});
		}
		t.deepEqual(differences, [], what);
	};
	await follows('what was there');
	space.write('tree/a/one', 'changed');
	await follows('a file');
	space.write('tree/new/deep/er/file', 'new');
	await follows('directories');
	space.write('tree/new/deep/er/file', 'new again');
	appendFileSync(space.at('tree/new/deep/er/other'), 'x');
	await follows('what is in directories that were not there');
	renameSync(space.at('tree/new'), space.at('tree/b/moved'));
	rmSync(space.at('tree/a'), {recursive: true});
	await follows('a move and a removal');
	space.write('tree/b/moved/deep/er/file', 'under its new name');
	mkdirSync(space.at('tree/a'));
	await follows('what is in a directory that was moved');
});
