/** Sizes of compressed leaves that come in part, and no more: what they say is not believed. */
import test from 'ava';
import {leafSize} from '../../../src/limit.ts';
import {
	CompressedFetch,
	type CompressedFetchOptions,
} from '../../../src/receiver/compressed-fetch.ts';
import {RowRequest} from '../../../src/receiver/request-queue.ts';
import type {ChangeTable} from '../../../src/task/change-table.ts';
import {compressedKind, sizesKind} from '../../../src/wire/compressed.ts';
import {objectKind, refuseCode} from '../../../src/wire/frame.ts';

const none = () => undefined;

/** Asks with the form 1 alone, of files of these sizes. */
function open(sizes: readonly number[]): CompressedFetch {
	const table = {columns: {size: sizes}, path: () => new Uint8Array(1)};
	const options: Partial<CompressedFetchOptions> = {
		...{forms: [1], skips: () => false, table: table as unknown as ChangeTable},
		...{onLeaf: none, onPatch: none, ask: none, onDropped: none, onHeld: none},
	};
	return new CompressedFetch(options as CompressedFetchOptions);
}

const place = {snapshot: 0, kind: objectKind.content, page: 0, position: 0, offset: 0} as const;
const group = 4 * leafSize;

/** All that can be asked for now. */
function rest(fetch: CompressedFetch): RowRequest[] {
	const all: RowRequest[] = [];
	for (let next = fetch.next(); next; next = fetch.next()) all.push(fetch.instead(next));
	return all;
}

test('of a file whose sizes came in part and were refused then, all comes as it is', t => {
	for (const isRefused of [true, false]) {
		const fetch = open([group]);
		const content = new RowRequest({...place, count: 1, length: group, rows: Uint32Array.of(0)});
		const sizes = fetch.instead(content);
		t.is(sizes.kind, sizesKind(1));
		// The second leaf's, of four.
		fetch.block(sizes, 0, 2, Uint8Array.of(4, 0));
		if (isRefused) t.true(fetch.refused(sizes, 0, refuseCode.unavailable));
		fetch.done(sizes);
		const asked = rest(fetch);
		if (isRefused) t.deepEqual(asked, [content]);
		else t.true(asked.some(({kind}) => kind === compressedKind(1)));
	}
});

test('of files in one request those that were refused come as they are', t => {
	const fetch = open([3000, 3000]);
	const content = new RowRequest({
		...{...place, count: 2, length: 6000},
		...{sizes: Float64Array.of(3000, 3000), rows: Uint32Array.of(0, 1)},
	});
	const sizes = fetch.instead(content);
	for (const object of [0, 1]) fetch.block(sizes, object, 0, Uint8Array.of(4, 0));
	fetch.refused(sizes, 1, refuseCode.unavailable);
	fetch.done(sizes);
	const asked = rest(fetch).map(({kind, position, count, length}) => [
		kind,
		position,
		count,
		length,
	]);
	t.deepEqual(asked, [
		[objectKind.content, 1, 1, 3000],
		[compressedKind(1), 0, 2, 1024],
	]);
});
