import test from 'ava';
import {type EntryView, entryType, makeEntry} from '../../../src/snapshot/entry.ts';
import type {List} from '../../../src/snapshot/list.ts';
import {comparePaths} from '../../../src/snapshot/path.ts';
import {PathOrder} from '../../../src/snapshot/path-order.ts';
import {TreeOrder} from '../../../src/snapshot/tree-order.ts';
import {Prng} from '../../support/prng.ts';
import {seedsOr} from '../../support/seeds.ts';
import {latin1, listOf, octets, randomEntries} from '../../support/snapshot.ts';

const text = (path: Uint8Array): string => Buffer.from(path).toString('latin1');

function walked(list: List, root: string): string[] {
	const order = new TreeOrder(list, list.find(latin1(root))!);
	const paths: string[] = [];
	while (order.next()) paths.push(text(order.entry.path));
	return paths;
}

/** The same order from an object for each entry: files, then directories as if named with a slash. */
function expected(entries: readonly EntryView[], root: string): string[] {
	const children = new Map<string, EntryView[]>();
	for (const entry of entries.slice(1)) {
		const path = text(entry.path);
		const parent = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
		children.set(parent, [...(children.get(parent) ?? []), entry]);
	}
	const below = (path: string): string[] => {
		const all = children.get(path) ?? [];
		const files = all.filter(({type}) => type !== entryType.directory);
		const directories = all
			.filter(({type}) => type === entryType.directory)
			.map(entry => ({path: text(entry.path), key: latin1(`${text(entry.path)}/`)}))
			.sort((a, b) => comparePaths(a.key, b.key));
		return [
			...files.map(entry => text(entry.path)),
			...directories.flatMap(entry => [entry.path, ...below(entry.path)]),
		];
	};
	return [root, ...below(root)];
}

test('files come before directories, and a.b/ before a/', t => {
	const entries = ['', 'a', 'a!', 'a!/x', 'a!b', 'a.b', 'a/y', 'a/z', 'a/z/w', 'b', 'c'].map(path =>
		makeEntry({
			path: octets(path),
			type: /^(|a|a!|a!b|a.b|a\/z|c)$/.test(path) ? entryType.directory : entryType.file,
			...(/^(a!\/x|a\/y|a\/z\/w|b)$/.test(path) && {digest: new Uint8Array(32)}),
		}),
	);
	const list = listOf(entries);
	t.deepEqual(walked(list, ''), [
		...['', 'b', 'a!', 'a!/x', 'a!b', 'a.b', 'a', 'a/y', 'a/z', 'a/z/w', 'c'],
	]);
	t.deepEqual(walked(list, 'a'), ['a', 'a/y', 'a/z', 'a/z/w']);
	t.deepEqual(walked(list, 'c'), ['c']);
	t.deepEqual(walked(list, 'b'), ['b']);
});

for (const seed of seedsOr(1, 2, 3)) {
	test(`each entry comes once, in rsync's order, over many pages [SHOAL_SEED=${seed}]`, t => {
		const prng = new Prng(seed);
		const entries = randomEntries(prng, 3000);
		const list = listOf(entries);
		t.true(list.pageCount > 10);
		t.deepEqual(walked(list, ''), expected(entries, ''));
		const directories = entries.filter(({type}) => type === entryType.directory);
		for (let round = 0; round < 30; round++) {
			const root = text(prng.pick(directories).path);
			t.deepEqual(walked(list, root), expected(entries, root));
			const inPathOrder = new PathOrder(list, list.find(latin1(root))!, latin1(root));
			const paths: string[] = [];
			while (inPathOrder.next()) paths.push(text(inPathOrder.entry.path));
			const sorted = expected(entries, root).map(latin1).sort(comparePaths).map(text);
			t.deepEqual(paths, sorted);
		}
	});
}
