import test from 'ava';
import {ReadBuffers} from '../../../src/source/read-buffers.ts';

test('a buffer is shared memory with room for what is asked, at most twice of it', t => {
	const buffers = new ReadBuffers();
	for (const size of [16_385, 65_536, 100_000, 786_432, 1_048_577]) {
		const {length, buffer} = buffers.take(size);
		t.true(length >= size && length < 2 * size, `${length} octets for ${size}`);
		t.true(buffer instanceof SharedArrayBuffer);
	}
	t.is(buffers.take(0).length, 16_384);
});

test('what was given back is taken again, by one alone', t => {
	const buffers = new ReadBuffers();
	const first = buffers.take(60_000);
	t.not(buffers.take(60_000), first);
	buffers.give(first);
	t.is(buffers.take(40_000), first);
	t.not(buffers.take(40_000), first);
});

test('no more than 4 MiB is kept', t => {
	const buffers = new ReadBuffers();
	const all = Array.from({length: 8}, () => buffers.take(1 << 20));
	for (const each of all) buffers.give(each);
	const again = Array.from({length: 8}, () => buffers.take(1 << 20));
	t.is(again.filter(each => all.includes(each)).length, 4);
});
