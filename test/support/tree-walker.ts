/**
 * Walks what a symlink shows, again and again, in a process of its own: `node tree-walker.js DEST`.
 * Every file of the trees that it walks holds the same word. It says READY once it has seen a
 * tree, and at the end of its input how many whole trees and single files it saw, or what was
 * wrong with one.
 */
import {readdirSync, readFileSync, realpathSync} from 'node:fs';
import {join} from 'node:path';

const [destination] = process.argv.slice(2) as [string];
let isOver = false;
process.stdin.on('end', () => {
	isOver = true;
});
process.stdin.resume();

const seen = {trees: 0, paths: 0, generations: new Set<string>()};

/** The word of each file below a directory, by its path there. */
function wordsIn(directory: string, path = ''): [string, string][] {
	return readdirSync(join(directory, path), {withFileTypes: true}).flatMap(entry => {
		const inner = join(path, entry.name);
		if (entry.isDirectory()) return wordsIn(directory, inner);
		return [[inner, readFileSync(join(directory, inner), 'utf8').slice(0, 8)] as [string, string]];
	});
}

/** One tree, whatever is shown meanwhile. */
function walkOnce(): void {
	const words = wordsIn(realpathSync(destination));
	const generation = words[0]?.[1] ?? '';
	const isMixed = words.some(([, word]) => word !== generation);
	// So many files, so that one too much or too few shows.
	const isWhole = words.length === 40 + (Number(generation) % 3);
	if (isMixed || !isWhole) throw new Error(`a mixture: ${JSON.stringify(words)}`);
	seen.trees++;
	seen.generations.add(generation);
}

/** Single files through the symlink: each is there, whole, old or new. */
function readPaths(): void {
	for (let number = 0; number < 40; number++) {
		const text = readFileSync(join(destination, `dir ${number % 4}`, `${number}`), 'utf8');
		if (text !== text.slice(0, 8).repeat(200)) throw new Error(`a torn file: ${text.slice(0, 80)}`);
		seen.paths++;
	}
}

function turn(): void {
	walkOnce();
	readPaths();
	if (seen.trees === 1) process.stdout.write('READY\n');
	if (!isOver) setImmediate(turn);
	else {
		const {trees, paths, generations} = seen;
		process.stdout.write(`${JSON.stringify({trees, paths, generations: generations.size})}\n`);
	}
}

turn();
