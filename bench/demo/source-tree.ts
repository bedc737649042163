/** The tree that the demo mirrors: real files, and the names and links that break weak tools. */
import {
	chmodSync,
	copyFileSync,
	linkSync,
	lutimesSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	readlinkSync,
	renameSync,
	rmSync,
	statSync,
	symlinkSync,
	utimesSync,
	writeFileSync,
} from 'node:fs';
import {dirname, join} from 'node:path';
import {Prng} from '../../test/support/prng.ts';

type Found = {readonly path: string; readonly size: number};

/** An instant with a fraction that seconds alone would lose. */
const old = 1_234_567_890.125;

/** Copies files of `from` into `to`, the smallest first, up to `sizeMax` octets in all. */
export function makeTree(from: string, to: string, sizeMax: number): void {
	mkdirSync(to);
	const links: string[] = [];
	const files: Found[] = [];
	collect(from, '', files, links);
	files.sort((a, b) => a.size - b.size || (a.path < b.path ? -1 : 1));
	let size = 0;
	for (const file of files) {
		size += file.size;
		if (size > sizeMax) break;
		copy(join(from, file.path), join(to, file.path));
	}
	for (const path of links) {
		mkdirSync(dirname(join(to, path)), {recursive: true});
		symlinkSync(readlinkSync(join(from, path)), join(to, path));
	}
	addOddities(join(to, 'odd names'));
}

function collect(root: string, path: string, files: Found[], links: string[]): void {
	for (const entry of readdirSync(join(root, path), {withFileTypes: true})) {
		const below = join(path, entry.name);
		if (entry.isDirectory()) collect(root, below, files, links);
		else if (entry.isSymbolicLink()) links.push(below);
		else if (entry.isFile()) {
			// A name that is no UTF-8 cannot be reached as a string: it is left out here.
			const stat = statSync(join(root, below), {throwIfNoEntry: false});
			if (stat !== undefined) files.push({path: below, size: stat.size});
		}
	}
}

function copy(from: string, to: string): void {
	mkdirSync(dirname(to), {recursive: true});
	copyFileSync(from, to);
	const {mtime, mode} = statSync(from);
	chmodSync(to, mode & 0o777);
	utimesSync(to, mtime, mtime);
}

function addOddities(directory: string): void {
	mkdirSync(directory);
	const at = (name: string) => join(directory, name);
	writeFileSync(at('two\nlines'), 'a name with a newline\n');
	writeFileSync(at('empty'), '');
	writeFileSync(at('leaf'), new Prng(1).bytes(65_536));
	writeFileSync(at('leaf and one'), new Prng(2).bytes(65_537));
	writeFileSync(at('private'), 'for the owner alone\n', {mode: 0o600});
	writeFileSync(at('first name'), 'one file, three names\n');
	linkSync(at('first name'), at('second name'));
	mkdirSync(at('deeper'), {mode: 0o750});
	linkSync(at('first name'), at('deeper/third name'));
	mkdirSync(at('empty directory'));
	symlinkSync('leaf', at('link'));
	symlinkSync('../nowhere', at('link to nothing'));
	symlinkSync('deeper', at('link to a directory'));
	lutimesSync(at('link'), old, old);
	utimesSync(at('private'), old, old);
	writeLatin1(directory);
}

/** Some systems take only names in UTF-8: there the tree goes without this one. */
function writeLatin1(directory: string): void {
	const name = Buffer.concat([Buffer.from(`${directory}/`), Buffer.from('caf\xe9', 'latin1')]);
	try {
		writeFileSync(name, 'a name in Latin-1\n');
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== 'EILSEQ') throw error;
	}
}

/**
 * What happens to a tree between two pulls: edits, an insertion in the middle of the largest file,
 * additions, a deletion, a rename, a mode.
 */
export function changeTree(tree: string): void {
	const at = (name: string) => join(tree, 'odd names', name);
	const packages = readdirSync(tree)
		.filter(name => /^[a-z]/.test(name) && name !== 'odd names')
		.sort();
	const edited = packages.filter((_name, index) => index % 10 === 0);
	for (const name of edited) {
		const manifest = join(tree, name, 'package.json');
		if (statSync(manifest, {throwIfNoEntry: false})?.isFile()) {
			writeFileSync(manifest, `{"edited": true, "name": "${name}"}\n`);
		}
	}
	insert(largest(tree), new Prng(5).bytes(1000));
	writeFileSync(at('leaf'), new Prng(3).bytes(70_000));
	writeFileSync(at('new'), new Prng(4).bytes(300_000));
	mkdirSync(at('new directory'));
	writeFileSync(at('new directory/new'), 'new\n');
	rmSync(join(tree, packages[1]!), {recursive: true});
	renameSync(join(tree, packages[2]!), join(tree, `${packages[2]} renamed`));
	rmSync(at('empty directory'), {recursive: true});
	symlinkSync('now a link', at('empty directory'));
	rmSync(at('second name'));
	writeFileSync(at('second name'), 'now a file of its own\n');
	chmodSync(at('private'), 0o640);
}

function largest(tree: string): string {
	const files: Found[] = [];
	collect(tree, '', files, []);
	return join(tree, files.reduce((a, b) => (b.size > a.size ? b : a)).path);
}

/** Puts octets into the middle of a file: all that is behind them moves. */
function insert(path: string, octets: Uint8Array): void {
	const content = readFileSync(path);
	const middle = content.length >> 1;
	writeFileSync(
		path,
		Buffer.concat([content.subarray(0, middle), octets, content.subarray(middle)]),
	);
}
