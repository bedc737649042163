/** `-z` on real sockets: the same tree, and how many octets it takes. */
import {readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import {Prng} from '../support/prng.ts';
import {startServe} from '../support/shoal-process.ts';
import {Workspace} from '../support/workspace.ts';

type Result = {wireBytesIn: number; bytesCompressed: number; bytesLiteral: number};

const words = 'ein Schwarm hat keinen Ersten und verliert er einen wartet nichts'.split(' ');

function text(prng: Prng, size: number): string {
	let made = '';
	while (made.length < size) made += `${words[prng.below(words.length)]} ${prng.below(99)}\n`;
	return made.slice(0, size);
}

/** Pulls to a new directory; fails unless that is the tree. */
async function pull(space: Workspace, url: string, ...more: string[]): Promise<Result> {
	rmSync(space.at('mirror'), {recursive: true, force: true});
	const {exit, errors, lines} = await space.run('pull', url, space.at('mirror'), ...more);
	if (exit !== 0) throw new Error(errors);
	for (const name of readdirSync(space.at('tree'))) {
		if (name === '.shoal') continue;
		const [have, want] = ['mirror', 'tree'].map(at => readFileSync(join(space.at(at), name)));
		if (!have!.equals(want!)) throw new Error(`${name} differs`);
	}
	return lines.at(-1) as unknown as Result;
}

test('text takes less than half with -z, noise half a per cent more at most', async t => {
	const space = new Workspace(t);
	const prng = new Prng(1);
	for (let file = 0; file < 60; file++) space.write(`tree/${file}`, text(prng, 300 + file * 400));
	space.write('tree/large', text(prng, 1_500_000));
	const server = await space.serve('tree');
	const plain = await pull(space, server.url);
	t.is(plain.bytesCompressed, 0);
	for (const choice of ['auto', 'zlib']) {
		const packed = await pull(space, server.url, '-z', `--zc=${choice}`);
		t.true(packed.wireBytesIn * 2 < plain.wireBytesIn, `${packed.wireBytesIn} octets`);
		t.is(packed.bytesLiteral, plain.bytesLiteral);
	}
	const skipped = await pull(space, server.url, '-z', '--no-compress');
	t.is(skipped.bytesCompressed, 0);
	await server.stop();
	// What was made is kept from run to run.
	t.true(readdirSync(space.at('tree/.shoal/compressed')).length > 0);
});

test('noise costs half a per cent more at most, and a module may refuse to compress', async t => {
	const space = new Workspace(t);
	space.write('tree/noise', new Prng(2).bytes(4_000_000));
	await space.run('snapshot', space.at('tree'));
	const config = space.at('shoal.toml');
	const serve = async (line: string) => {
		writeFileSync(config, `[module.m]\npath = "tree"\n${line}`);
		// Of one size from the first: how soon larger datagrams are found would be counted too.
		const words = ['--config', config, '--mtu', '1500', '--listen', '127.0.0.1:0'];
		const server = await startServe(words, {...space.environment});
		t.teardown(() => server.stop());
		return `${server.url.replace(/\/+$/, '').replace(/\/m$/, '')}/m`;
	};
	const url = await serve('');
	const plain = await pull(space, url);
	const asked = await pull(space, url, '-z');
	t.true(asked.wireBytesIn < plain.wireBytesIn * 1.005, `${asked.wireBytesIn} octets`);

	space.write('tree/noise', text(new Prng(3), 400_000));
	await space.run('snapshot', space.at('tree'));
	const refused = await pull(space, await serve('compress = false\n'), '-z');
	t.is(refused.bytesCompressed, 0);
});

test('a line changed in each of many stretches costs a fraction with -z, for every receiver', async t => {
	const space = new Workspace(t);
	const prng = new Prng(4);
	const old = text(prng, 3_000_000);
	space.write('tree/large', old);
	for (let file = 0; file < 40; file++) space.write(`tree/${file}`, text(prng, 20_000));
	const server = await space.serve('tree');
	const mirrors = ['plain', 'first', 'second'].map(name => space.at(name));
	for (const mirror of mirrors) await space.run('pull', server.url, mirror);
	await server.stop();
	const change = (from: string): string =>
		from
			.split('\n')
			.map((line, index) => (index % 400 === 7 ? `${line} ${prng.below(1000)}` : line))
			.join('\n');
	space.write('tree/large', change(old));
	for (let file = 0; file < 40; file++) {
		space.write(`tree/${file}`, change(readFileSync(space.at(`tree/${file}`), 'utf8')));
	}
	const {url} = await space.serve('tree');
	const results: Result[] = [];
	for (const [index, mirror] of mirrors.entries()) {
		const {exit, errors, lines} = await space.run(
			...['pull', url, mirror, ...(index === 0 ? [] : ['-z'])],
		);
		t.is(exit, 0, errors);
		results.push(lines.at(-1) as unknown as Result);
		const isSame = (name: string) =>
			readFileSync(join(mirror, name)).equals(readFileSync(space.at(`tree/${name}`)));
		t.true(readdirSync(mirror).every(name => name === '.shoal' || isSame(name)));
	}
	const [plain, first, second] = results as [Result, Result, Result];
	t.is(plain.bytesCompressed, 0);
	t.is(first.bytesLiteral, plain.bytesLiteral);
	t.is(second.bytesCompressed, first.bytesCompressed);
	t.true(first.bytesCompressed * 3 < plain.bytesLiteral, `${first.bytesCompressed} octets`);
});

test('with -z a large new file is searched for in one that is alike, a small one is not', async t => {
	const space = new Workspace(t);
	const prng = new Prng(5);
	const large = text(prng, 300_000);
	const small = text(prng, 40_000);
	space.write('tree/build-1.js', large);
	space.write('tree/page-1.html', small);
	const server = await space.serve('tree');
	for (const mirror of ['plain', 'packed', 'local']) {
		await space.run('pull', server.url, space.at(mirror));
	}
	await server.stop();
	space.write('tree/build-2.js', `${text(prng, 1000)}${large.slice(50_000)}`);
	space.write('tree/page-2.html', `${text(prng, 1000)}${small.slice(5000)}`);
	const matched: number[] = [];
	const pull = async (from: string, mirror: string, ...more: string[]): Promise<void> => {
		const {exit, errors, lines} = await space.run('pull', from, space.at(mirror), ...more);
		t.is(exit, 0, errors);
		matched.push((lines.at(-1) as unknown as {bytesMatched: number}).bytesMatched);
		const [have, want] = [mirror, 'tree'].map(at => readFileSync(space.at(`${at}/build-2.js`)));
		t.true(have!.equals(want!));
	};
	await pull(space.at('tree'), 'local', '-z');
	const {url} = await space.serve('tree');
	await pull(url, 'plain');
	await pull(url, 'packed', '-z');
	t.deepEqual(matched.slice(0, 2), [0, 0], 'nothing of a directory here, or without -z');
	t.true(matched[2]! > 245_000 && matched[2]! <= 250_000, `${matched[2]} octets`);
});
