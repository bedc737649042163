import test from 'ava';
import {sha256} from '../../native-free/digest.ts';
import {toHex} from '../../src/hex.ts';
import {applyDiff, makeDiff} from '../../src/snapshot/diff.ts';
import {copyEntry, type EntryView} from '../../src/snapshot/entry.ts';
import {EntryReader} from '../../src/snapshot/entry-reader.ts';
import {EntryWriter} from '../../src/snapshot/entry-writer.ts';
import {List} from '../../src/snapshot/list.ts';
import {contentSize} from '../../src/snapshot/list-builder.ts';
import {comparePaths, equalOctets, isWithin} from '../../src/snapshot/path.ts';
import {Prng} from '../support/prng.ts';
import {assembleList, buildList, listOf, type RawPage, randomEntries} from '../support/snapshot.ts';

const given = Number(process.env['SHOAL_SEED']);
const seeds = (count: number): number[] =>
	given > 0 ? [given] : Array.from({length: count}, (_, index) => index + 1);

function entriesOf(list: List): EntryView[] {
	const cursor = list.cursor();
	const entries: EntryView[] = [];
	while (cursor.next()) entries.push(copyEntry(cursor));
	return entries;
}

/** One entry as text, views and buffers alike. */
const plain = (entry: EntryView): string =>
	Object.entries(copyEntry(entry))
		.map(
			([name, value]) =>
				`${name}=${ArrayBuffer.isView(value) ? toHex(value as Uint8Array) : value}`,
		)
		.join(' ');

/** The first entries that differ, as text; equal for equal lists. */
function firstDifference(a: readonly EntryView[], b: readonly EntryView[]): [string, string] {
	for (let index = 0; index < Math.max(a.length, b.length); index++) {
		const pair: [string, string] = [a, b].map(list =>
			list[index] === undefined ? 'none' : plain(list[index]!),
		) as [string, string];
		if (pair[0] !== pair[1]) return pair;
	}
	return ['', ''];
}

for (const seed of seeds(8)) {
	test(`a list gives back its entries, and they give the same list [SHOAL_SEED=${seed}]`, t => {
		const prng = new Prng(seed);
		const entries = randomEntries(prng, 1 + prng.below(4000));
		const bytes = buildList(entries);
		const list = List.open(bytes, sha256);
		if ('problem' in list) return t.fail(list.problem);
		t.is(list.entryCount, entries.length);
		t.is(
			list.contentBytes,
			entries.reduce((sum, entry) => sum + contentSize(entry), 0),
		);
		const found = entriesOf(list);
		t.is(...firstDifference(found, entries));
		t.true(equalOctets(buildList(found), bytes));
	});
}

/** Changes, drops and adds some entries, and keeps the tree valid. */
function vary(prng: Prng, entries: readonly EntryView[], part: number): EntryView[] {
	const dropped: Uint8Array[] = [];
	const kept = entries.filter(entry => {
		const gone = entry.path.length > 0 && prng.chance(part / 4);
		if (gone) dropped.push(entry.path);
		return !gone && !dropped.some(path => isWithin(entry.path, path));
	});
	const plainFiles = kept
		.filter(entry => entry.linkCount === 1 && entry.link.length === 0)
		.map(entry =>
			entry.digest.length > 0 && prng.chance(part)
				? {...entry, size: 1 + prng.below(1e6), digest: prng.bytes(32), mtimeNsec: prng.below(1e9)}
				: entry,
		);
	const paths = new Set(plainFiles.map(entry => Buffer.from(entry.path).toString('latin1')));
	const added = plainFiles
		.filter(entry => entry.digest.length > 0 && prng.chance(part / 2))
		.map(entry => ({...entry, path: Uint8Array.from([...entry.path, 0x2b])}))
		.filter(({path}) => path.length < 4096)
		.filter(({path}) => !paths.has(Buffer.from(path).toString('latin1')));
	return [...plainFiles, ...added].sort((a, b) => comparePaths(a.path, b.path));
}

function leads(from: List, to: List): boolean {
	const made = applyDiff(from, makeDiff(from, to), sha256);
	return made !== undefined && equalOctets(made, to.bytes);
}

for (const seed of seeds(10)) {
	test(`a diff leads from one list to the other, both ways [SHOAL_SEED=${seed}]`, t => {
		const prng = new Prng(seed);
		const entries = randomEntries(prng, 1 + prng.below(3000));
		const from = listOf(entries);
		const to = listOf(vary(prng, entries, prng.pick([0, 0.001, 0.01, 0.1, 1])));
		t.true(leads(from, to));
		t.true(leads(to, from));
		const other = listOf(randomEntries(prng, 500));
		t.true(leads(from, other));
		t.is(applyDiff(other, makeDiff(from, to), sha256), undefined, 'only from where it starts');
	});
}

for (const seed of seeds(6)) {
	test(`a spoilt diff throws nothing and leads nowhere else [SHOAL_SEED=${seed}]`, t => {
		const prng = new Prng(seed);
		const entries = randomEntries(prng, 600);
		const from = listOf(entries);
		const to = listOf(vary(prng, entries, 0.1));
		const diff = makeDiff(from, to);
		let made = 0;
		for (let round = 0; round < 300; round++) {
			const bytes = spoil(prng, diff, 13 + 1 + 32);
			const result = applyDiff(from, bytes, sha256);
			if (result === undefined) continue;
			made++;
			const list = List.open(result, sha256);
			if (!('problem' in list)) t.is(entriesOf(list).length, list.entryCount);
		}
		t.true(made > 0, 'some changes are fields, and found only by the root');
		for (const size of [0, 13, 77, 90]) {
			t.is(applyDiff(from, diff.subarray(0, size), sha256), undefined);
			t.is(applyDiff(from, prng.bytes(size), sha256), undefined);
		}
	});
}

/** One to three octets from `start` on changed, cut out or put in. */
function spoil(prng: Prng, bytes: Uint8Array, start = 0): Uint8Array {
	const spoilt = [...bytes];
	for (let left = 1 + prng.below(3); left > 0; left--) {
		const at = start + prng.below(spoilt.length - start);
		const kind = prng.below(4);
		if (kind === 0) spoilt.splice(at, 1 + prng.below(4));
		else if (kind === 1) spoilt.splice(at, 0, ...prng.bytes(1 + prng.below(4)));
		else if (kind === 2) spoilt[at] = prng.below(256);
		else spoilt[at]! ^= 1 << prng.below(8);
	}
	return Uint8Array.from(spoilt);
}

/** Page octets with what a reader finds in them; undefined where they are no entries at all. */
function rawPage(bytes: Uint8Array): (RawPage & {contentBytes: number}) | undefined {
	const reader = new EntryReader(sha256());
	const padded = Buffer.concat([Buffer.alloc(1), bytes]);
	reader.open(padded, 1, padded.length);
	let firstPath: Uint8Array | undefined;
	let entryCount = 0;
	let contentBytes = 0;
	while (reader.next()) {
		firstPath ??= reader.path.slice();
		entryCount++;
		contentBytes += contentSize(reader);
	}
	if (reader.failed || firstPath === undefined) return undefined;
	return Number.isSafeInteger(contentBytes)
		? {bytes, firstPath, entryCount, contentBytes}
		: undefined;
}

for (const seed of seeds(5)) {
	test(`what opens is what its entries give, also when forged [SHOAL_SEED=${seed}]`, t => {
		const prng = new Prng(seed);
		let opened = 0;
		let read = 0;
		for (let round = 0; round < 1500; round++) {
			const page = listOf(randomEntries(prng, 1 + prng.below(12))).page(0);
			const forged = rawPage(spoil(prng, page));
			if (forged === undefined) continue;
			read++;
			const bytes = assembleList([forged], forged.contentBytes);
			const list = List.open(bytes, sha256);
			if ('problem' in list) continue;
			opened++;
			t.true(equalOctets(buildList(entriesOf(list)), bytes));
		}
		t.true(read > 200 && opened > 100 && opened < read, `${read} read, ${opened} opened`);
	});

	test(`noise is never a list and throws nothing [SHOAL_SEED=${seed}]`, t => {
		const prng = new Prng(seed);
		const bytes = buildList(randomEntries(prng, 200));
		for (let round = 0; round < 300; round++) {
			t.true('problem' in List.open(prng.bytes(prng.below(300)), sha256));
			const noisy = bytes.slice();
			noisy.set(prng.bytes(1 + prng.below(60)), 13 + prng.below(100));
			const list = List.open(noisy, sha256);
			t.true('problem' in list || Buffer.compare(noisy, bytes) === 0);
		}
	});

	test(`pages cut elsewhere than the rule says are refused [SHOAL_SEED=${seed}]`, t => {
		const prng = new Prng(seed);
		const list = listOf(randomEntries(prng, 3000));
		const pages = Array.from({length: list.pageCount}, (_, page) => rawPage(list.page(page))!);
		const {contentBytes} = list;
		t.true(equalOctets(assembleList(pages, contentBytes), list.bytes));
		const at = prng.below(pages.length - 1);
		const reader = new EntryReader(sha256());
		const {bytes} = pages[at]!;
		const padded = Buffer.concat([Buffer.alloc(1), bytes]);
		reader.open(padded, 1, padded.length);
		t.true(reader.next());
		const head = rawPage(bytes.subarray(0, reader.offset - 1))!;
		const rest = entriesOf(list).slice(
			pages.slice(0, at).reduce((sum, page) => sum + page.entryCount, 1),
		);
		const tail = pageOf(rest.slice(0, pages[at]!.entryCount - 1));
		const cut = [...pages.slice(0, at), head, tail, ...pages.slice(at + 1)];
		const refused = List.open(assembleList(cut, contentBytes), sha256);
		t.regex('problem' in refused ? refused.problem : '', /ends too early|node/);
	});
}

/** Entries as one page of their own, whatever the rule says. */
function pageOf(entries: readonly EntryView[]): RawPage {
	const writer = new EntryWriter();
	for (const entry of entries) writer.add(entry);
	const bytes = writer.bytes.slice(0, writer.size);
	return {bytes, firstPath: entries[0]!.path, entryCount: entries.length};
}

for (const seed of seeds(5)) {
	test(`an insertion changes few pages, wherever it is [SHOAL_SEED=${seed}]`, t => {
		const prng = new Prng(seed);
		const entries = randomEntries(prng, 8000);
		const before = listOf(entries);
		const pages = new Set<string>();
		before.eachNode((hash, level) => level === 0 && pages.add(String(hash)));
		for (let round = 0; round < 8; round++) {
			const at = 1 + prng.below(entries.length - 1);
			const twin = entries[at]!;
			const path = Uint8Array.from([...twin.path, 0x21]);
			if (path.length > 4095 || twin.link.length > 0) continue;
			const added = {...twin, path, linkCount: 1};
			const with1 = [...entries, added].sort((a, b) => comparePaths(a.path, b.path));
			const after = listOf(with1);
			let fresh = 0;
			after.eachNode((hash, level) => level === 0 && !pages.has(String(hash)) && fresh++);
			t.true(fresh >= 1 && fresh <= 3, `${fresh} of ${after.pageCount} pages`);
			t.true(makeDiff(before, after).length < 600 + path.length + twin.target.length);
		}
	});
}
