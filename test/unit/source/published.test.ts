import test from 'ava';
import {sha256} from '../../../native-free/digest.ts';
import type {Head} from '../../../src/session/statement.ts';
import {entryType, makeEntry} from '../../../src/snapshot/entry.ts';
import {List} from '../../../src/snapshot/list.ts';
import {ListBuilder} from '../../../src/snapshot/list-builder.ts';
import {leavesSize} from '../../../src/snapshot/merkle.ts';
import {Published, type Wanted} from '../../../src/source/published.ts';
import {objectKind, refuseCode} from '../../../src/wire/frame.ts';

const octets = (text: string) => new TextEncoder().encode(text);
const digest = new Uint8Array(32).fill(7);
const sizes = [10, 0, 200_000, 30];

function publish(): Published {
	const builder = new ListBuilder(sha256);
	builder.add(makeEntry({path: octets(''), type: entryType.directory}));
	sizes.forEach((size, index) => {
		const path = octets(`file-${index}`);
		const own = size === 0 ? sha256() : digest;
		builder.add(makeEntry({path, type: entryType.file, size, digest: own}));
	});
	builder.add(makeEntry({path: octets('link'), type: entryType.symlink, target: octets('x')}));
	const list = List.open(builder.finish(), sha256);
	if (!(list instanceof List)) throw new Error(list.problem);
	return new Published({
		list,
		head: {sequence: 30, root: list.root} as Head,
		statement: new Uint8Array(1),
		diffs: [octets('third from second'), octets('second from first')],
		predecessors: [20, 10],
		sha256,
	});
}

const want = (fields: Partial<Wanted>): Wanted => ({
	kind: objectKind.content,
	page: 0,
	position: 1,
	count: 1,
	offset: 0,
	length: 1,
	...fields,
});

test('a range of one file is answered with the size of the file', t => {
	const published = publish();
	const all = published.resolve(want({position: 1, length: 10}));
	t.deepEqual(all, {sizes: Float64Array.of(10)});
	const last = published.resolve(want({position: 3, offset: 199_999}));
	t.deepEqual(last, {sizes: Float64Array.of(200_000)});
});

test('a run is answered with the size of each object, 0 where there is none', t => {
	const total = sizes.reduce((sum, size) => sum + size, 0);
	const run = want({position: 0, count: 6, length: total});
	t.deepEqual(publish().resolve(run), {sizes: Float64Array.of(0, 10, 0, 200_000, 30, 0)});
	const leaves = want({
		kind: objectKind.leaves,
		position: 0,
		count: 6,
		length: leavesSize(200_000),
	});
	const expected = Float64Array.of(0, 0, 0, leavesSize(200_000), 0, 0);
	t.deepEqual(publish().resolve(leaves), {sizes: expected});
});

test('whatever a client asks for that is not there is refused as invalid', t => {
	const published = publish();
	const refused: Partial<Wanted>[] = [
		{length: 0},
		{count: 0},
		{length: 11},
		{offset: 10},
		{offset: Number.MAX_SAFE_INTEGER, length: Number.MAX_SAFE_INTEGER},
		{position: 0},
		{position: 2},
		{position: 5, length: 1},
		{position: 6},
		{page: 1},
		{page: Number.MAX_SAFE_INTEGER},
		{kind: 18},
		{kind: 255},
		{kind: objectKind.diff, page: 2},
		{kind: objectKind.node, position: 77, page: 77},
		{count: 6, position: 0, length: 1},
		{count: 6, position: 0, offset: 1, length: 200_039},
		{count: 4097, position: 0, length: 200_040},
		{count: Number.MAX_SAFE_INTEGER, position: 1, length: 200_040},
		{kind: objectKind.list, count: 2, length: 10},
	];
	for (const fields of refused) {
		t.is(published.resolve(want(fields)), refuseCode.invalid, JSON.stringify(fields));
	}
});

test('the list, its nodes and the diffs are in memory', t => {
	const published = publish();
	const {list} = published;
	t.is(published.inMemory(objectKind.list, 0, 0), list.bytes);
	t.deepEqual(published.inMemory(objectKind.node, 0, 0), list.page(0));
	t.deepEqual(published.inMemory(objectKind.diff, 1, 0), octets('second from first'));
	t.is(published.inMemory(objectKind.content, 0, 1), undefined);
	const whole = want({kind: objectKind.list, position: 0, length: list.bytes.length});
	t.deepEqual(published.resolve(whole), {sizes: Float64Array.of(list.bytes.length)});
});

test('an answer brings what leads from the snapshot that the asker has', t => {
	const published = publish();
	const [third, second] = published.diffs;
	t.deepEqual(published.earlyFor(30), []);
	t.deepEqual(published.earlyFor(20), [undefined, third]);
	t.deepEqual(published.earlyFor(10), [undefined, third, second]);
	t.deepEqual(published.earlyFor(5), [published.list.bytes]);
	t.deepEqual(
		published.diffNames.map(({sequence, size}) => [sequence, size]),
		[
			[20, third!.length],
			[10, second!.length],
		],
	);
});
