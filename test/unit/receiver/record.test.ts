import test from 'ava';
import {sha256} from '../../../native-free/digest.ts';
import {ShoalError} from '../../../src/error.ts';
import {readJournal, removeJournal, writeJournal} from '../../../src/receiver/journal.ts';
import {takePartialMap, writePartialMap} from '../../../src/receiver/partial-map.ts';
import {
	makeRecordColumns,
	PublishRecord,
	type RecordStore,
	readHead,
	readRecord,
	recordKey,
	removeHead,
	writeRecord,
} from '../../../src/receiver/publish-record.ts';
import {List} from '../../../src/snapshot/list.ts';
import {ListBuilder} from '../../../src/snapshot/list-builder.ts';
import {ChangeTable} from '../../../src/task/change-table.ts';
import {octetKey} from '../../../src/task/packed-octets.ts';
import {Prng} from '../../support/prng.ts';
import {defaults} from '../../support/pull-tree.ts';
import {octets, randomEntries} from '../../support/snapshot.ts';

class MemoryStore implements RecordStore {
	readonly records = new Map<string, Uint8Array>();
	writes = 0;

	readRecord(name: string): Uint8Array | undefined {
		return this.records.get(name);
	}

	writeRecord(name: string, bytes: Uint8Array): void {
		this.writes += bytes.length;
		this.records.set(name, bytes.slice());
	}

	removeRecord(name: string): void {
		this.records.delete(name);
	}
}

function makeList(seed: number, count: number): List {
	const builder = new ListBuilder(sha256);
	for (const entry of randomEntries(new Prng(seed), count)) builder.add(entry);
	const list = List.open(builder.finish(), sha256);
	if ('problem' in list) throw new Error(list.problem);
	return list;
}

function makeRecord(seed: number): PublishRecord {
	const prng = new Prng(seed);
	const list = makeList(seed, 200);
	const columns = makeRecordColumns(list.entryCount);
	for (const column of Object.values(columns)) {
		for (let at = 0; at < column.length; at++) {
			if (column instanceof BigUint64Array) column[at] = BigInt(prng.next()) << 32n;
			else column[at] = prng.next();
		}
	}
	return new PublishRecord(list, columns, octets(''));
}

const head = {
	key: new Uint8Array(32).fill(1),
	rootIno: 0xffff_ffff_ffff_fffen,
	rootDev: 7n,
	sequence: 1_795_305_204_831,
	complete: true,
};

test('a record comes back as it was; the list is only written when it is another', t => {
	const store = new MemoryStore();
	const record = makeRecord(1);
	const {root} = record.list;
	t.is(readRecord(store, sha256), undefined);
	writeRecord(store, {...head, root}, record, undefined);
	const {key, rootIno, rootDev, sequence, complete} = readHead(store)!;
	t.deepEqual({key, rootIno, rootDev, sequence, complete}, head);
	t.deepEqual(readHead(store)?.root, new Uint8Array(root));
	const again = readRecord(store, sha256)!;
	t.deepEqual(new Uint8Array(again.list.root), new Uint8Array(root));
	t.deepEqual(again.columns, record.columns);
	const first = store.writes;
	writeRecord(store, {...head, root}, record, again);
	t.true(store.writes - first < first - record.list.bytes.length + 1);
	removeHead(store);
	t.is(readHead(store), undefined);
	t.truthy(readRecord(store, sha256), 'what it knows of files stays true');
});

test('columns of one list are never read with another', t => {
	const store = new MemoryStore();
	writeRecord(store, {...head, root: head.key}, makeRecord(2), undefined);
	store.records.set('publish-list', makeRecord(3).list.bytes);
	t.is(readRecord(store, sha256), undefined);
	store.records.set('publish-list', new Uint8Array(9));
	t.is(readRecord(store, sha256), undefined);
});

test('damaged records are no records [SHOAL_SEED=4]', t => {
	const prng = new Prng(4);
	const store = new MemoryStore();
	const record = makeRecord(4);
	writeRecord(store, {...head, root: record.list.root}, record, undefined);
	for (const name of ['publish-head', 'publish-stat']) {
		const good = store.records.get(name)!;
		for (let cut = 0; cut < good.length; cut += 1 + prng.below(good.length / 20)) {
			store.records.set(name, good.subarray(0, cut));
			t.is(name === 'publish-head' ? readHead(store) : readRecord(store, sha256), undefined);
		}
		store.records.set(name, good);
	}
});

test('the key is of what matters for the image, and of nothing else', t => {
	const image = {identity: octets('i'), module: octets('m'), subPath: octets('')};
	const key = (more: object, name = image): string =>
		octetKey(recordKey(sha256, name, {...defaults, ...more}));
	for (const more of [
		{check: true},
		{checksum: true},
		{ignoreTimes: true},
		{strict: true},
		{deleteMax: 3},
		{wholeFile: true},
	]) {
		t.is(key(more), key({}), JSON.stringify(more));
	}
	for (const more of [
		{owner: false},
		{group: false},
		{permissions: false},
		{times: false},
		{numericIds: true},
		{sizeOnly: true},
		{delete: false},
	]) {
		t.not(key(more), key({}), JSON.stringify(more));
	}
	t.not(key({}, {...image, subPath: octets('sub')}), key({}));
	t.not(key({}, {...image, identity: octets('im'), module: octets('')}), key({}));
});

test('a journal comes back as it was; one that cannot be understood stops the run', t => {
	const store = new MemoryStore();
	t.is(readJournal(store), undefined);
	const rows = new ChangeTable().pick([]);
	const roots = [octets(''), octets('mounted/here')];
	writeJournal(store, {roots, sync: true, rows});
	const journal = readJournal(store);
	t.deepEqual(journal?.roots, roots);
	t.true(journal?.sync);
	const good = store.records.get('publish-journal')!;
	for (const bad of [good.subarray(1), good.subarray(0, -1), new Uint8Array(0)]) {
		store.records.set('publish-journal', bad);
		t.is(t.throws(() => readJournal(store), {instanceOf: ShoalError})?.code, 'STORE_CORRUPT');
	}
	writeJournal(store, {roots: [octets(''), octets('../out')], sync: false, rows});
	t.throws(() => readJournal(store), {instanceOf: ShoalError});
	removeJournal(store);
	t.is(readJournal(store), undefined);
});

test('a map of partial files is taken once', t => {
	const store = new MemoryStore();
	t.is(takePartialMap(store).size, 0);
	writePartialMap(store, []);
	t.is(store.records.size, 0);
	const prng = new Prng(5);
	const files = [1, 8, 9, 1000].map(count => ({
		digest: prng.bytes(32),
		verified: Uint8Array.from({length: count}, () => prng.below(2)),
	}));
	writePartialMap(store, files);
	const bytes = store.records.get('partial-map')!;
	const map = takePartialMap(store);
	for (const {digest, verified} of files) t.deepEqual(map.get(octetKey(digest)), verified);
	t.is(takePartialMap(store).size, 0);
	store.records.set('partial-map', bytes.subarray(0, bytes.length - 100));
	t.is(takePartialMap(store).size, 3);
	store.records.set('partial-map', new Uint8Array(8).fill(0xff));
	t.is(takePartialMap(store).size, 0);
});
