/** A slice of a list that is wrong somewhere opens exactly if nothing is wrong that it can see. */
import test from 'ava';
import {sha256} from '../../native-free/digest.ts';
import {type EntryView, entryType} from '../../src/snapshot/entry.ts';
import {decodeHeader} from '../../src/snapshot/header.ts';
import {List} from '../../src/snapshot/list.ts';
import {isWithin, parentPath} from '../../src/snapshot/path.ts';
import {PathOrder} from '../../src/snapshot/path-order.ts';
import {fetchSlice, nodesOfOctets} from '../support/fetch-slice.ts';
import {Prng} from '../support/prng.ts';
import {seedsOr} from '../support/seeds.ts';
import {buildList, randomEntries} from '../support/snapshot.ts';

const keyOf = (path: Uint8Array): string => Buffer.from(path).toString('latin1');

/** One entry is missing, of another type, or linked otherwise than its group. */
function forge(prng: Prng, entries: readonly EntryView[]): EntryView[] {
	const forged = [...entries];
	const at = 1 + prng.below(entries.length - 1);
	const entry = entries[at]!;
	const links = entries.map((each, index) => ({each, index})).filter(({each}) => each.link.length);
	const link = links.length === 0 ? undefined : prng.pick(links);
	const kind = prng.below(5);
	if (kind === 0) {
		forged.splice(at, 1);
	} else if (kind === 1 && entry.type === entryType.directory) {
		forged[at] = {...entry, type: entryType.fifo, unread: false};
	} else if (link !== undefined && kind === 2) {
		forged[link.index] = {...link.each, link: entries[prng.below(link.index)]!.path};
		if (forged[link.index]!.link.length === 0) forged[link.index] = link.each;
	} else if (link !== undefined && kind === 3) {
		forged[link.index] = {...link.each, mtimeNsec: (link.each.mtimeNsec + 1) % 1e9};
	} else if (link !== undefined) {
		const first = entries.findIndex(({path}) => keyOf(path) === keyOf(link.each.link));
		forged[first] = {...entries[first]!, linkCount: 1 + (entries[first]!.linkCount % 4)};
	}
	return forged;
}

const facts = ({type, size, mtimeSec, mtimeNsec, mode, uid, device, target}: EntryView): string =>
	[type, size, mtimeSec, mtimeNsec, mode, uid, device, keyOf(target)].join();

/** What is wrong at `path`, below and above it, by the entries themselves. */
function isValid(entries: readonly EntryView[], path: Uint8Array): boolean {
	const byPath = new Map(entries.map(entry => [keyOf(entry.path), entry]));
	const left = new Map<string, number>();
	for (const entry of entries) {
		if (entry.linkCount > 1) left.set(keyOf(entry.path), entry.linkCount - 1);
	}
	for (const entry of entries) {
		if (!isWithin(entry.path, path)) continue;
		for (let above = entry.path; above.length > 0; ) {
			above = parentPath(above);
			if (byPath.get(keyOf(above))?.type !== entryType.directory) return false;
		}
		if (entry.link.length === 0) continue;
		const first = byPath.get(keyOf(entry.link));
		const count = left.get(keyOf(entry.link)) ?? 0;
		if (first === undefined || count === 0 || facts(first) !== facts(entry)) return false;
		left.set(keyOf(entry.link), count - 1);
	}
	return true;
}

for (const seed of seedsOr(1, 2, 3)) {
	test(`a slice opens if all that it has and needs is right [SHOAL_SEED=${seed}]`, t => {
		const prng = new Prng(seed);
		const counts = {valid: 0, refused: 0, whole: 0};
		for (let round = 0; round < 8; round++) {
			const entries = forge(prng, randomEntries(prng, 100 + prng.below(900)));
			const bytes = buildList(entries);
			if (decodeHeader(bytes)!.levels !== 1) continue;
			const isWhole = List.open(bytes, sha256) instanceof List;
			if (isWhole) counts.whole++;
			const source = nodesOfOctets(bytes);
			for (let each = 0; each < 12; each++) {
				const {path} = prng.pick(entries);
				const at = path.indexOf(0x2f);
				const asked = prng.chance(0.3) && at > 0 ? path.subarray(0, at) : path;
				if (asked.length === 0) continue;
				const {list} = fetchSlice(source, asked, prng);
				const expected = isValid(entries, asked);
				t.true(expected || !isWhole);
				t.is(list instanceof List, expected, 'problem' in list ? list.problem : keyOf(asked));
				if (!(list instanceof List)) {
					counts.refused++;
					continue;
				}
				counts.valid++;
				const place = list.find(asked);
				const found: string[] = [];
				for (const order = place && new PathOrder(list, place, asked); order?.next(); ) {
					found.push(keyOf(order.entry.path));
				}
				const within = entries.filter(entry => isWithin(entry.path, asked));
				t.deepEqual(
					found,
					within.map(entry => keyOf(entry.path)),
				);
			}
		}
		t.true(counts.valid > 10, JSON.stringify(counts));
	});
}
