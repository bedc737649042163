/** A mirror that is served on under its origin's name: no scan, no hash, and never a lie. */
import {
	appendFileSync,
	existsSync,
	mkdirSync,
	readFileSync,
	realpathSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import test from 'ava';
import {compareTrees} from '../support/compare-trees.ts';
import {corrupt} from '../support/corrupt.ts';
import {poll} from '../support/poll.ts';
import {Prng} from '../support/prng.ts';
import {RandomTree} from '../support/random-tree.ts';
import {type Serving, startServe} from '../support/shoal-process.ts';
import {Workspace} from '../support/workspace.ts';

const keyOf = (url: string) => /\/\/(.*)@/.exec(url)![1]!;

for (const words of [[], ['--publish', 'tree', '--delete']]) {
	const how = words.length === 0 ? 'in place' : 'as trees';
	test(`what was pulled ${how} is served on under the key of its origin, by a relay too`, async t => {
		const [first, second, third] = [new Workspace(t), new Workspace(t), new Workspace(t)];
		const tree = new RandomTree(first.at('tree'), new Prng(41));
		tree.grow(60);
		first.write('tree/large', new Prng(5).bytes(3_000_000));
		first.write('tree/link/a', 'one inode');
		const origin = await first.serve('tree');
		const pull = async (space: Workspace, url: string, ...more: string[]) => {
			const {exit, errors, lines} = await space.run('pull', ...more, url, space.at('mirror'));
			t.is(exit, 0, errors);
			return lines.at(-1)!;
		};
		await pull(second, origin.url, ...words);
		const relay = await second.serve('mirror', '--trace', second.at('trace.json'));
		t.is(keyOf(relay.url), keyOf(origin.url), 'receivers pin the origin');
		await pull(third, relay.url, ...words);
		const further = await third.serve('mirror');
		t.is(keyOf(further.url), keyOf(origin.url));
		const edge = new Workspace(t);
		const mirrors = () => [second, third, edge].map(space => realpathSync(space.at('mirror')));
		const holds = async (): Promise<void> => {
			await pull(edge, further.url, '--delete');
			for (const mirror of mirrors()) {
				t.deepEqual(compareTrees(first.at('tree'), mirror, {skip: ['.shoal']}), []);
			}
		};
		await holds();
		const polled = await poll(() => edge.run('pull', '--delete', further.url, edge.at('mirror')));
		t.like(polled, {unchanged: true, roundTrips: 1});

		// An update runs down the chain, and each relay offers it while it serves.
		tree.grow(10);
		appendFileSync(first.at('tree/large'), 'more');
		rmSync(first.at('tree/link/a'));
		const taken = await first.run('snapshot', first.at('tree'));
		const newest = String(taken.lines.at(-1)!['snapshot']);
		await origin.offers(newest);
		await pull(second, origin.url, ...words, '--delete');
		await relay.offers(newest);
		await pull(third, relay.url, ...words, '--delete');
		await further.offers(newest);
		await holds();
		await relay.stop();
		const trace = readFileSync(second.at('trace.json'), 'utf8');
		for (const kind of ['scan', 'hash', 'snapshot']) t.false(trace.includes(`"name":"${kind}"`));
		t.true(trace.includes('"name":"send"'));
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
	const [first, second, third] = [new Workspace(t), new Workspace(t), new Workspace(t)];
	for (const name of ['same', 'changed', 'gone']) first.write(`tree/${name}`, `of ${name}`);
	const origin = await first.serve('tree');
	t.is((await second.run('pull', origin.url, second.at('mirror'))).exit, 0);
	second.write('mirror/changed', 'of others!');
	rmSync(second.at('mirror/gone'));
	const relay: Serving = await second.serve('mirror');
	const lacking = await third.run('pull', '--delete', relay.url, third.at('mirror'));
	t.is(lacking.exit, 24);
	const {errors} = lacking.lines.at(-1)! as {errors?: readonly {code: string; path: string}[]};
	t.deepEqual(errors?.map(({code, path}) => `${code} ${path}`).sort(), [
		'SOURCE_UNAVAILABLE changed',
		'SOURCE_UNAVAILABLE gone',
	]);
	t.true(existsSync(third.at('mirror/same')));
	t.false(existsSync(third.at('mirror/changed')));
	t.is((await second.run('pull', '--check', origin.url, second.at('mirror'))).exit, 0);
	// The relay looks at what it has about once a second.
	let whole = await third.run('pull', '--delete', relay.url, third.at('mirror'));
	for (let tries = 1; whole.exit === 24 && tries < 100; tries++) {
		whole = await third.run('pull', '--delete', relay.url, third.at('mirror'));
	}
	t.is(whole.exit, 0, whole.errors);
	t.deepEqual(compareTrees(first.at('tree'), third.at('mirror'), {skip: ['.shoal']}), []);
});

test('a part of a module is no relay, but may be a source of its own', async t => {
	const [first, second] = [new Workspace(t), new Workspace(t)];
	mkdirSync(first.at('tree/sub'), {recursive: true});
	for (const name of ['a', 'b', 'sub/c']) writeFileSync(first.at(`tree/${name}`), name);
	const origin = await first.serve('tree');
	for (const words of [['--exclude=b', origin.url], [`${origin.url}//sub`]]) {
		t.is((await second.run('pull', ...words, second.at('mirror'))).exit, 0);
		const refused = await second.runPlain('serve', second.at('mirror'), '--listen', '127.0.0.1:0');
		t.is(refused.exit, 1);
		t.regex(refused.errors, /RELAY_UNFIT: .* has only a part of its source/);
		t.regex(refused.errors, /shoal snapshot DIR/);
		rmSync(second.at('mirror'), {recursive: true});
	}
	t.is((await second.run('pull', '--exclude=b', origin.url, second.at('mirror'))).exit, 0);
	t.is((await second.run('snapshot', second.at('mirror'))).exit, 0);
	const own = await second.serve('mirror');
	t.not(keyOf(own.url), keyOf(origin.url));
});

test('a relay makes sums once, when the first receiver wants them, and an update costs what changed', async t => {
	const [first, second] = [new Workspace(t), new Workspace(t)];
	const prng = new Prng(17);
	const large = prng.bytes(24_000_000);
	const small = prng.bytes(40_000);
	first.write('tree/large', large);
	first.write('tree/small', small);
	const origin = await first.serve('tree');
	const pull = async (space: Workspace, url: string): Promise<Record<string, unknown>> => {
		const {exit, errors, lines} = await space.run('pull', url, space.at('mirror'));
		t.is(exit, 0, errors);
		return lines.at(-1)!;
	};
	await pull(second, origin.url);
	let relay = await second.serve('mirror', '--trace', second.at('trace.json'));
	const edges = [new Workspace(t), new Workspace(t), new Workspace(t)];
	for (const edge of edges) await pull(edge, relay.url);
	for (let index = 0; index < 60; index++) {
		large.set(prng.bytes(100), Math.floor((index * large.length) / 60));
	}
	small.set(prng.bytes(50), 20_000);
	first.write('tree/large', large);
	first.write('tree/small', small);
	const taken = await first.run('snapshot', first.at('tree'));
	const newest = String(taken.lines.at(-1)!['snapshot']);
	await origin.offers(newest);
	await pull(second, origin.url);
	await relay.offers(newest);
	const update = async (edge: Workspace): Promise<void> => {
		const {bytesLiteral, wireBytesIn} = await pull(edge, relay.url);
		t.true(Number(bytesLiteral) < 100_000, `${bytesLiteral} octets of contents`);
		t.true(Number(wireBytesIn) < 500_000, `${wireBytesIn} octets on the wire`);
		t.deepEqual(compareTrees(first.at('tree'), edge.at('mirror'), {skip: ['.shoal']}), []);
	};
	/** Jobs that made sums, as the trace has them. */
	const jobsOf = (name: string): number => {
		const trace = readFileSync(second.at('trace.json'), 'utf8');
		return trace.split(`"name":"${name}"`).length - 1;
	};
	await update(edges[0]!);
	await update(edges[1]!);
	await relay.stop();
	t.is(jobsOf('sum'), 3, 'one of the small file, two of the large one, for both');
	t.is(jobsOf('hash'), 0);
	relay = await second.serve('mirror', '--trace', second.at('trace.json'));
	await update(edges[2]!);
	await relay.stop();
	t.is(jobsOf('sum'), 0, 'they have outlived the process that made them');
});

test('what was hashed here and did not come is passed on, once it is proven', async t => {
	const [first, second, edge] = [new Workspace(t), new Workspace(t), new Workspace(t)];
	const content = new Prng(18).bytes(700_000);
	for (const space of [first, second]) {
		space.write(space === first ? 'tree/large' : 'mirror/large', content);
		space.write(space === first ? 'tree/rotten' : 'mirror/rotten', content.subarray(9));
	}
	const origin = await first.serve('tree');
	const pulled = await second.run('pull', '-c', origin.url, second.at('mirror'));
	t.is(pulled.exit, 0, pulled.errors);
	t.is(pulled.lines.at(-1)!['bytesLiteral'], 0);
	// Nobody would see that: it is another content under the same stat.
	corrupt(second.at('mirror/rotten'), [1000]);
	const relay = await second.serve('mirror');
	const {exit, lines} = await edge.run('pull', relay.url, edge.at('mirror'));
	t.is(exit, 24);
	t.deepEqual(readFileSync(edge.at('mirror/large')), Buffer.from(content));
	t.like((lines.at(-1)!['errors'] as unknown[])[0], {path: 'rotten', code: 'SOURCE_UNAVAILABLE'});
});
