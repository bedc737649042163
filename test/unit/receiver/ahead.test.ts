import test from 'ava';
import {sha256} from '../../../native-free/digest.ts';
import {Ahead} from '../../../src/receiver/ahead.ts';
import {clearIn, RequestQueue, type RowRequest} from '../../../src/receiver/request-queue.ts';
import {entryType, makeEntry} from '../../../src/snapshot/entry.ts';
import type {List} from '../../../src/snapshot/list.ts';
import {leavesSize} from '../../../src/snapshot/merkle.ts';
import {
	blankChange,
	ChangeTable,
	changeKind,
	contentFrom,
	noRow,
} from '../../../src/task/change-table.ts';
import {objectKind} from '../../../src/wire/frame.ts';
import {Prng} from '../../support/prng.ts';
import {seedsOr} from '../../support/seeds.ts';
import {listOf, octets, randomEntries} from '../../support/snapshot.ts';

const none = new Uint8Array(0);

/** A row for each content of the list, as a plan for an empty place has them. */
function tableOf(list: List): ChangeTable {
	const table = new ChangeTable();
	const cursor = list.cursor();
	while (cursor.next()) {
		if (cursor.type !== entryType.file || cursor.digest.length === 0) continue;
		table.add({
			...blankChange(),
			type: cursor.type,
			kind: changeKind.new,
			content: contentFrom.source,
			page: cursor.page,
			position: cursor.position,
			size: cursor.size,
			path: cursor.path,
			digest: cursor.digest,
		});
	}
	return table;
}

/** Counts the octets that requests ask for, by kind and row; what goes to no row, by itself. */
class Tally {
	dropped = 0;
	readonly #octets = new Map<string, number>();

	add(request: RowRequest): void {
		request.rows.forEach((row, object) => {
			const octets = request.sizes?.[object] ?? request.length;
			const key = `${request.kind}:${row}`;
			if (row === noRow) this.dropped += octets;
			else this.#octets.set(key, (this.#octets.get(key) ?? 0) + octets);
		});
	}

	of(kind: number, row: number): number {
		return this.#octets.get(`${kind}:${row}`) ?? 0;
	}
}

for (const seed of seedsOr(1, 2, 3)) {
	test(`what a plan wants is asked for once, ahead or by its queue [SHOAL_SEED=${seed}]`, t => {
		const prng = new Prng(seed);
		const entries = randomEntries(prng, 600);
		const list = listOf(entries.map(entry => ({...entry, size: entry.size % 1e6})));
		const table = tableOf(list);
		const {size} = table.columns;
		for (let round = 0; round < 10; round++) {
			const ahead = new Ahead(sha256);
			const early: RowRequest[] = [];
			let left = prng.below(400);
			for (const page of prng.shuffled(Array.from({length: list.pageCount}, (_, at) => at))) {
				if (left === 0) break;
				ahead.addPage(page, list.page(page));
				for (let next = ahead.nextRequest(); next && left-- > 0; next = ahead.nextRequest()) {
					early.push(next);
					if (left === 0) break;
				}
			}
			const wanted: number[] = [];
			const resumed = new Set<number>();
			for (let row = 0; row < table.count; row++) {
				if (size[row] === 0 || prng.chance(0.1)) continue;
				wanted.push(row);
				if (size[row]! > 65_536 && prng.chance(0.1)) resumed.add(row);
			}
			const unasked = ahead.handOver(table, wanted, resumed);
			t.is(ahead.nextRequest(), undefined);
			const isClear = clearIn(list, table);
			const queue = new RequestQueue({table, isClear, resumed, ...unasked});
			const tally = new Tally();
			for (const request of early) tally.add(request);
			t.true(tally.dropped === 0 || wanted.length < table.count);
			for (let next = queue.next(); next; next = queue.next()) tally.add(next);
			const isWanted = new Set(wanted);
			for (let row = 0; row < table.count; row++) {
				const content = isWanted.has(row) && !resumed.has(row) ? size[row]! : 0;
				t.is(tally.of(objectKind.content, row), content);
				const leaves = isWanted.has(row) && size[row]! > 65_536 ? leavesSize(size[row]!) : 0;
				t.is(tally.of(objectKind.leaves, row), leaves);
			}
		}
	});
}

test('a content that many files have is asked for once', t => {
	const list = listOf(
		randomEntries(new Prng(5), 300).map(entry =>
			entry.size > 0 && entry.digest.length > 0 && entry.linkCount === 1 && entry.link.length === 0
				? {...entry, size: 1000, digest: new Uint8Array(32).fill(7), flatDigest: none}
				: entry,
		),
	);
	const ahead = new Ahead(sha256);
	for (let page = 0; page < list.pageCount; page++) ahead.addPage(page, list.page(page));
	let asked = 0;
	for (let next = ahead.nextRequest(); next; next = ahead.nextRequest()) {
		if (next.kind === objectKind.content && next.length % 1000 === 0) asked += next.length;
	}
	t.is(asked, 1000);
});

test('a content that was asked for by one name serves the plan by another', t => {
	const root = makeEntry({path: octets(''), type: entryType.directory});
	const file = (name: string, fill: number) => {
		const digest = new Uint8Array(32).fill(fill);
		return makeEntry({path: octets(name), type: entryType.file, size: 1000, digest});
	};
	const list = listOf([root, file('a', 1), file('b', 2), file('c', 1)]);
	const table = tableOf(list);
	const ahead = new Ahead(sha256);
	ahead.addPage(0, list.page(0));
	const requests: RowRequest[] = [];
	for (let next = ahead.nextRequest(); next; next = ahead.nextRequest()) requests.push(next);
	// The plan takes what is at `c`, and makes `a` of it.
	const {rows} = ahead.handOver(table, [1, 2], new Set());
	t.deepEqual(rows, []);
	t.deepEqual(
		requests.flatMap(({rows}) => [...rows]).filter(row => row !== noRow),
		[2, 1],
	);
});
