import test from 'ava';
import {sha256} from '../../../native-free/digest.ts';
import type {EntryView} from '../../../src/snapshot/entry.ts';
import {encodeHeader} from '../../../src/snapshot/header.ts';
import type {List} from '../../../src/snapshot/list.ts';
import {ListFetch} from '../../../src/snapshot/list-fetch.ts';
import {rootPrefix} from '../../../src/snapshot/node-table.ts';
import {equalOctets} from '../../../src/snapshot/path.ts';
import {Prng} from '../../support/prng.ts';
import {listOf, randomEntries} from '../../support/snapshot.ts';

const fetchOf = (list: List, known?: List): ListFetch =>
	new ListFetch({
		root: list.root,
		topSize: list.topSize,
		size: list.bytes.length,
		sha256,
		known,
	});

/** Serves wants of `fetch` from `list`, in an order of the seed's choosing; answers their octets. */
function serve(fetch: ListFetch, list: List, prng: Prng, spoil = 0): number {
	const open: {level: number; page: number; size: number}[] = [];
	let octets = 0;
	for (;;) {
		for (let want = fetch.pollWant(); want !== undefined; want = fetch.pollWant()) open.push(want);
		if (open.length === 0) return octets;
		const [{level, page, size}] = open.splice(prng.below(open.length), 1) as [(typeof open)[0]];
		const bytes = list.node(level, page)!.slice();
		octets += size;
		if (prng.chance(spoil)) bytes[prng.below(bytes.length)]! ^= 1;
		fetch.handleNode(level, page, bytes);
	}
}

const entries = randomEntries(new Prng(1), 12_000);
const list = listOf(entries);

test('a list arrives whole, nodes in any order, wrong ones asked for again', t => {
	for (const spoil of [0, 0.3]) {
		const fetch = fetchOf(list);
		t.false(fetch.done);
		const octets = serve(fetch, list, new Prng(2), spoil);
		t.true(fetch.done);
		t.is(fetch.problem, undefined);
		t.true(equalOctets(fetch.finish(), list.bytes));
		t.is(octets > list.bytes.length, spoil > 0);
	}
});

test('nodes of an older list are not asked for', t => {
	const changed: EntryView[] = entries.map((entry, index) =>
		index === 5000 ? {...entry, mtimeSec: 7, linkCount: 1} : entry,
	);
	const target = entries[5000]!;
	t.true(target.linkCount === 1 && target.link.length === 0);
	const next = listOf(changed);
	const fetch = fetchOf(next, list);
	const octets = serve(fetch, next, new Prng(3));
	t.true(equalOctets(fetch.finish(), next.bytes));
	t.true(octets < 150_000, `${octets} octets for one changed entry`);
	const same = fetchOf(list, list);
	t.is(serve(same, list, new Prng(4)), list.topSize);
	t.true(equalOctets(same.finish(), list.bytes));
});

test('what was not asked for, or came twice, is passed over', t => {
	const fetch = fetchOf(list);
	t.true(fetch.handleNode(0, 0, list.page(0)));
	const want = fetch.pollWant()!;
	t.is(fetch.pollWant(), undefined);
	fetch.giveUp(want.level, want.page);
	t.deepEqual(fetch.pollWant(), want);
	t.true(fetch.handleNode(want.level, want.page, list.node(want.level, want.page)!));
	t.true(fetch.handleNode(want.level, want.page, new Uint8Array(3)));
	t.truthy(fetch.pollWant());
});

test('announced sizes bound what is asked for', t => {
	for (const size of [list.bytes.length - 1, list.bytes.length + 1, list.topSize, 0]) {
		const {root, topSize} = list;
		const fetch = new ListFetch({root, topSize, size, sha256});
		serve(fetch, list, new Prng(5));
		t.false(fetch.done);
		t.is(typeof fetch.problem, 'string', `${size}`);
	}
});

test('a top that hashes right and says nonsense ends the fetch', t => {
	const header = {levels: 1, pageCount: 1, entryCount: 1, contentBytes: 0};
	const tops = [
		encodeHeader({...header, topNodeSize: 3}),
		Buffer.concat([encodeHeader({...header, topNodeSize: 3}), Buffer.from([1, 2, 3])]),
		Buffer.concat([encodeHeader({...header, topNodeSize: 2}), Buffer.from([1, 2, 3])]),
		Buffer.from('not a list at all, but long enough to be the header and the top of one'),
	];
	for (const bytes of tops) {
		const root = sha256(rootPrefix, bytes);
		const fetch = new ListFetch({root, topSize: bytes.length, size: 1000, sha256});
		const want = fetch.pollWant();
		if (want !== undefined) t.true(fetch.handleNode(want.level, want.page, bytes));
		t.is(typeof fetch.problem, 'string');
		t.is(fetch.pollWant(), undefined);
	}
});
