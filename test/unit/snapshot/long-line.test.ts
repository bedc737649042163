import test from 'ava';
import {type EntryView, entryType, makeEntry} from '../../../src/snapshot/entry.ts';
import {longLine, timeText} from '../../../src/snapshot/long-line.ts';
import {Prng} from '../../support/prng.ts';
import {octets} from '../../support/snapshot.ts';

const file = (path: Uint8Array, fields: Partial<EntryView> = {}): EntryView =>
	makeEntry({path, type: entryType.file, digest: new Uint8Array(32).fill(0xab), ...fields});

test('a long line is as of ls -l, in UTC', t => {
	const entry = file(octets('a/b'), {
		size: 1234,
		mode: 0o4755,
		owner: octets('root'),
		gid: 20,
		mtimeSec: 981_173_106,
	});
	t.is(longLine(entry), '-rwsr-xr-x root     20               1234 2001-02-03T04:05:06Z a/b');
	const root = makeEntry({path: octets(''), type: entryType.directory, mode: 0o1770});
	t.is(longLine(root), 'drwxrwx--T 0        0                   0 1970-01-01T00:00:00Z .');
	const link = makeEntry({path: octets('l'), type: entryType.symlink, target: octets('a\n')});
	t.true(longLine(link).endsWith(' l -> a\\#012'));
	t.true(longLine({...entry, link: octets('a/a')}).endsWith(' a/b = a/a'));
	t.true(longLine({...entry, unread: true}).endsWith(' a/b (unread)'));
	const device = 8 * 2 ** 32 + 1;
	const disk = makeEntry({path: octets('sda1'), type: entryType.blockDevice, device});
	t.regex(longLine(disk), /^b.* {8}8, 1 /);
});

test('a name that could command a terminal is escaped', t => {
	const line = longLine(file(octets('\u001b[2J\u202e')));
	t.true(line.endsWith(' \\#033[2J\\#342\\#200\\#256'), line);
});

test('dates are those of the calendar, leap years and times before 1970 included', t => {
	const prng = new Prng(5);
	for (let round = 0; round < 2000; round++) {
		const sec = Math.floor((prng.float() - 0.3) * 2e11);
		const date = new Date(sec * 1000).toISOString();
		if (/^\d{4}-/.test(date)) t.is(timeText(sec), date.slice(0, 19));
	}
	t.is(timeText(951_782_400), '2000-02-29T00:00:00');
	t.is(timeText(-1), '1969-12-31T23:59:59');
});
