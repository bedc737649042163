import test from 'ava';
import {sha256} from '../../../native-free/digest.ts';
import {type AheadSupply, FetchAhead} from '../../../src/engine/fetch-ahead.ts';
import type {ContentHandler} from '../../../src/engine/supply.ts';
import {Ahead} from '../../../src/receiver/ahead.ts';
import type {FetchRequest} from '../../../src/transfer/request.ts';
import type {Micros} from '../../../src/unit.ts';
import {objectKind} from '../../../src/wire/frame.ts';

const request: FetchRequest = {
	snapshot: 0,
	kind: objectKind.content,
	page: 0,
	position: 0,
	count: 1,
	offset: 0,
	length: 100,
};

test('what comes again in another session is kept once, and not counted against the source', t => {
	let contents: ContentHandler | undefined;
	let taken = 0;
	const supply: AheadSupply = {
		hungry: false,
		deliver: to => {
			contents = to;
		},
		fetch: () => undefined,
		taken: octets => {
			taken += octets;
		},
	};
	const fetching = new FetchAhead(supply, new Ahead(sha256));
	const octets = Uint8Array.from({length: 100}, (_, index) => index);
	const come = (from: number, to: number): void => {
		// A link's: its slice is a view, and the memory is given back when the call is over.
		const lent = Buffer.from(octets.slice(from, to));
		contents!.block(request, 0, from, lent, 0 as Micros);
		lent.fill(255);
	};
	come(10, 50);
	come(0, 60);
	come(0, 60);
	come(20, 100);
	const got = new Uint8Array(100);
	let count = 0;
	fetching.release({
		block: (_request, _object, offset, data) => {
			got.set(data, offset);
			count += data.length;
		},
		refused: () => undefined,
		done: () => undefined,
	});
	t.deepEqual(got, octets);
	t.is(count, 100);
	t.is(taken, 40 + 60 + 40);
});
