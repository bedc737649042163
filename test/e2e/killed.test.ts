/** kill -9 of either side in the middle: nothing is lost, and the next run goes on. */
import {readdirSync, statSync} from 'node:fs';
import test from 'ava';
import {compareTrees} from '../support/compare-trees.ts';
import {Prng} from '../support/prng.ts';
import {ended, start, startServe} from '../support/shoal-process.ts';
import {Workspace} from '../support/workspace.ts';

/** Two large files and many small ones, in directories. */
function makeTree(space: Workspace, seed: number): void {
	const prng = new Prng(seed);
	space.write('tree/large', prng.bytes(3_000_000));
	space.write('tree/d/larger', prng.bytes(4_000_000));
	for (let index = 0; index < 400; index++) {
		space.write(`tree/small/${index % 20}/${index}`, prng.bytes(prng.below(8000)));
	}
}

/** Octets in staging: what a pull has got so far. */
function staged(space: Workspace): number {
	const stage = space.at('mirror/.shoal/stage');
	try {
		return readdirSync(stage).reduce((sum, name) => sum + statSync(`${stage}/${name}`).size, 0);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
		return 0;
	}
}

async function until(condition: () => boolean): Promise<void> {
	while (!condition()) await new Promise(resolve => setTimeout(resolve, 10));
}

test('a pull that is killed again and again gets there, and fetches little twice [SHOAL_SEED=3]', async t => {
	const space = new Workspace(t);
	makeTree(space, 3);
	const server = await space.serve('tree');
	let received = 0;
	for (const octets of [500_000, 2_000_000, 4_500_000]) {
		const words = ['pull', '--bwlimit=4000', server.url, space.at('mirror')];
		const child = start(words, space.environment);
		const end = ended(child);
		await until(() => staged(space) >= octets || child.exitCode !== null);
		child.kill('SIGKILL');
		await end;
		t.true(staged(space) >= octets, 'it was killed in the middle');
		received = staged(space);
	}
	const last = await space.run('pull', server.url, space.at('mirror'));
	t.is(last.exit, 0, last.errors);
	t.deepEqual(compareTrees(space.at('tree'), space.at('mirror')), []);
	const {bytesLiteral, bytesTotal} = last.lines.at(-1) as Record<string, number>;
	t.true(bytesLiteral! < bytesTotal! - received / 2, `${bytesLiteral} of ${bytesTotal}`);
});

test('a source that is killed ends the pull with an error, and the next one goes on [SHOAL_SEED=4]', async t => {
	const space = new Workspace(t);
	makeTree(space, 4);
	const server = await space.serve('tree');
	const words = ['pull', '--timeout=5', server.url, space.at('mirror')];
	const pull = start([...words, '--bwlimit=3000', '--json'], space.environment);
	const end = ended(pull);
	await until(() => staged(space) > 1_000_000);
	server.kill('SIGKILL');
	const {exit, output, errors} = await end;
	t.true([10, 30, 35].includes(exit!), `${exit} ${errors}`);
	t.regex(errors, /^shoal: [A-Z_]+: .+\. [A-Z].*\.$/m);
	t.like(JSON.parse(output.trimEnd().split('\n').at(-1)!), {ok: false, exit});
	t.deepEqual(
		readdirSync(space.at('mirror')).filter(name => name !== '.shoal'),
		[],
		'nothing was published',
	);
	const address = `127.0.0.1:${/:(\d+)/.exec(server.url)![1]}`;
	const next = await startServe([space.at('tree'), '--listen', address], space.environment);
	t.teardown(() => next.stop());
	t.is(next.url, server.url);
	const again = await space.run(...(words as [string]));
	t.is(again.exit, 0, again.errors);
	t.deepEqual(compareTrees(space.at('tree'), space.at('mirror')), []);
	const {bytesLiteral, bytesTotal} = again.lines.at(-1) as Record<string, number>;
	t.true(bytesLiteral! < bytesTotal!);
});

test('a snapshot that is killed loses nothing of the one before', async t => {
	const space = new Workspace(t);
	makeTree(space, 5);
	const before = await space.run('snapshot', space.at('tree'));
	for (const delayMs of [120, 250, 400]) {
		const prng = new Prng(delayMs);
		for (let index = 0; index < 400; index++) {
			space.write(`tree/small/${index % 20}/${index}`, prng.bytes(9000));
		}
		const child = start(['snapshot', space.at('tree')], space.environment);
		const end = ended(child);
		await new Promise(resolve => setTimeout(resolve, delayMs));
		child.kill('SIGKILL');
		await end;
		const listed = await space.runPlain('ls', space.at('tree'));
		t.is(listed.exit, 0, listed.errors);
	}
	const after = await space.run('snapshot', space.at('tree'));
	t.is(after.exit, 0, after.errors);
	t.like(after.lines.at(-1), {entries: before.lines.at(-1)!['entries']});
});
