/**
 * Draws a source, a DEST and directories beside it, and lets rsync(1) and a pull bring twins of all
 * that to the same source with the same options. Afterwards DEST and those directories must be
 * equal, also in which names are one file.
 */
import {execFileSync} from 'node:child_process';
import {
	chmodSync,
	existsSync,
	lstatSync,
	lutimesSync,
	mkdirSync,
	readdirSync,
	rmSync,
	symlinkSync,
	utimesSync,
	writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import {pull} from '../../src/engine/pull.ts';
import {pullDefaults} from '../../src/engine/pull-defaults.ts';
import {compareTrees} from './compare-trees.ts';
import {Prng} from './prng.ts';
import {RandomTree} from './random-tree.ts';

export type Compared = {
	readonly words: readonly string[];
	readonly differences: readonly string[];
};

const kinds = ['compare', 'copy', 'link'] as const;

export async function compareAlternates(base: string, seed: number): Promise<Compared> {
	const prng = new Prng(seed);
	const [theirs, ours] = [join(base, 'theirs'), join(base, 'ours')];
	const count = 1 + prng.below(3);
	const kind = prng.pick(kinds);
	const flags = {
		delete: prng.chance(0.5),
		checksum: prng.chance(0.2),
		ignoreTimes: prng.chance(0.1),
	};
	// Which name of a group is looked for elsewhere is each program's own affair.
	const hardLinks = kind === 'copy' && prng.chance(0.5);
	// Where content is the same but not its time, rsync changes files that DEST shares.
	const isShared = prng.chance(0.5) && !flags.checksum && !flags.ignoreTimes;
	drawWorld(theirs, prng, {count, hardLinks, isShared});
	execFileSync('cp', ['-a', theirs, ours]);
	const names = Array.from({length: count}, (_, index) => `alternate-${index}`);
	const words = [
		...names.map(name => `--${kind}-dest=../${name}`),
		...(flags.delete ? ['--delete'] : []),
		...(flags.checksum ? ['-c'] : []),
		...(flags.ignoreTimes ? ['-I'] : []),
	];
	execFileSync('rsync', ['-aH', ...words, `${theirs}/source/`, `${theirs}/mirror/`]);
	const result = await pull({
		...pullDefaults,
		...flags,
		deleteMax: 1e6,
		configDirectory: join(base, 'config'),
		threads: 0,
		source: {directory: join(ours, 'source')},
		destination: join(ours, 'mirror'),
		alternates: {kind, directories: names.map(name => join(ours, name))},
	});
	for (const name of ['source', 'mirror']) rmSync(join(ours, name, '.shoal'), {recursive: true});
	for (const world of [theirs, ours]) {
		rmSync(join(world, 'source'), {recursive: true});
		for (const path of [world, join(world, 'mirror')]) utimesSync(path, 1e9, 1e9);
	}
	const problems = result.errors.map(({code, path}) => `${code} ${path ?? ''}`);
	return {words, differences: [...problems, ...compareTrees(theirs, ours)]};
}

/** In every directory beside DEST some files are just so, others are missing, or differ. */
function drawWorld(
	world: string,
	prng: Prng,
	{count, hardLinks, isShared}: {count: number; hardLinks: boolean; isShared: boolean},
): void {
	const tree = new RandomTree(join(world, 'source'), prng.fork(), {hardLinks});
	tree.grow(30);
	// Times within one second are the same to rsync, and not to shoal.
	settle(tree.root);
	for (let index = 0; index < count; index++) {
		execFileSync('cp', ['-a', tree.root, join(world, `alternate-${index}`)]);
		disturb(join(world, `alternate-${index}`), prng, 0.4);
	}
	if (prng.chance(0.3)) return;
	// A DEST that shares files with a directory beside it, as an earlier run left it; or not.
	const [how, from] = isShared ? ['-al', 'alternate-0'] : ['-a', 'source'];
	execFileSync('cp', [how, join(world, from), join(world, 'mirror')]);
	disturb(join(world, 'mirror'), prng, 0.6);
}

function settle(directory: string): void {
	const at = Buffer.from(directory, 'latin1');
	for (const name of readdirSync(at, {encoding: 'latin1'})) {
		const path = Buffer.from(`${directory}/${name}`, 'latin1');
		const stat = lstatSync(path);
		if (stat.isDirectory()) settle(path.toString('latin1'));
		const seconds = stat.isDirectory() ? 1e9 : Math.floor(stat.mtimeMs / 1000);
		lutimesSync(path, seconds, seconds);
	}
	utimesSync(at, 1e9, 1e9);
}

function disturb(directory: string, prng: Prng, part: number): void {
	const at = Buffer.from(directory, 'latin1');
	for (const name of readdirSync(at, {encoding: 'latin1'}).sort()) {
		const path = Buffer.from(`${directory}/${name}`, 'latin1');
		const stat = lstatSync(path);
		if (stat.isDirectory()) {
			disturb(path.toString('latin1'), prng, part);
			continue;
		}
		if (!prng.chance(part)) continue;
		const time = 1e9 + 10 * (1 + prng.below(1000));
		const kind = prng.below(6);
		// By a new inode, so that what shares the old one stays.
		if (kind > 3 || stat.isSymbolicLink()) rmSync(path);
		if (kind === 0 && stat.isFile()) chmodSync(path, 0o640);
		else if (kind === 1 && stat.isFile()) utimesSync(path, time, time);
		else if (kind <= 3 && stat.isFile()) {
			rmSync(path);
			writeFileSync(path, prng.bytes(Math.max(1, stat.size - (kind === 2 ? 0 : 1))));
			utimesSync(path, time, time);
		} else if (kind === 4) {
			symlinkSync('b', path);
			lutimesSync(path, time, time);
		} else if (prng.chance(0.2) && !existsSync(path)) mkdirSync(path);
	}
}
