import {createHash} from 'node:crypto';
import test from 'ava';
import {sha256} from '../../../native-free/digest.ts';
import {Prng} from '../../support/prng.ts';

test('SHA-256 of the empty string and of abc. FIPS 180-4', t => {
	const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');
	const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
	t.is(hex(sha256()), empty);
	t.is(hex(sha256(new Uint8Array(0))), empty);
	const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
	t.is(hex(sha256(Buffer.from('abc'))), abc);
	t.is(hex(sha256(Buffer.from('a'), new Uint8Array(0), Buffer.from('bc'))), abc);
});

test('however the octets are cut, the digest is that of the whole [SHOAL_SEED=7]', t => {
	const prng = new Prng(7);
	for (const size of [1, 31, 1023, 1024, 1025, 5000, 70_000]) {
		const octets = prng.bytes(size);
		const parts: Uint8Array[] = [];
		for (let at = 0; at < size; ) {
			const length = 1 + prng.below(size);
			parts.push(octets.subarray(at, at + length));
			at += length;
		}
		t.deepEqual(sha256(...parts), createHash('sha256').update(octets).digest(), `${size} octets`);
	}
});
