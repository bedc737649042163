/** kill -9 again and again, of pulls and of snapshots: nothing is lost, and the next run goes on. */
import {readdirSync, statSync} from 'node:fs';
import test from 'ava';
import {compareTrees} from '../support/compare-trees.ts';
import {Prng} from '../support/prng.ts';
import {ended, start} from '../support/shoal-process.ts';
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
		const words = ['pull', '--bwlimit=1000', server.url, space.at('mirror')];
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
