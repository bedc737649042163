import test from 'ava';
import {sha256} from '../../../native-free/digest.ts';
import {type EntryView, entryType, makeEntry} from '../../../src/snapshot/entry.ts';
import {EntryWriter} from '../../../src/snapshot/entry-writer.ts';
import {List, type ListProblem} from '../../../src/snapshot/list.ts';
import {endsPage, pathHash} from '../../../src/snapshot/page-rule.ts';
import {comparePaths, equalOctets, isWithin, joinPath} from '../../../src/snapshot/path.ts';
import {PathOrder} from '../../../src/snapshot/path-order.ts';
import {Slice} from '../../../src/snapshot/slice.ts';
import {fetchSlice, nodesOf, nodesOfOctets} from '../../support/fetch-slice.ts';
import {Prng} from '../../support/prng.ts';
import {seedsOr} from '../../support/seeds.ts';
import {assembleList, listOf, octets, type RawPage, randomEntries} from '../../support/snapshot.ts';

function opened(list: List | ListProblem): List {
	if (list instanceof List) return list;
	throw new Error(list.problem);
}

/** Path and place of each entry at `path` and below. */
function below(list: List, path: Uint8Array): string[] {
	const place = list.find(path);
	if (place === undefined) return [];
	const order = new PathOrder(list, place, path);
	const lines: string[] = [];
	while (order.next()) {
		const {page, position, size, mtimeSec, digest} = order.entry;
		lines.push(`${Buffer.from(order.entry.path).toString('latin1')} ${page} ${position}`);
		lines.push(`${size} ${mtimeSec} ${Buffer.from(digest).toString('hex')}`);
	}
	return lines;
}

for (const seed of seedsOr(1, 2)) {
	test(`a slice has what the list has there, at the same places [SHOAL_SEED=${seed}]`, t => {
		const prng = new Prng(seed);
		const entries = randomEntries(prng, 4000);
		const list = listOf(entries);
		t.true(list.pageCount > 10);
		const paths = Array.from({length: 30}, () => prng.pick(entries).path).filter(
			path => path.length > 0,
		);
		const further = entries.filter(({link}) => link.length > 0).slice(0, 3);
		paths.push(...further.map(({path}) => path));
		let leaders = 0;
		for (const path of [...paths, octets('absent'), joinPath(paths[0]!, octets('none'))]) {
			const {list: found, octets: size} = fetchSlice(nodesOf(list), path, prng);
			const slice = opened(found);
			t.true(equalOctets(slice.root, list.root));
			t.is(slice.pageCount, list.pageCount);
			t.deepEqual(below(slice, path), below(list, path));
			t.true(slice.presentCount <= list.entryCount);
			t.is(size, slice.bytes.length, 'nothing came that is not kept');
			t.is(slice.unreadCount, entries.filter(e => e.unread && isWithin(e.path, path)).length);
			const place = slice.find(path);
			for (const order = place && new PathOrder(slice, place, path); order?.next(); ) {
				if (order.entry.link.length === 0 || isWithin(order.entry.link, path)) continue;
				t.deepEqual(slice.find(order.entry.link), list.find(order.entry.link));
				leaders++;
			}
			const again = opened(List.read(slice.encode(), sha256));
			t.deepEqual(below(again, path), below(list, path));
			t.true(again.holds(path) && !again.holds(octets('')));
		}
		t.true(leaders > 0, 'some hard links lead out of their slice');
	});
}

test('a few files of many are a few pages', t => {
	const entries = [makeEntry({path: octets(''), type: entryType.directory})];
	for (let directory = 0; directory < 300; directory++) {
		const path = `d${directory}`;
		entries.push(makeEntry({path: octets(path), type: entryType.directory}));
		for (let file = 0; file < 100; file++) {
			const digest = sha256(octets(`${path}/${file}`));
			const each = octets(`${path}/file-${file}`);
			entries.push(makeEntry({path: each, type: entryType.file, size: 7, digest}));
		}
	}
	const list = listOf(entries.sort((a, b) => comparePaths(a.path, b.path)));
	const {octets: size} = fetchSlice(nodesOf(list), octets('d77'), new Prng(1));
	t.true(list.bytes.length > 1_000_000);
	t.true(size < 150_000, `${size} of ${list.bytes.length} octets`);
});

test('nodes that an older slice or list has are not asked for', t => {
	const prng = new Prng(7);
	const entries = randomEntries(prng, 5000);
	const list = listOf(entries);
	const target = entries.find(
		({path, link, linkCount, type}) =>
			type === entryType.file && link.length === 0 && linkCount === 1 && path.includes(0x2f),
	)!;
	const path = target.path.subarray(0, target.path.indexOf(0x2f));
	const slice = opened(fetchSlice(nodesOf(list), path, prng).list);
	const same = fetchSlice(nodesOf(list), path, prng, slice);
	t.is(same.octets, list.topSize);
	const next = listOf(
		entries.map(entry => (entry === target ? {...entry, mtimeSec: entry.mtimeSec + 1} : entry)),
	);
	for (const known of [slice, list]) {
		const update = fetchSlice(nodesOf(next), path, prng, known);
		t.deepEqual(below(opened(update.list), path), below(next, path));
		t.true(update.octets < 110_000, `${update.octets}`);
	}
});

test('an octet of its nodes that is another one is refused', t => {
	const prng = new Prng(8);
	const entries = randomEntries(prng, 2000);
	const list = listOf(entries);
	const {path} = entries.find(({type, path: each}) => type === 1 && each.length > 0)!;
	const {list: found, fetch} = fetchSlice(nodesOf(list), path, prng);
	const {bytes, root} = opened(found);
	for (let round = 0; round < 200; round++) {
		const changed = bytes.slice();
		changed[prng.below(bytes.length)]! ^= 1 << prng.below(8);
		const read = List.open(changed, sha256, fetch.slice);
		t.true('problem' in read || !equalOctets(read.root, root));
	}
	t.true('problem' in List.open(bytes.subarray(0, bytes.length - 1), sha256, fetch.slice));
	t.true('problem' in List.open(Uint8Array.from([...bytes, 0]), sha256, fetch.slice));
	t.true('problem' in List.read(new Slice(path).encode(), sha256));
	t.true('problem' in List.read(octets('shoal slice 1\0'), sha256));
});

const directory = (path: string): EntryView =>
	makeEntry({path: octets(path), type: entryType.directory});
const file = (path: string, fields: Partial<EntryView> = {}): EntryView =>
	makeEntry({path: octets(path), type: entryType.file, digest: sha256(), ...fields});

/** A page of these entries, which must be in order; a page of a list ends where the rule says. */
function pageOf(entries: readonly EntryView[]): RawPage {
	const writer = new EntryWriter();
	for (const entry of entries) writer.add(entry);
	const bytes = writer.bytes.slice(0, writer.size);
	return {bytes, firstPath: entries[0]!.path, entryCount: entries.length};
}

/** What is wrong with the slice of `path` in a list of these pages, whose hashes are right. */
function problemOf(path: string, ...pages: (readonly EntryView[])[]): string {
	const raw = pages.map(pageOf);
	const bytes = assembleList(raw, 0);
	const {list} = fetchSlice(nodesOfOctets(bytes), octets(path), new Prng(1));
	return 'problem' in list ? list.problem : 'none';
}

test('what is above a slice is listed, and directories', t => {
	const root = directory('');
	const inside = [directory('a/b'), file('a/b/c')];
	t.is(problemOf('a/b', [root, directory('a'), ...inside]), 'none');
	t.is(problemOf('a/x', [root, directory('a'), ...inside]), 'none');
	t.regex(problemOf('a/b', [root, ...inside]), /no listed directory/);
	t.regex(problemOf('a/b/c', [root, file('a'), ...inside]), /no listed directory/);
	t.regex(problemOf('a/b', [root, file('a'), ...inside]), /no listed directory/);
	const link = makeEntry({path: octets('a'), type: entryType.symlink, target: octets('.')});
	t.regex(problemOf('a/b', [root, link, ...inside]), /no listed directory/);
	t.regex(problemOf('a/b', [root, directory('a'), file('a/b/c')]), /no listed directory/);
	t.regex(problemOf('a/b', [directory('a'), ...inside]), /index node/);
	t.regex(problemOf('a/b', [file(''), directory('a'), ...inside]), /no root directory/);
	t.is(problemOf('a', [root, directory('a'), file('b/of/another')]), 'none', 'not of the slice');
});

test('hard links of a slice have a first name of their kind, wherever it is', t => {
	const above = [directory(''), file('0', {linkCount: 3}), directory('a')];
	const further = (path: string, first: string, fields: Partial<EntryView> = {}): EntryView =>
		makeEntry({path: octets(path), type: entryType.file, link: octets(first), ...fields});
	t.is(problemOf('a', [...above, further('a/b', '0')]), 'none', 'other names may be elsewhere');
	t.regex(problemOf('a', [...above, further('a/b', '00')]), /no such entry/);
	t.regex(problemOf('a', [...above, further('a/b', '0', {mtimeSec: 1})]), /no such entry/);
	t.regex(problemOf('a', [directory(''), file('0'), above[2]!, further('a/b', '0')]), /no such/);
	t.is(problemOf('a', [...above, file('a/b'), further('b', '1')]), 'none', 'not of the slice');
});

test('pages that are not of the slice cannot change what stands in those that are', t => {
	const root = directory('');
	// Names that end a page, found by the rule.
	const ends = (prefix: string): string => {
		for (let n = 0; ; n++) {
			if (endsPage(pathHash(octets(`${prefix}${n}`)), 1, 1)) return `${prefix}${n}`;
		}
	};
	const [first, last] = [ends('b'), ends('y')];
	const pages = [[root, directory('a'), file(first)], [file('m'), file(last)], [file('z')]];
	t.is(problemOf('a', ...pages), 'none');
	t.is(problemOf('m', ...pages), 'none');
	const late = [root, directory('a'), file(ends('n'))];
	t.regex(problemOf('a', late, ...pages.slice(1)), /a later page/);
	t.regex(problemOf('a', [root, directory('a')], ...pages.slice(1)), /ends too early/);
	t.regex(
		problemOf('a', [root, directory('a'), file(first), file('c')], ...pages.slice(1)),
		/late/,
	);
});
