/**
 * One comparison of `pull -i` with `rsync -i`: a tree from a seed, a mirror of it that has gone its
 * own way since, and the lines that both programs print for the same update.
 */
import {execFileSync} from 'node:child_process';
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
import {Prng} from './prng.ts';
import {RandomTree} from './random-tree.ts';

export type ItemizeCase = {
	readonly seed: number;
	/** Empty, and this case's own. */
	readonly directory: string;
	/** Options that both programs know, beside `-i` and those of an archive. */
	readonly words: readonly string[];
	readonly hardLinks: boolean;
};

export type ItemizeResult = {readonly ours: string[]; readonly theirs: string[]};

const slash = Buffer.from('/');

/** The lines of both, in order of their octets. */
export async function compareItemized(each: ItemizeCase): Promise<ItemizeResult> {
	const {directory, seed, words, hardLinks} = each;
	const prng = new Prng(seed);
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
	const shoalLines = await pull([...words, source!, ours!], `${directory}/config`);
	const operands = ['--exclude=/.shoal', '--', `${source}/`, `${theirs}/`];
	const compared = rsync(['-aHinc', ...words, ...operands]);
	const touched = new Set(compared.filter(line => line.startsWith('.f')).map(line => line.slice(1)));
	const rsyncLines = rsync(['-aHi', ...words, ...operands]);
	return {ours: shoalLines.sort(), theirs: rsyncLines.map(line => asCompared(line, touched)).sort()};
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
	if (kind === 2 && prng.chance(0.5)) writeFileSync(Buffer.concat([path, Buffer.from('/in')]), 'in');
}

function copy(from: string, to: string): void {
	execFileSync('cp', ['-a', '--', from, to]);
}

function rsync(words: readonly string[]): string[] {
	const env = {...process.env, LC_ALL: 'C.UTF-8'};
	return linesOf(execFileSync('rsync', words, {encoding: 'utf8', env}));
}

/** In this process: starting one would cost more than the pull. */
async function pull(words: readonly string[], configDirectory: string): Promise<string[]> {
	const [out, err] = [new PassThrough(), new PassThrough()];
	const exit = await main(['pull', '-i', '--threads=0', '--max-delete=9999', ...words], {
		terminal: new Terminal(out, err),
		platform,
		signal: new AbortController().signal,
		configDirectory,
	});
	if (exit !== 0) throw new Error(`exit ${exit}: ${String(err.read())}`);
	return linesOf(String(out.read() ?? ''));
}

function linesOf(text: string): string[] {
	return text.split('\n').filter(line => /^([<>ch.*][fdLDS]|\*deleting)/.test(line));
}
