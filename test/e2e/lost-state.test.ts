/** A source without its state directory: it makes another one, and its receivers go on. */
import {rmSync} from 'node:fs';
import test from 'ava';
import {compareTrees} from '../support/compare-trees.ts';
import {Workspace} from '../support/workspace.ts';

test('a source that lost its state goes on, and nobody takes that for a rollback', async t => {
	const space = new Workspace(t);
	space.write('tree/file', 'one');
	const sequences: number[] = [];
	const pulled = async (): Promise<void> => {
		const server = await space.serve('tree');
		const {exit, errors} = await space.run('pull', '--delete', server.url, space.at('mirror'));
		t.is(exit, 0, errors);
		t.deepEqual(compareTrees(space.at('tree'), space.at('mirror'), {skip: ['.shoal']}), []);
		const taken = await space.run('snapshot', space.at('tree'));
		sequences.push(Number(taken.lines.at(-1)!['sequence']));
		await server.stop();
	};
	await pulled();
	space.write('tree/file', 'two');
	await pulled();
	rmSync(space.at('tree/.shoal'), {recursive: true});
	space.write('tree/file', 'three');
	await pulled();
	t.true(sequences[0]! < sequences[1]! && sequences[1]! < sequences[2]!, `${sequences}`);
	rmSync(space.at('tree/.shoal'), {recursive: true});
	await pulled();
});
