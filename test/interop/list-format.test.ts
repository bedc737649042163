/** The exports of a list, held against the programs that they are for: rsync, mtree and bsdtar. */
import {execFileSync, spawnSync} from 'node:child_process';
import {
	chmodSync,
	linkSync,
	lutimesSync,
	mkdirSync,
	renameSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import test from 'ava';
import {compareTrees} from '../support/compare-trees.ts';
import {Prng} from '../support/prng.ts';
import {RandomTree} from '../support/random-tree.ts';
import {seedsOr} from '../support/seeds.ts';
import {program} from '../support/shoal-process.ts';
import {Workspace} from '../support/workspace.ts';

const isHere = (program: string): boolean => spawnSync(program, ['--version']).error === undefined;
const withRsync = isHere('rsync') ? test : test.skip;
const withMtree = isHere('mtree') ? test : test.skip;
const withBsdtar = isHere('bsdtar') ? test : test.skip;

const octets = (path: string): Buffer => Buffer.from(path, 'latin1');

/** A random tree with names that mean something to one of the programs. */
function hostileTree(space: Workspace, seed: number, count: number): string {
	const root = space.at('tree');
	new RandomTree(root, new Prng(seed)).grow(count);
	const names = ['a b', '#x', '*', '?y', '[z]', '\\', '\\#012', '\\n', '-rf', '$HOME', 'x=y', '~'];
	const odd = ['\x7f', '\ttab', '\xff\xfe', '\xc3\xa4\xe4', '"', "'", '.x', 'dir!', 'dir.d', '%s'];
	for (const name of [...names, ...odd]) writeFileSync(octets(`${root}/${name}`), name);
	for (const name of ['dir', 'dir ', 'dir-', 'dir0', 'empty']) mkdirSync(octets(`${root}/${name}`));
	for (const name of ['dir/f', 'dir /f', 'dir-/f']) writeFileSync(`${root}/${name}`, '');
	writeFileSync(`${root}/large`, new Uint8Array(1_234_567));
	symlinkSync(octets('to a\n*\xe9'), octets(`${root}/link #`));
	linkSync(`${root}/large`, `${root}/dir/large`);
	lutimesSync(`${root}/dir`, -5.5, -5.5);
	lutimesSync(`${root}/empty`, 15_000_000_000, 15_000_000_000);
	return root;
}

/** Directories have a size of their own on each file system; a snapshot has none of it. */
function withDirectorySizes(list: Buffer): string {
	return list.toString('latin1').replaceAll(/^(d\S{9}) +[\d,]+ /gm, `$1 ${'4,096'.padStart(14)} `);
}

/** What `shoal ls words` prints. */
function listed(space: Workspace, words: readonly string[], env: NodeJS.ProcessEnv = {}): Buffer {
	return execFileSync(process.execPath, [program, 'ls', ...words, '--state', space.at('state')], {
		env: {...process.env, ...space.environment, ...env},
	});
}

const cases = [
	{below: '', locale: 'C', words: [], zone: 'America/St_Johns'},
	{below: '', locale: 'C.UTF-8', words: [], zone: 'Asia/Kolkata'},
	{below: '', locale: 'C.UTF-8', words: ['-8'], zone: 'UTC'},
	{below: 'dir', locale: 'C.UTF-8', words: [], zone: 'UTC'},
	{below: 'dir/f', locale: 'C.UTF-8', words: [], zone: 'UTC'},
];

for (const seed of seedsOr(1)) {
	withRsync(
		`--format rsync is what rsync --list-only prints, octet for octet [SHOAL_SEED=${seed}]`,
		async t => {
			const space = new Workspace(t);
			const root = hostileTree(space, seed, 200);
			await space.run('snapshot', root, '--state', space.at('state'));
			for (const {below, locale, words, zone} of cases) {
				const env = {LC_ALL: locale, TZ: zone};
				const from = below === 'dir/f' ? below : `${below}/`;
				const theirs = execFileSync('rsync', [...words, '-a', '--list-only', `${root}/${from}`], {
					env: {...process.env, ...env},
				});
				const path = below === '' ? [] : [below];
				const ours = listed(space, [root, ...path, '--format', 'rsync', ...words], env);
				t.is(ours.toString('latin1'), withDirectorySizes(theirs), `${locale} ${words} ${below}`);
			}
		},
	);
}

/** What mtree finds different from the specification, as Latin-1 lines. */
function differences(spec: string, root: string): string[] {
	const {stdout, stderr} = spawnSync('mtree', ['-f', spec, '-p', root], {encoding: 'latin1'});
	return `${stdout}${stderr}`.split('\n').filter(line => line !== '');
}

withMtree('mtree finds a tree as its specification says, and each change to it', async t => {
	const space = new Workspace(t);
	const root = hostileTree(space, 3, 100);
	await space.run('snapshot', root, '--state', space.at('state'));
	const spec = space.write('spec', listed(space, [root, '--format', 'mtree-netbsd']));
	t.deepEqual(differences(spec, root), []);
	const below = space.write('below', listed(space, [root, 'dir', '--format', 'mtree-netbsd']));
	t.deepEqual(differences(below, `${root}/dir`), []);

	writeFileSync(`${root}/-rf`, 'longer than it was');
	lutimesSync(`${root}/-rf`, 1e9, 1e9);
	chmodSync(`${root}/#x`, 0o600);
	rmSync(octets(`${root}/\xff\xfe`));
	renameSync(`${root}/*`, `${root}/**`);
	rmSync(octets(`${root}/link #`));
	symlinkSync('elsewhere', octets(`${root}/link #`));
	rmSync(`${root}/dir/large`);
	const found = differences(spec, root).join('\n');
	for (const [what, pattern] of [
		['size', /^-rf: +size \(3, 18\)/m],
		['time', /modification time \(.*, Sun Sep {2}9 01:46:40 2001\)/],
		['mode', /^#x: +permissions \(0644, 0600\)/m],
		['removed', /^missing: \.\/\xff\xfe$/m],
		['renamed from', /^missing: \.\/\\\*$/m],
		['renamed to', /^extra: \*\*$/m],
		['target', /link ref \(elsewhere, to a\n\*\xe9\)/],
		['link removed', /^missing: \.\/dir\/large$/m],
		['names of the inode', /link count \(2, 1\)/],
	] as const) {
		t.regex(found, pattern, what);
	}
	const named = /^(-rf|#x|link #|large|\.|dir|missing: .*|extra: .*):? ?/;
	const other = found.split('\n').filter(line => !/^[\t ]/.test(line) && !named.test(line));
	t.deepEqual(other, ['*\xe9)'], 'and nothing else');
});

withBsdtar('bsdtar makes an archive from it that lists as the tree does', async t => {
	const space = new Workspace(t);
	const root = hostileTree(space, 4, 100);
	await space.run('snapshot', root, '--state', space.at('state'));
	const spec = space.write('spec', listed(space, [root, '--format', 'mtree']));
	execFileSync('bsdtar', ['--format=pax', '-cf', space.at('tar'), `@${spec}`], {
		cwd: root,
		env: {...process.env, LC_ALL: 'C'},
		stdio: ['ignore', 'ignore', 'ignore'],
	});
	mkdirSync(space.at('copy'));
	execFileSync('bsdtar', ['-xpf', space.at('tar'), '-C', space.at('copy')]);
	// The directory that it is unpacked in keeps a time of its own.
	const found = compareTrees(root, space.at('copy'));
	t.deepEqual(
		found.filter(line => !line.startsWith('".": time')),
		[],
	);
});
