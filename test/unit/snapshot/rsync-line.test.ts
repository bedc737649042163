import test from 'ava';
import {type EntryView, entryType, makeEntry} from '../../../src/snapshot/entry.ts';
import {type RsyncCharset, rsyncLine} from '../../../src/snapshot/rsync-line.ts';
import {latin1, octets} from '../../support/snapshot.ts';

const line = (
	path: Uint8Array,
	fields: Partial<EntryView> = {},
	charset: RsyncCharset = 'utf8',
	ahead = 0,
): string =>
	rsyncLine(makeEntry({path, type: entryType.file, ...fields}), path, {
		charset,
		zoneOffset: () => ahead,
	});

const nameOf = (path: Uint8Array, charset: RsyncCharset): string =>
	line(path, {}, charset).slice(46);

test('a line is that of rsync --list-only: separators, local time, targets', t => {
	const fields = {size: 1_234_567, mtimeSec: 981_173_106, mode: 0o6711};
	t.is(line(octets('a'), fields), '-rws--s--x      1,234,567 2001/02/03 04:05:06 a');
	t.is(line(octets('a'), fields, 'utf8', 3600), '-rws--s--x      1,234,567 2001/02/03 05:05:06 a');
	t.is(
		line(octets('a'), {type: entryType.symlink, target: octets('b c'), mode: 0o777}),
		'lrwxrwxrwx              3 1970/01/01 00:00:00 a -> b c',
	);
	t.is(
		line(octets(''), {type: entryType.directory, mode: 0o1777}),
		'drwxrwxrwt          4,096 1970/01/01 00:00:00 .',
	);
	t.regex(line(octets('a'), {size: 999}), / 999 /);
	t.regex(line(octets('a'), {size: 1000}), / 1,000 /);
	t.regex(line(octets('a'), {size: Number.MAX_SAFE_INTEGER}), /^-\S+ 9,007,199,254,740,991 1970/);
});

test('names are escaped as in the locale of the reader, or not beyond ASCII', t => {
	const name = latin1('\t\n\x7f\\#123\\x\xe9\xc3\xa9');
	t.is(nameOf(name, 'ascii'), '\t\\#012\x7f\\#134#123\\x\\#351\\#303\\#251');
	t.is(nameOf(name, 'utf8'), '\t\\#012\x7f\\#134#123\\x\\#351\u00e9');
	t.is(nameOf(name, 'octets'), '\t\\#012\x7f\\#134#123\\x\xe9\xc3\xa9');
	t.is(nameOf(octets('\u202e\\#011'), 'utf8'), '\\#342\\#200\\#256\\#134#011');
});
