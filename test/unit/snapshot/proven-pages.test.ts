import test from 'ava';
import {sha256} from '../../../native-free/digest.ts';
import type {List} from '../../../src/snapshot/list.ts';
import {equalOctets} from '../../../src/snapshot/path.ts';
import {ProvenPages} from '../../../src/snapshot/proven-pages.ts';
import {RangeSet} from '../../../src/transfer/range-set.ts';
import {Prng} from '../../support/prng.ts';
import {listOf, randomEntries} from '../../support/snapshot.ts';

const list = listOf(randomEntries(new Prng(1), 6_000));

const pagesOf = ({root, topSize}: List): ProvenPages => new ProvenPages({root, topSize, sha256});

/** A list that comes piece by piece, in the order of `pieces`, and what shows of it meanwhile. */
function arrive(from: Uint8Array, pieces: readonly (readonly [number, number])[]) {
	const pages = pagesOf(list);
	// What has not come must not be looked at.
	const bytes = new Uint8Array(from.length);
	const have = new RangeSet();
	const shown: {readonly page: number; readonly isFirst: boolean; readonly have: number}[] = [];
	for (const [start, end] of pieces) {
		const isNew = have.missing(start, end) > 0;
		bytes.set(from.subarray(start, end), start);
		have.add(start, end);
		pages.arrived(bytes, start, end, ({page, bytes: octets}) => {
			const isWhole = have.missing(list.pageOffset(page), list.pageEnd(page)) === 0;
			const isFirst = isNew && isWhole && equalOctets(octets, list.page(page));
			shown.push({page, isFirst, have: have.nextGap(0)});
		});
	}
	return shown;
}

function piecesOf(prng: Prng, size: number): (readonly [number, number])[] {
	const pieces: (readonly [number, number])[] = [];
	for (let start = 0; start < size; ) {
		const end = Math.min(size, start + 1 + prng.below(5000));
		pieces.push([start, end]);
		start = end;
	}
	return pieces;
}

const everyPage = Array.from({length: list.pageCount}, (_, page) => page);

test('each page of a list shows once, as soon as all of it and the nodes are there', t => {
	const prng = new Prng(2);
	const size = list.bytes.length;
	const inOrder = arrive(list.bytes, piecesOf(prng, size));
	t.deepEqual(
		inOrder.map(({page}) => page),
		everyPage,
	);
	t.true(inOrder.every(({isFirst}) => isFirst));
	for (let round = 0; round < 20; round++) {
		const pieces = prng.shuffled(piecesOf(prng, size));
		const shown = arrive(list.bytes, [...pieces, ...pieces.slice(0, 20)]);
		t.deepEqual(
			shown.map(({page}) => page).sort((a, b) => a - b),
			everyPage,
		);
		t.true(shown.every(({isFirst, have}) => isFirst && have >= list.pageOffset(0)));
	}
});

test('a page does not wait for what is missing before it', t => {
	const size = list.bytes.length;
	const lost = list.pageOffset(1) + 10;
	const shown = arrive(list.bytes, [
		[0, lost],
		[lost + 1200, size],
		[lost, lost + 1200],
	]);
	const late = shown.filter(({have}) => have === size).map(({page}) => page);
	t.true(late.includes(1) && late.length < 5, `${late}`);
	t.is(shown.length, list.pageCount);
});

test('once an octet is wrong nothing more shows, and never what has it', t => {
	const prng = new Prng(3);
	for (let round = 0; round < 100; round++) {
		const bytes = list.bytes.slice();
		const isNode = round < 50;
		const at = prng.below(isNode ? list.pageOffset(0) : bytes.length);
		bytes[at]! ^= 1 << prng.below(8);
		const pieces = piecesOf(prng, bytes.length);
		const shown = arrive(bytes, round % 2 === 0 ? pieces : prng.shuffled(pieces));
		t.true(shown.every(({isFirst}) => isFirst));
		t.true(shown.length < list.pageCount);
		if (isNode) t.deepEqual(shown, []);
		for (const {page} of shown) t.false(list.pageOffset(page) <= at && at < list.pageEnd(page));
		if (round % 2 === 0) t.true(shown.every(({page}) => list.pageEnd(page) <= at));
	}
});
