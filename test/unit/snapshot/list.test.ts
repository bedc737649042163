import test from 'ava';
import {sha256} from '../../../native-free/digest.ts';
import {copyEntry, type EntryView, entryType, makeEntry} from '../../../src/snapshot/entry.ts';
import {List, topLevel} from '../../../src/snapshot/list.ts';
import {ListBuilder} from '../../../src/snapshot/list-builder.ts';
import {equalOctets} from '../../../src/snapshot/path.ts';
import {Prng} from '../../support/prng.ts';
import {
	buildList,
	latin1,
	listOf,
	octets,
	openList,
	randomEntries,
} from '../../support/snapshot.ts';

const none = new Uint8Array(0);
const root = makeEntry({path: none, type: entryType.directory, mode: 0o755});
const directory = (path: string): EntryView =>
	makeEntry({path: octets(path), type: entryType.directory});
const digest = new Uint8Array(32).fill(7);
const file = (path: string, fields: Partial<EntryView> = {}): EntryView =>
	makeEntry({path: octets(path), type: entryType.file, size: 5, digest, ...fields});
const symlink = (path: string): EntryView =>
	makeEntry({path: octets(path), type: entryType.symlink, target: octets('..')});
const further = (path: string, link: string, fields: Partial<EntryView> = {}): EntryView =>
	file(path, {link: octets(link), digest: none, ...fields});

const problemOf = (entries: EntryView[]): string => {
	const list = List.open(buildList(entries), sha256);
	return 'problem' in list ? list.problem : 'none';
};

test('a tree of only its root is a list', t => {
	const list = listOf([root]);
	t.is(list.entryCount, 1);
	t.is(list.pageCount, 1);
	t.is(list.levels, 1);
	t.is(list.contentBytes, 0);
	t.deepEqual(list.find(none), {page: 0, position: 0});
	t.is(list.find(octets('a')), undefined);
});

test('entries come back as they were put in, every type and field', t => {
	const everything: EntryView[] = [
		root,
		makeEntry({
			path: latin1('\x01\n\xe9'),
			type: entryType.charDevice,
			device: 0x1f_ffff * 2 ** 32 + 0xffff_ffff,
			mtimeSec: -(2 ** 48),
			mtimeNsec: 999_999_999,
			mode: 0o7777,
			uid: 0xffff_ffff,
			gid: 0xffff_ffff,
			owner: new Uint8Array(255).fill(0x61),
			group: octets('g'),
		}),
		file('a', {size: 2 ** 53 - 1 - 10, linkCount: 3, flatDigest: digest, xattr: digest}),
		directory('b'),
		further('b/c', 'a', {size: 2 ** 53 - 1 - 10, xattr: digest}),
		further('b/d', 'a', {size: 2 ** 53 - 1 - 10, xattr: digest}),
		file('b/empty', {size: 0, digest: sha256(), flatDigest: sha256()}),
		file('b/locked', {unread: true, digest: none}),
		symlink('b/link'),
		makeEntry({path: octets('b/pipe'), type: entryType.fifo, mtimeSec: 2 ** 48}),
		makeEntry({path: octets('b/socket'), type: entryType.socket}),
		makeEntry({path: octets('c'), type: entryType.directory, unread: true}),
	].sort((a, b) => Buffer.compare(a.path, b.path));
	const list = listOf(everything);
	const cursor = list.cursor();
	const found: EntryView[] = [];
	while (cursor.next()) found.push(copyEntry(cursor));
	t.deepEqual(
		found.map(entry => ({...entry, digest: [...entry.digest], flatDigest: [...entry.flatDigest]})),
		everything.map(entry => ({
			...entry,
			digest: [...entry.digest],
			flatDigest: [...entry.flatDigest],
		})),
	);
	t.is(list.unreadCount, 2);
	t.is(list.contentBytes, 2 ** 53 - 1 - 10);
});

test('a path of 4,095 octets stands, one more does not', t => {
	const deep: EntryView[] = [root];
	let path = '';
	while (path.length < 3800) {
		path += (path === '' ? '' : '/') + 'd'.repeat(255);
		deep.push(directory(path));
	}
	const longest = `${path}/${'e'.repeat(4095 - path.length - 2)}`;
	t.is(longest.length, 4094);
	const list = listOf([...deep, file(`${longest}f`), symlink(`${longest}g`)]);
	t.truthy(list.find(octets(`${longest}g`)));
	t.throws(() => buildList([...deep, file(`${longest}ff`)]), {message: /valid path/});
});

test('what is out of order, twice there or no path is a bug of the maker', t => {
	const put = (...entries: EntryView[]) => {
		const builder = new ListBuilder(sha256);
		for (const entry of entries) builder.add(entry);
	};
	t.throws(() => put(file('a')), {message: /root first/});
	t.throws(() => put(root, root), {message: /order/});
	t.throws(() => put(root, file('b'), file('a')), {message: /order/});
	t.throws(() => put(root, file('a'), file('a')), {message: /order/});
	for (const path of ['/a', 'a/', 'a//b', '.', '..', 'a/..', 'a/./b', 'a\0b']) {
		t.throws(() => put(root, file(path)), {message: /valid path/}, path);
	}
	t.throws(() => put(root, file('a', {digest: none})), {message: /digest/});
	t.throws(() => put(root, file('a', {mode: 0o10000})), {message: /mode/});
	t.throws(() => put(root, further('b', 'c')), {message: /earlier/});
});

test('entries without a listed parent directory are refused', t => {
	t.regex(problemOf([root, file('a/b')]), /no listed directory/);
	t.regex(problemOf([root, file('a'), file('a/b')]), /no listed directory/);
	t.regex(problemOf([root, symlink('a'), file('a/b')]), /no listed directory/);
	t.regex(problemOf([root, directory('a'), file('a/b/c')]), /no listed directory/);
	t.regex(problemOf([root, directory('a'), file('ab/c')]), /no listed directory/);
	t.regex(problemOf([makeEntry({path: none, type: entryType.file, digest: sha256()})]), /no root/);
	t.is(problemOf([root, directory('a'), directory('a!'), file('a!/c'), file('a/b')]), 'none');
});

test('hard links name an earlier first path of the same kind, and are all there', t => {
	const first = file('a', {linkCount: 2});
	t.is(problemOf([root, first, further('b', 'a')]), 'none');
	t.regex(problemOf([root, first]), /fewer names/);
	t.regex(problemOf([root, file('a', {linkCount: 3}), further('b', 'a')]), /fewer names/);
	t.regex(problemOf([root, first, further('b', 'a'), further('c', 'a')]), /no such entry/);
	t.regex(problemOf([root, file('a'), further('b', 'a')]), /no such entry/);
	t.regex(problemOf([root, first, further('b', 'Z')]), /no such entry/);
	t.regex(problemOf([root, first, further('b', 'a'), further('c', 'b')]), /no such entry/);
	for (const fields of [{size: 6}, {mode: 0o600}, {uid: 1}, {mtimeNsec: 1}, {owner: octets('x')}]) {
		t.regex(problemOf([root, first, further('b', 'a', fields)]), /no such entry/);
	}
	const link = {...symlink('l'), linkCount: 2};
	const again = {...symlink('m'), link: octets('l')};
	t.is(problemOf([root, link, again]), 'none');
	t.regex(problemOf([root, link, {...again, target: octets('.')}]), /no such entry/);
});

test('every node is found by its name, and no other', t => {
	const list = listOf(randomEntries(new Prng(1), 9000));
	t.true(list.pageCount > 20);
	t.true(list.levels > 0);
	t.deepEqual(list.node(list.levels, 0), list.bytes.subarray(0, list.topSize));
	t.deepEqual(list.node(topLevel, 0), list.bytes.subarray(0, list.topSize));
	for (let page = 0; page < list.pageCount; page++)
		t.deepEqual(list.node(0, page), list.page(page));
	t.is(list.node(0, list.pageCount), undefined);
	t.is(list.node(list.levels, 1), undefined);
	t.is(list.node(list.levels + 1, 0), undefined);
	t.is(list.node(-1, 0), undefined);
	t.is(list.node(0, 0.5), undefined);
});

test('every entry is found by its path, at its place, and no other', t => {
	const entries = randomEntries(new Prng(2), 1500);
	const list = listOf(entries);
	const cursor = list.cursor();
	const lost = entries.filter(({path}) => {
		cursor.next();
		const place = list.find(path);
		const there = place && list.cursor(place.page, place.position);
		return !(
			place?.page === cursor.page &&
			place.position === cursor.position &&
			there?.next() &&
			equalOctets(there.path, path) &&
			list.find(Uint8Array.from([...path, 0x21])) === undefined
		);
	});
	t.deepEqual(lost, []);
	t.false(cursor.next());
	t.false(cursor.next());
});

test('every octet counts: a list with any one of them changed is no list', t => {
	const bytes = buildList(randomEntries(new Prng(3), 25));
	for (let at = 0; at < bytes.length; at++) {
		const changed = bytes.slice();
		changed[at]! ^= 1 << (at % 8);
		const list = List.open(changed, sha256);
		// Only the header and the top node are covered by the root alone, which the caller compares.
		if (!('problem' in list)) t.notDeepEqual(list.root, openList(bytes).root);
		t.true(at < openList(bytes).topSize || 'problem' in list, `octet ${at}`);
	}
	for (const size of [0, 1, 40, 41, bytes.length - 1]) {
		t.true('problem' in List.open(bytes.subarray(0, size), sha256));
	}
	t.true('problem' in List.open(Uint8Array.from([...bytes, 0]), sha256));
});

test('pages have the size that is aimed at, and never more than is allowed', t => {
	const entries = randomEntries(new Prng(4), 20_000);
	const list = listOf(entries);
	const mean = list.bytes.length / list.pageCount;
	t.true(mean > 8192 && mean < 24_576, `${mean} octets a page`);
	for (let page = 0; page < list.pageCount; page++) t.true(list.page(page).length <= 65_536);
});
