/** `shoal diff` as a process: files, directories and sources on either side. */
import {chmodSync, cpSync, renameSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import test from 'ava';
import {Workspace} from '../support/workspace.ts';

/** A tree, its list as a file, and what has been done to it since. */
async function changedTree(space: Workspace): Promise<{tree: string; list: string}> {
	for (const name of ['a/edited', 'a/moved', 'a/gone', 'a/mode', 'twin1', 'twin2', 'same']) {
		space.write(`tree/${name}`, name.startsWith('twin') ? 'twin' : `content of ${name}`);
	}
	symlinkSync('here', space.at('tree/link'));
	const tree = space.at('tree');
	const list = space.at('old.list');
	await space.run('snapshot', tree, '-o', list);
	writeFileSync(space.at('tree/a/edited'), 'another content, longer');
	renameSync(space.at('tree/a/moved'), space.at('tree/new\nname'));
	rmSync(space.at('tree/a/gone'));
	chmodSync(space.at('tree/a/mode'), 0o600);
	rmSync(space.at('tree/link'));
	symlinkSync('there', space.at('tree/link'));
	renameSync(space.at('tree/twin1'), space.at('tree/b1'));
	cpSync(space.at('tree/twin2'), space.at('tree/b2'), {preserveTimestamps: true});
	space.write('tree/fresh/file', '12345');
	await space.run('snapshot', tree);
	return {tree, list};
}

const expected = [
	'.d..t...... ./',
	'.d..t...... a/',
	'>fcst...... a/edited',
	'*deleting   a/gone',
	'.f...p..... a/mode',
	'*deleting   a/moved',
	'cf+++++++++ b1 <= twin1',
	'>f+++++++++ b2',
	'cd+++++++++ fresh/',
	'>f+++++++++ fresh/file',
	'cLc.t...... link -> there',
	'cf+++++++++ new\\#012name <= a/moved',
	'*deleting   twin1',
];

test('a line for each path, a moved file recognised by its content, a source on one side', async t => {
	const space = new Workspace(t);
	const {tree, list} = await changedTree(space);
	const local = await space.runPlain('diff', list, tree, '--stats');
	t.is(local.exit, 0, local.errors);
	const counts = '3 new, 2 changed, 3 with other attributes, 2 moved, 3 gone';
	const summary = `${counts}; 32 bytes of new content; 10 -> 12 entries`;
	t.deepEqual(local.output.split('\n'), [...expected, summary, '']);
	const server = await space.serve('tree');
	const remote = await space.runPlain('diff', list, server.url);
	t.deepEqual(remote.output.split('\n'), [...expected, '']);
	const back = await space.runPlain('diff', server.url, list);
	t.true(back.output.includes('\ncf+++++++++ a/moved <= new\\#012name\n'), back.output);
	const none = await space.runPlain('diff', tree, server.url);
	t.deepEqual([none.exit, none.output], [0, ''], 'silent when nothing differs');
	const quiet = await space.runPlain('diff', '-q', '--stats', list, tree);
	t.is(quiet.output, `${summary}\n`);
});

test('--json has a line for each change and the counts last, and what cannot be compared', async t => {
	const space = new Workspace(t);
	const {tree, list} = await changedTree(space);
	const {exit, lines} = await space.run('diff', list, tree);
	t.is(exit, 0);
	t.is(lines.length, expected.length + 1);
	t.like(lines[2], {event: 'change', change: 'changed', path: 'a/edited', type: 'file'});
	t.deepEqual(lines[2]!['differs'], ['content', 'size', 'time']);
	t.like(lines[6], {change: 'new', path: 'b1', movedFrom: 'twin1'});
	t.like(lines.at(-1), {event: 'result', ok: true, exit: 0, created: 3, moved: 2, deleted: 3});
	t.like(lines.at(-1), {changed: 2, metadataChanged: 3, entriesBefore: 10, entriesAfter: 12});

	space.write('torn.list', 'shoal list 1');
	const torn = await space.run('diff', space.at('torn.list'), tree);
	t.is(torn.exit, 12, torn.errors);
	t.like(torn.lines.at(-1), {ok: false, exit: 12});
	const slice = await space.run('diff', list, 'shoal://127.0.0.1/module/path');
	t.is(slice.exit, 1, slice.errors);
});
