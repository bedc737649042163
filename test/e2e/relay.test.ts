/** A mirror that is served on under its origin's name: no scan, no hash, and never a lie. */
import {appendFileSync, existsSync, readFileSync, realpathSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import type {PullOptions} from '../../src/engine/options.ts';
import {ShoalError} from '../../src/error.ts';
import {parseSourceUrl} from '../../src/session/source-url.ts';
import {parseFilterRules} from '../../src/snapshot/filter-parse.ts';
import {formOf} from '../../src/wire/compressed.ts';
import {compareTrees} from '../support/compare-trees.ts';
import {corrupt} from '../support/corrupt.ts';
import {Place, until} from '../support/place.ts';
import {Prng} from '../support/prng.ts';
import {RandomTree} from '../support/random-tree.ts';
import {startServe} from '../support/shoal-process.ts';
import {Workspace} from '../support/workspace.ts';

const keyOf = (url: string) => /\/\/(.*)@/.exec(url)![1]!;

/** Places, each of which is to pull from the one before. */
const places = (t: ExecutionContext, count: number) =>
	Array.from({length: count}, () => new Place(t));

async function pulled(place: Place, url: string, more: Partial<PullOptions> = {}) {
	const result = await place.pull(url, more);
	if (result.exit !== 0) throw new Error(JSON.stringify(result.errors));
	return result;
}

for (const more of [{}, {trees: {keep: 2, convert: false}}] satisfies Partial<PullOptions>[]) {
	const how = 'trees' in more ? 'as trees' : 'in place';
	test(`what was pulled ${how} is served on under the key of its origin, by a relay too`, async t => {
		const [first, second, third, edge] = places(t, 4) as [Place, Place, Place, Place];
		const tree = new RandomTree(first.tree, new Prng(41));
		tree.grow(60);
		first.space.write('tree/large', new Prng(5).bytes(3_000_000));
		first.space.write('tree/link/a', 'one inode');
		const url = await first.serve();
		await pulled(second, url, more);
		const relay = await second.serve();
		t.is(keyOf(relay), keyOf(url), 'receivers pin the origin');
		await pulled(third, relay, more);
		const further = await third.serve();
		t.is(keyOf(further), keyOf(url));
		const holds = async (): Promise<void> => {
			await pulled(edge, further);
			for (const mirror of [second, third, edge]) {
				t.deepEqual(compareTrees(first.tree, realpathSync(mirror.tree), {skip: ['.shoal']}), []);
			}
		};
		await holds();
		const again = await pulled(edge, further);
		t.true(again.unchanged);

		// An update runs down the chain, and each relay offers it while it serves.
		tree.grow(10);
		appendFileSync(join(first.tree, 'large'), 'more');
		rmSync(join(first.tree, 'link/a'));
		const newest = await first.publish();
		await pulled(second, url, more);
		await second.offers(newest);
		await pulled(third, relay, more);
		await third.offers(newest);
		await holds();
		for (const {jobs} of [second, third]) {
			t.true(jobs.includes('read'));
			t.deepEqual(
				jobs.filter(kind => !['datagrams', 'read', 'sum'].includes(kind)),
				[],
			);
		}
	});
}

test('a relay that was killed goes on as it was, and needs no origin for that', async t => {
	const [first, second, third] = [new Workspace(t), new Workspace(t), new Workspace(t)];
	first.write('tree/file', 'content');
	const origin = await first.serve('tree');
	t.is((await second.run('pull', origin.url, second.at('mirror'))).exit, 0);
	await origin.stop();
	const words = [second.at('mirror'), '--listen', '127.0.0.1:0'];
	const killed = await startServe(words, second.environment);
	killed.kill('SIGKILL');
	const relay = await second.serve('mirror');
	const {exit, errors} = await third.run('pull', relay.url, third.at('mirror'));
	t.is(exit, 0, errors);
	t.is(readFileSync(third.at('mirror/file'), 'utf8'), 'content');
});

test('what a relay lacks is unavailable, and comes once it has been pulled', async t => {
	const [first, second, third] = places(t, 3) as [Place, Place, Place];
	for (const name of ['same', 'changed', 'gone']) first.space.write(`tree/${name}`, `of ${name}`);
	const url = await first.serve();
	await pulled(second, url);
	second.space.write('tree/changed', 'of others!');
	rmSync(join(second.tree, 'gone'));
	const relay = await second.serve();
	const {exit, errors} = await third.pull(relay);
	t.is(exit, 24);
	t.deepEqual(errors.map(({code, path}) => `${code} ${path}`).sort(), [
		'SOURCE_UNAVAILABLE changed',
		'SOURCE_UNAVAILABLE gone',
	]);
	t.true(existsSync(join(third.tree, 'same')));
	t.false(existsSync(join(third.tree, 'changed')));
	await pulled(second, url, {check: true});
	// The relay looks at what it has about once a second.
	await until(t, async () => (await third.pull(relay)).exit === 0);
	t.deepEqual(compareTrees(first.tree, third.tree, {skip: ['.shoal']}), []);
});

test('a part of a module is no relay, but may be a source of its own', async t => {
	const [first, second] = places(t, 2) as [Place, Place];
	for (const name of ['a', 'b', 'sub/c']) first.space.write(`tree/${name}`, name);
	const url = await first.serve();
	const filters = parseFilterRules([{option: 'exclude', text: Buffer.from('b')}], {
		readFile: () => new Uint8Array(0),
	});
	for (const part of [{filters}, {source: parseSourceUrl(`${url}//sub`)}]) {
		await pulled(second, url, part);
		const error = await t.throwsAsync(second.serve(), {instanceOf: ShoalError});
		t.is(error.code, 'RELAY_UNFIT');
		t.regex(error.message, /has only a part of its source/);
		t.regex(error.hint, /shoal snapshot DIR/);
		rmSync(second.tree, {recursive: true});
	}
	await pulled(second, url, {filters});
	await second.snapshot();
	t.not(keyOf(await second.serve()), keyOf(url));
});

test('a relay makes sums once, when the first receiver wants them, and an update costs what changed', async t => {
	const [first, second, ...edges] = places(t, 5) as [Place, Place, Place, Place, Place];
	const prng = new Prng(17);
	const large = prng.bytes(17_000_000);
	const small = prng.bytes(40_000);
	first.space.write('tree/large', large);
	first.space.write('tree/small', small);
	const url = await first.serve();
	await pulled(second, url);
	const relay = await second.serve();
	for (const edge of edges) await pulled(edge, relay);
	for (let index = 0; index < 60; index++) {
		large.set(prng.bytes(100), Math.floor((index * large.length) / 60));
	}
	small.set(prng.bytes(50), 20_000);
	first.space.write('tree/large', large);
	first.space.write('tree/small', small);
	const newest = await first.publish();
	await pulled(second, url);
	await second.offers(newest);
	const update = async (edge: Place, from: string): Promise<void> => {
		const {bytesLiteral, wireBytesIn} = await pulled(edge, from);
		t.true(bytesLiteral < 100_000, `${bytesLiteral} octets of contents`);
		t.true(wireBytesIn < 500_000, `${wireBytesIn} octets on the wire`);
		t.deepEqual(compareTrees(first.tree, edge.tree, {skip: ['.shoal']}), []);
	};
	const jobsOf = (name: string): number => second.jobs.filter(kind => kind === name).length;
	for (const edge of edges.slice(0, 2)) await update(edge, relay);
	t.is(jobsOf('sum'), 3, 'one of the small file, two of the large one, for both');
	await second.stop();
	await update(edges[2]!, await second.serve());
	t.is(jobsOf('sum'), 3, 'they have outlived the server that made them');
	t.is(jobsOf('hash'), 0);
});

test('a relay compresses for who asks, alone and beside its origin', async t => {
	const [first, second, edge, another] = places(t, 4) as [Place, Place, Place, Place];
	first.space.write('tree/text', 'one line of many\n'.repeat(40_000));
	const url = await first.serve();
	await pulled(second, url);
	const relay = await second.serve();
	const compress = {forms: [formOf('deflate', undefined)], skips: () => false};
	const {bytesCompressed, bytesExpanded} = await pulled(edge, relay, {compress});
	t.true(bytesCompressed > 0 && bytesCompressed * 10 < bytesExpanded, `${bytesCompressed}`);
	t.deepEqual(compareTrees(first.tree, edge.tree), []);
	const both = await another.pull([relay, url], {compress});
	t.is(both.exit, 0);
	t.true(both.bytesCompressed > 0 && both.bytesCompressed * 10 < both.bytesExpanded);
	t.deepEqual(another.notices, []);
	t.deepEqual(compareTrees(first.tree, another.tree), []);
});

test('what was hashed here and did not come is passed on, once it is proven', async t => {
	const [first, second, edge] = places(t, 3) as [Place, Place, Place];
	const content = new Prng(18).bytes(700_000);
	for (const {space} of [first, second]) {
		space.write('tree/large', content);
		space.write('tree/rotten', content.subarray(9));
	}
	const {bytesLiteral} = await pulled(second, await first.serve(), {checksum: true});
	t.is(bytesLiteral, 0);
	// Nobody would see that: it is another content under the same stat.
	corrupt(join(second.tree, 'rotten'), [1000]);
	const {exit, errors} = await edge.pull(await second.serve());
	t.is(exit, 24);
	t.deepEqual(readFileSync(join(edge.tree, 'large')), Buffer.from(content));
	t.like(errors[0], {path: 'rotten', code: 'SOURCE_UNAVAILABLE'});
});
