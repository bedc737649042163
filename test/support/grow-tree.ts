/** Fills a directory with a tree that has every awkward thing a tree can have, from a seed. */
import {execFileSync} from 'node:child_process';
import {chmodSync, linkSync, lutimesSync, mkdirSync, symlinkSync, writeFileSync} from 'node:fs';
import type {Prng} from './prng.ts';

/** Names that sort apart as paths and as names, and octets that are no text. */
const stems = ['a', 'a!', 'a-b', 'a.d', 'a0', 'A', 'b', '\xff', 'caf\xe9', 'new\nline', ' ', '~'];

/** `count` entries below `root`, a directory that exists; at most six levels deep. */
export function growTree(root: string, prng: Prng, count: number): void {
	const directories = [''];
	const files: string[] = [];
	for (let number = 0; number < count; number++) {
		const directory = prng.pick(directories);
		const name = prng.chance(0.3) ? prng.pick(stems) : `${prng.pick(stems)}${number}`;
		const path = directory === '' ? name : `${directory}/${name}`;
		const kind = prng.float();
		try {
			if (kind < 0.15 && path.split('/').length < 6) {
				mkdirSync(at(root, path));
				directories.push(path);
			} else if (kind < 0.25) {
				symlinkSync(Buffer.from(`../to\xe9/${number}`, 'latin1'), at(root, path));
			} else if (kind < 0.32 && files.length > 0) {
				linkSync(at(root, prng.pick(files)), at(root, path));
			} else {
				writeFileSync(at(root, path), prng.bytes(prng.below(300)), {flag: 'wx'});
				chmodSync(at(root, path), prng.pick([0o644, 0o600, 0o755, 0o4711]));
				lutimesSync(at(root, path), 0, 1_000_000_000 + prng.below(500_000_000));
				files.push(path);
			}
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
		}
	}
	execFileSync('mkfifo', ['--', `${root}/fifo`]);
}

/** The path of a Latin-1 name below `root`. */
export function at(root: string, path: string): Buffer {
	return Buffer.concat([Buffer.from(`${root}/`), Buffer.from(path, 'latin1')]);
}
