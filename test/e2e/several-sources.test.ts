/** One pull from several sources: what one lacks or gets wrong, another has. */
import {rmSync} from 'node:fs';
import test from 'ava';
import {compareTrees} from '../support/compare-trees.ts';
import {corrupt} from '../support/corrupt.ts';
import {Prng} from '../support/prng.ts';
import {Workspace} from '../support/workspace.ts';

type Counts = {url: string; bytes: number; lies: number; dropped?: string};

const countsOf = (line: Record<string, unknown>) => line['sources'] as Counts[];

test('what one source lacks comes from another, and each gives its part', async t => {
	const [first, second, edge] = [new Workspace(t), new Workspace(t), new Workspace(t)];
	const prng = new Prng(3);
	for (let index = 0; index < 12; index++) first.write(`tree/${index}`, prng.bytes(1_500_000));
	for (let index = 0; index < 300; index++) first.write(`tree/small/${index}`, prng.bytes(900));
	const origin = await first.serve('tree');
	t.is((await second.run('pull', origin.url, second.at('mirror'))).exit, 0);
	for (const name of ['3', 'small/7', 'small/8']) rmSync(second.at(`mirror/${name}`));
	const relay = await second.serve('mirror');
	const words = ['--bwlimit', '8M', relay.url, origin.url, edge.at('mirror')];
	const {exit, errors, lines, elapsedMs} = await edge.run('pull', ...words);
	t.is(exit, 0, errors);
	// 18.2 MB: had each of the two sources the rate for itself, it would be half of this.
	t.true(elapsedMs > 1900, `the limit is of both together: ${elapsedMs} ms`);
	t.deepEqual(compareTrees(first.at('tree'), edge.at('mirror'), {skip: ['.shoal']}), []);
	const counts = countsOf(lines.at(-1)!);
	t.is(counts.length, 2);
	for (const {bytes, lies, dropped} of counts) {
		t.true(bytes > 1_000_000, 'both have given');
		t.is(lies, 0);
		t.is(dropped, undefined);
	}
});

test('a source that lies costs a leaf a lie, is named, and is asked no more after some', async t => {
	const [first, second, edge] = [new Workspace(t), new Workspace(t), new Workspace(t)];
	first.write('tree/large', new Prng(4).bytes(12_000_000));
	const origin = await first.serve('tree');
	t.is((await second.run('pull', origin.url, second.at('mirror'))).exit, 0);
	const leaf = 65_536;
	const places = Array.from({length: 183}, (_, index) => index * leaf + 1000);
	corrupt(second.at('mirror/large'), places);
	const relay = await second.serve('mirror');
	const {exit, errors, lines} = await edge.run(
		'pull',
		'--bwlimit',
		'20M',
		relay.url,
		origin.url,
		edge.at('mirror'),
	);
	t.is(exit, 0, errors);
	t.deepEqual(compareTrees(first.at('tree'), edge.at('mirror'), {skip: ['.shoal']}), []);
	const counts = countsOf(lines.at(-1)!);
	const port = /:\d+$/.exec(relay.url)![0];
	const liar = counts.find(({url}) => url.endsWith(port));
	const honest = counts.find(({url}) => !url.endsWith(port));
	t.true(liar!.lies >= 1 && liar!.lies <= 64, `${liar!.lies} lies, held against it`);
	t.is(honest!.lies, 0);
	// What a lie costs is the leaf that it is in.
	const extra = liar!.bytes + honest!.bytes - 12_000_000;
	t.true(extra <= (liar!.lies + 40) * leaf, `${extra} octets more than needed`);
	t.is(lines.at(-1)!['errorCount'], 0);
	if (liar!.lies >= 8) t.is(liar!.dropped, 'CONTENT_INVALID');
});

test('sources that are away, older or of another key are named, and the rest does it', async t => {
	const [first, second, edge] = [new Workspace(t), new Workspace(t), new Workspace(t)];
	first.write('tree/file', 'one');
	const origin = await first.serve('tree');
	t.is((await second.run('pull', origin.url, second.at('mirror'))).exit, 0);
	const relay = await second.serve('mirror');
	first.write('tree/file', 'another');
	const taken = await first.run('snapshot', first.at('tree'));
	await origin.offers(String(taken.lines.at(-1)!['snapshot']));
	const away = origin.url.replace(/:\d+$/, ':9');
	const pull = (...urls: string[]) => edge.run('pull', ...urls, edge.at('mirror'));
	const {exit, errors, lines} = await pull(relay.url, away, origin.url);
	t.is(exit, 0, errors);
	// Whether it is older than what another has shown, or than what was seen, time decides.
	t.regex(errors, /it has an older snapshot|has been seen/);
	t.regex(errors, /:9 is not asked: /);
	const codes = countsOf(lines.at(-1)!).map(({dropped}) => dropped ?? '');
	t.regex(codes.sort().join(' '), /^ (HEAD_ROLLED_BACK PATH_UN|PATH_UNREACHABLE SOURCE_STALE)/);
	t.deepEqual(compareTrees(first.at('tree'), edge.at('mirror'), {skip: ['.shoal']}), []);
	const other = await second.serve('mirror', '--listen', '127.0.0.1:0');
	t.is((await pull(origin.url, `${other.url}/elsewhere`)).exit, 1);
	t.is((await pull(origin.url, first.at('tree'))).exit, 1);
});

test('a key that is given or known goes for all sources of a pull, whoever has counted further', async t => {
	const [first, second, edge] = [new Workspace(t), new Workspace(t), new Workspace(t)];
	first.write('tree/file', 'one');
	const origin = await first.serve('tree');
	second.write('tree/file', 'another');
	t.is((await second.run('snapshot', second.at('tree'))).exit, 0);
	second.write('tree/file', 'yet another');
	t.is((await second.run('snapshot', second.at('tree'))).exit, 0);
	const other = await second.serve('tree');
	t.is((await edge.run('pull', other.url, edge.at('other'))).exit, 0);
	const bare = (url: string) => url.replace(/\/\/.*@/, '//');
	const orders = [
		[origin.url, bare(other.url)],
		[bare(other.url), origin.url],
		[bare(origin.url), bare(other.url)],
	];
	for (const urls of orders) {
		const {exit, errors, lines} = await edge.run('pull', ...urls, edge.at('mirror'));
		t.is(exit, 0, errors);
		t.deepEqual(compareTrees(first.at('tree'), edge.at('mirror'), {skip: ['.shoal']}), []);
		const given = countsOf(lines.at(-1)!).filter(({dropped}) => dropped === undefined);
		t.is(given.length, 1);
		t.true(origin.url.endsWith(given[0]!.url.replace('shoal://', '')));
	}
});
