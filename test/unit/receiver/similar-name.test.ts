import test from 'ava';
import {distanceMax, nameDistance, suffixOf} from '../../../src/receiver/similar-name.ts';

const octets = (text: string): Uint8Array => new TextEncoder().encode(text);
const distance = (a: string, b: string): number => nameDistance(octets(a), octets(b), distanceMax);
const suffix = (name: string): string => new TextDecoder().decode(suffixOf(octets(name)));

test('the suffix is what says what a file is, not which copy or version of it', t => {
	const names = {
		'foo.tar': '.tar',
		'foo.tar.gz': '.gz',
		'.profile': '',
		'..a.b': '.b',
		'foo.c.orig': '.c',
		'foo.c~': '.c',
		'foo.c.~12~': '.c',
		'libfoo.so.6': '.so',
		'foo.1': '.1',
		foo: '',
	};
	for (const [name, expected] of Object.entries(names)) t.is(suffix(name), expected, name);
});

test('nearer names have less distance, and a suffix weighs ten times as much', t => {
	t.is(distance('foo-1.2.tar', 'foo-1.2.tar'), 0);
	t.true(distance('foo-1.3.tar', 'foo-1.2.tar') < distance('foo-2.9.tar', 'foo-1.2.tar'));
	t.true(distance('foo-1.10.tar', 'foo-1.2.tar') < distance('foo-1.2.zip', 'foo-1.2.tar'));
	t.true(distance('a', 'b') < distance('a', 'z'), 'octets that differ little count less');
	t.is(distance('a', 'b'), distance('b', 'a'));
});

test('names that are too far apart are not compared to the end', t => {
	t.is(distance('a', 'a'.repeat(30)), Infinity);
	t.true(distance('abcdefghijklmnopqrstuvwxyzabcdef', '0123456789') > distanceMax);
	t.true(distance('a'.repeat(20), 'a'.repeat(30)) <= distanceMax);
});
