/** Contents that are asked for before there is a plan: when they are, and what comes of them. */
import test from 'ava';
import {compareTrees} from '../support/compare-trees.ts';
import {Prng} from '../support/prng.ts';
import {Workspace} from '../support/workspace.ts';

test('contents are asked for ahead where all of them will be wanted, and only there', async t => {
	const space = new Workspace(t);
	const prng = new Prng(1);
	let contents = 0;
	for (let file = 0; file < 400; file++) {
		const octets = prng.bytes(1 + prng.below(file === 7 ? 400_000 : 5000));
		contents += octets.length;
		space.write(`tree/d${file % 10}/${Buffer.from(prng.bytes(40)).toString('hex')}`, octets);
		// The same content under another name need not travel.
		if (file % 4 === 0) space.write(`tree/d${file % 10}/again-${file}`, octets);
	}
	const server = await space.serve('tree');
	const pull = async (to: string, ...words: string[]): Promise<number> => {
		const {exit, lines, errors} = await space.run('pull', ...words, server.url, space.at(to));
		t.is(exit, 0, errors);
		return Number(lines.at(-1)!['wireBytesIn']);
	};
	const list = await pull('dry', '-n');
	t.true(list > 20_000, 'the list is more than an answer brings');
	t.true(list < contents / 4, `${list}`);
	const filtered = await pull('filtered', '--exclude', 'd*');
	t.true(filtered < 1.2 * list + 10_000, `${filtered} for a list, ${list} before`);

	const first = await pull('copy');
	t.true(first < 1.1 * (contents + list), `${first} for ${contents} and ${list}`);
	t.deepEqual(compareTrees(space.at('tree'), space.at('copy')), []);

	// What is there already is not asked for, though nothing is known of it.
	await space.run('pull', space.at('tree'), space.at('there'));
	const again = await pull('there', '-c', '--state', space.at('elsewhere'));
	t.true(again < 1.2 * list + 10_000, `${again} for a list, ${list} before`);
});
