/** rsync's -i as the oracle of ours: every line that it prints, and no other. */
import {spawnSync} from 'node:child_process';
import {cpSync, linkSync, mkdirSync, rmSync, utimesSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import {compareItemized, drawItemizeCase, updateBoth} from '../support/itemize-case.ts';
import {seedsOr} from '../support/seeds.ts';
import {tempDirectory} from '../support/temp-directory.ts';

const isThere = spawnSync('rsync', ['--version']).status === 0;
const withRsync = isThere ? test : test.skip;

for (const seed of seedsOr(1, 2, 3, 4, 5, 6)) {
	const words = drawItemizeCase(seed);
	withRsync(`-i prints rsync's lines: ${words.join(' ')} [SHOAL_SEED=${seed}]`, async t => {
		const directory = join(tempDirectory(t), 'case');
		const {ours, theirs} = await compareItemized({seed, directory, words});
		t.deepEqual(ours, theirs);
	});
}

withRsync('further names of files are itemized as rsync does it', async t => {
	const directory = tempDirectory(t);
	const [source, mirror] = [join(directory, 'source'), join(directory, 'theirs')];
	const write = (root: string, name: string, text: string) => {
		writeFileSync(join(root, name), text);
		utimesSync(join(root, name), 1e9, 1e9 + text.length);
	};
	for (const root of [source, mirror]) {
		mkdirSync(root);
		for (const name of ['first', 'other', 'stays', 'stood']) write(root, name, name);
	}
	mkdirSync(join(source, '.shoal'), {mode: 0o700});
	rmSync(join(source, 'other'));
	linkSync(join(source, 'first'), join(source, 'other'));
	linkSync(join(source, 'stays'), join(source, 'stays too'));
	rmSync(join(source, 'stood'));
	cpSync(mirror, join(directory, 'ours'), {recursive: true, preserveTimestamps: true});
	for (const name of ['source', 'theirs', 'ours']) utimesSync(join(directory, name), 1e9, 1e9);
	const {ours, theirs} = await updateBoth(directory, ['-c', '--delete']);
	t.deepEqual(ours, theirs);
	t.deepEqual(theirs, [
		'*deleting   stood',
		'hf          other => first',
		'hf+++++++++ stays too => stays',
	]);
});
