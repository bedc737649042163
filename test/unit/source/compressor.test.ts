import {writeFileSync} from 'node:fs';
import test, {type ExecutionContext} from 'ava';
import platform from '#platform';
import {leafSize} from '../../../src/limit.ts';
import {Compressor, type GroupPlace} from '../../../src/source/compressor.ts';
import {compress} from '../../../src/task/compress.ts';
import {formOf, sizeAt} from '../../../src/wire/compressed.ts';
import {refuseCode} from '../../../src/wire/frame.ts';
import {Prng} from '../../support/prng.ts';
import {servedFile, taskContext} from '../../support/served-file.ts';

const {compression} = platform;

function scene(t: ExecutionContext, content: Uint8Array) {
	const file = servedFile(t, content);
	let jobs = 0;
	const compressor = new Compressor({
		has: codec => compression.has(codec),
		run: async input => {
			jobs++;
			return compress.run(input, taskContext);
		},
		store: undefined,
	});
	const place = (group: number, form = formOf('deflate')): GroupPlace => ({
		...file.place,
		form,
		group,
	});
	return {compressor, root: file.root, place, path: file.path, jobs: () => jobs};
}

test('a group is made once, whoever asks for it, and each leaf expands alone', async t => {
	const content = new Uint8Array(9 * leafSize + 5000).fill(0x61);
	content.set(new Prng(1).bytes(leafSize), leafSize);
	const {compressor, root, place, jobs} = scene(t, content);
	t.is(compressor.find(place(0)), undefined);
	const asked = [1, 2, 3].map(() => compressor.make(root, [place(0), place(1)], {}));
	t.deepEqual(await Promise.all(asked), [
		[0, 0],
		[0, 0],
		[0, 0],
	]);
	t.is(jobs(), 1);
	const [first, second] = [compressor.find(place(0))!, compressor.find(place(1))!];
	t.is(first.sizes.length, 16);
	t.is(second.sizes.length, 4);
	t.is(sizeAt(first.sizes, 1), 0, 'noise has no compressed form');
	let at = 0;
	for (const index of [0, 2, 3, 4, 5, 6, 7]) {
		const end = at + sizeAt(first.sizes, index);
		const leaf = compression.expand('deflate', first.octets.subarray(at, end), leafSize);
		t.deepEqual(leaf && Buffer.from(leaf), Buffer.alloc(leafSize, 'a'));
		at = end;
	}
	t.is(at, first.octets.length);
});

test('a file that changed is stale, and a form that is not there cannot be had', async t => {
	const {compressor, root, place, path} = scene(t, new Uint8Array(70_000));
	t.false(compressor.has(0) || compressor.has(7));
	writeFileSync(path, 'other');
	t.deepEqual(await compressor.make(root, [place(0)], {}), [refuseCode.stale]);
	t.is(compressor.find(place(0)), undefined);
});
