/** One of two sources has a valid session, and now and then a bit that is not the file's. */
import {readdirSync, statSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import platform from '#platform';
import {leafSize} from '../../src/limit.ts';
import {compareTrees} from '../support/compare-trees.ts';
import {Place} from '../support/place.ts';
import {Prng} from '../support/prng.ts';

/** After so many a source is asked no more. */
const liesMax = 8;
/** Octets of a thousand blocks on a path of Ethernet's size. */
const thousandBlocks = 1_200_000;

test('who flips one bit in a thousand blocks costs a leaf a lie at most, is named and dropped', async t => {
	const [origin, liar, edge] = [new Place(t), new Place(t), new Place(t)];
	const prng = new Prng(71);
	const size = 20_000_000;
	for (const part of [0, 1, 2, 3]) origin.space.write(`tree/${part}`, prng.bytes(size / 4));
	const url = await origin.serve();
	t.is((await liar.pull(url)).exit, 0);
	const inodes = new Set(
		readdirSync(liar.tree).map(name => statSync(join(liar.tree, name), {bigint: true}).ino),
	);
	const {read} = platform.tree;
	let told = 0;
	let left = thousandBlocks;
	platform.tree.read = (file, into, offset) => {
		const octets = read.call(platform.tree, file, into, offset);
		if (!inodes.has(platform.tree.statFile(file).ino)) return octets;
		left -= octets;
		if (left > 0) return octets;
		left += thousandBlocks;
		told++;
		into[prng.below(octets)]! ^= 1 << prng.below(8);
		return octets;
	};
	t.teardown(() => {
		platform.tree.read = read;
	});
	const lying = await liar.serve({mtu: 1500});
	const {exit, errors, sources, bytesLiteral, elapsedMs} = await edge.pull([lying, url]);
	t.is(exit, 0, JSON.stringify(errors));
	t.deepEqual(compareTrees(origin.tree, edge.tree), []);
	const [from, honest] = sources!;
	t.is(honest!.lies, 0);
	t.is(honest!.dropped, undefined);
	t.true(from!.lies > 0 && from!.lies <= told, `${from!.lies} of ${told} lies`);
	// Only timing decides how much each gives: who told few may have been asked until the end.
	if (from!.lies >= liesMax) {
		t.is(from!.dropped, 'CONTENT_INVALID');
		t.regex(edge.notices.join(), /is asked no more: \d+ pieces of what it sent were not what/);
	}
	// What two have sent is handed on once: twice comes only what was wrong.
	const extra = bytesLiteral - size;
	t.true(extra >= 0 && extra <= told * leafSize, `${extra} octets, ${told} lies`);
	t.log(`${from!.lies} of ${told} lies found, ${extra / leafSize} leaves twice, ${elapsedMs} ms`);
});
