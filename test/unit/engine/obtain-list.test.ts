import test from 'ava';
import {sha256} from '../../../native-free/digest.ts';
import {EarlyObjects, type ObtainOptions, obtainList} from '../../../src/engine/obtain-list.ts';
import {ShoalError} from '../../../src/error.ts';
import {type Head, same} from '../../../src/session/statement.ts';
import {makeDiff} from '../../../src/snapshot/diff.ts';
import {copyEntry, type EntryView, entryType, makeEntry} from '../../../src/snapshot/entry.ts';
import type {List} from '../../../src/snapshot/list.ts';
import {comparePaths} from '../../../src/snapshot/path.ts';
import type {FetchRequest} from '../../../src/transfer/request.ts';
import {objectKind} from '../../../src/wire/frame.ts';
import {nodesOfOctets} from '../../support/fetch-slice.ts';
import {Prng} from '../../support/prng.ts';
import {SimTree} from '../../support/sim-tree.ts';
import {buildList, listOf as listOfEntries, octets} from '../../support/snapshot.ts';

const listOf = (count: number, seed = 1): List => {
	const prng = new Prng(seed);
	const sizes = Array.from({length: count}, () => prng.below(1000));
	return new SimTree(sizes, sha256, prng).list;
};

const headOf = (list: List): Head =>
	({root: list.root, size: list.bytes.length, top: list.topSize}) as Head;

/** Answers from `list`, when it is let. */
class Fetches {
	readonly asked: FetchRequest[] = [];
	/** The newest first. */
	diffs: readonly Uint8Array[] = [];
	readonly #list: List;
	#let!: () => void;
	readonly #allowed = new Promise<void>(resolve => {
		this.#let = resolve;
	});

	constructor(list: List) {
		this.#list = list;
	}

	allow(): this {
		this.#let();
		return this;
	}

	readonly fetch = async (request: FetchRequest): Promise<Uint8Array> => {
		this.asked.push(request);
		await this.#allowed;
		const {kind, page, position, offset, length} = request;
		const node = kind === objectKind.node ? this.#list.node(position, page) : undefined;
		const diff = kind === objectKind.diff ? this.diffs[page] : undefined;
		return (node ?? diff ?? this.#list.bytes).slice(offset, offset + length);
	};
}

function optionsFor(list: List, fetches: Fetches, more: Partial<ObtainOptions> = {}) {
	const head = headOf(list);
	const early = new EarlyObjects(head, []);
	const {fetch} = fetches;
	const path = new Uint8Array(0);
	return {head, snapshot: 0, diffs: [], known: undefined, path, early, fetch, sha256, ...more};
}

const cut = (list: List, from: number, to: number) => ({
	object: 0,
	offset: from,
	data: list.bytes.slice(from, to),
});

test('a list that came with the answer is not asked for', async t => {
	const list = listOf(10);
	const fetches = new Fetches(list);
	const options = optionsFor(list, fetches);
	options.early.add([cut(list, 0, 500), cut(list, 500, list.bytes.length)]);
	t.deepEqual((await obtainList(options)).bytes, list.bytes);
	t.is(fetches.asked.length, 0);
});

test('the rest of the answer may come while the list is being asked for', async t => {
	const list = listOf(10);
	const fetches = new Fetches(list);
	const options = optionsFor(list, fetches);
	options.early.add([cut(list, 0, 500)]);
	const obtained = obtainList(options);
	await new Promise(resolve => setImmediate(resolve));
	t.is(fetches.asked.length, 1);
	options.early.add([cut(list, 500, list.bytes.length)]);
	t.deepEqual((await obtained).bytes, list.bytes, 'no fetch has ended');
});

test('what does not come with the answer is fetched, in ranges of 64 KiB', async t => {
	const list = listOf(2000);
	const fetches = new Fetches(list).allow();
	const options = optionsFor(list, fetches);
	options.early.add([cut(list, 0, 1000)]);
	t.deepEqual((await obtainList(options)).bytes, list.bytes);
	t.is(fetches.asked.length, Math.ceil(list.bytes.length / 65_536));
});

test('of a list that is near another one only the nodes that differ are fetched', async t => {
	const known = listOf(2000);
	const prng = new Prng(1);
	const sizes = Array.from({length: 2000}, () => prng.below(1000));
	const list = new SimTree([...sizes.slice(0, 1999), 77], sha256, prng).list;
	const fetches = new Fetches(list).allow();
	const options = optionsFor(list, fetches, {known: {list: known, sequence: 1}});
	t.deepEqual((await obtainList(options)).bytes, list.bytes);
	const octets = fetches.asked.reduce((sum, {length}) => sum + length, 0);
	t.true(octets < list.bytes.length / 2, `${octets} of ${list.bytes.length}`);
});

test('early octets of another list are no list: its nodes are fetched and verified', async t => {
	const list = listOf(10);
	const fetches = new Fetches(list).allow();
	const options = optionsFor(list, fetches);
	const wrong = new Uint8Array(list.bytes).fill(1, 300, 310);
	options.early.add([{object: 0, offset: 0, data: wrong}]);
	t.deepEqual((await obtainList(options)).bytes, list.bytes);
	t.true(fetches.asked.every(({kind}) => kind === objectKind.node));
});

test('a source whose list has not the signed root is refused', async t => {
	const list = listOf(10);
	const fetches = new Fetches(listOf(10, 2)).allow();
	const options = optionsFor(list, fetches);
	const error = await t.throwsAsync(obtainList(options), {instanceOf: ShoalError});
	t.is(error.code, 'SNAPSHOT_INVALID');
});

/** Three snapshots, one after another, and the diffs between them: the newest first. */
function history() {
	const sizes = Array.from({length: 500}, (_, index) => index);
	const lists = [0, 1, 2].map(
		changed => new SimTree([...sizes, 1000 + changed], sha256, new Prng(1)).list,
	);
	const [first, second, third] = lists as [List, List, List];
	const diffs = [makeDiff(second, third), makeDiff(first, second)];
	const names = diffs.map((diff, index) => ({
		sequence: 2 - index,
		size: diff.length,
		digest: sha256(diff),
	}));
	return {first, third, diffs, names};
}

function optionsAfter(fetches: Fetches, names: ReturnType<typeof history>['names'], list: List) {
	const {first} = history();
	const known = {list: first, sequence: 1};
	const early = new EarlyObjects(headOf(list), names);
	return optionsFor(list, fetches, {known, diffs: names, early});
}

test('diffs lead from a list that is here to the one of the head: early or fetched', async t => {
	const {third, diffs, names} = history();
	const fetches = new Fetches(third).allow();
	fetches.diffs = diffs;
	const options = optionsAfter(fetches, names, third);
	options.early.add([{object: 1, offset: 0, data: diffs[0]!}]);
	t.deepEqual((await obtainList(options)).bytes, third.bytes);
	t.deepEqual(
		fetches.asked.map(({kind, page}) => [kind, page]),
		[[objectKind.diff, 1]],
	);
});

test('a diff that is not the one that was named leads nowhere: nodes are fetched', async t => {
	const {third, diffs, names} = history();
	const fetches = new Fetches(third).allow();
	fetches.diffs = [diffs[0]!, diffs[1]!.map(octet => octet ^ 1)];
	const options = optionsAfter(fetches, names, third);
	options.early.add([{object: 1, offset: 0, data: diffs[0]!}]);
	t.deepEqual((await obtainList(options)).bytes, third.bytes);
	t.true(fetches.asked.some(({kind}) => kind === objectKind.node));
});

test('a list that is the head’s needs nothing', async t => {
	const {first} = history();
	const fetches = new Fetches(first);
	const options = optionsFor(first, fetches, {known: {list: first, sequence: 1}});
	t.is(await obtainList(options), first);
	t.is(fetches.asked.length, 0);
});

/** Directories of 100 files each, below one another directory, and a hard link out of the last. */
function repository(directories: number, changed = -1): List {
	const file = {type: entryType.file, size: 7} as const;
	const entries = [makeEntry({path: octets(''), type: entryType.directory})];
	const pool = octets('pool');
	entries.push(makeEntry({path: pool, type: entryType.directory}));
	for (let index = 0; index < directories; index++) {
		const path = `pool/${index}`;
		entries.push(makeEntry({path: octets(path), type: entryType.directory}));
		for (let number = 0; number < 99; number++) {
			const name = octets(`${path}/package-${number}.deb`);
			const digest = sha256(name);
			const mtimeSec = index === changed ? 1 : 0;
			entries.push(makeEntry({path: name, ...file, digest, mtimeSec}));
		}
	}
	const first = octets('pool/0/0-first');
	const further = octets(`pool/${directories - 1}/further`);
	entries.push(makeEntry({path: first, ...file, digest: sha256(first), linkCount: 2}));
	entries.push(makeEntry({path: further, ...file, link: first}));
	return listOfEntries(entries.sort((a, b) => comparePaths(a.path, b.path)));
}

const sumOf = (fetches: Fetches): number =>
	fetches.asked.reduce((sum, {length}) => sum + length, 0);

test('of 100,000 entries a path needs a few pages', async t => {
	const list = repository(1000);
	t.true(list.entryCount > 100_000 && list.bytes.length > 4_000_000);
	const fetches = new Fetches(list).allow();
	const slice = await obtainList(optionsFor(list, fetches, {path: octets('pool/999')}));
	t.true(slice.holds(octets('pool/999/further')) && !slice.holds(octets('pool/99')));
	t.true(sumOf(fetches) < 50_000, `${sumOf(fetches)} of ${list.bytes.length} octets`);
	t.true(fetches.asked.length < 10, `${fetches.asked.length} requests`);
});

test('a slice follows a change by what differs, and is enough for what is in it', async t => {
	const [first, second, third] = [repository(99), repository(99, 98), repository(99, 5)];
	const path = octets('pool/98');
	const fetches = new Fetches(first).allow();
	const slice = await obtainList(optionsFor(first, fetches, {path}));
	t.true(slice.slice !== undefined && slice.holds(path));
	t.deepEqual(slice.find(octets('pool/98/further')), first.find(octets('pool/98/further')));
	t.deepEqual(slice.find(octets('pool/0/0-first')), first.find(octets('pool/0/0-first')));
	t.true(sumOf(fetches) < first.bytes.length / 4, `${sumOf(fetches)} octets`);
	t.true(fetches.asked.every(({kind}) => kind === objectKind.node));

	const again = new Fetches(second).allow();
	const known = {list: slice, sequence: 1};
	const update = await obtainList(optionsFor(second, again, {path, known}));
	t.true(update.slice !== undefined && same(update.root, second.root));
	t.true(sumOf(again) < sumOf(fetches), `${sumOf(again)} octets`);
	const elsewhere = new Fetches(third).allow();
	await obtainList(optionsFor(third, elsewhere, {path, known}));
	const pages = elsewhere.asked.filter(({position}) => position === 0);
	t.deepEqual(pages, [], 'a change elsewhere moves nodes of the index alone');

	const here = new Fetches(first);
	const below = octets('pool/98/package-1.deb');
	t.is(await obtainList(optionsFor(first, here, {path: below, known})), slice);
	t.is(here.asked.length, 0);
	const other = new Fetches(first).allow();
	const next = await obtainList(optionsFor(first, other, {path: octets('pool/97'), known}));
	t.true(next.holds(octets('pool/97')) && sumOf(other) < sumOf(fetches));
});

test('of a small list a path brings all, in one round trip', async t => {
	const list = repository(10);
	const fetches = new Fetches(list).allow();
	const found = await obtainList(optionsFor(list, fetches, {path: octets('pool/3')}));
	t.is(found.slice, undefined);
	t.true(fetches.asked.every(({kind}) => kind === objectKind.list));
});

test('a slice is refused when its nodes are proven and wrong', async t => {
	const right = repository(100);
	const file = makeEntry({path: octets('pool/5'), type: entryType.file, digest: sha256()});
	const entries: EntryView[] = [];
	for (const cursor = right.cursor(); cursor.next(); ) {
		entries.push(same(cursor.path, file.path) ? file : copyEntry(cursor));
	}
	const bytes = buildList(entries);
	const {root, topSize: top, node} = nodesOfOctets(bytes);
	const head = {root, size: bytes.length, top} as Head;
	let asked = 0;
	const fetch = async ({page, position}: FetchRequest): Promise<Uint8Array> => {
		asked++;
		return node(position, page)!.slice();
	};
	const early = new EarlyObjects(head, []);
	const options = {head, snapshot: 0, diffs: [], known: undefined, early, fetch, sha256};
	const refused = obtainList({...options, path: octets('pool/5/package-1.deb')});
	const error = await t.throwsAsync(refused, {instanceOf: ShoalError});
	t.is(error.code, 'SNAPSHOT_INVALID');
	t.true(asked > 1);
	const fine = await obtainList({...options, path: octets('pool/6')});
	t.true(fine.slice !== undefined, 'what is wrong elsewhere does not matter');
});
