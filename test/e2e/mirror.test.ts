/** `serve` and `pull` as two processes over loopback: what arrives, and what is said of it. */
import {
	chmodSync,
	existsSync,
	linkSync,
	lutimesSync,
	mkdirSync,
	readFileSync,
	renameSync,
	rmSync,
	symlinkSync,
	utimesSync,
	writeFileSync,
} from 'node:fs';
import test from 'ava';
import {compareTrees} from '../support/compare-trees.ts';
import {poll} from '../support/poll.ts';
import {Prng} from '../support/prng.ts';
import {Workspace} from '../support/workspace.ts';

/** A small tree with what is hard to mirror. */
function makeTree(space: Workspace): void {
	const prng = new Prng(5);
	for (const [name, size] of [
		['empty', 0],
		['one', 1],
		['leaf', 65_536],
		['leaf and one', 65_537],
		['many leaves', 700_001],
		['a/b/c/deep', 5000],
	] as const) {
		space.write(`tree/${name}`, prng.bytes(size));
	}
	for (let index = 0; index < 300; index++) space.write(`tree/small/${index}`, prng.bytes(index));
	space.write('tree/two\nlines', 'newline');
	writeFileSync(Buffer.from(`${space.at('tree')}/caf\xe9`, 'latin1'), 'latin');
	linkSync(space.at('tree/leaf'), space.at('tree/a/second name'));
	symlinkSync('../one', space.at('tree/a/link'));
	symlinkSync('nowhere', space.at('tree/dangling'));
	lutimesSync(space.at('tree/dangling'), 1e9, 1e9 + 0.25);
	mkdirSync(space.at('tree/empty directory'), {mode: 0o750});
	chmodSync(space.at('tree/one'), 0o4711);
	utimesSync(space.at('tree/one'), 1e9, 1_234_567_890.125);
	utimesSync(space.at('tree/a/b'), 1e9, 1e9);
}

test('a tree arrives whole, an unchanged one costs a round trip, changes move alone', async t => {
	const space = new Workspace(t);
	makeTree(space);
	const server = await space.serve('tree');
	const mirror = space.at('mirror');

	const whole = await space.run('pull', server.url, mirror, '--delete');
	t.is(whole.exit, 0, whole.errors);
	t.deepEqual(compareTrees(space.at('tree'), mirror), []);
	t.like(whole.lines.at(-1), {ok: true, exit: 0, unchanged: false, errorCount: 0, deleted: 0});
	const {bytesTotal, bytesLiteral} = whole.lines.at(-1) as Record<string, number>;
	t.is(bytesLiteral, bytesTotal);

	const unchanged = await poll(() => space.run('pull', server.url, mirror, '--delete'));
	t.like(unchanged, {ok: true, unchanged: true, bytesLiteral: 0, roundTrips: 1});
	t.true(Number(unchanged['wireBytesIn']) + Number(unchanged['wireBytesOut']) < 4000);
	t.is(unchanged['datagramsOut'], 1);

	space.write('tree/one', 'changed');
	space.write('tree/new/file', 'new');
	rmSync(space.at('tree/small/7'));
	renameSync(space.at('tree/leaf and one'), space.at('tree/renamed'));
	const taken = await space.run('snapshot', space.at('tree'));
	await server.offers(String(taken.lines.at(-1)!['snapshot']));
	const changed = await space.run('pull', server.url, mirror, '--delete');
	t.is(changed.exit, 0, changed.errors);
	t.deepEqual(compareTrees(space.at('tree'), mirror), []);
	const result = changed.lines.at(-1) as Record<string, number>;
	t.is(result['deleted'], 2);
	t.true(result['bytesLiteral']! <= 65_537 + 10, `${result['bytesLiteral']}`);
});

test('a pull says nothing on success where nobody looks, and all that is asked for', async t => {
	const space = new Workspace(t);
	space.write('tree/a/file', 'content');
	const server = await space.serve('tree');
	const dry = await space.runPlain('pull', '-ni', server.url, space.at('mirror'));
	t.is(dry.exit, 0, dry.errors);
	t.regex(dry.output, /^cd\+{9} \.\/$/m);
	t.regex(dry.output, /^cd\+{9} a\/$/m);
	t.regex(dry.output, /^>f\+{9} a\/file$/m);
	t.false(existsSync(space.at('mirror/a')));

	const silent = await space.runPlain('pull', server.url, space.at('mirror'));
	t.deepEqual(silent, {exit: 0, output: '', errors: ''});

	space.write('tree/a/file', 'content 2');
	space.write('tree/b\n\u001b[31m', '');
	const taken = await space.run('snapshot', space.at('tree'));
	await server.offers(String(taken.lines.at(-1)!['snapshot']));
	const talking = await space.runPlain('pull', '-v', '--stats', server.url, space.at('mirror'));
	t.is(talking.exit, 0, talking.errors);
	t.regex(talking.output, /^a\/file$/m);
	t.regex(talking.output, /^b\\#012\\#033\[31m$/m, 'names are escaped');
	t.regex(talking.output, /^Number of files: 4 \(reg: 2, dir: 2\)$/m);
	t.regex(talking.output, /^sent [\d,]+ bytes {2}received [\d,]+ bytes {2}[\d,.]+ bytes\/sec$/m);
	t.regex(talking.output, /^total size is 9 {2}speedup is [\d.]+$/m);
});

test('--log-file holds what was done', async t => {
	const space = new Workspace(t);
	space.write('tree/file', 'content');
	const server = await space.serve('tree');
	const log = space.at('log');
	const {exit} = await space.runPlain('pull', '--log-file', log, server.url, space.at('mirror'));
	t.is(exit, 0);
	const text = readFileSync(log, 'utf8');
	t.regex(text, /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[\d+\] >f\+{9} file$/m);
	t.regex(text, / total size 7$/m);
});

test('serve tells its URL first, and ends with 0 when it is asked to', async t => {
	const space = new Workspace(t);
	space.write('tree/file', 'content');
	const server = await space.serve('tree');
	t.regex(server.url, /^shoal:\/\/[a-z2-7]{56}@127\.0\.0\.1:\d+$/);
	t.is(await server.stop(), 0);
});

test('serve --bwlimit holds each session to its rate', async t => {
	const space = new Workspace(t);
	space.write('tree/file', new Prng(3).bytes(450_000));
	const server = await space.serve('tree', '--bwlimit', '100K');
	const {exit, lines, errors} = await space.run('pull', server.url, space.at('mirror'));
	t.is(exit, 0, errors);
	const {elapsedMs} = lines.at(-1) as {elapsedMs: number};
	t.true(elapsedMs > 3500, `${elapsedMs} ms`);
});

test('serve offers a new snapshot to the next pull within a second', async t => {
	const space = new Workspace(t);
	space.write('tree/file', 'content');
	const server = await space.serve('tree');
	await space.run('pull', server.url, space.at('mirror'));
	const waitsMs: number[] = [];
	// Of some, the first that nothing else on this machine has held up.
	while (waitsMs.length < 10 && !(waitsMs.at(-1)! < 1500)) {
		space.write('tree/file', `content ${waitsMs.length}`);
		const taken = await space.run('snapshot', space.at('tree'));
		const startMs = performance.now();
		await server.offers(String(taken.lines.at(-1)!['snapshot']));
		waitsMs.push(performance.now() - startMs);
	}
	t.true(waitsMs.at(-1)! < 1500, `${waitsMs.join(' ')} ms`);
	await space.run('pull', server.url, space.at('mirror'));
	t.is(readFileSync(space.at('mirror/file'), 'utf8'), `content ${waitsMs.length - 1}`);
});
