import test from 'ava';
import {compression} from '../../../native-free/compression.ts';
import type {CodecName} from '../../../src/platform/compression.ts';

const codecs = (['deflate', 'brotli', 'zstd'] as const).filter(codec => compression.has(codec));

test('deflate and Brotli are always there', t => {
	t.true(compression.has('deflate') && compression.has('brotli'));
	t.false(compression.has('gzip' as CodecName));
});

for (const codec of codecs) {
	test(`${codec}: what is compressed expands to what it was, and to nothing else`, t => {
		const octets = Buffer.alloc(65_536, 'some of this is said again ');
		const made = compression.compress(codec, 5, octets);
		t.true(made.length < 1000);
		t.deepEqual(Buffer.from(compression.expand(codec, made, octets.length)!), octets);
		t.is(compression.expand(codec, made, octets.length - 1), undefined, 'more than is allowed');
		t.is(compression.expand(codec, made, octets.length + 1), undefined, 'less than is said');
		t.is(compression.expand(codec, made.subarray(0, made.length - 5), 65_536), undefined);
		t.is(compression.expand(codec, new Uint8Array(0), 65_536), undefined);
		t.is(compression.expand(codec, Buffer.alloc(500, 0xff), 65_536), undefined);
	});

	test(`${codec}: a bomb makes no more than what is asked for`, t => {
		const bomb = compression.compress(codec, 5, Buffer.alloc(64 << 20));
		const before = process.memoryUsage();
		t.is(compression.expand(codec, bomb, 65_536), undefined);
		const after = process.memoryUsage();
		t.true(after.arrayBuffers - before.arrayBuffers < 16 << 20);
	});
}
