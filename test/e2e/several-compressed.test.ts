/** `-z` from several sources: what each compresses is its own, and all of it is one tree. */
import test, {type ExecutionContext} from 'ava';
import type {PullOptions} from '../../src/engine/options.ts';
import {leafSize} from '../../src/limit.ts';
import {formOf} from '../../src/wire/compressed.ts';
import {compareTrees} from '../support/compare-trees.ts';
import {corrupt} from '../support/corrupt.ts';
import {Place} from '../support/place.ts';
import {Prng} from '../support/prng.ts';

const compress = {forms: [formOf('deflate', 1)], skips: () => false};
const words = 'ein Schwarm hat keinen Ersten und verliert er einen wartet nichts'.split(' ');

function text(prng: Prng, size: number): string {
	let made = '';
	while (made.length < size) made += `${words[prng.below(words.length)]} ${prng.below(999)}\n`;
	return made.slice(0, size);
}

/** An origin that serves what `grow` writes, and a relay of it. */
async function pair(t: ExecutionContext, grow: (origin: Place) => void) {
	const [origin, relay] = [new Place(t), new Place(t)];
	grow(origin);
	const url = await origin.serve({mtu: 1500});
	t.is((await relay.pull(url)).exit, 0);
	return {origin, relay, url};
}

/** A pull that makes of `edge` what `origin` is. */
async function pulled(
	t: ExecutionContext,
	edge: Place,
	origin: Place,
	urls: readonly string[],
	more: Partial<PullOptions> = {},
) {
	const result = await edge.pull(urls, more);
	t.is(result.exit, 0, JSON.stringify(result.errors));
	t.deepEqual(compareTrees(origin.tree, edge.tree), []);
	return result;
}

test('two sources compress, each in its own way, and an update is patches of both', async t => {
	const prng = new Prng(91);
	const size = 3_000_000;
	const large = text(prng, size);
	const {origin, relay, url} = await pair(t, ({space}) => {
		space.write('tree/large', large);
		for (let file = 0; file < 80; file++) {
			space.write(`tree/small/${file}`, text(prng, 1000 + 100 * file));
		}
	});
	const urls = [await relay.serve({mtu: 1500}), url];
	const [plain, edge] = [new Place(t), new Place(t)];
	const without = await pulled(t, plain, origin, urls);
	t.is(without.bytesCompressed, 0);
	// Slow enough that whoever answers second gives its part.
	const whole = await pulled(t, edge, origin, urls, {compress, rateMax: 400_000});
	// How much comes as it is, because who had to compress it was late, only timing decides.
	t.true(whole.wireBytesIn < 0.8 * without.wireBytesIn, `${whole.wireBytesIn} octets`);
	t.log(`${without.wireBytesIn} octets as they are, ${whole.wireBytesIn} compressed`);
	t.true(whole.bytesExpanded > 0.5 * size, `${whole.bytesExpanded} came compressed`);
	t.log(`each gave ${whole.sources!.map(({bytes}) => bytes).join(' and ')}`);
	t.deepEqual(
		whole.sources!.map(({lies}) => lies),
		[0, 0],
	);

	const edits = Array.from({length: 30}, (_, at) => at * 100_000 + 5);
	let after = large;
	for (const at of edits) after = after.slice(0, at) + text(prng, 900) + after.slice(at + 900);
	origin.space.write('tree/large', after);
	const newest = await origin.publish();
	t.is((await relay.pull(url)).exit, 0);
	await relay.offers(newest);
	const lacked = await pulled(t, plain, origin, urls);
	const patched = await pulled(t, edge, origin, urls, {compress});
	t.log(`an update ${lacked.bytesLiteral}, as patches ${patched.bytesCompressed}`);
	t.true(patched.bytesCompressed > 0, 'patches came');
	t.true(patched.bytesCompressed * 2 < lacked.bytesLiteral, `${patched.bytesCompressed} octets`);
});

test('a compressed leaf that is a lie costs itself, and its source is named and left', async t => {
	const prng = new Prng(92);
	const leaves = 160;
	const {origin, relay, url} = await pair(t, ({space}) => {
		for (let file = 0; file < 20; file++) {
			space.write(`tree/${file}`, text(prng, (leaves / 20) * leafSize));
		}
	});
	const places = Array.from({length: leaves / 20}, (_, leaf) => leaf * leafSize + 1000);
	for (let file = 0; file < 20; file++) corrupt(relay.space.at(`tree/${file}`), places);
	const lying = await relay.serve({mtu: 1500});
	const edge = new Place(t);
	const {bytesLiteral, bytesExpanded, sources} = await pulled(t, edge, origin, [lying, url], {
		compress,
		rateMax: 2_000_000,
	});
	const [from, honest] = sources!;
	t.is(honest!.lies, 0);
	t.true(from!.lies > 0, 'what it sent was wrong');
	if (from!.lies >= 8) {
		t.is(from!.dropped, 'CONTENT_INVALID');
		t.regex(edge.notices.join(), /is asked no more: \d+ pieces of what it sent were not what/);
	}
	// A lie is one request of up to eight leaves, all of which are wrong here.
	const extra = bytesLiteral - leaves * leafSize;
	t.true(extra >= 0 && extra <= (from!.lies + 8) * 8 * leafSize, `${extra} octets twice`);
	t.log(`${from!.lies} lies, ${extra} octets twice, ${from!.bytes} and ${honest!.bytes} came`);
	t.true(bytesExpanded > 0.4 * leaves * leafSize, `${bytesExpanded} came compressed`);
});
