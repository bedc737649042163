/** That what cannot be read in a state directory is made again of the file. */
import {statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import platform from '#platform';
import {KeptObjects} from '../../../src/engine/kept-objects.ts';
import type {OpenedTree} from '../../../src/engine/opened-tree.ts';
import {ShoalError} from '../../../src/error.ts';
import {contentDigest, leafHashes, makeLeaves} from '../../../src/snapshot/merkle.ts';
import {FileLog} from '../../../src/store/file-log.ts';
import {refuseCode} from '../../../src/wire/frame.ts';
import {openPool} from '../../support/pool.ts';
import {Prng} from '../../support/prng.ts';
import {makeDirectory, openState, tree} from '../../support/state.ts';

const {sha256} = platform.crypto;

test('leaf hashes and sums on a bad sector are made again, and found', async t => {
	const directory = makeDirectory(t);
	const content = new Prng(9).bytes(300_000);
	const path = join(directory, 'file');
	writeFileSync(path, content);
	const {mtimeNs} = statSync(path, {bigint: true});
	const state = openState(t);
	const log = FileLog.open(state);
	const fail = (): never => {
		throw new ShoalError('FILE_UNREADABLE', 'a bad sector');
	};
	log.readLeaves = fail;
	log.readSums = fail;
	const kept = new KeptObjects(platform, openPool(t, 0), {state} as OpenedTree, log);
	const root = tree.openRoot(directory);
	t.teardown(() => {
		kept.close();
		log.close();
		tree.closeDir(root);
	});
	const digest = contentDigest(sha256, content);
	const [seconds, rest] = [Number(mtimeNs / 1_000_000_000n), Number(mtimeNs % 1_000_000_000n)];
	const place = {
		digest,
		path: Buffer.from('file'),
		size: content.length,
		expected: Float64Array.of(content.length, seconds, rest, 0),
		otherwise: refuseCode.unavailable,
	};
	t.deepEqual(await kept.maker.make(root, [place], {}), [0]);
	t.deepEqual(kept.leaves(digest), makeLeaves(sha256, leafHashes(sha256, content)));
	t.true(kept.sums(digest)!.length > 0);
});
