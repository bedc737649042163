/**
 * One comparison of `pull -i` with `rsync -i`: a tree from a seed, a mirror of it that has gone its
 * own way since, and the lines that both programs print for the same update.
 */
import {execFileSync, spawnSync} from 'node:child_process';
import {
	lstatSync,
	lutimesSync,
	mkdirSync,
	readdirSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import {PassThrough} from 'node:stream';
import platform from '#platform';
import {main} from '../../src/cli/main.ts';
import {Terminal} from '../../src/cli/terminal.ts';
import {escapePath} from '../../src/escape.ts';
import {Scheduler} from '../../src/scheduler/scheduler.ts';
import {Prng} from './prng.ts';
import {RandomTree} from './random-tree.ts';
import {readAll} from './read-all.ts';

export type ItemizeCase = {
	readonly seed: number;
	/** Empty, and this case's own. */
	readonly directory: string;
	/** Options that both programs know, beside `-i` and those of an archive. */
	readonly words: readonly string[];
};

/** Options for a seed: every combination comes up. */
export function drawItemizeCase(seed: number): string[] {
	const prng = new Prng(seed ^ 0x1735);
	const words = ['--delete', '-c', '-n'].filter(() => prng.chance(0.6));
	if (prng.chance(0.2)) words.push('--size-only');
	return words;
}

/**
 * The lines of both, in order, files with several names left out: which name is the first, to
 * which the others are linked, follows from the order in which a program walks, and rsync looks at
 * the files of a directory before those further down.
 */
export type ItemizeResult = {readonly ours: string[]; readonly theirs: string[]};

const slash = Buffer.from('/');

/** A tree and a mirror of it from a seed, and an update of the mirror. */
export async function compareItemized(each: ItemizeCase): Promise<ItemizeResult> {
	const {directory, seed, words} = each;
	const prng = new Prng(seed);
	const hardLinks = prng.chance(0.5);
	mkdirSync(directory, {recursive: true});
	const [source, theirs, ours] = ['source', 'theirs', 'ours'].map(name => `${directory}/${name}`);
	const tree = new RandomTree(source!, prng.fork(), {hardLinks});
	tree.grow(5 + prng.below(60));
	settle(Buffer.from(source!), -9999);
	copy(source!, theirs!);
	tree.change(1 + prng.below(40));
	for (let left = prng.below(4); left > 0; left--) replaceOne(source!, prng);
	if (prng.chance(0.5)) new RandomTree(theirs!, prng.fork(), {hardLinks}).change(prng.below(20));
	// Both see the state directory's effect on the time of the root.
	mkdirSync(`${source}/.shoal`, {mode: 0o700});
	settle(Buffer.from(source!), 0);
	settle(Buffer.from(theirs!), 0);
	copy(theirs!, ours!);
	const linked = linkedNames(Buffer.from(source!));
	const {ours: all, theirs: rsyncAll} = await updateBoth(directory, words);
	const plain = (lines: readonly string[]): string[] =>
		lines.filter(line => !linked.has(pathOf(line)));
	return {ours: plain(all), theirs: plain(rsyncAll)};
}

/** Updates `ours` and `theirs` below `directory`, which are equal, from `source` beside them. */
export async function updateBoth(
	directory: string,
	words: readonly string[],
): Promise<ItemizeResult> {
	const [source, theirs, ours] = ['source', 'theirs', 'ours'].map(name => `${directory}/${name}`);
	const shoalLines = await pull([...words, source!, ours!], `${directory}/config`);
	const operands = ['--exclude=/.shoal', '--', `${source}/`, `${theirs}/`];
	const compared = rsync(['-aHinc', ...words, ...operands]);
	const rsyncLines = rsync(['-aHi', ...words, ...operands]);
	if (shoalLines === undefined || rsyncLines === undefined) return refused(shoalLines, rsyncLines);
	const same = compared?.filter(line => line.startsWith('.f'));
	const touched = new Set(same?.map(line => line.slice(1)));
	return {
		ours: shoalLines.sort(),
		theirs: rsyncLines.map(line => asCompared(line, touched)).sort(),
	};
}

/** Where a directory with entries is in the way of something else, both must say so. */
function refused(ours: string[] | undefined, theirs: string[] | undefined): ItemizeResult {
	const said = (lines: string[] | undefined) => [lines === undefined ? 'refused' : 'done'];
	return {ours: said(ours), theirs: said(theirs)};
}

/**
 * Makes all times whole seconds, because without more words rsync sees no finer differences, and
 * moves them: what is changed later has another time. Each inode is moved once.
 */
function settle(path: Buffer, seconds: number, seen = new Set<number>()): void {
	const stat = lstatSync(path);
	const {mtimeMs, ino} = stat;
	if (seen.has(ino)) return;
	seen.add(ino);
	if (stat.isDirectory()) {
		for (const name of readdirSync(path, {encoding: 'buffer'})) {
			settle(Buffer.concat([path, slash, name as unknown as Buffer]), seconds, seen);
		}
	}
	lutimesSync(path, 1e9, Math.floor(mtimeMs / 1000) + seconds);
}

/**
 * A file whose time differs and whose content does not is updated by rsync as if it had changed,
 * `>f..t......`. shoal compares the content first and sets the time: `.f..t......`.
 */
function asCompared(line: string, touched: ReadonlySet<string>): string {
	return touched.has(line.slice(1)) && line.startsWith('>') ? `.${line.slice(1)}` : line;
}

/** Something of another type, or a link to elsewhere, takes the place of an entry. */
function replaceOne(root: string, prng: Prng): void {
	const names = readdirSync(Buffer.from(root), {encoding: 'buffer'}) as unknown as Buffer[];
	const name = prng.pick(names);
	if (name === undefined) return;
	const path = Buffer.concat([Buffer.from(`${root}/`), name]);
	rmSync(path, {recursive: true});
	const kind = prng.below(3);
	if (kind === 0) symlinkSync(prng.pick(['x', '../y']), path);
	else if (kind === 1) writeFileSync(path, prng.bytes(10));
	else mkdirSync(path);
	if (kind === 2 && prng.chance(0.5))
		writeFileSync(Buffer.concat([path, Buffer.from('/in')]), 'in');
}

function copy(from: string, to: string): void {
	execFileSync('cp', ['-a', '--', from, to]);
}

/** Undefined: it could not do everything. */
function rsync(words: readonly string[]): string[] | undefined {
	const env = {...process.env, LC_ALL: 'C.UTF-8'};
	const {status, stdout, stderr} = spawnSync('rsync', words, {encoding: 'utf8', env});
	if (status === 23) return undefined;
	if (status !== 0) throw new Error(`exit ${status}: ${stderr}`);
	return linesOf(stdout);
}

/** In this process: starting one would cost more than the pull. Undefined: as above. */
async function pull(
	words: readonly string[],
	configDirectory: string,
): Promise<string[] | undefined> {
	const [out, err] = [new PassThrough(), new PassThrough()];
	const exit = await main(['pull', '-i', '--threads=0', '--max-delete=9999', ...words], {
		terminal: new Terminal(out, err),
		platform,
		scheduler: new Scheduler(),
		signal: new AbortController().signal,
		configDirectory,
	});
	if (exit === 23) return undefined;
	if (exit !== 0) throw new Error(`exit ${exit}: ${readAll(err)}`);
	return linesOf(readAll(out));
}

/** Paths of files with several names, as both programs print them. */
function linkedNames(root: Buffer, below: Buffer = Buffer.alloc(0)): Set<string> {
	const found = new Set<string>();
	const path = Buffer.concat([root, slash, below]);
	for (const entry of readdirSync(path, {encoding: 'buffer'}) as unknown as Buffer[]) {
		const name = below.length === 0 ? entry : Buffer.concat([below, slash, entry]);
		const stat = lstatSync(Buffer.concat([root, slash, name]));
		if (stat.isDirectory()) for (const each of linkedNames(root, name)) found.add(each);
		else if (stat.nlink > 1) found.add(escapePath(name));
	}
	return found;
}

function pathOf(line: string): string {
	return line.slice('>f......... '.length).replace(/ => .*/, '');
}

function linesOf(text: string): string[] {
	return text.split('\n').filter(line => /^([<>ch.*][fdLDS]|\*deleting)/.test(line));
}
