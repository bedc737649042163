import {existsSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import {ShoalError} from '../../../src/error.ts';
import {MadeObjects} from '../../../src/store/made-objects.ts';
import {spoilTree} from '../../support/pool.ts';
import {Prng} from '../../support/prng.ts';
import {fakeProcess, makeDirectory, openState, statePlatform} from '../../support/state.ts';

const size = 200_000;
const made = (seed: number) => {
	const prng = new Prng(seed);
	return {digest: prng.bytes(32), leaves: prng.bytes(4 * 32), sums: prng.bytes(4000)};
};

test('what was made outlives who made it, beside a pull that holds the lock', t => {
	const path = makeDirectory(t);
	const state = openState(t, path);
	const pulling = openState(t, path);
	pulling.lock();
	const objects = new MadeObjects(state);
	t.false(existsSync(join(path, '.shoal/made')), 'nothing is made before there is something');
	const file = made(1);
	t.is(objects.sums(file.digest), undefined);
	objects.keep(size, file);
	objects.close();
	const again = new MadeObjects(state);
	t.deepEqual(again.sums(file.digest), file.sums);
	t.deepEqual(again.leaves(file.digest), file.leaves);
	t.is(again.sums(made(2).digest), undefined);
	again.close();
});

test('of two at once one writes, and the other keeps in memory what it makes', t => {
	const path = makeDirectory(t);
	const running = new Set<string>();
	const opened = ['one', 'two'].map(name => {
		const platform = {...statePlatform, process: fakeProcess(name, running)};
		return openState(t, path, platform);
	});
	const [first, second] = [made(1), made(2)];
	const writing = new MadeObjects(opened[0]!);
	writing.keep(size, first);
	const reading = new MadeObjects(opened[1]!);
	t.deepEqual(reading.sums(first.digest), first.sums, 'what was there is read');
	reading.keep(size, second);
	t.deepEqual(reading.sums(second.digest), second.sums);
	t.deepEqual(reading.leaves(second.digest), second.leaves);
	t.is(writing.sums(second.digest), undefined);
	writing.close();
	reading.close();
	const later = new MadeObjects(opened[0]!);
	t.deepEqual(later.sums(first.digest), first.sums);
	t.is(later.sums(second.digest), undefined);
	later.close();
});

test('on a full disk what was kept before is read on, and what is made is kept in memory', t => {
	let isFull = false;
	const tree = spoilTree(statePlatform.tree, {
		write: (file, octets, offset) => {
			if (isFull) throw new ShoalError('DESTINATION_FULL', 'no space left');
			statePlatform.tree.write(file, octets, offset);
		},
	});
	const platform = {...statePlatform, tree};
	const state = openState(t, makeDirectory(t), platform);
	const [before, first, second] = [made(1), made(2), made(3)];
	const earlier = new MadeObjects(state);
	earlier.keep(size, before);
	earlier.close();
	const objects = new MadeObjects(state);
	isFull = true;
	for (const file of [first, second]) objects.keep(size, file);
	for (const file of [before, first, second]) {
		t.deepEqual(objects.leaves(file.digest), file.leaves);
		t.deepEqual(objects.sums(file.digest), file.sums);
	}
	objects.close();
	isFull = false;
	const later = new MadeObjects(state);
	t.deepEqual(later.sums(before.digest), before.sums);
	t.is(later.sums(first.digest), undefined);
	later.close();
});
