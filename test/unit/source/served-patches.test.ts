import test from 'ava';
import {leafSize} from '../../../src/limit.ts';
import type {Module} from '../../../src/source/module.ts';
import type {PatchPlace} from '../../../src/source/patcher.ts';
import type {Published} from '../../../src/source/published.ts';
import {ServedPatches} from '../../../src/source/served-patches.ts';
import type {ReadRequest, Want} from '../../../src/transfer/sender.ts';
import {objectKind, refuseCode} from '../../../src/wire/frame.ts';
import {packStretches, patchSizeMax} from '../../../src/wire/patch.ts';
import {Prng} from '../../support/prng.ts';

/** Entries: a file of 100 leaves and 10 octets, an empty one, one that could not be read. */
const sizes = [100 * leafSize + 10, 0, 5000];

function scene({makesPatches = true} = {}) {
	const table = {
		count: sizes.length,
		contentSize: (position: number) => sizes[position]!,
		digest: (position: number) => new Uint8Array(position === 2 ? 0 : 32),
		path: () => Buffer.from('file'),
		expected: new Float64Array(4 * sizes.length),
	};
	const kept = new Map<number, Uint8Array>();
	const jobs: {readonly places: readonly PatchPlace[]; readonly end: () => void}[] = [];
	const patcher = {
		find: ({part}: PatchPlace) => kept.get(part.leaf),
		make: (_root: unknown, places: readonly PatchPlace[]) =>
			new Promise<number[]>(resolve => {
				const end = (): void => {
					for (const {part} of places) kept.set(part.leaf, Uint8Array.of(0, part.leaf, 7));
					resolve(places.map(() => 0));
				};
				jobs.push({places, end});
			}),
	};
	const answers = new Map<ReadRequest, Uint8Array | number>();
	const served = new ServedPatches({
		module: {root: 0, isRelayed: false, ...(makesPatches && {patcher})} as unknown as Module,
		shown: [{tables: new Map([[0, table]])} as unknown as Published],
		order: () => ({}),
		answer: (request, result) => answers.set(request, result),
		answered: () => undefined,
		broken: error => {
			throw error;
		},
	});
	return {served, jobs, answers};
}

const want = (leaf: number, lacked: Uint8Array, more: Partial<Want> = {}): Want => {
	const place = {number: 0, snapshot: 0, kind: objectKind.patch, page: 0, position: 0, count: 1};
	return {...place, offset: 0, length: 1000, part: {leaf, lacked}, ...more};
};

const some = packStretches([0, 200]);

test('a patch is had of a leaf that is there, by a name of some of it', t => {
	const {served} = scene();
	const {served: without} = scene({makesPatches: false});
	t.deepEqual(served.resolve(want(0, some)), {sizes: [patchSizeMax]});
	t.deepEqual(served.resolve(want(100, packStretches([0, 10]))), {sizes: [patchSizeMax]});
	t.is(without.resolve(want(0, some)), refuseCode.invalid, 'the module compresses nothing');
	const bad: Want[] = [
		...[101, 2 ** 40, Number.MAX_SAFE_INTEGER].map(leaf => want(leaf, some)),
		...[[], [0], [0, 0], [0, 1, 0, 1], [9, 1, 2]].map(name => want(0, Uint8Array.from(name))),
		want(100, Uint8Array.of(1, 1)),
		...[1, 2, 3, 2 ** 40].map(position => want(0, some, {position})),
		want(0, some, {page: 1}),
		want(0, some, {snapshot: 1}),
	];
	for (const each of bad) t.is(served.resolve(each), refuseCode.invalid, JSON.stringify(each));
	const prng = new Prng(1);
	for (let turn = 0; turn < 200; turn++) {
		const answer = served.resolve(want(prng.below(200), prng.bytes(prng.below(150))));
		t.true(typeof answer === 'object' || answer === refuseCode.invalid);
	}
});

test('whatever one session wants, it has four batches of eight leaves made at a time', async t => {
	const {served, jobs, answers} = scene();
	const requests = Array.from({length: 100}, (_, leaf) => want(leaf, some));
	for (const request of requests) t.is(served.take(request), undefined);
	served.flush();
	served.flush();
	t.deepEqual(
		jobs.map(({places}) => places.length),
		[8, 8, 8, 8],
	);
	for (let index = 0; index < jobs.length; index++) {
		jobs[index]!.end();
		await new Promise(resolve => setImmediate(resolve));
		t.true(jobs.length <= index + 5);
	}
	t.is(answers.size, 100);
	t.deepEqual(answers.get(requests[42]!), Uint8Array.of(0, 42, 7));
	const tail = want(42, some, {offset: 2, length: 900});
	t.deepEqual(served.take(tail), Uint8Array.of(7), 'what is here is answered at once');
	t.deepEqual(served.take({...tail, offset: 3}), new Uint8Array(0));
});
