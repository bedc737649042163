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
	note('snapshot, nothing changed', () => snapshot());
	let seconds = 1_700_000_000;
	note('snapshot, 1 % scattered changed', () => {
		changeSome(tree, changedEvery, seconds++);
		return snapshot();
	});
	const lists = inProcess(state, entries, repeat);
	const changed = changeSome(tree, changedEvery, seconds++);
	const names = join(place, 'changed');
	writeFileSync(names, `${changed[0]}\n`);
	note('snapshot --changed, one file', () => snapshot('--changed', names), 1);
	writeFileSync(names, changed.map(path => `${path}\n`).join(''));
	note('snapshot --changed, 1 % scattered', () => snapshot('--changed', names), 1);
	changeSome(tree, changedEvery, seconds);
	note('snapshot after --changed, 1 % scattered changed: all anew', () => snapshot(), 1);
	return [...rows, ...lists];
}

/** The newest ones of a kind. */
function newest(state: string, ending: string, count: number): Uint8Array[] {
	const names = readdirSync(state).filter(name => name.endsWith(ending));
	const paths = names.map(name => join(state, name));
	paths.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
	return paths.slice(0, count).map(path => readFileSync(path));
}

/** On one thread, once the compiler is warm: the last two lists. */
function inProcess(state: string, entries: number, repeat: number): ListRow[] {
	const [after, before] = newest(state, '.list', 2) as [Uint8Array, Uint8Array];
	const [written] = newest(state, '.diff', 1) as [Uint8Array];
	const {sha256} = platform.crypto;
	const open = (octets: Uint8Array): List => {
		const list = List.open(octets, sha256);
		if (!(list instanceof List)) throw new Error(list.problem);
		return list;
	};
	const [from, to] = [open(before), open(after)];
	if (Buffer.compare(makeDiff(from, to), written) !== 0) throw new Error('another diff was saved');
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
			'diff of 1 % scattered, which the snapshot has written',
			() => makeDiff(from, to),
			diff => diff.length,
		),
	];
}
