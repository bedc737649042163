import test from 'ava';
import {copyEntry, type EntryView, entryType, makeEntry} from '../../../src/snapshot/entry.ts';
import {ListChanges} from '../../../src/snapshot/list-changes.ts';
import {Prng} from '../../support/prng.ts';
import {seedsOr} from '../../support/seeds.ts';
import {listOf, octets, randomEntries} from '../../support/snapshot.ts';

const keyOf = ({path}: EntryView): string => Buffer.from(path).toString('latin1');

/** Some files of a valid tree go, come or get another time. */
function edited(prng: Prng, entries: readonly EntryView[], share: number): EntryView[] {
	const kept: EntryView[] = [];
	for (const [index, entry] of entries.entries()) {
		const isPlain =
			entry.type === entryType.file && entry.link.length === 0 && entry.linkCount === 1;
		if (isPlain && prng.chance(share)) {
			const kind = prng.below(3);
			if (kind === 0) continue;
			kept.push(kind === 1 ? {...entry, mtimeSec: entry.mtimeSec + 1} : entry);
			if (kind === 2 && entry.path.length < 250) {
				const path = octets(`${keyOf(entry)}+`);
				const isFree = keyOf(entries[index + 1] ?? entry) !== `${keyOf(entry)}+`;
				if (isFree && /^[\x20-\x7e]*$/.test(keyOf(entry)) && path.length < 4000)
					kept.push(makeEntry({path, type: entryType.file, digest: prng.bytes(32), size: 1}));
			}
		} else {
			kept.push(entry);
		}
	}
	return kept.sort((a, b) => Buffer.compare(a.path, b.path));
}

for (const seed of seedsOr(1, 2, 3, 4)) {
	test(`changes are those between two maps of entries [SHOAL_SEED=${seed}]`, t => {
		const prng = new Prng(seed);
		const before = randomEntries(prng, 1500);
		const after = edited(prng, before, seed === 1 ? 0.3 : 0.005);
		const [from, to] = [listOf(before), listOf(after)];
		const olds = new Map(before.map(entry => [keyOf(entry), entry]));
		const news = new Map(after.map(entry => [keyOf(entry), entry]));
		const expected: string[] = [];
		for (const key of [...new Set([...olds.keys(), ...news.keys()])].sort()) {
			const [old, fresh] = [olds.get(key), news.get(key)];
			if (old === undefined) expected.push(`added ${key}`);
			else if (fresh === undefined) expected.push(`removed ${key}`);
			else if (old.mtimeSec !== fresh.mtimeSec) expected.push(`changed ${key}`);
		}
		t.true(expected.length > 3);
		const found: string[] = [];
		let kept = 0;
		const changes = new ListChanges(from, to);
		while (changes.next()) {
			kept += changes.kept;
			const {kind} = changes;
			const entry = copyEntry(kind === 'removed' ? changes.before : changes.after);
			if (kind === 'changed') t.is(keyOf(changes.before), keyOf(changes.after));
			found.push(`${kind} ${keyOf(entry)}`);
		}
		kept += changes.kept;
		const byPath = (a: string, b: string) => (a.split(' ')[1]! < b.split(' ')[1]! ? -1 : 1);
		t.deepEqual(found.toSorted(byPath), expected.toSorted(byPath));
		t.is(kept, after.length - found.filter(line => !line.startsWith('removed')).length);
	});
}

test('pages that both lists have are not read', t => {
	const entries = randomEntries(new Prng(9), 4000);
	const [from, to] = [listOf(entries), listOf(entries)];
	// Whoever reads a page now fails.
	from.bytes.fill(0xff, from.pageOffset(0));
	const changes = new ListChanges(from, to);
	t.false(changes.next());
	t.is(changes.kept, entries.length);
	t.true(from.pageCount > 10);
});
