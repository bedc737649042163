import test from 'ava';
import {FileSystems} from '../../../src/receiver/file-systems.ts';
import {DigestIndex, linkTwins} from '../../../src/receiver/local-content.ts';
import {OwnerMap} from '../../../src/receiver/owner-map.ts';
import {ProblemList} from '../../../src/receiver/problem-list.ts';
import {entryType, makeEntry} from '../../../src/snapshot/entry.ts';
import {
	ChangeTable,
	changeKind,
	contentFrom,
	leaveOwner,
	noRow,
} from '../../../src/task/change-table.ts';
import {Prng} from '../../support/prng.ts';
import {octets} from '../../support/snapshot.ts';

test('the exit code is that of the worst problem, and notices are none', t => {
	const exitOf = (...codes: Parameters<ProblemList['add']>[0][]): number => {
		const problems = new ProblemList();
		for (const code of codes) problems.add(code, octets('x'), 'why');
		return problems.exit;
	};
	t.is(exitOf(), 0);
	t.is(exitOf('SOURCE_STALE', 'SOURCE_UNAVAILABLE'), 24);
	t.is(exitOf('FILE_UNWRITABLE'), 23);
	t.is(exitOf('SOURCE_STALE', 'FILE_UNWRITABLE'), 23);
	t.is(exitOf('CONTENT_INVALID', 'SOURCE_STALE'), 12);
	t.is(exitOf('FILE_UNWRITABLE', 'DESTINATION_FULL'), 11);
	const problems = new ProblemList();
	problems.notice('FILE_UNSUPPORTED', octets('fifo'), 'left out');
	t.is(problems.exit, 0);
	t.is(problems.count, 0);
	for (let path = 0; path < 3000; path++) problems.addSource('SOURCE_STALE', octets('x'), 'why');
	t.is(problems.count, 3000);
	t.is(problems.sourceCount, 3000);
	t.is(problems.kept.length, 1000);
	t.true(problems.kept[0]?.notice);
});

test('owners go by name, else by number; others than root give nothing away', t => {
	const entry = (uid: number, owner: string, gid = 5, group = '') =>
		makeEntry({
			path: octets('x'),
			type: entryType.file,
			uid,
			owner: octets(owner),
			gid,
			group: octets(group),
		});
	const lookups: string[] = [];
	const known = (name: Uint8Array): number | undefined => {
		lookups.push(Buffer.from(name).toString());
		return name.length === 3 ? 77 : undefined;
	};
	const options = {owner: true, group: true, numericIds: false, isRoot: true};
	const names = {user: known, groupByName: known};
	const map = new OwnerMap({...options, ...names});
	t.is(map.uid(entry(1000, 'ann')), 77);
	t.is(map.uid(entry(1000, 'ann')), 77);
	t.is(map.uid(entry(1000, 'unknown')), 1000);
	t.is(map.uid(entry(1001, '')), 1001);
	t.is(map.gid(entry(0, '', 9, 'adm')), 77);
	t.deepEqual(lookups, ['ann', 'unknown', 'adm'], 'each is looked up once');
	t.is(new OwnerMap({...options, ...names, numericIds: true}).uid(entry(1000, 'ann')), 1000);
	t.is(new OwnerMap({...options, ...names, isRoot: false}).uid(entry(1000, 'ann')), leaveOwner);
	const noOwner = new OwnerMap({...options, ...names, owner: false});
	t.is(noOwner.uid(entry(1000, 'ann')), leaveOwner);
	t.is(noOwner.gid(entry(0, '', 9, 'adm')), 77);
});

test('a path belongs to the innermost file system around it', t => {
	const systems = new FileSystems(['', 'm', 'm/n', 'other'].map(octets));
	const of = (path: string): number => systems.indexOf(octets(path));
	t.deepEqual(
		['', 'a', 'mm', 'm', 'm/x/y', 'm/n', 'm/n/z', 'm/nn', 'other/q'].map(of),
		[0, 0, 0, 1, 1, 2, 2, 1, 3],
	);
	const names = systems.stagingPaths().map(path => Buffer.from(path).toString());
	t.deepEqual(names, ['m/.shoal-staging', 'm/n/.shoal-staging', 'other/.shoal-staging']);
});

function addFile(table: ChangeTable, digest: Uint8Array, content: number, size = 10): number {
	return table.add({
		path: octets(`file ${table.count}`),
		target: octets(''),
		leader: octets(''),
		digest,
		type: entryType.file,
		kind: changeKind.new,
		content,
		existing: 0,
		existingMode: 0,
		details: 0,
		holes: 0,
		device: 0,
		mode: 0o644,
		uid: 0,
		gid: 0,
		page: 0,
		position: 0,
		mtimeSec: 0,
		mtimeNsec: 0,
		copy: 0,
		twin: noRow,
		size,
	});
}

test('of files with one content only the first travels, and each has a name in staging', t => {
	const table = new ChangeTable();
	const [a, b] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
	addFile(table, a, contentFrom.source);
	table.setSource(addFile(table, b, contentFrom.copy), octets('here'));
	addFile(table, a, contentFrom.source);
	addFile(table, a, contentFrom.source);
	addFile(table, b, contentFrom.source);
	addFile(table, b, contentFrom.none);
	const {content, copy, twin} = table.columns;
	linkTwins(table);
	const {source, twin: isTwin, copy: isCopy, none} = contentFrom;
	const {count} = table;
	t.deepEqual([...content.subarray(0, count)], [source, isCopy, isTwin, isTwin, isCopy, none]);
	t.deepEqual([...copy.subarray(0, count)], [0, 0, 1, 2, 1, 0]);
	t.deepEqual([...twin.subarray(2, 4)], [0, 0]);
	t.deepEqual(table.source(4), octets('here'), 'what is copied once can be copied again');
});

test('digests are found among many that begin alike [SHOAL_SEED=6]', t => {
	const prng = new Prng(6);
	const table = new ChangeTable();
	const digests = Array.from({length: 500}, () => {
		const digest = prng.bytes(32);
		digest.fill(prng.below(2), 0, 4);
		return digest;
	});
	const index = new DigestIndex(table, digests.length);
	for (const digest of digests) t.is(index.add(addFile(table, digest, contentFrom.source)), -1);
	for (const [row, digest] of digests.entries()) {
		t.is(index.find(digest), row);
		digest[31]! ^= 1;
		t.is(index.find(digest), -1);
	}
	t.is(index.count, 500);
});
