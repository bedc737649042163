import test from 'ava';
import {
	type Change,
	ChangeTable,
	contentFrom,
	decodeRows,
	encodeRows,
	noRow,
	pickRows,
} from '../../../src/task/change-table.ts';
import {octetsAt} from '../../../src/task/packed-octets.ts';
import {Prng} from '../../support/prng.ts';

const octets = (text: string): Uint8Array => Buffer.from(text, 'latin1');

function randomChange(prng: Prng, path: string): Omit<Change, 'source'> {
	return {
		path: octets(path),
		target: octets(prng.chance(0.3) ? 'to \xe9' : ''),
		leader: octets(prng.chance(0.3) ? 'first' : ''),
		digest: prng.bytes(prng.chance(0.5) ? 32 : 0),
		type: prng.below(3),
		kind: prng.below(6),
		content: prng.below(6),
		existing: prng.below(4),
		existingMode: prng.below(0o10000),
		details: prng.below(512),
		holes: prng.below(2),
		device: prng.below(3),
		mode: prng.below(0x10000),
		uid: prng.next(),
		gid: prng.next(),
		page: prng.next(),
		position: prng.below(4096),
		mtimeSec: prng.below(2 ** 45) - 2 ** 44,
		mtimeNsec: prng.below(1e9),
		copy: prng.below(9),
		twin: noRow,
		size: prng.below(2 ** 50),
	};
}

function randomTable(seed: number, count: number): [ChangeTable, Omit<Change, 'source'>[]] {
	const prng = new Prng(seed);
	const table = new ChangeTable();
	const changes = Array.from({length: count}, (_, row) => randomChange(prng, `p\xff/${row}`));
	for (const change of changes) table.add(change);
	for (let row = 0; row < count; row += 3) table.setSource(row, octets(`from ${row}`));
	return [table, changes];
}

test('rows come back from octets as they were, and picked ones in their order', t => {
	const [table, changes] = randomTable(1, 300);
	const order = [7, 3, 299, 0, 7];
	const decoded = decodeRows(encodeRows(table.pick(order)));
	for (const rows of [decoded!, pickRows(table.pick(order), [0, 1, 2, 3, 4])]) {
		t.is(rows.count, 5);
		for (const [at, row] of order.entries()) {
			const {path, target, leader, digest, ...numbers} = changes[row]!;
			for (const [name, value] of Object.entries(numbers)) {
				t.is((rows as unknown as Record<string, Float64Array>)[name]![at], value, name);
			}
			t.deepEqual(octetsAt(rows.path, at), new Uint8Array(path));
			t.deepEqual(octetsAt(rows.target, at), new Uint8Array(target));
			t.deepEqual(octetsAt(rows.leader, at), new Uint8Array(leader));
			const source = row % 3 === 0 ? `from ${row}` : '';
			t.is(Buffer.from(octetsAt(rows.source, at)).toString(), source);
			if (digest.length > 0) t.deepEqual(rows.digest.slice(at * 32, (at + 1) * 32), digest);
		}
	}
});

test('octets that are not rows are refused, whatever they are [SHOAL_SEED=2]', t => {
	const prng = new Prng(2);
	const [table] = randomTable(2, 20);
	const good = encodeRows(table.pick([...Array(20).keys()]));
	t.truthy(decodeRows(good));
	for (let cut = 0; cut < good.length; cut += 1 + prng.below(40)) {
		t.is(decodeRows(good.subarray(0, cut)), undefined);
	}
	t.is(decodeRows(Uint8Array.from([...good, 0])), undefined);
	for (let run = 0; run < 2000; run++) {
		const bad = good.slice();
		for (let spot = 0; spot < 3; spot++) bad[prng.below(bad.length)] = prng.below(256);
		const rows = decodeRows(bad);
		if (rows !== undefined) t.is(rows.count, 20);
	}
});

test('a path that leads out of the tree makes rows invalid', t => {
	for (const path of ['../x', 'a/../b', '/x', 'a//b', 'a\0b']) {
		const table = new ChangeTable();
		table.add({...randomChange(new Prng(3), path), content: contentFrom.none});
		t.is(decodeRows(encodeRows(table.pick([0]))), undefined, path);
	}
});
