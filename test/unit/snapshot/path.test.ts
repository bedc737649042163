import test from 'ava';
import {
	baseName,
	comparePaths,
	isValidPath,
	isWithin,
	joinPath,
	parentPath,
	splitPath,
} from '../../../src/snapshot/path.ts';
import {latin1, octets} from '../../support/snapshot.ts';

const text = (path: Uint8Array): string => new TextDecoder('latin1').decode(path);

test('paths are ordered by octets, a prefix first', t => {
	const sorted = ['', 'A', 'a', 'a!', 'a.b', 'a/b', 'a0', 'b', '\xe9'].map(latin1);
	t.deepEqual([...sorted].reverse().sort(comparePaths), sorted);
	t.is(comparePaths(octets('a'), octets('a')), 0);
});

test('valid paths have whole components and no NUL', t => {
	for (const path of ['', 'a', '...', '.a', 'a/..b', 'a/b..', 'a/ /c', '-', '\n']) {
		t.true(isValidPath(octets(path)), path);
	}
	t.true(isValidPath(latin1('\xff\xfe')));
	for (const path of ['/', '/a', 'a/', 'a//b', '.', '..', './a', 'a/.', '../a', 'a/../b', '\0']) {
		t.false(isValidPath(octets(path)), path);
	}
	t.true(isValidPath(new Uint8Array(4095).fill(0x61)));
	t.false(isValidPath(new Uint8Array(4096).fill(0x61)));
});

test('parents, base names, components and joins', t => {
	t.is(text(parentPath(octets('a/b/c'))), 'a/b');
	t.is(text(parentPath(octets('a'))), '');
	t.is(text(parentPath(octets(''))), '');
	t.is(text(baseName(octets('a/b'))), 'b');
	t.is(text(baseName(octets('a'))), 'a');
	t.deepEqual(splitPath(octets('a/b/c')).map(text), ['a', 'b', 'c']);
	t.deepEqual(splitPath(octets('')), []);
	t.is(text(joinPath(octets(''), octets('a'))), 'a');
	t.is(text(joinPath(octets('a/b'), octets('c'))), 'a/b/c');
});

test('within is the directory itself and what is below it', t => {
	t.true(isWithin(octets('a'), octets('')));
	t.true(isWithin(octets('a/b'), octets('a/b')));
	t.true(isWithin(octets('a/b/c'), octets('a/b')));
	t.false(isWithin(octets('a/bc'), octets('a/b')));
	t.false(isWithin(octets('a'), octets('a/b')));
});
