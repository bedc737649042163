import {
	lstatSync,
	mkdirSync,
	readFileSync,
	renameSync,
	symlinkSync,
	unlinkSync,
	utimesSync,
	writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import {setTimeout} from 'node:timers/promises';
import test from 'ava';
import platform from '#platform';
import {AssertionError} from '../../../src/assert.ts';
import {sumsShape} from '../../../src/delta/shape.ts';
import {parseSumsHeader} from '../../../src/delta/sums.ts';
import {ShoalError} from '../../../src/error.ts';
import type {TreeIo} from '../../../src/platform/tree.ts';
import {hashFiles} from '../../../src/pool/hash-files.ts';
import type {Pool} from '../../../src/pool/pool.ts';
import {scanTree} from '../../../src/pool/scan-tree.ts';
import {entryType} from '../../../src/snapshot/entry.ts';
import {contentDigest, leafHashes, makeLeaves} from '../../../src/snapshot/merkle.ts';
import {hashStatus, partUnit} from '../../../src/task/hash.ts';
import type {ScanProblem} from '../../../src/task/scan.ts';
import type {ScanTable} from '../../../src/task/scan-table.ts';
import {at} from '../../support/grow-tree.ts';
import {openPoolOver, sharedPools} from '../../support/pool.ts';
import {Prng} from '../../support/prng.ts';
import {makeSums} from '../../support/run-delta.ts';
import {tempDirectory} from '../../support/temp-directory.ts';

const poolOf = sharedPools();
const {sha256} = platform.crypto;

type Found = {status: number; digest: string; leaves: Uint8Array; sums: Uint8Array};

/** What hashing says of each file, by its path. */
async function hashed(
	pool: Pool,
	root: string,
	table: ScanTable,
	sums = false,
): Promise<{files: Map<string, Found>; problems: ScanProblem[]; batchSizes: number[]}> {
	const files = new Map<string, Found>();
	const problems: ScanProblem[] = [];
	const batchSizes: number[] = [];
	const isFile = (_: number, index: number): boolean =>
		table.columns.type[index] === entryType.file;
	const entries = Uint32Array.from(table.columns.type.keys()).filter(isFile);
	const dir = pool.context.tree.openRoot(root);
	try {
		await hashFiles(pool, dir, table, entries, {
			sums,
			onHashed(batch) {
				batchSizes.push(batch.entries.length);
				problems.push(...batch.problems);
				for (const [index, entry] of batch.entries.entries()) {
					files.set(Buffer.from(table.path(entry)).toString('latin1'), {
						status: batch.status[index]!,
						digest: hex(batch.digests.subarray(index * 32, (index + 1) * 32)),
						leaves: piece(batch.leaves, batch.leavesEnds, index),
						sums: piece(batch.sums, batch.sumsEnds, index),
					});
				}
			},
		});
	} finally {
		pool.context.tree.closeDir(dir);
	}
	return {files, problems, batchSizes};
}

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');

const piece = (octets: Uint8Array, ends: Float64Array, index: number): Uint8Array =>
	octets.subarray(index === 0 ? 0 : ends[index - 1]!, ends[index]!);

/** Files around every boundary: of a leaf, a read, a group of small files, a part. */
const sizes = [
	...[0, 1, 2047, 2048, 65_535, 65_536, 65_537, 131_072, 1_048_575, 1_048_576, 1_048_577],
	...[2 * partUnit, 8 * partUnit, 8 * partUnit + 1, 9 * partUnit + 70_000],
];

function makeFiles(root: string): void {
	const prng = new Prng(1);
	for (const size of sizes) writeFileSync(join(root, `file ${size}`), prng.bytes(size));
	mkdirSync(join(root, 'small'));
	for (let number = 0; number < 300; number++) {
		writeFileSync(at(root, `small/\xff${number}`), prng.bytes(prng.below(100)));
	}
}

test('digests, leaves and sums are those of the contents, by any number of threads', async t => {
	const root = tempDirectory(t);
	makeFiles(root);
	const table = await scanTree(poolOf(2), root);
	for (const threadCount of [0, 2]) {
		const {files, problems, batchSizes} = await hashed(poolOf(threadCount), root, table, true);
		t.deepEqual(problems, []);
		t.is(files.size, sizes.length + 300);
		t.true(Math.max(...batchSizes) > 100, 'small files share jobs');
		for (const [path, found] of files) {
			const content = readFileSync(at(root, path));
			if (found.status !== hashStatus.hashed) t.fail(`${path} is not hashed`);
			if (found.digest !== hex(contentDigest(sha256, content))) t.fail(`digest of ${path}`);
			const leaves = makeLeaves(sha256, leafHashes(sha256, content));
			if (Buffer.compare(found.leaves, leaves) !== 0) t.fail(`leaves of ${path}`);
			if (!isSums(found.sums, content)) t.fail(`sums of ${path}`);
		}
	}
});

/** Whether these are the sums of the content under whatever salt they say. */
function isSums(sums: Uint8Array, content: Uint8Array): boolean {
	const shape = sumsShape(content.length);
	if (shape === undefined) return sums.length === 0;
	const salt = parseSumsHeader(sums, shape);
	return salt !== undefined && Buffer.compare(sums, makeSums(content, salt)) === 0;
}

test('salts differ between files and between runs', async t => {
	const root = tempDirectory(t);
	for (const each of ['a', 'b']) writeFileSync(join(root, each), new Uint8Array(5000));
	const table = await scanTree(poolOf(0), root);
	const salts = new Set<string>();
	for (let run = 0; run < 2; run++) {
		const {files} = await hashed(poolOf(0), root, table, true);
		for (const {sums} of files.values()) {
			salts.add(hex(parseSumsHeader(sums, sumsShape(5000)!)!));
		}
	}
	t.is(salts.size, 4);
});

test('no sums are made unless they are asked for', async t => {
	const root = tempDirectory(t);
	writeFileSync(join(root, 'file'), new Uint8Array(100_000));
	const table = await scanTree(poolOf(0), root);
	const {files} = await hashed(poolOf(0), root, table);
	t.is(files.get('file')?.sums.length, 0);
	t.is(files.get('file')?.leaves.length, 64);
});

/** Many kernels stamp times with a clock that moves every 4 or 10 ms. */
const clockTick = (): Promise<void> => setTimeout(25);

/** A time that Node can set exactly. */
const whole = 1_000_000_000;

const changes: Record<string, (path: string) => void> = {
	'one octet longer': path => writeFileSync(path, 'x', {flag: 'a'}),
	'other octets, size and time put back': path => {
		const {size} = lstatSync(path);
		writeFileSync(path, new Uint8Array(size).fill(1));
		utimesSync(path, whole, whole);
	},
	'a new file of the same size in its place': path => {
		writeFileSync(`${path}.new`, readFileSync(path));
		renameSync(`${path}.new`, path);
	},
	'a symlink in its place': path => {
		renameSync(path, `${path}.old`);
		symlinkSync(`${path}.old`, path);
	},
	'a directory in its place': path => {
		unlinkSync(path);
		mkdirSync(path);
	},
	gone: path => unlinkSync(path),
};

for (const [change, act] of Object.entries(changes)) {
	for (const size of [10, 9 * partUnit]) {
		test(`a file of ${size} octets that changed since the scan is stale: ${change}`, async t => {
			const root = tempDirectory(t);
			writeFileSync(join(root, 'changed'), new Uint8Array(size));
			utimesSync(join(root, 'changed'), whole, whole);
			writeFileSync(join(root, 'other'), 'unchanged');
			const table = await scanTree(poolOf(0), root);
			await clockTick();
			act(join(root, 'changed'));
			const {files, problems} = await hashed(poolOf(0), root, table);
			t.is(files.get('changed')?.status, hashStatus.stale);
			t.is(files.get('changed')?.digest, '0'.repeat(64));
			t.is(files.get('other')?.status, hashStatus.hashed);
			t.deepEqual(
				problems.map(({path, code}) => [Buffer.from(path).toString(), code]),
				[['changed', 'SOURCE_STALE']],
			);
		});
	}
}

test('a directory on the way that became a symlink is not followed', async t => {
	const [root, outside] = [tempDirectory(t), tempDirectory(t)];
	mkdirSync(join(root, 'sub'));
	writeFileSync(join(root, 'sub', 'file'), 'inside');
	writeFileSync(join(outside, 'file'), 'secret');
	const table = await scanTree(poolOf(0), root);
	renameSync(join(root, 'sub'), join(root, 'old'));
	symlinkSync(outside, join(root, 'sub'));
	const {files} = await hashed(poolOf(0), root, table);
	t.is(files.get('sub/file')?.status, hashStatus.stale);
});

test('a file that changes while it is read is stale', async t => {
	const root = tempDirectory(t);
	const path = join(root, 'file');
	for (const size of [10, 9 * partUnit]) {
		writeFileSync(path, new Uint8Array(size));
		let reads = 0;
		const pool = openPoolOver(t, tree => ({
			read(file, into, offset) {
				const got = tree.read(file, into, offset);
				if (++reads === 1) writeFileSync(path, 'x', {flag: 'r+'});
				return got;
			},
		}));
		const table = await scanTree(pool, root);
		await clockTick();
		const {files} = await hashed(pool, root, table);
		t.is(files.get('file')?.status, hashStatus.stale, `${size} octets`);
		t.true(reads > 0);
	}
});

const unreadable = (tree: TreeIo): Partial<TreeIo> => ({
	openRead(dir, name) {
		if (Buffer.from(name).toString() === 'bad') throw new ShoalError('FILE_UNREADABLE', 'denied');
		return tree.openRead(dir, name);
	},
});

for (const size of [10, 9 * partUnit]) {
	test(`a file of ${size} octets that cannot be read is a problem; others go on`, async t => {
		const root = tempDirectory(t);
		writeFileSync(join(root, 'bad'), new Uint8Array(size));
		writeFileSync(join(root, 'good'), 'good');
		const pool = openPoolOver(t, unreadable);
		const {files, problems} = await hashed(pool, root, await scanTree(pool, root));
		t.is(files.get('bad')?.status, hashStatus.unreadable);
		t.is(files.get('good')?.status, hashStatus.hashed);
		t.deepEqual(
			problems.map(({path, code, message}) => [Buffer.from(path).toString(), code, message]),
			[['bad', 'FILE_UNREADABLE', 'denied']],
		);
	});
}

test('a bug while hashing is not taken for a problem of the file', async t => {
	const root = tempDirectory(t);
	writeFileSync(join(root, 'file'), 'x');
	const pool = openPoolOver(t, () => ({
		read: () => {
			throw new TypeError('a bug');
		},
	}));
	const table = await scanTree(pool, root);
	await t.throwsAsync(hashed(pool, root, table), {instanceOf: AssertionError});
});

test('an abort ends hashing', async t => {
	const root = tempDirectory(t);
	makeFiles(root);
	const table = await scanTree(poolOf(2), root);
	const entries = Uint32Array.from(table.columns.type.keys()).filter(
		index => table.columns.type[index] === entryType.file,
	);
	const controller = new AbortController();
	const dir = platform.tree.openRoot(root);
	t.teardown(() => platform.tree.closeDir(dir));
	const hashing = hashFiles(poolOf(2), dir, table, entries, {
		sums: false,
		signal: controller.signal,
		onHashed: () => controller.abort(new Error('enough')),
	});
	await t.throwsAsync(hashing, {message: 'enough'});
});

test('what takes the results holds the hashing back', async t => {
	const root = tempDirectory(t);
	for (let number = 0; number < 12; number++) {
		writeFileSync(join(root, `${number}`), new Uint8Array(3_000_000));
	}
	const table = await scanTree(poolOf(2), root);
	const entries = Uint32Array.from({length: 12}, (_, index) => index + 1);
	const dir = platform.tree.openRoot(root);
	t.teardown(() => platform.tree.closeDir(dir));
	let [taking, most, taken] = [0, 0, 0];
	await hashFiles(poolOf(2), dir, table, entries, {
		sums: false,
		async onHashed(batch) {
			most = Math.max(most, ++taking);
			await setTimeout(20);
			taking--;
			taken += batch.entries.length;
		},
	});
	t.is(taken, 12);
	t.true(most <= 4, `${most} results waited at once`);
});

test('progress is told while a large file is read, and adds up', async t => {
	const root = tempDirectory(t);
	const sizes = [70_000_000, 10];
	for (const size of sizes) writeFileSync(join(root, `${size}`), new Uint8Array(size));
	const table = await scanTree(poolOf(1), root);
	const dir = platform.tree.openRoot(root);
	t.teardown(() => platform.tree.closeDir(dir));
	const told: number[] = [];
	await hashFiles(poolOf(1), dir, table, Uint32Array.of(1, 2), {
		sums: false,
		onHashed: () => undefined,
		onProgress: octets => told.push(octets),
	});
	t.true(told.length > 4);
	t.deepEqual(
		told,
		[...told].sort((a, b) => a - b),
	);
	t.is(told.at(-1), 70_000_010);
});
