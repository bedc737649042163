/** A source without its state directory, or with a damaged one: its receivers go on. */
import {rmSync, statSync} from 'node:fs';
import {setTimeout as sleep} from 'node:timers/promises';
import test from 'ava';
import {compareTrees} from '../support/compare-trees.ts';
import {corrupt} from '../support/corrupt.ts';
import {Prng} from '../support/prng.ts';
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

test('leaf hashes and sums that are damaged are made again of the file', async t => {
	const space = new Workspace(t);
	const content = new Prng(8).bytes(600_000);
	space.write('tree/file', content);
	const mirror = space.at('mirror');
	t.is((await space.run('pull', space.at('tree'), mirror)).exit, 0);
	space.write(
		'tree/file',
		Buffer.concat([content.subarray(0, 300_000), content.subarray(299_000)]),
	);
	// What is hashed sooner is not trusted, and hashed once more by whoever looks next.
	await sleep(2100);
	t.is((await space.run('snapshot', space.at('tree'))).exit, 0);
	const data = space.at('tree/.shoal/files.1.data');
	const places = Array.from({length: statSync(data).size >> 5}, (_, index) => index << 5);
	corrupt(data, places);
	const server = await space.serve('tree');
	const {exit, errors, lines} = await space.run('pull', server.url, mirror);
	t.is(exit, 0, errors);
	t.true(Number(lines.at(-1)!['bytesMatched']) > 500_000, 'what is here was found by sums');
	t.true(statSync(space.at('tree/.shoal/made/made.log')).size > 0, 'and they are kept');
	const local = await space.run('pull', space.at('tree'), space.at('local'));
	t.is(local.exit, 0, local.errors);
	for (const copy of [mirror, space.at('local')]) {
		t.deepEqual(compareTrees(space.at('tree'), copy, {skip: ['.shoal']}), []);
	}
});
