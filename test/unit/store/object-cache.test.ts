import test from 'ava';
import {ObjectCache} from '../../../src/store/object-cache.ts';

const mebibyte = 1 << 20;

test('what was used longest ago goes first, and 64 MiB stay', t => {
	const cache = new ObjectCache();
	for (let key = 0; key < 4; key++) cache.set(key, new Uint8Array(16 * mebibyte));
	t.is(cache.get(0)?.length, 16 * mebibyte);
	cache.set(4, new Uint8Array(1));
	t.is(cache.get(1), undefined);
	t.deepEqual(
		[0, 2, 3, 4].map(key => cache.get(key) !== undefined),
		[true, true, true, true],
	);
});

test('an object larger than that stays until the next', t => {
	const cache = new ObjectCache();
	cache.set(1, new Uint8Array(5));
	cache.set(2, new Uint8Array(65 * mebibyte));
	t.is(cache.get(1), undefined);
	t.is(cache.get(2)?.length, 65 * mebibyte);
	cache.set(3, new Uint8Array(5));
	t.is(cache.get(2), undefined);
	t.is(cache.get(3)?.length, 5);
	cache.set(3, new Uint8Array(64 * mebibyte));
	t.is(cache.get(3)?.length, 64 * mebibyte, 'set again, it counts once');
	cache.clear();
	t.is(cache.get(3), undefined);
});

test('of objects of few octets 131,072 stay', t => {
	const cache = new ObjectCache();
	const octets = new Uint8Array(1);
	for (let key = 0; key < 131_072; key++) cache.set(key, octets);
	t.is(cache.get(0), octets);
	cache.set(131_072, octets);
	t.is(cache.get(1), undefined);
	t.is(cache.get(0), octets);
	t.is(cache.get(2), octets);
});
