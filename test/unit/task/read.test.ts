import {
	mkdirSync,
	mkdtempSync,
	renameSync,
	rmSync,
	symlinkSync,
	utimesSync,
	writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import platform from '../../../native-free/index.ts';
import {type ReadBatch, type ReadResult, readRanges} from '../../../src/task/read.ts';
import {refuseCode} from '../../../src/wire/frame.ts';

const mtimeSec = 1_700_000_000;

function makeTree(t: ExecutionContext): string {
	const directory = mkdtempSync(join(tmpdir(), 'shoal-'));
	t.teardown(() => rmSync(directory, {recursive: true}));
	mkdirSync(join(directory, 'tree/a/b'), {recursive: true});
	for (const [path, content] of [
		['tree/top', 'top of the tree'],
		['tree/a/b/deep', '0123456789'],
		['tree/a/b/other', 'abcdef'],
		['secret', 'outside'],
	] as const) {
		writeFileSync(join(directory, path), content);
		utimesSync(join(directory, path), mtimeSec, mtimeSec);
	}
	return directory;
}

type Range = {path: string; offset: number; length: number; size: number; mtime?: number};

type Read = ReadResult & {readonly data: Uint8Array};

async function read(t: ExecutionContext, directory: string, ranges: Range[]): Promise<Read> {
	const into = new Uint8Array(ranges.reduce((size, {length}) => size + length, 0)).fill(9);
	const {tree, crypto, clock} = platform;
	const root = tree.openRoot(join(directory, 'tree'));
	t.teardown(() => tree.closeDir(root));
	const paths = ranges.map(({path}) => Buffer.from(path));
	let end = 0;
	const batch: ReadBatch = {
		root,
		paths: Buffer.concat(paths),
		pathEnds: Uint32Array.from(paths, path => {
			end += path.length;
			return end;
		}),
		offsets: Float64Array.from(ranges, ({offset}) => offset),
		lengths: Uint32Array.from(ranges, ({length}) => length),
		otherwise: refuseCode.stale,
		expected: Float64Array.from(ranges.flatMap(({size, mtime}) => [size, mtime ?? mtimeSec, 0, 0])),
		into,
	};
	const context = {
		tree,
		crypto,
		sha256: crypto.sha256,
		clock,
		aborted: () => false,
		beat: () => undefined,
	};
	return {...(await readRanges.run(batch, context)), data: into};
}

const text = (octets: Uint8Array) => Buffer.from(octets).toString();

test('ranges come one after another, from files at any depth', async t => {
	const {data, status} = await read(t, makeTree(t), [
		{path: 'a/b/deep', offset: 2, length: 3, size: 10},
		{path: 'a/b/other', offset: 0, length: 6, size: 6},
		{path: 'top', offset: 4, length: 2, size: 15},
		{path: 'a/b/deep', offset: 9, length: 1, size: 10},
	]);
	t.is(text(data), '234abcdefof9');
	t.deepEqual([...status], [0, 0, 0, 0]);
});

test('a file that is not as the snapshot has it is stale, its neighbours are not', async t => {
	const {data, status} = await read(t, makeTree(t), [
		{path: 'top', offset: 0, length: 3, size: 14},
		{path: 'top', offset: 0, length: 3, size: 15, mtime: mtimeSec + 1},
		{path: 'gone', offset: 0, length: 3, size: 15},
		{path: 'a/gone/deep', offset: 0, length: 3, size: 15},
		{path: 'a/b', offset: 0, length: 3, size: 15},
		{path: 'top', offset: 0, length: 3, size: 15},
	]);
	const {stale} = refuseCode;
	t.deepEqual([...status], [stale, stale, stale, stale, stale, 0]);
	t.is(text(data.subarray(15)), 'top');
	t.true(
		data.subarray(0, 15).every(octet => octet === 0),
		'what is refused is sent as nothing',
	);
});

test('nothing is read through a symlink, be it the file or a directory above it', async t => {
	const directory = makeTree(t);
	const tree = join(directory, 'tree');
	symlinkSync('../secret', join(tree, 'leak'));
	renameSync(join(tree, 'a'), join(directory, 'moved'));
	symlinkSync('../moved', join(tree, 'a'));
	const {status} = await read(t, directory, [
		{path: 'leak', offset: 0, length: 7, size: 7},
		{path: 'a/b/deep', offset: 0, length: 10, size: 10},
	]);
	t.deepEqual([...status], [refuseCode.stale, refuseCode.stale]);
});

test('no descriptor is left open', async t => {
	const directory = makeTree(t);
	const ranges = ['a/b/deep', 'a/gone/x', 'a/b/other', 'gone'].map(path => ({
		path,
		offset: 0,
		length: 1,
		size: 6,
	}));
	const first = platform.tree.openRoot(directory);
	platform.tree.closeDir(first);
	for (let run = 0; run < 50; run++) await read(t, directory, ranges);
	const last = platform.tree.openRoot(directory);
	platform.tree.closeDir(last);
	t.true(last.fd <= first.fd + 50 + 8, 'only the roots that the test itself holds');
});
