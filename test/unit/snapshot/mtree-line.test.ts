import test from 'ava';
import {type EntryView, entryType, makeEntry} from '../../../src/snapshot/entry.ts';
import {mtreeHeader, mtreeLine} from '../../../src/snapshot/mtree-line.ts';
import {latin1, octets} from '../../support/snapshot.ts';

const file = (fields: Partial<EntryView> = {}): EntryView =>
	makeEntry({path: octets(''), type: entryType.file, ...fields});

test('a line of mtree has what identifies an entry, time to the nanosecond', t => {
	const entry = file({
		size: 5,
		mode: 0o4755,
		uid: 7,
		gid: 8,
		owner: octets('you'),
		group: octets('you all'),
		mtimeSec: -6,
		mtimeNsec: 999_999_993,
	});
	const owned = 'uname=you uid=7 gid=8';
	const time = 'time=-6.999999993';
	t.is(
		mtreeLine(entry, {path: octets('a/b'), linkCount: 1, patterns: false}),
		`./a/b type=file mode=4755 ${owned} size=5 ${time}`,
		'a group whose name is two words stays a number',
	);
});

test('links, devices, directories and plain digests have their keywords', t => {
	const line = (fields: Partial<EntryView>, linkCount = 1): string =>
		mtreeLine(file(fields), {path: octets('x'), linkCount, patterns: false});
	t.regex(line({type: entryType.symlink, target: octets('a b')}), /type=link .* link=a\\040b$/);
	const device = 8 * 2 ** 32 + 1;
	t.regex(line({type: entryType.blockDevice, device}), /type=block .* device=native,8,1$/);
	t.regex(line({type: entryType.charDevice, device}), /type=char .* device=native,8,1$/);
	t.regex(line({type: entryType.fifo}), /type=fifo /);
	t.regex(line({type: entryType.socket}), /type=socket /);
	t.regex(line({}, 3), / nlink=3 size=0 /);
	t.notRegex(line({}), /nlink/, 'other names may lie outside the tree');
	t.regex(line({flatDigest: latin1('\xab'.repeat(32))}), / sha256digest=(ab){32}$/);
	t.notRegex(line({digest: latin1('\xab'.repeat(32))}), /sha256/, 'a root of leaves is none');
	const directory = makeEntry({path: octets(''), type: entryType.directory});
	t.regex(
		mtreeLine(directory, {path: octets(''), linkCount: 1, patterns: false}),
		/^\. type=dir mode=0755 uid=0 gid=0 time=/,
	);
});

test('names are one word and no comment', t => {
	const nameOf = (name: string, patterns = false): string =>
		mtreeLine(file(), {path: latin1(name), linkCount: 1, patterns}).split(' ')[0]!;
	t.is(
		nameOf('-a b#*?[]\\\n\t\x7f\xe9=!'),
		'./-a\\040b\\043\\052\\077\\133\\135\\134\\012\\011\\177\\351\\075\\041',
	);
	t.is(
		nameOf('a\\/[b]/\\*', true),
		'./a\\134/\\134\\133b\\135/\\134\\134\\134\\052',
		'as patterns',
	);
	t.regex(mtreeHeader(new Uint8Array(32)), /^#mtree\n# snapshot (00){32}$/);
});
