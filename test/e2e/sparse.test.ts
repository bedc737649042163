/** Files with holes, by what they take on the disk. */
import {
	closeSync,
	ftruncateSync,
	mkdirSync,
	openSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	utimesSync,
	writeFileSync,
	writeSync,
} from 'node:fs';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import platform from '#platform';
import type {PlanOptions} from '../../src/receiver/update.ts';
import {writeSparse} from '../../src/task/sparse-file.ts';
import {sharedPools} from '../support/pool.ts';
import {Prng} from '../support/prng.ts';
import {pullTree} from '../support/pull-tree.ts';
import {tempDirectory} from '../support/temp-directory.ts';
import {TreeSource} from '../support/tree-source.ts';

const poolOf = sharedPools();

const mebibyte = 1 << 20;

/** Writes a file that is zeros but for `parts`, by offset; what is not written is a hole. */
function writeHoles(path: string, size: number, parts: ReadonlyMap<number, Uint8Array>): void {
	const fd = openSync(path, 'w');
	ftruncateSync(fd, size);
	for (const [at, octets] of parts) writeSync(fd, octets, 0, octets.length, at);
	closeSync(fd);
}

const allocated = (path: string): number => statSync(path).blocks * 512;

class Case {
	readonly from: string;
	readonly to: string;

	constructor(t: ExecutionContext) {
		const space = tempDirectory(t);
		[this.from, this.to] = [join(space, 'from'), join(space, 'to')];
		for (const directory of [this.from, this.to]) mkdirSync(directory);
	}

	async pull(t: ExecutionContext, options: Partial<PlanOptions> = {}): Promise<TreeSource> {
		const pool = poolOf(2);
		const source = await TreeSource.of(pool, this.from);
		const {result} = await pullTree({pool, source, destination: this.to, options});
		t.is(result?.exit, 0);
		for (const name of readdirSync(this.from)) {
			const [is, should] = [this.to, this.from].map(root => readFileSync(join(root, name)));
			t.is(Buffer.compare(is!, should!), 0, name);
		}
		return source;
	}
}

/** Whether the file system of the tests makes holes at all. */
function makesHoles(directory: string): boolean {
	writeHoles(join(directory, 'probe'), mebibyte, new Map());
	const size = allocated(join(directory, 'probe'));
	rmSync(join(directory, 'probe'));
	return size < mebibyte / 2;
}

test('what is sparse at the source stays so; what is not, only with --sparse', async t => {
	const it = new Case(t);
	if (!makesHoles(it.to)) return t.log('no holes on this file system');
	const octets = new Prng(1).bytes(10_000);
	const parts = new Map([
		[70_000, octets],
		[3 * mebibyte - 5000, octets.subarray(0, 5000)],
	]);
	writeHoles(join(it.from, 'image'), 3 * mebibyte, parts);
	writeHoles(join(it.from, 'all hole'), mebibyte + 77, new Map());
	writeFileSync(join(it.from, 'zeros'), new Uint8Array(mebibyte));
	writeFileSync(join(it.from, 'few zeros'), new Uint8Array(4095));
	const {list} = await it.pull(t);
	const cursor = list.cursor();
	const sparse: string[] = [];
	while (cursor.next()) if (cursor.sparse) sparse.push(Buffer.from(cursor.path).toString());
	t.deepEqual(sparse, ['all hole', 'image']);
	t.true(
		allocated(join(it.to, 'image')) <= 8 * 4096,
		'two stretches, each of three or four blocks',
	);
	t.true(allocated(join(it.to, 'all hole')) <= 4096);
	t.true(allocated(join(it.to, 'zeros')) >= mebibyte);

	const other = new Case(t);
	writeFileSync(join(other.from, 'zeros'), new Uint8Array(mebibyte));
	await other.pull(t, {sparse: true});
	t.true(allocated(join(other.to, 'zeros')) <= 4096);
});

test('a copy, a file put together from an older version, and a twin are sparse, too', async t => {
	const it = new Case(t);
	if (!makesHoles(it.to)) return t.log('no holes on this file system');
	const octets = new Prng(2).bytes(20_000);
	const image = join(it.from, 'image');
	writeHoles(image, 2 * mebibyte, new Map([[500_000, octets]]));
	writeHoles(join(it.from, 'twin'), 2 * mebibyte, new Map([[500_000, octets]]));
	await it.pull(t);
	t.true(allocated(join(it.to, 'twin')) <= 8 * 4096);
	const changed = new Map([
		[500_000, octets],
		[mebibyte, octets.subarray(0, 100)],
	]);
	writeHoles(image, 2 * mebibyte, changed);
	utimesSync(image, 1e9, 1e9);
	writeHoles(join(it.from, 'copy'), 2 * mebibyte, new Map([[500_000, octets]]));
	await it.pull(t);
	t.true(allocated(join(it.to, 'image')) <= 9 * 4096);
	t.true(allocated(join(it.to, 'copy')) <= 8 * 4096);
});

test('zeros are written where the file has something else', t => {
	const directory = tempDirectory(t);
	const {tree} = platform;
	const prng = new Prng(3);
	const root = tree.openRoot(directory);
	for (let round = 0; round < 60; round++) {
		const size = 1 + prng.below(60_000);
		const should = new Uint8Array(size);
		for (let piece = prng.below(4); piece > 0; piece--) {
			const at = prng.below(size);
			should.set(prng.bytes(prng.below(Math.min(9000, size - at) + 1)), at);
		}
		const name = Buffer.from(`${round}`);
		writeFileSync(join(directory, `${round}`), prng.bytes(prng.below(size + 1)));
		const file = tree.openWrite(root, name)!;
		for (let at = 0; at < size; ) {
			const end = Math.min(size, at + 1 + prng.below(30_000));
			writeSparse(tree, file, should.subarray(at, end), at, size);
			at = end;
		}
		tree.closeFile(file);
		t.is(Buffer.compare(readFileSync(join(directory, `${round}`)), should), 0, `round ${round}`);
	}
	tree.closeDir(root);
});
