import {
	chmodSync,
	linkSync,
	lutimesSync,
	mkdirSync,
	mkdtempSync,
	rmSync,
	symlinkSync,
	unlinkSync,
	utimesSync,
	writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {compareTrees} from '../../support/compare-trees.ts';

/** Two equal trees, in a directory of the test's own. */
function twoTrees(t: ExecutionContext): [string, string] {
	const base = mkdtempSync(join(tmpdir(), 'shoal-'));
	t.teardown(() => rmSync(base, {recursive: true}));
	const [a, b] = [join(base, 'a'), join(base, 'b')];
	for (const root of [a, b]) {
		mkdirSync(join(root, 'd'), {recursive: true});
		writeFileSync(join(root, 'd/file'), 'content');
		writeFileSync(Buffer.from(`${root}/caf\xe9`, 'latin1'), 'latin');
		linkSync(join(root, 'd/file'), join(root, 'd/second'));
		symlinkSync('file', join(root, 'd/link'));
		lutimesSync(join(root, 'd/link'), 1e9, 1e9);
		mkdirSync(join(root, '.shoal'));
		for (const name of ['d/file', Buffer.from('caf\xe9', 'latin1'), 'd', '']) {
			utimesSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from(name)]), 1e9, 1e9);
		}
	}
	return [a, b];
}

test('equal trees have no differences, whatever is in .shoal', t => {
	const [a, b] = twoTrees(t);
	writeFileSync(join(a, '.shoal/x'), 'state');
	t.deepEqual(compareTrees(a, b), []);
});

const faults: [string, (b: string) => void][] = [
	['content', b => writeFileSync(join(b, 'd/file'), 'CONTENT')],
	['mode', b => chmodSync(join(b, 'd/file'), 0o600)],
	['time', b => utimesSync(join(b, 'd/file'), 1e9, 1e9 + 0.001)],
	['a missing name', b => unlinkSync(join(b, 'd/second'))],
	['a name too much', b => writeFileSync(join(b, 'd/new'), '')],
	[
		'a copy in place of a hard link',
		b => {
			unlinkSync(join(b, 'd/second'));
			writeFileSync(join(b, 'd/second'), 'content');
			utimesSync(join(b, 'd/second'), 1e9, 1e9);
			utimesSync(join(b, 'd'), 1e9, 1e9);
		},
	],
	[
		'another type',
		b => {
			unlinkSync(join(b, 'd/second'));
			symlinkSync('file', join(b, 'd/second'));
		},
	],
	[
		'another target of a link',
		b => {
			unlinkSync(join(b, 'd/link'));
			symlinkSync('second', join(b, 'd/link'));
			lutimesSync(join(b, 'd/link'), 1e9, 1e9);
			utimesSync(join(b, 'd'), 1e9, 1e9);
		},
	],
	['the mode of the root', b => chmodSync(b, 0o700)],
];
for (const [what, plant] of faults) {
	test(`sees ${what}`, t => {
		const [a, b] = twoTrees(t);
		plant(b);
		t.not(compareTrees(a, b).length, 0);
		t.not(compareTrees(b, a).length, 0);
	});
}
