/** One case of the comparison with rsync(1): the same trees and rules through both, for real. */
import {spawn} from 'node:child_process';
import {mkdirSync, realpathSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {Pool} from '../../src/pool/pool.ts';
import {type FilterArgument, parseFilterRules} from '../../src/snapshot/filter-parse.ts';
import {parseNames} from '../../src/snapshot/name-list.ts';
import {walkTree} from './compare-trees.ts';
import {drawFilterWorld, type FilterWorld, makeNodes, type Node, toOctets} from './filter-world.ts';
import {Prng} from './prng.ts';
import {pullTree} from './pull-tree.ts';
import {TreeSource} from './tree-source.ts';

const flags: Readonly<Record<FilterArgument['option'], string>> = {
	filter: '--filter',
	exclude: '--exclude',
	include: '--include',
	excludeFrom: '--exclude-from',
	includeFrom: '--include-from',
};

/**
 * Differences of the trees that both leave, one line each, after one pull and after a second;
 * undefined where rsync itself fails on its own file list, as it does on some hard links. Every
 * fourth seed publishes trees.
 */
export async function compareFilters(
	pool: Pool,
	home: string,
	seed: number,
): Promise<string[] | undefined> {
	const world = drawFilterWorld(new Prng(seed));
	const at = (name: string) => join(home, name);
	mkdirSync(home);
	for (const [name, text] of world.files) writeFileSync(at(name), toOctets(text));
	const ends = world.nulLines ? '\0' : '\n';
	const names = world.names?.map(name => name + ends).join('');
	if (names !== undefined) writeFileSync(at('names'), toOctets(names));
	for (const side of ['rsync', 'ours']) makeNodes(at(side), world.destination);
	const options = optionsOf(world, home);
	const asTrees = seed % 4 === 0;
	const differences: string[] = [];
	const startNs = BigInt(Date.now() - 1000) * 1_000_000n;
	for (const [round, nodes] of [world.source, world.later].entries()) {
		makeNodes(at('source'), nodes);
		const words = [...wordsOf(world, names !== undefined), 'source/', 'rsync/'];
		const {status, errors, listed} = await runRsync(words, home);
		if (/File-list index|Hlink node|received SIG/.test(errors)) return undefined;
		// Where the first name of a file cannot be put in place, rsync removes what the others replace.
		if (errors.includes('could not make way') && nodes.some(({same}) => same)) return undefined;
		if (status !== 0 && status !== 23) return [`rsync refuses: ${errors}`];
		const source = await TreeSource.of(pool, at('source'), {exclude: []});
		const {result, unchanged} = await pullTree({
			pool,
			source,
			destination: at('ours'),
			...(asTrees ? {open: {trees: {keep: 2, convert: round === 0}}} : {}),
			options:
				names === undefined
					? options
					: {...options, names: parseNames(toOctets(names), world.nulLines)},
		});
		const exit = unchanged ? 0 : result?.exit;
		// Names that are gone keep us from deleting; rsync has done that before it notices.
		if (errors.includes('link_stat')) break;
		if (exit !== status) differences.push(`round ${round}: exit ${status} became ${exit}`);
		const found = compare(at('rsync'), realpathSync(at('ours')), {
			startNs,
			listed,
			withRoot: names === undefined,
			asTrees,
		});
		differences.push(...found.map(line => `round ${round}: ${line}`));
		rmSync(at('source'), {recursive: true});
		if (found.length > 0) break;
	}
	if (differences.length === 0) rmSync(home, {recursive: true});
	return differences;
}

/** Runs it with a list of what it transfers. */
export async function runRsync(
	words: readonly string[],
	cwd: string,
): Promise<{status: number | null; errors: string; listed: ReadonlySet<string>}> {
	const listing = ['-ii8', '--out-format=%i %n'];
	const rsync = spawn('rsync', [...listing, ...words], {cwd, env: {...process.env, LC_ALL: 'C'}});
	const errors: Buffer[] = [];
	const lines: Buffer[] = [];
	rsync.stderr.on('data', (part: Buffer) => errors.push(part));
	rsync.stdout.on('data', (part: Buffer) => lines.push(part));
	const status = await new Promise<number | null>(resolve => rsync.on('close', resolve));
	const listed = new Set<string>();
	for (const line of Buffer.concat(lines).toString('latin1').split('\n')) {
		if (!/^[<>ch.][fdL]/.test(line)) continue;
		const name = line.slice(12).replace(/\/$/, '');
		listed.add(name.replaceAll('\\#012', '\n'));
	}
	return {status, errors: Buffer.concat(errors).toString('latin1'), listed};
}

/** What a seed draws, for people. */
export function describeWorld(seed: number): object {
	const world = drawFilterWorld(new Prng(seed));
	const tell = (nodes: readonly Node[]) =>
		nodes.map(({path, type, same}) => {
			const mark = type === 'directory' ? '/' : type === 'symlink' ? '@' : '';
			return path + mark + (same === undefined ? '' : `=${same}`);
		});
	return {
		words: wordsOf(world, world.names !== undefined),
		names: world.names,
		files: Object.fromEntries(world.files),
		source: tell(world.source),
		later: tell(world.later),
		destination: tell(world.destination),
	};
}

function wordsOf(world: FilterWorld, isNamed: boolean): string[] {
	return [
		'-aH',
		...(world.delete === 'no' ? [] : ['--delete']),
		...(world.delete === 'excluded' ? ['--delete-excluded'] : []),
		...(world.nulLines ? ['-0'] : []),
		...(isNamed ? ['--files-from=names'] : []),
		...(world.recursive ? ['-r'] : []),
		...world.rules.map(({option, text}) => `${flags[option]}=${text}`),
	];
}

function optionsOf(world: FilterWorld, home: string) {
	const given = world.rules.map(({option, text}) => ({option, text: toOctets(text)}));
	const filters = parseFilterRules(given, {
		deleteExcluded: world.delete === 'excluded',
		nulLines: world.nulLines,
		readFile: name => toOctets(world.files.get(Buffer.from(name).toString('latin1'))!),
	});
	return {
		delete: world.delete !== 'no',
		deleteMax: 1e9,
		filters,
		names: undefined,
		recursive: world.recursive,
		roots: {source: toOctets(join(home, 'source')), destination: toOctets(join(home, 'ours'))},
	};
}

export type CompareOptions = {
	readonly startNs: bigint;
	/** What rsync's list has. */
	readonly listed: ReadonlySet<string>;
	readonly withRoot: boolean;
	/** A directory in which something is deleted keeps its time then. */
	readonly asTrees: boolean;
};

/**
 * Times count where rsync has set them: what it did not, each side changed when it came by. Which
 * names are one file counts for those that are transferred.
 */
export function compare(
	theirs: string,
	ours: string,
	{startNs, listed, withRoot, asTrees}: CompareOptions,
): string[] {
	const [left, right] = [walkTree(theirs), walkTree(ours, ['.shoal'])];
	const differences: string[] = [];
	const [groups, ourGroups] = [groupsOf(left, listed), groupsOf(right, listed)];
	for (const [path, a] of left) {
		const b = right.get(path);
		const name = JSON.stringify(path);
		if (b === undefined) {
			differences.push(`${name} is missing`);
			continue;
		}
		for (const key of ['type', 'content', 'mode'] as const) {
			if (a[key] !== b[key] && !(key === 'mode' && a.type === 'symlink')) {
				differences.push(`${name}: ${key} ${a[key]} became ${b[key]}`);
			}
		}
		if (groups.get(path) !== ourGroups.get(path)) {
			differences.push(`${name}: group ${groups.get(path)} became ${ourGroups.get(path)}`);
		}
		// Another name of a file that is transferred may have got its time with it.
		const isOwn =
			listed.has(path) || (a.group + b.group === '' && !(asTrees && a.type === 'directory'));
		const isSet = a.mtimeNs < startNs && (path !== '' || withRoot) && isOwn;
		const apart = a.mtimeNs - b.mtimeNs;
		if (isSet && (apart > 2000n || apart < -2000n)) {
			differences.push(`${name}: time ${a.mtimeNs} became ${b.mtimeNs}`);
		}
	}
	for (const path of right.keys()) {
		if (!left.has(path)) differences.push(`${JSON.stringify(path)} is too much`);
	}
	return differences;
}

/** Of files that have several of the `listed` names: the first of them, for each. */
function groupsOf(
	tree: ReturnType<typeof walkTree>,
	listed: ReadonlySet<string>,
): Map<string, string> {
	const members = new Map<string, string[]>();
	for (const [path, {group}] of tree) {
		if (group === '' || !listed.has(path)) continue;
		members.set(group, [...(members.get(group) ?? []), path]);
	}
	const several = [...members.values()].filter(paths => paths.length > 1);
	return new Map(several.flatMap(paths => paths.map(path => [path, paths[0]!])));
}
