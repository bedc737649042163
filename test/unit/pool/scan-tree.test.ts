import {
	type BigIntStats,
	lstatSync,
	mkdirSync,
	readdirSync,
	readlinkSync,
	writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import {isDeepStrictEqual} from 'node:util';
import test from 'ava';
import {ShoalError} from '../../../src/error.ts';
import {scanTree} from '../../../src/pool/scan-tree.ts';
import {entryType} from '../../../src/snapshot/entry.ts';
import type {ScanTable} from '../../../src/task/scan-table.ts';
import {at, growTree} from '../../support/grow-tree.ts';
import {openPoolOver, sharedPools} from '../../support/pool.ts';
import {Prng} from '../../support/prng.ts';
import {tempDirectory} from '../../support/temp-directory.ts';
import {octets} from '../../support/tree-compliance.ts';

const poolOf = sharedPools();

/** Everything below `root` as the system lists it, by path in order of octets. */
function listed(root: string): Map<string, BigIntStats> {
	const found = new Map<string, BigIntStats>();
	const visit = (path: string): void => {
		const stat = lstatSync(path === '' ? root : at(root, path), {bigint: true});
		found.set(path, stat);
		if (!stat.isDirectory()) return;
		for (const name of readdirSync(path === '' ? root : at(root, path), 'latin1')) {
			visit(path === '' ? name : `${path}/${name}`);
		}
	};
	visit('');
	return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function paths(table: ScanTable): string[] {
	return Array.from({length: table.count}, (_, index) => latin1(table.path(index)));
}

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

/** What the table says otherwise than the system, a line each. */
function differences(root: string, table: ScanTable): string[] {
	const found: string[] = [];
	const {columns} = table;
	let index = 0;
	for (const [path, stat] of listed(root)) {
		const target = stat.isSymbolicLink() ? readlinkSync(at(root, path), 'latin1') : '';
		const pairs = {
			path: [index < table.count ? latin1(table.path(index)) : undefined, path],
			target: [latin1(table.target(index)), target],
			type: [columns.type[index], typeOf(stat)],
			mode: [columns.mode[index], Number(stat.mode & 0o7777n)],
			uid: [columns.uid[index], Number(stat.uid)],
			gid: [columns.gid[index], Number(stat.gid)],
			size: [columns.size[index], stat.isFile() ? Number(stat.size) : 0],
			mtime: [nanos(columns.mtimeSec[index]!, columns.mtimeNsec[index]!), stat.mtimeNs],
			ctime: [nanos(columns.ctimeSec[index]!, columns.ctimeNsec[index]!), stat.ctimeNs],
			ino: [columns.ino[index], stat.ino],
			dev: [columns.dev[index], stat.dev],
			links: [columns.linkCount[index], stat.isDirectory() ? 1 : Number(stat.nlink)],
			unread: [columns.unread[index], 0],
		};
		for (const [name, [is, expected]] of Object.entries(pairs)) {
			if (is !== expected) found.push(`${path}: ${name} is ${is}, not ${expected}`);
		}
		index++;
	}
	if (index !== table.count) found.push(`${table.count} entries, not ${index}`);
	return found;
}

const nanos = (sec: number, nsec: number): bigint => BigInt(sec) * 1_000_000_000n + BigInt(nsec);

function typeOf(stat: BigIntStats): number {
	if (stat.isFile()) return entryType.file;
	if (stat.isDirectory()) return entryType.directory;
	if (stat.isSymbolicLink()) return entryType.symlink;
	return stat.isFIFO() ? entryType.fifo : -1;
}

for (const [seed, count] of [
	[1, 0],
	[2, 30],
	[3, 700],
	[4, 3000],
] as const) {
	test(`a scan lists ${count} entries as the system does [SHOAL_SEED=${seed}]`, async t => {
		const root = tempDirectory(t);
		growTree(root, new Prng(seed), count);
		const tables: ScanTable[] = [];
		for (const threadCount of [0, 1, 3]) {
			const table = await scanTree(poolOf(threadCount), root);
			t.deepEqual(table.problems, []);
			tables.push(table);
		}
		t.deepEqual(differences(root, tables[0]!), []);
		t.true(isDeepStrictEqual(tables[1]!.columns, tables[0]!.columns));
		t.true(isDeepStrictEqual(tables[2]!.columns, tables[0]!.columns));
	});
}

test('a directory comes before what is in it, and names with low octets between', async t => {
	const root = tempDirectory(t);
	for (const each of ['a', 'a/b', 'a!', 'a!/c', 'a!!', 'a!!/d', 'a.', 'a0', 'b']) {
		mkdirSync(join(root, each));
	}
	const table = await scanTree(poolOf(0), root);
	t.deepEqual(paths(table), ['', 'a', 'a!', 'a!!', 'a!!/d', 'a!/c', 'a.', 'a/b', 'a0', 'b']);
});

test('a tree deeper than handles are kept, and wider than a job', async t => {
	const root = tempDirectory(t);
	let deep = root;
	for (let level = 0; level < 120; level++) {
		deep = join(deep, `level ${level}`);
		mkdirSync(deep);
		writeFileSync(join(deep, 'file'), '');
		if (level % 10 === 0) mkdirSync(join(deep, 'side'));
	}
	mkdirSync(join(root, 'wide'));
	for (let number = 0; number < 2500; number++) mkdirSync(join(root, 'wide', `${number}`));
	const table = await scanTree(poolOf(2), root);
	t.deepEqual(differences(root, table), []);
});

test('names are left out at the top only', async t => {
	const root = tempDirectory(t);
	for (const each of ['.shoal', '.shoal/objects', 'sub', 'sub/.shoal', '.shoal2']) {
		mkdirSync(join(root, each));
	}
	const table = await scanTree(poolOf(1), root, {exclude: [octets('.shoal')]});
	t.deepEqual(paths(table), ['', '.shoal2', 'sub', 'sub/.shoal']);
});

test('what cannot be listed is a problem, and its directory unread; the rest is there', async t => {
	const root = tempDirectory(t);
	for (const each of ['a', 'a/b', 'c']) mkdirSync(join(root, each));
	writeFileSync(join(root, 'a/b/file'), '');
	writeFileSync(join(root, 'c/file'), '');
	const pool = openPoolOver(t, tree => ({
		openDir(dir, name) {
			if (latin1(name) === 'b') throw new ShoalError('FILE_UNREADABLE', 'permission denied');
			return tree.openDir(dir, name);
		},
	}));
	const table = await scanTree(pool, root);
	t.deepEqual(paths(table), ['', 'a', 'a/b', 'c', 'c/file']);
	t.deepEqual([...table.columns.unread], [0, 0, 1, 0, 0]);
	t.deepEqual(
		table.problems.map(({path, code, message}) => [latin1(path), code, message]),
		[['a/b', 'FILE_UNREADABLE', 'permission denied']],
	);
});

test('a directory that a later job could not list is unread too', async t => {
	const root = tempDirectory(t);
	const bad = new Set(['3', '1500', '2999']);
	for (let number = 0; number < 3000; number++) mkdirSync(join(root, `${number}`));
	const pool = openPoolOver(t, tree => ({
		openDir(dir, name) {
			if (bad.has(latin1(name))) throw new ShoalError('FILE_UNREADABLE', 'permission denied');
			return tree.openDir(dir, name);
		},
	}));
	const table = await scanTree(pool, root);
	const unread = paths(table).filter((_, index) => table.columns.unread[index] === 1);
	t.deepEqual(unread, ['1500', '2999', '3']);
	t.is(table.problems.length, 3);
});

test('an entry that cannot be looked at makes its directory unread', async t => {
	const root = tempDirectory(t);
	mkdirSync(join(root, 'a'));
	for (const each of ['a/bad', 'a/good']) writeFileSync(join(root, each), '');
	const pool = openPoolOver(t, tree => ({
		visit: (dir, each) =>
			tree.visit(dir, (name, stat) => {
				each(name, latin1(name) === 'bad' ? new ShoalError('FILE_UNREADABLE', 'bad') : stat);
			}),
	}));
	const table = await scanTree(pool, root);
	t.deepEqual(paths(table), ['', 'a', 'a/good']);
	t.deepEqual([...table.columns.unread], [0, 1, 0]);
	t.deepEqual(
		table.problems.map(({path}) => latin1(path)),
		['a/bad'],
	);
});

test('a directory that goes, or becomes a symlink, while it is scanned is stale', async t => {
	const root = tempDirectory(t);
	for (const each of ['gone', 'kept']) mkdirSync(join(root, each));
	const pool = openPoolOver(t, tree => ({
		openDir: (dir, name) => (latin1(name) === 'gone' ? undefined : tree.openDir(dir, name)),
	}));
	const table = await scanTree(pool, root);
	t.deepEqual(
		table.problems.map(({path, code}) => [latin1(path), code]),
		[['gone', 'SOURCE_STALE']],
	);
	t.deepEqual([...table.columns.unread], [0, 1, 0]);
});

test('a path longer than any system takes is a problem, not the end', async t => {
	const root = tempDirectory(t);
	const name = 'n'.repeat(255);
	let reached = 0;
	const pool = openPoolOver(t, tree => ({
		openDir: (dir, each) => (each.length === 255 ? tree.openRoot(root) : tree.openDir(dir, each)),
		visit(dir, each) {
			reached++;
			tree.visit(dir, each);
		},
	}));
	mkdirSync(join(root, name));
	const table = await scanTree(pool, root);
	t.is(reached, 17, 'the root, and 16 levels of 256 octets');
	t.deepEqual(
		table.problems.map(({path, code}) => [path.length, code]),
		[[17 * 256 - 1, 'NAME_UNSUPPORTED']],
	);
});

test('an abort ends a scan, and its handles are closed', async t => {
	const root = tempDirectory(t);
	growTree(root, new Prng(9), 3000);
	const controller = new AbortController();
	const scanning = scanTree(poolOf(2), root, {
		signal: controller.signal,
		onProgress: () => controller.abort(new Error('enough')),
	});
	await t.throwsAsync(scanning, {message: 'enough'});
});

test('progress counts up to all entries', async t => {
	const root = tempDirectory(t);
	growTree(root, new Prng(10), 3000);
	const seen: number[] = [];
	const table = await scanTree(poolOf(2), root, {onProgress: count => seen.push(count)});
	t.true(seen.length > 1);
	t.deepEqual(
		seen,
		[...seen].sort((a, b) => a - b),
	);
	t.is(seen.at(-1), table.count);
});

test('a root that is missing', async t => {
	const missing = join(tempDirectory(t), 'absent');
	await t.throwsAsync(scanTree(poolOf(1), missing), {code: 'TREE_MISSING'});
});
