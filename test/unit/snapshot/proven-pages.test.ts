import test from 'ava';
import {sha256} from '../../../native-free/digest.ts';
import type {List} from '../../../src/snapshot/list.ts';
import {equalOctets} from '../../../src/snapshot/path.ts';
import {ProvenPages} from '../../../src/snapshot/proven-pages.ts';
import {Prng} from '../../support/prng.ts';
import {listOf, randomEntries} from '../../support/snapshot.ts';

const list = listOf(randomEntries(new Prng(1), 6_000));

const pagesOf = ({root, topSize}: List): ProvenPages => new ProvenPages({root, topSize, sha256});

test('each page of a list shows as soon as its last octet is there, in order', t => {
	const prng = new Prng(2);
	const pages = pagesOf(list);
	// What is behind the beginning has not come, and must not be looked at.
	const bytes = new Uint8Array(list.bytes.length);
	let page = 0;
	for (let size = 0; size < bytes.length; ) {
		const end = Math.min(bytes.length, size + 1 + prng.below(5000));
		bytes.set(list.bytes.subarray(size, end), size);
		size = end;
		for (let next = pages.next(bytes, size); next; next = pages.next(bytes, size)) {
			t.is(next.page, page);
			t.true(equalOctets(next.bytes, list.page(page)));
			page++;
		}
		if (page < list.pageCount) t.true(list.pageEnd(page) > size);
	}
	t.is(page, list.pageCount);
	t.is(pages.next(bytes, bytes.length), undefined);
});

test('behind an octet that is wrong no page shows, and none that has it', t => {
	const prng = new Prng(3);
	for (let round = 0; round < 100; round++) {
		const bytes = list.bytes.slice();
		const at = prng.below(round < 50 ? list.pageOffset(0) : bytes.length);
		bytes[at]! ^= 1 << prng.below(8);
		const pages = pagesOf(list);
		let count = 0;
		for (let next = pages.next(bytes, bytes.length); next; count++) {
			t.true(list.pageEnd(next.page) <= at);
			next = pages.next(bytes, bytes.length);
		}
		t.is(pages.next(bytes, bytes.length), undefined);
		t.true(count < list.pageCount);
	}
});
