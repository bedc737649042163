/**
 * The octets of README.md, written out by hand: a list that was saved or signed once must read
 * the same for ever.
 */
import test from 'ava';
import {sha256} from '../../../native-free/digest.ts';
import {applyDiff, makeDiff} from '../../../src/snapshot/diff.ts';
import {entryType, makeEntry} from '../../../src/snapshot/entry.ts';
import {buildList, listOf, octets} from '../../support/snapshot.ts';

const bytes = (text: string): Buffer => Buffer.from(text.replace(/\s/g, ''), 'hex');
const hex = (of: Uint8Array): string => Buffer.from(of).toString('hex');
const ascii = (text: string): string => Buffer.from(text).toString('hex');
const varint4 = (value: number): string => (value + 0x8000_0000).toString(16);

const digest = '11'.repeat(32);
const owned = {owner: octets('root'), group: octets('users'), gid: 100};
const file = {type: entryType.file, ...owned, digest: bytes(digest), mtimeSec: 1_700_000_000};
const entries = [
	makeEntry({path: octets(''), type: entryType.directory, mtimeSec: -1, mtimeNsec: 5}),
	makeEntry({path: octets('abc'), ...file, size: 70_000, mode: 0o4755, linkCount: 2}),
	makeEntry({path: octets('abd'), ...file, size: 3}),
	makeEntry({path: octets('b'), type: entryType.symlink, mode: 0o777, target: octets('abc')}),
	makeEntry({
		path: octets('bc'),
		...file,
		size: 70_000,
		mode: 0o4755,
		digest: new Uint8Array(0),
		link: octets('abc'),
	}),
];

const rootRow = '01 00 01ed 00 00 00 00';
const names = `04 ${ascii('root')} 05 ${ascii('users')}`;
const page = `
	00 00                 00 ${rootRow}              01 05
	00 03 ${ascii('abc')} 01 00 02 09ed 00 4064 ${names}
		c0000000 caa7e202 00  ${varint4(70_000)} 02 ${digest}
	02 01 ${ascii('d')}   02 00 00 01a4 00 4064 ${names}  00 00 03 ${digest}
	00 01 ${ascii('b')}   03 02 00 01ff 00 00 00 00
		c0000000 caa7e1ff 00  03 ${ascii('abc')}
	01 01 ${ascii('c')}   04 00 01 09ed 00 4064 ${names}
		c0000000 caa7e200 00  ${varint4(70_000)} 00 03 ${ascii('abc')}
`;

test('a list is the octets that are written down', t => {
	const list = listOf(entries);
	t.is(hex(list.page(0)), hex(bytes(page)));
	const pageHash = sha256(Uint8Array.of(2), bytes(page));
	const size = bytes(page).length.toString(16).padStart(4, '0');
	const top = bytes(`00 00 ${hex(pageHash)} ${(0x4000 + Number(`0x${size}`)).toString(16)} 05 01`);
	const header = bytes(`
		${ascii('shoal list 1')} 00 01 01 01 01 00000001 0000000000000005
		${(70_003).toString(16).padStart(16, '0')} ${top.length.toString(16).padStart(8, '0')}
	`);
	t.is(hex(list.bytes), hex(Buffer.concat([header, top, bytes(page)])));
	t.is(hex(list.root), hex(sha256(Uint8Array.of(4), header, top)));
});

test('a diff is the octets that are written down', t => {
	const from = listOf(entries);
	const changed = {...entries[2]!, size: 4, mtimeSec: 1_700_000_001};
	const added = makeEntry({path: octets('abe'), type: entryType.fifo});
	const to = listOf([entries[0]!, changed, added]);
	const diff = bytes(`
		${ascii('shoal diff 1')} 00 01 ${hex(from.root)} ${hex(to.root)}
		${to.bytes.length.toString(16).padStart(16, '0')}
		04 05
		02 00 00 00 01a4 00 4064 ${names} c0000000 caa7e202 00 04 ${digest}
		03 02 01 ${ascii('e')} 01 03 00 01a4 00 00 00 00 c0000000 caa7e201 00
		09
	`);
	t.is(hex(makeDiff(from, to)), hex(diff));
	t.is(hex(applyDiff(from, diff, sha256)!), hex(to.bytes));
});

test('the same entries give the same octets, whatever they came from', t => {
	const list = buildList(entries);
	t.is(hex(buildList(entries.map(entry => ({...entry, path: entry.path.slice()})))), hex(list));
});
