/** rsync(1) as the oracle: it must find nothing left to do, and list the same changes. */
import {execFileSync} from 'node:child_process';
import {rmSync} from 'node:fs';
import {setTimeout} from 'node:timers/promises';
import test from 'ava';
import {compareTrees} from '../support/compare-trees.ts';
import {poll} from '../support/poll.ts';
import {Prng} from '../support/prng.ts';
import {RandomTree} from '../support/random-tree.ts';
import {Workspace} from '../support/workspace.ts';

const version = (() => {
	try {
		return execFileSync('rsync', ['--version'], {encoding: 'utf8'}).split('\n')[0];
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
		throw error;
	}
})();
const withRsync = version === undefined ? test.skip : test;

/** Changes that rsync would make, as its -i lists them. With -c it tells touched from changed. */
function wouldChange(from: string, to: string): string[] {
	const words = ['-aHnic', '--delete', '--exclude=/.shoal', '--', `${from}/`, `${to}/`];
	const env = {...process.env, LC_ALL: 'C.UTF-8'};
	return execFileSync('rsync', words, {encoding: 'utf8', env})
		.split('\n')
		.filter(line => line !== '');
}

for (const seed of [1, 2, 3]) {
	withRsync(
		`rsync finds nothing to do after a pull, nor after changes [SHOAL_SEED=${seed}]`,
		async t => {
			const space = new Workspace(t);
			const tree = new RandomTree(space.at('tree'), new Prng(seed));
			tree.grow(150);
			const server = await space.serve('tree');
			for (const round of [0, 1, 2]) {
				if (round > 0) {
					tree.change(40);
					const taken = await space.run('snapshot', tree.root);
					await server.offers(String(taken.lines.at(-1)!['snapshot']));
				}
				const pulled = await space.run(
					'pull',
					'--delete',
					'--max-delete=9999',
					server.url,
					space.at('mirror'),
				);
				t.is(pulled.exit, 0, pulled.errors);
				t.deepEqual(wouldChange(tree.root, space.at('mirror')), [], `round ${round}`);
				t.deepEqual(compareTrees(tree.root, space.at('mirror')), []);
			}
		},
	);
}

for (const seed of [4, 5]) {
	withRsync(`-nic lists what rsync does, hard links aside [SHOAL_SEED=${seed}]`, async t => {
		const space = new Workspace(t);
		const tree = new RandomTree(space.at('tree'), new Prng(seed), {hardLinks: false});
		tree.grow(80);
		await space.run('snapshot', tree.root);
		execFileSync('rsync', ['-aH', '--exclude=/.shoal', `${tree.root}/`, `${space.at('mirror')}/`]);
		// Times within one second are the same to rsync, and not to shoal.
		await setTimeout(1100);
		tree.change(30);
		const server = await space.serve('tree');
		const words = ['-nic', '--delete', '--max-delete=9999', server.url, space.at('mirror')];
		const {exit, output, errors} = await space.runPlain('pull', ...words);
		t.is(exit, 0, errors);
		const ours = output.split('\n').filter(line => /^[<>ch.*]/.test(line));
		const theirs = wouldChange(tree.root, space.at('mirror'));
		t.deepEqual(ours.sort(), theirs.sort());
	});
}

withRsync(
	'a tree that rsync has mirrored already costs no content, and is not touched',
	async t => {
		const space = new Workspace(t);
		const tree = new RandomTree(space.at('tree'), new Prng(6));
		tree.grow(60);
		await space.run('snapshot', tree.root);
		execFileSync('rsync', ['-aH', '--exclude=/.shoal', `${tree.root}/`, `${space.at('mirror')}/`]);
		const server = await space.serve('tree');
		const {exit, lines, errors} = await space.run('pull', server.url, space.at('mirror'));
		t.is(exit, 0, errors);
		t.like(lines.at(-1), {bytesLiteral: 0, filesChanged: 0, created: 0});
		t.deepEqual(wouldChange(tree.root, space.at('mirror')), []);
	},
);

test('a lost record costs no content, and the pull after it one round trip', async t => {
	const space = new Workspace(t);
	const tree = new RandomTree(space.at('tree'), new Prng(7));
	tree.grow(60);
	const server = await space.serve('tree');
	const pull = (...words: string[]) => space.run('pull', ...words, server.url, space.at('mirror'));
	await pull();
	rmSync(space.at('mirror/.shoal'), {recursive: true});
	const checked = await pull('--check');
	t.is(checked.exit, 0, checked.errors);
	t.like(checked.lines.at(-1), {bytesLiteral: 0, unchanged: false});
	t.deepEqual(compareTrees(tree.root, space.at('mirror')), []);
	t.like(await poll(pull), {unchanged: true, roundTrips: 1, datagramsIn: 1});
});
