/** What a relay reads while a pull goes on is there before what tells it to look. */
import {mkdirSync, realpathSync, writeFileSync} from 'node:fs';
import test from 'ava';
import {ReceivedLeaves, receivedSnapshots} from '../../../src/receiver/origin-record.ts';
import {StateDir} from '../../../src/store/state-dir.ts';
import {openPoolOver, sharedPools} from '../../support/pool.ts';
import {Prng} from '../../support/prng.ts';
import {defaults, openUpdate} from '../../support/pull-tree.ts';
import {statePlatform, tree} from '../../support/state.ts';
import {tempDirectory} from '../../support/temp-directory.ts';
import {Bell, feed, TreeSource} from '../../support/tree-source.ts';

const pools = sharedPools();
const origin = {upstream: 'shoal://host', statement: new Uint8Array(9), rotations: []};

/** What a relay finds in DEST now: whether there are leaf hashes, and how many diffs. */
function look(path: string, digest: Uint8Array) {
	const root = tree.openRoot(path);
	const state = StateDir.open(statePlatform, {root, rootPath: path, create: false})!;
	const leaves = ReceivedLeaves.openRead(state);
	const received = receivedSnapshots(state);
	const history = received.history();
	try {
		return {
			hasLeaves: leaves.readLeaves(digest) !== undefined,
			hasDiff: history.length > 1 && received.diff(history[1]!, history[0]!) !== undefined,
		};
	} finally {
		leaves.close();
		state.close();
		tree.closeDir(root);
	}
}

test('what a relay is to find is there before the record, and before the statement', async t => {
	const base = realpathSync(tempDirectory(t));
	const [from, to] = [`${base}/from`, `${base}/to`];
	for (const path of [from, to]) mkdirSync(path);
	const seen: Record<string, ReturnType<typeof look>> = {};
	let digest = new Uint8Array(0);
	const pool = openPoolOver(t, real => ({
		rename: (dir, name, toDir, toName) => {
			real.rename(dir, name, toDir, toName);
			const written = Buffer.from(toName).toString();
			if (/^(publish-stat|origin)$/.test(written)) seen[written] = look(to, digest);
		},
	}));
	for (const [sequence, size] of [200_000, 300_000].entries()) {
		writeFileSync(`${from}/file`, new Prng(size).bytes(size));
		const source = await TreeSource.of(pools(0), from);
		const cursor = source.list.seek(Buffer.from('file'))!;
		digest = cursor.digest.slice();
		const bell = new Bell();
		const handler = {taken: () => undefined, wake: bell.ring, failed: () => undefined};
		const update = await openUpdate(pool, to, {handler});
		try {
			await update.plan(source.list, defaults);
			await update.begin();
			await feed(source, update, {prng: new Prng(1), bell});
			await update.publish(sequence + 1);
			const statement = Uint8Array.of(sequence);
			update.keepOrigin({...origin, statement}, sequence + 1, defaults);
		} finally {
			await update.close();
		}
		t.true(seen['publish-stat']?.hasLeaves);
		t.deepEqual(seen['origin'], {hasLeaves: true, hasDiff: sequence > 0});
	}
});
