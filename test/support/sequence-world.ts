/**
 * A small tree that lives: files that are edited, touched, linked, renamed, replaced by directories
 * and back. The same change, drawn once, can be made in several trees that are alike.
 */
import {
	chmodSync,
	linkSync,
	lstatSync,
	lutimesSync,
	mkdirSync,
	readdirSync,
	renameSync,
	rmSync,
	symlinkSync,
	utimesSync,
	writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import type {Prng} from './prng.ts';

const names = ['a', 'b', 'c', 'd', 'x.o', 'x.c', 'keep'];
const skipped = new Set(['.shoal']);

/** One change of a tree, by paths in it: it can be made wherever these paths are. */
export type Deed = (root: string) => void;

type Found = {readonly path: string; readonly type: 'file' | 'directory' | 'symlink'};

export function look(root: string): Found[] {
	const found: Found[] = [];
	const visit = (path: string): void => {
		for (const entry of readdirSync(join(root, path), {withFileTypes: true})) {
			if (path === '' && skipped.has(entry.name)) continue;
			const below = path === '' ? entry.name : `${path}/${entry.name}`;
			const type = entry.isDirectory() ? 'directory' : entry.isFile() ? 'file' : 'symlink';
			found.push({path: below, type});
			if (type === 'directory') visit(below);
		}
	};
	visit('');
	return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/**
 * A change of what is at `root` now. `replacing`: no file is changed, only replaced, as it has to
 * be where files have names in other trees.
 */
export function drawDeed(prng: Prng, root: string, replacing: boolean): Deed {
	const found = look(root);
	const directories = found.filter(({type}) => type === 'directory').map(({path}) => path);
	const files = found.filter(({type}) => type === 'file').map(({path}) => path);
	const others = found.filter(({path}) => path !== 'a').map(({path}) => path);
	const text = drawText(prng);
	const time = timeOf(prng, text);
	const touched = 1.5e9 + prng.below(1e8);
	const fresh = `${prng.pick(['', ...directories.map(path => `${path}/`)])}${prng.pick(names)}`;
	const isFree = fresh.split('/').length < 5 && !found.some(({path}) => path === fresh);
	const [file, other] = [files.length > 0 ? prng.pick(files) : '', pickOr(prng, others)];
	const write: Deed = at => {
		rmSync(join(at, fresh), {recursive: true, force: true});
		writeFileSync(join(at, fresh), text);
		utimesSync(join(at, fresh), time, time);
	};
	const edit: Deed = at => {
		if (replacing) rmSync(join(at, file));
		writeFileSync(join(at, file), text);
		utimesSync(join(at, file), time, time);
	};
	const kind = prng.below(14);
	if (kind < 2 && isFree) return write;
	if (kind === 2 && isFree) return at => mkdirSync(join(at, fresh));
	if (kind === 3 && isFree) {
		const target = prng.pick([...names, '..', '/nowhere']);
		return at => {
			symlinkSync(target, join(at, fresh));
			lutimesSync(join(at, fresh), time, time);
		};
	}
	if (kind < 6 && file !== '' && isFree) return at => linkSync(join(at, file), join(at, fresh));
	if (kind === 6 && file !== '') return edit;
	if (kind === 7 && file !== '' && !replacing) {
		return at => utimesSync(join(at, file), touched, touched);
	}
	if (kind === 8 && file !== '' && !replacing) {
		const mode = prng.pick([0o644, 0o600, 0o755]);
		return at => chmodSync(join(at, file), mode);
	}
	if (kind === 9 && other !== '') return at => rmSync(join(at, other), {recursive: true});
	if (kind === 10 && other !== '' && isFree && !`${fresh}/`.startsWith(`${other}/`)) {
		return at => renameSync(join(at, other), join(at, fresh));
	}
	if (kind === 11 && other !== '') return at => turnOver(join(at, other), text, time);
	if (kind === 12 && files.length > 1) {
		const [one, two] = [prng.pick(files), prng.pick(files)];
		return at => {
			const aside = join(at, 'aside');
			renameSync(join(at, one), aside);
			renameSync(join(at, one === two ? 'aside' : two), join(at, one));
			if (one !== two) renameSync(aside, join(at, two));
		};
	}
	if (directories.length > 0) {
		const directory = prng.pick(directories);
		const mode = prng.pick([0o755, 0o700, 0o775]);
		return at => {
			chmodSync(join(at, directory), mode);
			utimesSync(join(at, directory), time, time);
		};
	}
	return isFree ? write : () => undefined;
}

/** A file becomes a directory with a file in it; anything else becomes a file. */
function turnOver(path: string, text: string, time: number): void {
	const isFile = lstatSync(path).isFile();
	rmSync(path, {recursive: true});
	if (isFile) mkdirSync(path);
	const file = isFile ? join(path, 'x.c') : path;
	writeFileSync(file, text);
	utimesSync(file, time, time);
}

/** Other contents of one size never have the same time: then rsync would take them to be equal. */
function timeOf(prng: Prng, text: string): number {
	return 1e9 + text.charCodeAt(0) * 1e5 + prng.below(4);
}

/** Few contents, so that they meet again elsewhere. */
function drawText(prng: Prng): string {
	return prng.pick('pqrstu'.split('')).repeat(prng.pick([1, 3, 3, 7, 20, 70_000]));
}

function pickOr(prng: Prng, paths: readonly string[]): string {
	return paths.length === 0 ? '' : prng.pick(paths);
}

/** Rules of rsync's, as words of its command line. */
export function drawRules(prng: Prng): string[] {
	const rules: string[] = [];
	if (prng.chance(0.5)) return rules;
	for (let left = 1 + prng.below(3); left > 0; left--) {
		const sign = prng.pick(['-', '-', '+', 'P', 'R', 'H', 'S', '-s', '-r', '-p']);
		const start = prng.pick(['', '', '/', '/a/', '**/']);
		const end = prng.pick(['', '', '', '/', '/**', '/***', '*']);
		rules.push(`${sign} ${start}${prng.pick([...names, '*.o', '*'])}${end}`);
	}
	return rules;
}
