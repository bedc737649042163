/** What sums cost a pull: where they are wrong, and where nothing matches. */
import {mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {sumsShape} from '../../src/delta/shape.ts';
import {leafSize} from '../../src/limit.ts';
import {leavesSize} from '../../src/snapshot/merkle.ts';
import type {FetchRequest} from '../../src/transfer/request.ts';
import {objectKind, refuseCode} from '../../src/wire/frame.ts';
import {sharedPools} from '../support/pool.ts';
import {Prng} from '../support/prng.ts';
import {pullTree} from '../support/pull-tree.ts';
import {makeSums} from '../support/run-delta.ts';
import {TreeSource} from '../support/tree-source.ts';

const poolOf = sharedPools();

function makeTrees(t: ExecutionContext): {from: string; to: string} {
	const trees = ['from', 'to'].map(name => mkdtempSync(join(tmpdir(), `shoal-${name}-`)));
	t.teardown(() => {
		for (const tree of trees) rmSync(tree, {recursive: true});
	});
	return {from: trees[0]!, to: trees[1]!};
}

test('a false match costs its leaf, once, and nobody is blamed', async t => {
	const {from, to} = makeTrees(t);
	const content = new Prng(1).bytes(1_000_000);
	const old = content.slice();
	// Three blocks differ, two of them in one leaf, and their sums are those of the old ones.
	for (const block of [300, 301, 3000]) old.fill(0, block * 256, block * 256 + 256);
	writeFileSync(join(from, 'file'), content);
	writeFileSync(join(to, 'file'), old);
	utimesSync(join(to, 'file'), 1, 1);
	const pool = poolOf(2);
	const source = await TreeSource.of(pool, from);
	source.sumsOf = () => makeSums(old, new Uint8Array(16).fill(7));
	const {result, fed} = await pullTree({pool, source, destination: to});
	t.is(result?.exit, 0);
	t.deepEqual(result?.problems, []);
	t.is(Buffer.compare(readFileSync(join(to, 'file')), content), 0);
	const coarsest = sumsShape(content.length)!.levels[1]!.offset;
	t.is(fed.octets, 2 * leafSize + leavesSize(content.length) + coarsest);
});

test('small files without a match cost 0.4 % and 64 KiB beyond themselves', async t => {
	const {from, to} = makeTrees(t);
	const prng = new Prng(2);
	let size = 0;
	for (let file = 0; file < 400; file++) {
		const content = prng.bytes(5000 + prng.below(500));
		size += content.length;
		writeFileSync(join(from, `${file}`), content);
		writeFileSync(join(to, `${file}`), prng.bytes(5000 + prng.below(500)));
	}
	const pool = poolOf(2);
	const source = await TreeSource.of(pool, from);
	const {result, fed} = await pullTree({pool, source, destination: to});
	t.is(result?.exit, 0);
	t.true(fed.octets > size, 'some sums were tried');
	t.true(fed.octets <= size * (1 + 1 / 256) + 2 ** 16 + 256);
});

test('small files that match are all asked for, after many that did not', async t => {
	const {from, to} = makeTrees(t);
	const prng = new Prng(3);
	for (let file = 0; file < 450; file++) {
		const content = prng.bytes(3000);
		const isDense = file < 350;
		writeFileSync(join(from, `${1000 + file}`), content);
		if (isDense) prng.fill(content);
		else content[prng.below(3000)]! ^= 1;
		writeFileSync(join(to, `${1000 + file}`), content);
	}
	const pool = poolOf(2);
	const source = await TreeSource.of(pool, from);
	const {fed} = await pullTree({pool, source, destination: to});
	t.true(fed.octets < 350 * 3000 + 2 ** 16 + 100 * 450);
});

test('files that are refused while their older versions are searched hold nothing up', async t => {
	const {from, to} = makeTrees(t);
	const prng = new Prng(4);
	for (let file = 0; file < 300; file++) {
		const content = prng.bytes(70_000);
		writeFileSync(join(from, `${file}`), content);
		content[prng.below(70_000)]! ^= 1;
		writeFileSync(join(to, `${file}`), content);
		utimesSync(join(to, `${file}`), 1, 1);
	}
	const pool = poolOf(2);
	const source = await TreeSource.of(pool, from);
	const refuses = ({kind}: FetchRequest) =>
		kind === objectKind.sums ? undefined : refuseCode.stale;
	const {result} = await pullTree({pool, source, destination: to, feed: {refuses}});
	t.is(result?.exit, 24);
	t.is(result?.problems.length, 300);
});
