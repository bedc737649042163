/** A pull that dies in a large file: the next one asks for what is not there and proven, only. */
import {
	appendFileSync,
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	readlinkSync,
	rmSync,
	statSync,
	utimesSync,
	writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {leafSize} from '../../src/limit.ts';
import type {FileHandle} from '../../src/platform/tree.ts';
import type {FetchRequest} from '../../src/transfer/request.ts';
import {refuseCode} from '../../src/wire/frame.ts';
import {Death, mortalTree} from '../support/mortal-tree.ts';
import {openPoolOn, openPoolOver, sharedPools} from '../support/pool.ts';
import {Prng} from '../support/prng.ts';
import {pullTree} from '../support/pull-tree.ts';
import {tempDirectory} from '../support/temp-directory.ts';
import {TreeSource} from '../support/tree-source.ts';

const poolOf = sharedPools();

const equal = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

class Case {
	readonly from: string;
	readonly to: string;
	readonly content: Uint8Array;
	readonly old: Uint8Array | undefined;
	readonly #source: Promise<TreeSource>;

	constructor(t: ExecutionContext, content: Uint8Array, old?: Uint8Array) {
		const space = tempDirectory(t);
		[this.from, this.to] = [join(space, 'from'), join(space, 'to')];
		for (const directory of [this.from, this.to]) mkdirSync(directory);
		[this.content, this.old] = [content, old];
		writeFileSync(join(this.from, 'file'), content);
		if (old !== undefined) {
			writeFileSync(join(this.to, 'file'), old);
			utimesSync(join(this.to, 'file'), 1, 1);
		}
		this.#source = TreeSource.of(poolOf(2), this.from);
	}

	/** A pull that ends in the middle of its n-th write to staging; false: there are fewer. */
	async killAt(t: ExecutionContext, number: number): Promise<boolean> {
		let [writes, isDead] = [0, false];
		const strike = (): Death | undefined => (isDead ? new Death() : undefined);
		const {tree: mortal, closeAll} = mortalTree({strike, tears: true});
		const write = (file: FileHandle, from: Uint8Array, offset: number): void => {
			const path = readlinkSync(`/proc/self/fd/${file.fd}`);
			if (path.includes('/.shoal/stage/') && ++writes === number) isDead = true;
			mortal.write(file, from, offset);
		};
		const tree = {...mortal, write};
		const source = await this.#source;
		try {
			await pullTree({pool: openPoolOn(t, tree), source, destination: this.to});
			return false;
		} catch (error) {
			if (!(error instanceof Death)) throw error;
			return true;
		} finally {
			closeAll();
			// Another process would see that it is gone.
			const state = join(this.to, '.shoal');
			const locks = existsSync(state) ? readdirSync(state).filter(each => /^lock/.test(each)) : [];
			for (const lock of locks) rmSync(join(state, lock));
		}
	}

	/** A pull that is told to stop after so many blocks. */
	async stopAfter(blocksMax: number): Promise<void> {
		const feed = {blocksMax, reach: 30};
		await pullTree({pool: poolOf(2), source: await this.#source, destination: this.to, feed});
	}

	/** Leaves in staging that are right. */
	proven(): Set<number> {
		const stage = join(this.to, '.shoal/stage');
		const [name] = existsSync(stage) ? readdirSync(stage) : [];
		const there = name === undefined ? Buffer.alloc(0) : readFileSync(join(stage, name));
		const leaves = new Set<number>();
		for (let at = 0; at < this.content.length; at += leafSize) {
			const leaf = this.content.subarray(at, at + leafSize);
			if (equal(leaf, there.subarray(at, at + leaf.length))) leaves.add(at / leafSize);
		}
		return leaves;
	}

	/** Octets of content that a pull to the end asks for; and leaves of what was there it wrote to. */
	async pull(t: ExecutionContext): Promise<{asked: number; written: Set<number>}> {
		const written = new Set<number>();
		const stage = join(this.to, '.shoal/stage');
		const [name] = existsSync(stage) ? readdirSync(stage) : [];
		const inode = name === undefined ? undefined : statSync(join(stage, name), {bigint: true}).ino;
		const pool = openPoolOver(t, tree => ({
			write: (file: FileHandle, from: Uint8Array, offset: number) => {
				if (tree.statFile(file).ino === inode) written.add(Math.floor(offset / leafSize));
				tree.write(file, from, offset);
			},
		}));
		const source = await this.#source;
		const {result, fed} = await pullTree({pool, source, destination: this.to});
		t.is(result?.exit, 0);
		t.true(equal(readFileSync(join(this.to, 'file')), this.content));
		return {asked: fed.contents, written};
	}
}

const sizeOf = (leaves: Set<number>, total: number): number =>
	[...leaves].reduce((sum, leaf) => sum + Math.min(leafSize, total - leaf * leafSize), 0);

/** An older version: every third leaf has a few octets that changed since, and it begins elsewhere. */
function older(content: Uint8Array): Uint8Array {
	const old = new Uint8Array([...new Prng(9).bytes(777), ...content]);
	for (let at = 5000; at < old.length; at += 3 * leafSize) old.fill(1, at, at + 3000);
	return old;
}

test('a new file costs what was not there, wherever the pull was killed', async t => {
	const content = new Prng(1).bytes(20 * leafSize + 1234);
	for (const number of [1, 3, 5, 8, 13]) {
		const file = new Case(t, content);
		t.true(await file.killAt(t, number));
		const proven = file.proven();
		const {asked} = await file.pull(t);
		t.is(asked, content.length - sizeOf(proven, content.length), `killed at ${number}`);
	}
});

test('a changed file is searched for what is missing; what is proven is not written again', async t => {
	const content = new Prng(2).bytes(40 * leafSize + 99);
	const whole = await new Case(t, content, older(content)).pull(t);
	t.true(whole.asked < content.length / 8, `${whole.asked} octets`);
	let kept = 0;
	for (const number of [1, 4, 8, 12, 20]) {
		const file = new Case(t, content, older(content));
		if (!(await file.killAt(t, number))) continue;
		const proven = file.proven();
		const {asked, written} = await file.pull(t);
		kept += proven.size;
		for (const leaf of proven) t.false(written.has(leaf), `leaf ${leaf}, killed at ${number}`);
		const missing = content.length - sizeOf(proven, content.length);
		t.true(asked <= whole.asked, `${asked} of ${whole.asked}, killed at ${number}`);
		t.true(asked < missing / 2, `${asked} of ${missing}, killed at ${number}`);
	}
	t.true(kept > 20, `${kept} leaves were there`);
});

test('octets that arrived in a leaf that lacks others do not come again', async t => {
	const content = new Prng(3).bytes(30 * leafSize);
	const old = content.slice();
	for (let at = 0; at < old.length; at += leafSize) old.fill(1, at + 4096, at + 8192);
	const file = new Case(t, content, old);
	// All that is the same was copied, and of each leaf the half of what changed has come.
	const staged = content.slice();
	for (let at = 0; at < old.length; at += leafSize) staged.fill(0, at + 6144, at + 8192);
	await file.killAt(t, 1);
	const [name] = readdirSync(join(file.to, '.shoal/stage'));
	writeFileSync(join(file.to, '.shoal/stage', name!), staged);
	const {asked} = await file.pull(t);
	t.is(asked, 30 * 2048);
});

test('a pull that was stopped, and one stopped before it had looked, leave what is there', async t => {
	const content = new Prng(4).bytes(20 * leafSize);
	const file = new Case(t, content);
	await file.stopAfter(600);
	const proven = file.proven();
	t.true(proven.size > 4 && proven.size < 16, `${proven.size} leaves`);
	await file.stopAfter(0);
	const {asked} = await file.pull(t);
	t.is(asked, content.length - sizeOf(proven, content.length));
});

test('what an earlier run left longer than the file is does not count', async t => {
	const content = new Prng(5).bytes(6 * leafSize + 99);
	const file = new Case(t, content);
	await file.stopAfter(60);
	const stage = join(file.to, '.shoal/stage');
	const [name] = readdirSync(stage);
	appendFileSync(join(stage, name!), Buffer.alloc(7 * leafSize, 1));
	await file.pull(t);
});

test('a twin that was begun and is a twin again comes whole when its first is refused', async t => {
	const space = tempDirectory(t);
	const [from, to] = [join(space, 'from'), join(space, 'to')];
	for (const directory of [from, to]) mkdirSync(directory);
	const content = new Prng(9).bytes(1_000_000);
	for (const name of ['first', 'twin']) writeFileSync(join(from, name), content);
	const pool = poolOf(2);
	const source = await TreeSource.of(pool, from);
	const {position} = source.list.seek(Buffer.from('first'))!;
	const refuses = (request: FetchRequest) =>
		request.position === position ? refuseCode.stale : undefined;
	const pull = (blocksMax?: number) =>
		pullTree({pool, source, destination: to, feed: {refuses, ...(blocksMax && {blocksMax})}});
	const cut = await pull(500);
	t.is(cut.result, undefined);
	t.true(cut.fed.contents > 0);
	const {result} = await pull();
	t.is(result?.exit, 24);
	t.true(equal(readFileSync(join(to, 'twin')), content));
	t.false(existsSync(join(to, 'first')));
});
