/** One of two sources publishes another snapshot in the middle of a pull. */
import {appendFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import platform from '#platform';
import {RateDial} from '../../src/engine/rate-dial.ts';
import {compareTrees} from '../support/compare-trees.ts';
import {Place} from '../support/place.ts';
import {Prng} from '../support/prng.ts';

/** Slow enough that a snapshot is taken long before all has come, and fast enough to begin. */
const slowly = 200_000;
/** Of forty: most of them are asked for after the change, also where this process is late. */
const fileSize = 300_000;

test('what a source of two has changed meanwhile comes whole from the other, and it is named', async t => {
	const [origin, relay, edge] = [new Place(t), new Place(t), new Place(t)];
	const prng = new Prng(81);
	const name = (index: number) => `${index}`.padStart(2, '0');
	for (let index = 0; index < 40; index++) {
		origin.space.write(`tree/${name(index)}`, prng.bytes(fileSize));
		origin.space.write(`tree/small/${name(index)}`, prng.bytes(3000));
	}
	const url = await origin.serve();
	const {exit: relayed, snapshot} = await relay.pull(url);
	t.is(relayed, 0);
	const before = relay.tree;
	const other = await relay.serve();
	const inodes = new Set(
		readdirSync(origin.tree).map(file => statSync(join(origin.tree, file), {bigint: true}).ino),
	);
	const {read} = platform.tree;
	t.teardown(() => {
		platform.tree.read = read;
	});
	const begun = new Promise<void>(resolve => {
		platform.tree.read = (file, into, offset) => {
			if (inodes.has(platform.tree.statFile(file).ino)) resolve();
			return read.call(platform.tree, file, into, offset);
		};
	});
	const rateMax = new RateDial(slowly);
	let isOver = false;
	const pulling = edge.pull([url, other], {rateMax}).finally(() => {
		isOver = true;
	});
	await begun;
	for (let index = 4; index < 40; index++) {
		const path = join(origin.tree, name(index));
		// In place, grown, gone, and another file of this name.
		if (index % 4 === 0) writeFileSync(path, prng.bytes(fileSize));
		else if (index % 4 === 1) appendFileSync(path, 'more');
		else if (index % 4 === 2) rmSync(path);
		else renameSync(join(origin.tree, 'small', name(index)), path);
	}
	const newest = await origin.publish();
	t.not(newest, snapshot);
	t.false(isOver, 'the pull is under way');
	rateMax.set(Infinity);
	const result = await pulling;
	t.is(result.exit, 0, JSON.stringify(result.errors));
	t.is(result.snapshot, snapshot);
	t.deepEqual(result.errors, []);
	t.deepEqual(compareTrees(before, edge.tree), []);
	const [changed, kept] = result.sources!;
	t.true(changed!.stale > 0, 'it has refused what it had no more');
	t.like(changed, {lies: 0, dropped: undefined});
	t.like(kept, {lies: 0, stale: 0, dropped: undefined});
	t.regex(edge.notices.join(), /has changed since: others are asked for what it lacks/);
});
