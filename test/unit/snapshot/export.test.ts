import test from 'ava';
import {type EntryView, entryType, makeEntry} from '../../../src/snapshot/entry.ts';
import {base64Text, jsonLine, longLine, timeText} from '../../../src/snapshot/export.ts';
import {Prng} from '../../support/prng.ts';
import {latin1, octets} from '../../support/snapshot.ts';

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

test('a name that could command a terminal is escaped in both forms', t => {
	const entry = file(octets('\u001b[2J\u202e'));
	for (const line of [longLine(entry), jsonLine(entry)]) {
		t.false(line.includes('\u001b') || line.includes('\u202e'), line);
	}
	t.is(JSON.parse(jsonLine(entry)).path, '\u001b[2J\u202e');
});

test('a JSON line has all there is, octets that are no UTF-8 in base64', t => {
	const entry = file(latin1('caf\xe9'), {
		size: 5,
		mode: 0o44,
		uid: 7,
		owner: octets('you'),
		mtimeSec: -3,
		mtimeNsec: 4,
		linkCount: 2,
		xattr: new Uint8Array(32),
		flatDigest: new Uint8Array(32).fill(1),
	});
	t.deepEqual(JSON.parse(jsonLine(entry)), {
		path64: 'Y2Fm6Q==',
		type: 'file',
		mode: '0044',
		mtime: '-3.000000004',
		uid: 7,
		gid: 0,
		owner: 'you',
		size: 5,
		linkCount: 2,
		digest: 'ab'.repeat(32),
		sha256: '01'.repeat(32),
		xattr: '00'.repeat(32),
	});
	const device = 1 * 2 ** 32 + 3;
	const other = makeEntry({path: octets('n'), type: entryType.charDevice, device, unread: false});
	t.like(JSON.parse(jsonLine(other)), {type: 'charDevice', major: 1, minor: 3});
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

test('base64 is that of RFC 4648', t => {
	for (let size = 0; size < 20; size++) {
		const bytes = new Prng(size).bytes(size);
		t.is(base64Text(bytes), Buffer.from(bytes).toString('base64'));
	}
});
