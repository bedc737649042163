import {utimesSync} from 'node:fs';
import test, {type ExecutionContext} from 'ava';
import platform from '#platform';
import {leafSize} from '../../../src/limit.ts';
import {Patcher, type PatchPlace} from '../../../src/source/patcher.ts';
import {applyPatch, makePatches} from '../../../src/task/patch.ts';
import {refuseCode} from '../../../src/wire/frame.ts';
import {packStretches} from '../../../src/wire/patch.ts';
import {Prng} from '../../support/prng.ts';
import {servedFile, taskContext} from '../../support/served-file.ts';

const {compression} = platform;

function scene(t: ExecutionContext, content: Uint8Array) {
	const file = servedFile(t, content);
	let made = 0;
	const patcher = new Patcher({
		run: async input => {
			made += input.lengths.length;
			return makePatches.run(input, taskContext);
		},
	});
	const place = (leaf: number, lacked: Uint8Array): PatchPlace => ({
		...file.place,
		part: {leaf, lacked},
	});
	return {patcher, root: file.root, place, path: file.path, made: () => made};
}

const content = new Prng(1).bytes(3 * leafSize + 1000);
content.copyWithin(leafSize + 12_000, leafSize + 20_000, leafSize + 28_000);

test('a patch is made once for all who lack the same of a leaf, and is of it alone', async t => {
	const {patcher, root, place, made} = scene(t, content);
	const stretches = [12_032, 19_968];
	const lacked = packStretches(stretches);
	const asked = [place(1, lacked), place(3, packStretches([0, 500]))];
	t.is(patcher.find(asked[0]!), undefined);
	const all = await Promise.all([1, 2, 3].map(() => patcher.make(root, asked, {})));
	t.deepEqual(all, new Array(3).fill([0, 0]));
	t.deepEqual(await patcher.make(root, asked, {}), [0, 0]);
	t.is(made(), 2);
	const patch = patcher.find(place(1, lacked.slice()))!;
	t.true(patch.length < 500, `${patch.length} octets: the rest of the leaf says it all`);
	const leaf = content.slice(leafSize, 2 * leafSize);
	leaf.fill(0, ...(stretches as [number, number]));
	t.true(applyPatch(compression, patch, leaf, stretches));
	t.deepEqual(Buffer.from(leaf), Buffer.from(content.subarray(leafSize, 2 * leafSize)));

	const others = [place(2, lacked), place(1, packStretches([12_032, 20_096]))];
	for (const other of others) t.is(patcher.find(other), undefined);
	t.is(patcher.find(asked[1]!)!.length, 513, 'noise comes as it is');
});

test('names of nothing are refused, and so is a file that has changed', async t => {
	const {patcher, root, place, path} = scene(t, content);
	const good = packStretches([0, 128]);
	const names = [[], [0], [0, 0], [600, 1], [1, 1, 0, 1], new Array(400).fill(1)];
	const bad = names.map(name => place(1, Uint8Array.from(name)));
	const codes = await patcher.make(root, [...bad, place(0, good)], {});
	t.deepEqual(codes, [...bad.map(() => refuseCode.invalid), 0]);
	utimesSync(path, 1, 1);
	t.deepEqual(
		await patcher.make(root, [place(0, good)], {}),
		[0],
		'what was made stays what it is',
	);
	t.deepEqual(await patcher.make(root, [place(2, good)], {}), [refuseCode.stale]);
});
