/** Sums and leaf hashes of a relay: made once a version, believed as far as they are proven. */
import {mkdtempSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import platform from '#platform';
import {parseSums} from '../../../src/delta/sums.ts';
import {joinSums, SumsBuilder} from '../../../src/delta/sums-builder.ts';
import {contentDigest, leafHashes, makeLeaves} from '../../../src/snapshot/merkle.ts';
import type {FilePlace} from '../../../src/source/file-place.ts';
import {ObjectMaker} from '../../../src/source/object-maker.ts';
import {type HashedFile, hashJoin} from '../../../src/task/hash.ts';
import {sum} from '../../../src/task/sum.ts';
import {refuseCode} from '../../../src/wire/frame.ts';
import {Prng} from '../../support/prng.ts';

const {tree, crypto, clock} = platform;
const {sha256} = crypto;
const context = {tree, crypto, clock, sha256, aborted: () => false, beat: () => undefined};

function scene(t: ExecutionContext, contents: readonly Uint8Array[], forgets = false) {
	const path = mkdtempSync(join(tmpdir(), 'shoal-'));
	const root = tree.openRoot(path);
	t.teardown(() => {
		tree.closeDir(root);
		rmSync(path, {recursive: true});
	});
	const kept = new Map<string, HashedFile>();
	const leaves = new Map<string, Uint8Array>();
	const jobs: boolean[] = [];
	const priorities: (number | undefined)[] = [];
	const key = (digest: Uint8Array) => Buffer.from(digest).toString('hex');
	const maker = new ObjectMaker({
		known: {
			leaves: digest => leaves.get(key(digest)) ?? kept.get(key(digest))?.leaves,
			sums: digest => kept.get(key(digest))?.sums,
			keep: (_size, file) => kept.set(key(file.digest), file),
		},
		sum: async (input, {priority}) => {
			if (forgets) leaves.clear();
			priorities.push(priority);
			for (const sumsOnly of input.sumsOnly) jobs.push(sumsOnly === 1);
			return sum.run(input, context);
		},
		join: async input => hashJoin.run(input, context),
		random: into => crypto.random(into),
		parallelMax: 2,
	});
	const places = contents.map((content, index): FilePlace => {
		const file = join(path, `${index}`);
		writeFileSync(file, content);
		const {mtimeNs} = statSync(file, {bigint: true});
		const [seconds, rest] = [mtimeNs / 1_000_000_000n, mtimeNs % 1_000_000_000n];
		return {
			digest: contentDigest(sha256, content),
			path: Buffer.from(`${index}`),
			size: content.length,
			expected: Float64Array.of(content.length, Number(seconds), Number(rest), 0),
			otherwise: refuseCode.unavailable,
		};
	});
	const known = (index: number) => {
		const hashes = leafHashes(sha256, contents[index]!);
		leaves.set(key(places[index]!.digest), makeLeaves(sha256, hashes));
	};
	return {
		path,
		maker,
		root,
		places,
		jobs,
		priorities,
		known,
		keptOf: (at: number) => kept.get(key(places[at]!.digest)),
	};
}

/** Whether these are sums of the content, under whatever salt they say. */
function areSumsOf(sums: Uint8Array, content: Uint8Array): boolean {
	const size = content.length;
	const salt = parseSums(sums, size)!.salt;
	const builder = new SumsBuilder({size, salt});
	builder.update(content);
	return Buffer.from(joinSums(size, salt, [builder.finish()])).equals(Buffer.from(sums));
}

test('sums of a file are made once, in parts where it is large, whoever asks for them', async t => {
	const prng = new Prng(1);
	const contents = [prng.bytes(100_000), prng.bytes(700), prng.bytes(17_000_000)];
	const {maker, root, places, jobs, known, keptOf} = scene(t, contents);
	for (const index of contents.keys()) known(index);
	const asked = [1, 2].map(() => maker.make(root, places, {}));
	t.deepEqual(await Promise.all(asked), [
		[0, 0, 0],
		[0, 0, 0],
	]);
	t.deepEqual(jobs, [true, true, true, true], 'two small files, and a large one in two parts');
	contents.forEach((content, index) => {
		t.true(areSumsOf(keptOf(index)!.sums, content));
	});
	t.not(keptOf(0)!.sums.subarray(4, 20), keptOf(1)!.sums.subarray(4, 20));
});

test('who asks for what has been made meanwhile has nothing read again', async t => {
	const contents = [new Prng(4).bytes(300_000), new Prng(5).bytes(17_000_000)];
	const {maker, root, places, jobs} = scene(t, contents);
	await maker.make(root, places, {});
	t.is(jobs.length, 3);
	t.deepEqual(await maker.make(root, places, {}), [0, 0]);
	t.is(jobs.length, 3);
});

test('a file that is gone costs no other one of the same content', async t => {
	const {maker, root, places, keptOf} = scene(t, [new Prng(6).bytes(100_000)]);
	const gone = {...places[0]!, path: Buffer.from('elsewhere')};
	const codes = await maker.make(root, [places[0]!, gone], {});
	t.deepEqual(codes, [0, refuseCode.unavailable]);
	t.truthy(keptOf(0));
});

test('a file that is gone costs no more for being listed as a huge one', async t => {
	const {maker, root, places, jobs} = scene(t, [new Prng(7).bytes(9)]);
	const huge = {...places[0]!, path: Buffer.from('elsewhere'), size: 2 ** 52};
	t.deepEqual(await maker.make(root, [huge], {}), [refuseCode.unavailable]);
	t.is(jobs.length, 2, 'as many as are begun at once');
});

test('leaf hashes that did not come are made with them, and kept if they are the signed ones', async t => {
	const content = new Prng(2).bytes(17_000_000);
	const {maker, root, places, jobs, keptOf} = scene(t, [content, content.subarray(5, 200_000)]);
	const [large, small] = places as [FilePlace, FilePlace];
	const forged = new Uint8Array(32).fill(3);
	const codes = await maker.make(root, [large, small, {...small, digest: forged}], {});
	t.deepEqual(codes, [0, 0, refuseCode.unavailable]);
	t.false(jobs.includes(true));
	const hashes = leafHashes(sha256, content);
	t.deepEqual(Buffer.from(keptOf(0)!.leaves), Buffer.from(makeLeaves(sha256, hashes)));
	t.true(areSumsOf(keptOf(0)!.sums, content));
	t.truthy(keptOf(1));
});

test('leaf hashes that are lost as sums are made speak against no file', async t => {
	const contents = [new Prng(6).bytes(300_000), new Prng(7).bytes(17_000_000)];
	const {maker, root, places, known, keptOf} = scene(t, contents, true);
	for (const index of contents.keys()) {
		known(index);
		t.deepEqual(await maker.make(root, [places[index]!], {}), [0]);
		const hashes = leafHashes(sha256, contents[index]!);
		t.deepEqual(keptOf(index)!.leaves, makeLeaves(sha256, hashes));
	}
});

test('content that is not what was signed is read once, and anew when the file is another', async t => {
	const {path, maker, root, places, jobs, keptOf} = scene(t, [new Prng(8).bytes(100_000)]);
	const place = places[0]!;
	const forged = {...place, digest: new Uint8Array(32).fill(3)};
	const code = refuseCode.unavailable;
	t.deepEqual(await maker.make(root, [forged, forged], {}), [code, code]);
	t.deepEqual(await maker.make(root, [forged], {}), [code]);
	t.is(jobs.length, 1);
	t.deepEqual(await maker.make(root, [forged, place], {}), [code, 0]);
	t.is(jobs.length, 2);
	t.truthy(keptOf(0));
	const {ino} = statSync(join(path, '0'));
	const mended = {...forged, expected: Float64Array.of(...place.expected.subarray(0, 3), ino)};
	t.deepEqual(await maker.make(root, [mended], {}), [code]);
	t.is(jobs.length, 3);
});

test('a file that is another one, or gone, has nothing made of it', async t => {
	const contents = [1, 2, 3].map(seed => new Prng(seed).bytes(100_000));
	const {maker, root, places, keptOf} = scene(t, contents);
	const other = {
		...places[0]!,
		expected: places[0]!.expected.map((value, at) => value + (at === 1 ? 1 : 0)),
	};
	const gone = {...places[1]!, path: Buffer.from('elsewhere')};
	const codes = await maker.make(root, [other, gone, places[2]!], {});
	t.deepEqual(codes, [refuseCode.unavailable, refuseCode.unavailable, 0]);
	t.is(keptOf(0), undefined);
	t.is(keptOf(1), undefined);
	t.truthy(keptOf(2));
});

test('sums wait for contents, leaf hashes do not: without them contents cannot be proven', async t => {
	const contents = [1, 2].map(seed => new Prng(seed).bytes(200_000));
	const {maker, root, places, priorities, known} = scene(t, contents);
	known(0);
	await maker.make(root, [places[0]!], {priority: 0});
	await maker.make(root, [places[1]!], {priority: 0});
	t.deepEqual(priorities, [-1, 0]);
});
