import test from 'ava';
import {parseNames} from '../../../src/snapshot/name-list.ts';

const read = (text: string, nulLines = false): string[] =>
	parseNames(Buffer.from(text, 'latin1'), nulLines).map(
		({path, withContents}) => Buffer.from(path).toString('latin1') + (withContents ? '/' : ''),
	);

test('names lose what leads nowhere, and a slash at the end asks for contents', t => {
	t.deepEqual(read('a\n/b/c\n./d\n././e//f/\n'), ['a', 'b/c', 'd', 'e/f/']);
	t.deepEqual(read('a/../b\n../c\na/b/..\na/b/../x\na/.\n'), ['b', 'c', 'a/', 'a/x', 'a/']);
	t.deepEqual(read('.\n./\n/\n..\n'), ['/', '/', '/', '/']);
});

test('empty lines and comments are no names; spaces and any octet are', t => {
	t.deepEqual(read('# a\n;b\n\n c \r\ncaf\xe9'), [' c ', 'caf\xe9']);
	t.deepEqual(read('a\nb\0#c\0d\0', true), ['a\nb', 'd']);
});

test('a name that rsync would shorten in DEST is refused', t => {
	for (const name of ['a/./b', 'a/b/./', 'a/./']) {
		t.throws(() => read(name), {code: 'OPTION_UNBUILT', message: /\/\.\//}, name);
	}
});
