/** What a list of many entries costs its source, beside what rsync pays to build its own. */
import {mkdirSync, readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import platform from '#platform';
import {makeDiff} from '../../src/snapshot/diff.ts';
import {List} from '../../src/snapshot/list.ts';
import {type Cost, run} from './process.ts';
import {changeSome, makeTree} from './tree.ts';

export type ListRow = Omit<Cost, 'mebibytes'> & {
	readonly what: string;
	readonly entries: number;
	readonly mebibytes?: number;
	/** Of what was written. */
	readonly octets?: number;
};

export type ListOptions = {
	readonly directory: string;
	readonly program: string;
	readonly entries: number;
	readonly repeat: number;
};

const changedEvery = 100;

export function measureList({directory, program, entries, repeat}: ListOptions): ListRow[] {
	const place = join(directory, `list-${entries}`);
	mkdirSync(place);
	const tree = join(place, 'tree');
	const state = join(place, 'state');
	makeTree(tree, entries);
	const environment = {XDG_CONFIG_HOME: join(place, 'config')};
	const snapshot = (...words: string[]): Cost =>
		run([process.execPath, program, 'snapshot', tree, '--state', state, ...words], environment);
	const rows: ListRow[] = [];
	const note = (what: string, act: () => Cost, times = repeat): void => {
		const costs = Array.from({length: times}, act).sort((a, b) => a.seconds - b.seconds);
		const {seconds, cpuSeconds, mebibytes} = costs[costs.length >> 1]!;
		rows.push({what, entries, seconds, cpuSeconds, mebibytes});
	};
	note('rsync builds its list', () => run(['rsync', '-r', '--list-only', `${tree}/`]));
	note('first snapshot: scan, hash, save', () => snapshot(), 1);
	// What was changed within two seconds of being hashed is hashed again.
	snapshot();
	const before = newestList(state);
	note('snapshot, nothing changed', () => snapshot());
	const changed = changeSome(tree, changedEvery, 1_700_000_000);
	const names = join(place, 'changed');
	writeFileSync(names, `${changed[0]}\n`);
	note('snapshot --changed, one file', () => snapshot('--changed', names), 1);
	writeFileSync(names, changed.map(path => `${path}\n`).join(''));
	note('snapshot --changed, 1 % scattered', () => snapshot('--changed', names), 1);
	changeSome(tree, changedEvery, 1_700_000_001);
	note('snapshot, 1 % scattered changed', () => snapshot(), 1);
	return [...rows, ...inProcess(before, newestList(state), entries, repeat)];
}

function newestList(state: string): Uint8Array {
	const lists = readdirSync(state).filter(name => name.endsWith('.list'));
	const paths = lists.map(name => join(state, name));
	paths.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
	return readFileSync(paths[0]!);
}

/** On one thread, once the compiler is warm. */
function inProcess(
	before: Uint8Array,
	after: Uint8Array,
	entries: number,
	repeat: number,
): ListRow[] {
	const {sha256} = platform.crypto;
	const open = (octets: Uint8Array): List => {
		const list = List.open(octets, sha256);
		if (!(list instanceof List)) throw new Error(list.problem);
		return list;
	};
	const [from, to] = [open(before), open(after)];
	const time = <T>(what: string, act: () => T, octetsOf: (made: T) => number): ListRow => {
		const rounds = Array.from({length: repeat + 1}, () => {
			const start = performance.now();
			const octets = octetsOf(act());
			return {seconds: (performance.now() - start) / 1000, octets};
		}).slice(1);
		const {seconds, octets} = rounds.sort((a, b) => a.seconds - b.seconds)[repeat >> 1]!;
		return {what, entries, seconds, cpuSeconds: seconds, octets};
	};
	return [
		time(
			'load and validate',
			() => open(after),
			list => list.bytes.length,
		),
		time(
			'diff of 1 % scattered',
			() => makeDiff(from, to),
			diff => diff.length,
		),
	];
}
