/**
 * Trees, rules and lists of names, drawn from a seed, that meet the corners of filter rules: names
 * with wildcards, brackets, backslashes, spaces, line ends and octets that are no UTF-8, patterns
 * that are made from them, and a destination that differs in every way.
 */
import {linkSync, lutimesSync, mkdirSync, symlinkSync, utimesSync, writeFileSync} from 'node:fs';
import type {FilterArgument} from '../../src/snapshot/filter-parse.ts';
import type {Prng} from './prng.ts';

/** One path, as Latin-1 text of its octets. `same`: a hard link to that path. */
export type Node = {
	readonly path: string;
	readonly type: 'directory' | 'file' | 'symlink';
	readonly text: string;
	readonly time: number;
	readonly same?: string | undefined;
};

export type FilterWorld = {
	readonly source: readonly Node[];
	/** The source as it is for a second pull. */
	readonly later: readonly Node[];
	readonly destination: readonly Node[];
	readonly rules: readonly RuleOption[];
	/** Files that rules name, by their names, as Latin-1. */
	readonly files: ReadonlyMap<string, string>;
	readonly names: readonly string[] | undefined;
	readonly recursive: boolean;
	readonly nulLines: boolean;
	readonly delete: 'no' | 'delete' | 'excluded';
};

/** An option with its text as Latin-1. */
export type RuleOption = {readonly option: FilterArgument['option']; readonly text: string};

const words = [
	'a',
	'b',
	'ab',
	'ba',
	'foo',
	'x.o',
	'x.c',
	'a b',
	'[x]',
	'a*b',
	'a\\b',
	'\\*',
	'caf\xe9',
	'n\nl',
	'-d',
	'A1',
	'd!',
	'd',
	'd-x',
];

export const toOctets = (text: string): Buffer => Buffer.from(text, 'latin1');

export function drawFilterWorld(prng: Prng): FilterWorld {
	const source = drawTree(prng, 4 + prng.below(22));
	const destination = prng.chance(0.15) ? [] : drawDestination(prng, source);
	const files = new Map<string, string>();
	const nulLines = prng.chance(0.15);
	const paths = [...source, ...destination].map(({path}) => path).filter(path => path !== '');
	const rules: RuleOption[] = [];
	for (let left = prng.below(7); left > 0; left--) {
		rules.push(drawRule(prng, {paths, files, nulLines}));
	}
	const isNamed = prng.chance(0.25);
	return {
		source,
		later: drawLater(prng, source),
		destination,
		rules,
		files,
		nulLines,
		names: isNamed ? drawNames(prng, source, nulLines) : undefined,
		recursive: isNamed && prng.chance(0.4),
		delete: prng.pick(['no', 'delete', 'delete', 'delete', 'excluded'] as const),
	};
}

/** Makes what nodes say below `root`, which is made too; times last. */
export function makeNodes(root: string, nodes: readonly Node[]): void {
	const at = (path: string) => (path === '' ? toOctets(root) : toOctets(`${root}/${path}`));
	mkdirSync(root);
	for (const {path, type, text, time, same} of nodes) {
		if (same !== undefined) linkSync(at(same), at(path));
		else if (type === 'directory') mkdirSync(at(path));
		else if (type === 'symlink') {
			symlinkSync(toOctets(text), at(path));
			lutimesSync(at(path), time, time);
		} else {
			writeFileSync(at(path), toOctets(text));
			utimesSync(at(path), time, time);
		}
	}
	for (const {path, type, time} of [...nodes].reverse()) {
		if (type === 'directory') utimesSync(at(path), time, time);
	}
	utimesSync(root, 1e9, 1e9);
}

function drawTree(prng: Prng, count: number): Node[] {
	const nodes: Node[] = [];
	const directories = [''];
	const files: string[] = [];
	const used = new Set<string>();
	for (let left = count; left > 0; left--) {
		const above = prng.pick(directories);
		const path = joined(above, prng.pick(words));
		if (used.has(path) || path.split('/').length > 5) continue;
		used.add(path);
		const time = 1e9 + prng.below(1e6);
		const draw = prng.float();
		if (draw < 0.4) {
			nodes.push({path, type: 'directory', text: '', time});
			directories.push(path);
		} else if (draw < 0.5) {
			nodes.push({path, type: 'symlink', text: prng.pick(words), time});
		} else if (draw < 0.6 && files.length > 0) {
			const same = prng.pick(files);
			nodes.push({path, type: 'file', text: '', time, same});
		} else {
			nodes.push({path, type: 'file', text: 'x'.repeat(prng.below(40)), time});
			files.push(path);
		}
	}
	return nodes;
}

/** Some of the source, some of that otherwise, and things of its own. */
function drawDestination(prng: Prng, source: readonly Node[]): Node[] {
	const nodes: Node[] = [];
	const kept = new Map<string, Node>();
	const add = (node: Node): void => {
		const above = node.path.slice(0, Math.max(0, node.path.lastIndexOf('/')));
		if (kept.has(node.path) || (above !== '' && kept.get(above)?.type !== 'directory')) return;
		if (node.same !== undefined && kept.get(node.same)?.type !== 'file') return;
		kept.set(node.path, node);
		nodes.push(node);
	};
	for (const node of source) {
		if (prng.chance(0.3)) continue;
		const time = 1e9 + prng.below(1e6);
		if (!prng.chance(0.25)) add(node);
		else if (prng.chance(0.5)) {
			add({...prng.pick(source), path: node.path, same: undefined, time});
		} else {
			// A directory with something in it, in the way of what may be none.
			add({path: node.path, type: 'directory', text: '', time});
			const path = joined(node.path, prng.pick(words));
			add({path, type: prng.pick(['file', 'directory']), text: '', time});
		}
	}
	for (let left = prng.below(14); left > 0; left--) {
		const directories = [...kept.values()].filter(({type}) => type === 'directory');
		const above = prng.chance(0.3) || directories.length === 0 ? '' : prng.pick(directories).path;
		const isDirectory = prng.chance(0.4);
		const time = 1e9 + prng.below(1e6);
		add({
			path: joined(above, prng.pick(words)),
			type: isDirectory ? 'directory' : 'file',
			text: isDirectory ? '' : 'own',
			time,
		});
	}
	return nodes;
}

/** What the source is some time later. */
function drawLater(prng: Prng, source: readonly Node[]): Node[] {
	const gone = source.filter(() => prng.chance(0.15)).map(({path}) => path);
	const isGone = (path: string) => gone.some(each => path === each || path.startsWith(`${each}/`));
	const nodes = source.filter(({path, same}) => !isGone(path) && !(same && isGone(same)));
	const used = new Set(nodes.map(({path}) => path));
	for (const node of drawTree(prng, 8)) {
		const above = node.path.slice(0, Math.max(0, node.path.lastIndexOf('/')));
		const isBelow =
			above === '' || nodes.some(({path, type}) => path === above && type === 'directory');
		if (used.has(node.path) || !isBelow || node.same !== undefined) continue;
		used.add(node.path);
		nodes.push(node);
	}
	return nodes;
}

type RuleWorld = {
	readonly paths: readonly string[];
	readonly files: Map<string, string>;
	readonly nulLines: boolean;
};

/** An option of any kind, with the files that it needs. */
function drawRule(prng: Prng, world: RuleWorld, depth = 0): RuleOption {
	const draw = prng.float();
	if (draw < 0.2) return asOption('exclude', drawOld(prng, world), world);
	if (draw < 0.35) return asOption('include', drawOld(prng, world), world);
	if (draw < 0.45) {
		const option = prng.pick(['excludeFrom', 'includeFrom'] as const);
		return {option, text: drawFile(prng, world, () => drawOld(prng, world))};
	}
	return asOption('filter', drawNamed(prng, world, depth), world);
}

/** Octets beyond ASCII cannot stand on a command line that is made of text. */
function asOption(
	option: 'exclude' | 'include' | 'filter',
	text: string,
	{files, nulLines}: RuleWorld,
): RuleOption {
	if (!/[\x80-\xff]/.test(text)) return {option, text};
	const name = `rules-${files.size}`;
	files.set(name, nulLines ? `${text}\0` : `${text.replaceAll('\n', '?')}\n`);
	const kind = option === 'filter' ? undefined : (`${option}From` as const);
	return kind === undefined ? {option: 'filter', text: `. ${name}`} : {option: kind, text: name};
}

function drawOld(prng: Prng, {paths}: RuleWorld): string {
	if (prng.chance(0.03)) return '!';
	const sign = prng.pick(['', '', '', '+ ', '- ']);
	return sign + drawPattern(prng, paths);
}

function drawNamed(prng: Prng, world: RuleWorld, depth: number): string {
	const draw = prng.float();
	if (draw < 0.04) return prng.pick(['!', 'clear']);
	if (draw < 0.16 && depth < 2) return drawMerge(prng, world, depth);
	const [name, modifiers] = prng.pick([
		['-', '!srp/'],
		['+', '!srp/'],
		['-', '!srp/'],
		['exclude', '!srp/'],
		['include', '!srp/'],
		['H', '!p/'],
		['hide', '!p/'],
		['S', '!p/'],
		['show', '!p/'],
		['P', '!p/'],
		['P', 'p/'],
		['protect', '!p/'],
		['R', '!p/'],
		['risk', '!p/'],
	] as const);
	let given = '';
	for (const modifier of modifiers) {
		if (prng.chance(modifier === '!' ? 0.08 : 0.15)) given += modifier;
	}
	const comma = given !== '' && (name.length > 1 || prng.chance(0.3)) ? ',' : '';
	return name + comma + given + prng.pick([' ', '_']) + drawPattern(prng, world.paths);
}

function drawMerge(prng: Prng, world: RuleWorld, depth: number): string {
	const form = prng.pick(['', '', '-', '+', 'p', 'w-', 'w+', 'C', 'e', '/', 'n']);
	const isOld = /[-+C]/.test(form);
	const isWords = /[wC]/.test(form);
	const line = (): string => {
		const pattern = drawPattern(prng, world.paths);
		if (isWords) return pattern.replaceAll(/[\s]/g, '?');
		return isOld ? pattern : drawNamed(prng, world, depth + 1);
	};
	return `.${form === '' ? '' : form} ${drawFile(prng, world, line)}`;
}

function drawFile(prng: Prng, {files, nulLines}: RuleWorld, line: () => string): string {
	const name = `rules-${files.size}`;
	files.set(name, '');
	const lines: string[] = [];
	for (let left = 1 + prng.below(3); left > 0; left--) {
		if (prng.chance(0.1)) lines.push(prng.pick(['# a', '; b', '']));
		const text = line();
		lines.push(nulLines ? text : text.replaceAll(/[\n\r]/g, '?'));
	}
	files.set(name, lines.map(text => text + (nulLines ? '\0' : '\n')).join(''));
	return name;
}

/** A pattern that often matches something: a path, changed. */
function drawPattern(prng: Prng, paths: readonly string[]): string {
	if (paths.length === 0 || prng.chance(0.12)) return drawNoise(prng);
	let parts = prng.pick(paths).split('/');
	const isTail = prng.chance(0.7);
	if (isTail) parts = parts.slice(-1 - prng.below(parts.length));
	parts = parts.map(part => drawPart(prng, part));
	if (prng.chance(0.12)) parts.splice(prng.below(parts.length + 1), 0, '**');
	let pattern = parts.join('/');
	if (!isTail || prng.chance(0.15)) pattern = `/${pattern}`;
	return (
		pattern + (prng.chance(0.3) ? prng.pick(['/', '/', '/**', '/***', '/*', '***', '**']) : '')
	);
}

function drawPart(prng: Prng, part: string): string {
	const draw = prng.float();
	const at = prng.below(part.length);
	const [head, tail] = [part.slice(0, at), part.slice(at + 1)];
	if (draw < 0.5) return part;
	if (draw < 0.6) return part.replaceAll(/[[*?\\]/g, '\\$&');
	if (draw < 0.68) return '*';
	if (draw < 0.76) return `${head}?${tail}`;
	if (draw < 0.84) return `${head}*`;
	if (draw < 0.88) return `${head}**${tail}`;
	const set = prng.pick([
		`${part[at]!}z`,
		'!z',
		'^a',
		'a-f',
		']a',
		'[:alpha:]x',
		'^[:digit:]',
		'a\\]',
	]);
	return draw < 0.97 ? `${head}[${set}]${tail}` : `${head}[${set}${tail}`;
}

function drawNoise(prng: Prng): string {
	const letters = [...'ab*?[]!^-\\/.:x'];
	let text = '';
	for (let left = 1 + prng.below(6); left > 0; left--) text += prng.pick(letters);
	return text;
}

function drawNames(prng: Prng, source: readonly Node[], nulLines: boolean): string[] {
	const names: string[] = [];
	for (let left = prng.below(5); left > 0; left--) {
		if (source.length === 0 || prng.chance(0.06)) names.push(prng.pick(['.', './', '/', '..']));
		else {
			const {path, type} = prng.pick(source);
			let name = path;
			if (prng.chance(0.4) && type !== 'symlink') name += prng.pick(['/', '//', '/.']);
			if (prng.chance(0.2)) name = prng.pick(['/', './', '../', 'q/../']) + name;
			if (nulLines || !name.includes('\n')) names.push(name);
		}
	}
	return names;
}

function joined(above: string, name: string): string {
	return above === '' ? name : `${above}/${name}`;
}
