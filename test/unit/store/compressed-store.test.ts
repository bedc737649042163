import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {CompressedStore} from '../../../src/store/compressed-store.ts';
import {Prng} from '../../support/prng.ts';
import {makeDirectory, openState} from '../../support/state.ts';

function scene(t: ExecutionContext) {
	const path = makeDirectory(t);
	const state = openState(t, path);
	const directory = join(path, '.shoal', 'compressed');
	const open = (version = '1', sizeMax?: number) => {
		const options = {state, version, ...(sizeMax === undefined ? {} : {sizeMax})};
		return CompressedStore.open(options)!;
	};
	return {directory, open};
}

const record = (index: number) => new Prng(index).bytes(1000 + index);
const keyOf = (index: number) => String.fromCharCode(1, 255, 65_535, index);

test('what was kept is there in the next run, octet for octet', t => {
	const {open} = scene(t);
	const first = open();
	for (let index = 0; index < 20; index++) first.set(keyOf(index), record(index));
	t.deepEqual(first.get(keyOf(3)), record(3));
	first.close();
	const second = open();
	for (let index = 0; index < 20; index++) t.deepEqual(second.get(keyOf(index)), record(index));
	t.is(second.get(keyOf(20)), undefined);
	second.close();
});

test('its size is bounded: the oldest goes', t => {
	const {open, directory} = scene(t);
	const store = open('1', 200_000);
	for (let index = 0; index < 1000; index++) store.set(keyOf(index), record(index % 50));
	t.is(store.get(keyOf(0)), undefined);
	t.deepEqual(store.get(keyOf(999)), record(999 % 50));
	const sizes = readdirSync(directory).map(name => readFileSync(join(directory, name)).length);
	t.true(sizes.reduce((sum, size) => sum + size, 0) <= 200_000);
	store.close();
});

test('what is cut off or damaged is not there, and what another codec made is removed', t => {
	const {open, directory} = scene(t);
	const first = open();
	for (let index = 0; index < 3; index++) first.set(keyOf(index), record(index));
	first.close();
	const file = join(directory, readdirSync(directory)[0]!);
	const octets = readFileSync(file);
	octets[200]! ^= 1;
	writeFileSync(file, octets.subarray(0, octets.length - 1));
	const second = open();
	t.is(second.get(keyOf(0)), undefined);
	t.deepEqual(second.get(keyOf(1)), record(1));
	t.is(second.get(keyOf(2)), undefined);
	second.set(keyOf(2), record(2));
	t.deepEqual(second.get(keyOf(2)), record(2));
	second.close();
	t.is(readdirSync(directory).length, 2);
	const other = open('2');
	t.is(other.get(keyOf(1)), undefined);
	t.is(readdirSync(directory).length, 0);
	other.close();
});
