import test from 'ava';
import {type EntryView, entryType, makeEntry} from '../../../src/snapshot/entry.ts';
import {base64Text, jsonLine} from '../../../src/snapshot/json-line.ts';
import {Prng} from '../../support/prng.ts';
import {latin1, octets} from '../../support/snapshot.ts';

const file = (path: Uint8Array, fields: Partial<EntryView> = {}): EntryView =>
	makeEntry({path, type: entryType.file, digest: new Uint8Array(32).fill(0xab), ...fields});

test('a name that could command a terminal is escaped, and read back as it was', t => {
	const line = jsonLine(file(octets('\u001b[2J\u202e')));
	t.false(line.includes('\u001b') || line.includes('\u202e'), line);
	t.is(JSON.parse(line).path, '\u001b[2J\u202e');
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

test('base64 is that of RFC 4648', t => {
	for (let size = 0; size < 20; size++) {
		const bytes = new Prng(size).bytes(size);
		t.is(base64Text(bytes), Buffer.from(bytes).toString('base64'));
	}
});
