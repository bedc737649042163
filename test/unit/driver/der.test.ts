import test from 'ava';
import {
	bitString,
	explicit,
	integer,
	objectIdentifier,
	octetString,
	sequence,
	time,
	utf8String,
	value,
} from '../../../src/driver/der.ts';

const hex = (octets: Uint8Array) => Buffer.from(octets).toString('hex');

test('numbers have no needless zeros, and one where the first bit would be a sign', t => {
	t.is(hex(integer(Uint8Array.of())), '020100');
	t.is(hex(integer(Uint8Array.of(0))), '020100');
	t.is(hex(integer(Uint8Array.of(0, 0, 127))), '02017f');
	t.is(hex(integer(Uint8Array.of(128))), '02020080');
	t.is(hex(integer(Uint8Array.of(0, 255, 1))), '020300ff01');
});

test('lengths take the fewest octets', t => {
	t.is(hex(octetString(new Uint8Array(127))).slice(0, 4), '047f');
	t.is(hex(octetString(new Uint8Array(128))).slice(0, 6), '048180');
	t.is(hex(octetString(new Uint8Array(255))).slice(0, 6), '0481ff');
	t.is(hex(octetString(new Uint8Array(256))).slice(0, 8), '04820100');
	t.is(octetString(new Uint8Array(65_536)).length, 65_536 + 5);
});

test('names of objects are those that X.690 §8.19 and RFC 5758 §3.2 show', t => {
	t.is(hex(objectIdentifier('2.999.3')), '0603883703');
	t.is(hex(objectIdentifier('1.2.840.10045.4.3.2')), '06082a8648ce3d040302');
});

test('years have two digits to 2049 and four from 2050 on', t => {
	const text = (octets: Uint8Array) => Buffer.from(octets.subarray(2)).toString();
	const before = time(Date.UTC(2049, 11, 31, 23, 59, 59, 999));
	t.deepEqual([before[0], text(before)], [0x17, '491231235959Z']);
	const after = time(Date.UTC(2050, 0, 1));
	t.deepEqual([after[0], text(after)], [0x18, '20500101000000Z']);
});

test('values stand one after another in what holds them', t => {
	t.is(hex(sequence(integer(Uint8Array.of(1)), utf8String('é'))), '30070201010c02c3a9');
	t.is(hex(explicit(3, value(0x05))), 'a3020500');
	t.is(hex(bitString(Uint8Array.of(0x80), 7)), '03020780');
});
