import {mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import platform from '#platform';
import {Delta} from '../../../src/delta/delta.ts';
import {literalRanges, matchedSize} from '../../../src/delta/match-list.ts';
import {ShoalError} from '../../../src/error.ts';
import {digestSize, leafSize} from '../../../src/limit.ts';
import type {FileHandle} from '../../../src/platform/tree.ts';
import type {Pool} from '../../../src/pool/pool.ts';
import {leafHash} from '../../../src/snapshot/merkle.ts';
import {copyMatches, match} from '../../../src/task/match.ts';
import {edit, makeContent} from '../../support/edit.ts';
import {openPool, openPoolOver} from '../../support/pool.ts';
import {Prng} from '../../support/prng.ts';
import {makeSums} from '../../support/run-delta.ts';

const {tree} = platform;

type Files = {
	readonly path: (name: string) => string;
	readonly write: (name: string, content: Uint8Array) => FileHandle;
	readonly create: (name: string) => FileHandle;
};

function makeFiles(t: ExecutionContext): Files {
	const directory = mkdtempSync(join(tmpdir(), 'shoal-'));
	const root = tree.openRoot(directory);
	const open: FileHandle[] = [];
	t.teardown(() => {
		for (const file of open) tree.closeFile(file);
		tree.closeDir(root);
		rmSync(directory, {recursive: true});
	});
	const kept = (file: FileHandle): FileHandle => {
		open.push(file);
		return file;
	};
	return {
		path: name => join(directory, name),
		write(name, content) {
			writeFileSync(join(directory, name), content);
			return kept(tree.openRead(root, Buffer.from(name))!);
		},
		create: name => kept(tree.create(root, Buffer.from(name), 0o600)),
	};
}

/** All rounds of one file, each search in the pool, in shares of a MiB. */
async function runInPool(
	pool: Pool,
	source: Uint8Array,
	bases: readonly (FileHandle | undefined)[],
	basisSizes: readonly number[],
): Promise<Float64Array> {
	const sums = makeSums(source, new Uint8Array(16).fill(1));
	const delta = new Delta({size: source.length, basisSizes, shareSizeMin: 1 << 20});
	while (!delta.done) {
		for (let want = delta.pollWant(); want !== undefined; want = delta.pollWant()) {
			delta.handleBlock(want.offset, sums.subarray(want.offset, want.offset + want.length));
			delta.handleDone();
		}
		const running: Promise<void>[] = [];
		for (let next = delta.pollSearch(); next !== undefined; next = delta.pollSearch()) {
			const search = next;
			const job = pool.run(match, {search, bases});
			running.push(job.then(({matches}) => delta.handleMatches(search, matches)));
		}
		await Promise.all(running);
	}
	return delta.matches;
}

test('the same is found by any number of threads', async t => {
	const files = makeFiles(t);
	const prng = new Prng(24);
	const source = makeContent(prng, 6_000_000);
	const contents = [edit(prng, source, 40), edit(prng, source, 40)];
	const bases = contents.map((content, index) => files.write(`basis${index}`, content));
	const sizes = contents.map(content => content.length);
	const found: Float64Array[] = [];
	for (const threadCount of [0, 1, 2, 3]) {
		found.push(await runInPool(openPool(t, threadCount), source, bases, sizes));
	}
	for (const each of found) t.deepEqual(each, found[0]);
});

for (const threadCount of [0, 2]) {
	test(`with ${threadCount} threads the file is put together from its bases`, async t => {
		const files = makeFiles(t);
		const pool = openPool(t, threadCount);
		const prng = new Prng(21);
		const source = prng.bytes(20_000_003);
		const contents = [edit(prng, source.subarray(0, 9_000_000), 30), edit(prng, source, 60)];
		const bases = contents.map((content, index) => files.write(`basis${index}`, content));
		const sizes = contents.map(content => content.length);
		const matches = await runInPool(pool, source, bases, sizes);
		t.true(matchedSize(matches) > 0.97 * source.length);

		const to = files.create('staged');
		const {copied, leaves, hashes} = await pool.run(copyMatches, {
			matches,
			bases,
			to,
			fileSize: source.length,
			isSparse: false,
		});
		const literals = literalRanges(matches, source.length);
		for (let at = 0; at < literals.length; at += 2) {
			tree.write(to, source.subarray(literals[at], literals[at + 1]), literals[at]!);
		}
		t.is(Buffer.compare(readFileSync(files.path('staged')), source), 0);
		let size = 0;
		for (let at = 0; at < copied.length; at += 2) size += copied[at + 1]! - copied[at]!;
		t.is(size, matchedSize(matches));
		t.true(leaves.length > 60, 'leaves that one row covers are hashed as they pass');
		for (const [at, leaf] of leaves.entries()) {
			const octets = source.subarray(leaf * leafSize, (leaf + 1) * leafSize);
			const hash = hashes.subarray(at * digestSize, (at + 1) * digestSize);
			t.is(Buffer.compare(hash, leafHash(platform.crypto.sha256, octets)), 0);
		}
	});
}

test('a basis that became shorter gives what is left of it', async t => {
	const files = makeFiles(t);
	const pool = openPool(t, 0);
	const source = new Prng(22).bytes(300_000);
	const basis = files.write('basis', source);
	truncateSync(files.path('basis'), 200_000);
	const matches = await runInPool(pool, source, [basis], [300_000]);
	t.deepEqual([...matches], [0, 0, 0, 199_936]);

	truncateSync(files.path('basis'), 100_000);
	const to = files.create('staged');
	const {copied} = await pool.run(copyMatches, {
		matches,
		bases: [basis],
		to,
		fileSize: source.length,
		isSparse: false,
	});
	t.deepEqual([...copied], [0, 100_000]);
	const staged = readFileSync(files.path('staged'));
	t.is(Buffer.compare(staged, source.subarray(0, 100_000)), 0);
});

test('a basis that is gone, or cannot be read, does not cost what others have', async t => {
	const files = makeFiles(t);
	const source = new Prng(25).bytes(300_000);
	const basis = files.write('basis', source);
	const broken = files.write('broken', source);
	const pool = openPoolOver(t, real => ({
		read: (file: FileHandle, into: Uint8Array, offset: number) => {
			if (file.fd === broken.fd) throw new ShoalError('FILE_UNREADABLE', 'no such luck');
			return real.read(file, into, offset);
		},
	}));
	const bases = [undefined, broken, basis];
	const matches = await runInPool(pool, source, bases, [300_000, 300_000, 300_000]);
	t.deepEqual([...matches], [0, 2, 0, 300_000]);

	const to = files.create('staged');
	const halves = Float64Array.of(0, 0, 0, 100_000, 100_000, 2, 100_000, 200_000);
	const {copied} = await pool.run(copyMatches, {
		matches: halves,
		bases,
		to,
		fileSize: source.length,
		isSparse: false,
	});
	t.deepEqual([...copied], [100_000, 300_000]);
});

test('a job that nobody waits for any more stops', async t => {
	const files = makeFiles(t);
	const source = new Prng(23).bytes(4_000_000);
	const bases = [files.write('basis', source)];
	const matches = Float64Array.of(0, 0, 0, source.length);
	const {crypto, clock} = platform;
	const context = {
		tree,
		crypto,
		sha256: crypto.sha256,
		clock,
		aborted: () => true,
		beat: () => undefined,
	};
	const to = files.create('staged');
	const {copied} = await copyMatches.run(
		{matches, bases, to, fileSize: source.length, isSparse: false},
		context,
	);
	t.deepEqual([...copied], []);
	const delta = new Delta({size: source.length, basisSizes: [source.length]});
	const want = delta.pollWant()!;
	delta.handleBlock(0, makeSums(source, new Uint8Array(16)).subarray(0, want.length));
	delta.handleDone();
	const {statistics} = await match.run({search: delta.pollSearch()!, bases}, context);
	t.is(statistics.searched, 0);
});
