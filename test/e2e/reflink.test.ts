/** What is here already shares its blocks, where the file system can do that: on Btrfs, as root. */
import {execFileSync, spawnSync} from 'node:child_process';
import {copyFileSync, mkdirSync, truncateSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import test from 'ava';
import {Prng} from '../support/prng.ts';
import {Workspace} from '../support/workspace.ts';

const command = fileURLToPath(new URL('../../../bin/shoal.js', import.meta.url));

/** Mounts in a namespace of its own, so nothing stays mounted whatever becomes of the test. */
function inBtrfs(space: Workspace, script: string): string {
	const [image, at] = [space.at('image'), space.at('mounted')];
	const mounted = `set -e; mount -o loop ${image} ${at}; cd ${at}; ${script}`;
	const env = {...process.env, ...space.environment};
	return execFileSync('unshare', ['-m', 'sh', '-c', mounted], {encoding: 'latin1', env});
}

/** Whether an image can be made, mounted by this user, and asked for its extents. */
const probe = `set -e
	filefrag -V
	at=$(mktemp -d)
	trap 'rm -r "$at"' EXIT
	truncate -s 256M "$at/image"
	mkfs.btrfs -q "$at/image"
	mkdir "$at/mounted"
	unshare -m mount -o loop "$at/image" "$at/mounted"`;

const hasBtrfs = process.getuid?.() === 0 && spawnSync('sh', ['-c', probe]).status === 0;

const btrfsTest = hasBtrfs ? test : test.skip;

btrfsTest('a copy of what DEST has shares its blocks, and is proven like any other', t => {
	const space = new Workspace(t);
	const content = new Prng(1).bytes(3_000_000);
	space.write('tree/one', content);
	mkdirSync(space.at('mounted'));
	truncateSync(space.write('image', ''), 256 << 20);
	execFileSync('mkfs.btrfs', ['-q', space.at('image')]);
	const pull = `${process.execPath} ${command} pull ${space.at('tree')} mirror`;
	inBtrfs(space, pull);
	copyFileSync(space.at('tree/one'), space.at('tree/two'));
	const compare = `cmp mirror/one ${space.at('tree/one')}; cmp mirror/one mirror/two`;
	const told = inBtrfs(space, `${pull} --json; ${compare}; filefrag -sv mirror/two`);
	t.regex(told, /"bytesLiteral":0,/);
	t.regex(told, /shared/);
});
