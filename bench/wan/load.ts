/** What is carried: trees drawn from one seed, so that every machine moves the same octets. */
import {existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {Prng} from '../../test/support/prng.ts';
import {benchSeed} from '../harness.ts';

export type Load = {
	readonly name: LoadName;
	readonly title: string;
	readonly fileCount: number;
	/** Of each file: this, or drawn with equal chances for each doubling up to `sizeMax`. */
	readonly size: number;
	readonly sizeMax: number;
	/** The destination is already the image of the tree. */
	readonly isPulled: boolean;
	/** The client has pulled the same over the same path before, into another place. */
	readonly isMet?: boolean;
};

export type LoadName = '64mib' | '256mib' | 'small' | 'again' | 'one' | 'none' | '8mib' | '1mib';

const load = (name: LoadName, title: string, fileCount: number, size: number): Load => ({
	name,
	title,
	fileCount,
	size,
	sizeMax: size,
	isPulled: false,
});

const small: Load = {...load('small', '2,000 files of 1–32 KiB', 2000, 1024), sizeMax: 32_768};

export const loads: readonly Load[] = [
	load('64mib', '64 MiB', 1, 64 << 20),
	load('256mib', '256 MiB', 1, 256 << 20),
	small,
	{...small, name: 'again', title: `${small.title}, over a path met before`, isMet: true},
	load('one', 'one file of 1 KiB', 1, 1024),
	{...small, name: 'none', title: '2,000 files, no change', isPulled: true},
];

/** What CUBIC is given in place of more where packets are lost, and what a smoke run carries. */
export const eighth: Load = load('8mib', '8 MiB', 1, 8 << 20);
export const smokeLoad: Load = load('1mib', '1 MiB', 1, 1 << 20);

/** Sizes of its files, in octets. */
export function fileSizes({fileCount, size, sizeMax}: Load): number[] {
	const prng = new Prng(benchSeed);
	return Array.from({length: fileCount}, () => Math.round(prng.logUniform(size, sizeMax)));
}

/** Octets of content in all. */
export function contentSize(load: Load): number {
	return fileSizes(load).reduce((sum, size) => sum + size, 0);
}

/** Makes the tree below `base` if it is not there; answers its path. */
export function makeTree(load: Load, base: string): string {
	const tree = join(base, `tree-${load.isPulled || load.isMet ? 'small' : load.name}`);
	if (existsSync(tree)) return tree;
	const prng = new Prng(benchSeed);
	fileSizes(load).forEach((size, index) => {
		const directory = load.fileCount === 1 ? '' : `d${index % 10}/e${Math.floor(index / 10) % 8}`;
		const path = join(tree, directory, `f${index}`);
		mkdirSync(dirname(path), {recursive: true});
		writeFileSync(path, prng.bytes(size));
	});
	// Also of directories: of one that was made in the same second rsync leaves the time as it is.
	for (const name of ['', ...readdirSync(tree, {recursive: true, encoding: 'utf8'})]) {
		utimesSync(join(tree, name), 1_700_000_000, 1_700_000_000);
	}
	return tree;
}
