import test from 'ava';
import {sha256} from '../../../native-free/digest.ts';
import {EarlyObjects, type ObtainOptions, obtainList} from '../../../src/engine/obtain-list.ts';
import {ShoalError} from '../../../src/error.ts';
import type {Head} from '../../../src/session/statement.ts';
import {makeDiff} from '../../../src/snapshot/diff.ts';
import type {List} from '../../../src/snapshot/list.ts';
import type {FetchRequest} from '../../../src/transfer/request.ts';
import {objectKind} from '../../../src/wire/frame.ts';
import {Prng} from '../../support/prng.ts';
import {SimTree} from '../../support/sim-tree.ts';

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
	return {head, snapshot: 0, diffs: [], known: undefined, early, fetch, sha256, ...more};
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
