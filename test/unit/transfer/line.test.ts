import test from 'ava';
import {Line, type Piece} from '../../../src/transfer/line.ts';
import type {FetchRequest} from '../../../src/transfer/request.ts';
import {Prng} from '../../support/prng.ts';

function requestOf(sizes: readonly number[], offset = 0): FetchRequest {
	const length = sizes.reduce((sum, size) => sum + size, 0);
	const one = {snapshot: 0, kind: 3, page: 0, position: 7, count: sizes.length, offset} as const;
	return sizes.length === 1 ? {...one, length} : {...one, length, sizes: Float64Array.from(sizes)};
}

const piece: Piece = {object: 0, count: 0, offset: 0, length: 0};

test('a range of one object is cut by size alone, with offsets in the object', t => {
	const line = new Line(requestOf([5000], 100));
	line.cut(0, 5000, 2000, piece);
	t.deepEqual({...piece}, {object: 0, count: 1, offset: 100, length: 2000});
	line.cut(4000, 5000, 2000, piece);
	t.deepEqual({...piece}, {object: 0, count: 1, offset: 4100, length: 1000});
});

test('whole objects that fit make one run; a part of one is a range of its own', t => {
	const line = new Line(requestOf([10, 0, 20, 3000, 5]));
	line.cut(0, 3035, 1000, piece);
	t.deepEqual({...piece}, {object: 0, count: 3, offset: 0, length: 30});
	line.cut(30, 3035, 1000, piece);
	t.deepEqual({...piece}, {object: 3, count: 1, offset: 0, length: 1000});
	line.cut(1030, 3035, 5000, piece);
	t.deepEqual({...piece}, {object: 3, count: 1, offset: 1000, length: 2000});
	line.cut(5, 3035, 5000, piece);
	t.deepEqual({...piece}, {object: 0, count: 1, offset: 5, length: 5}, 'starts within an object');
	line.cut(10, 25, 5000, piece);
	t.deepEqual({...piece}, {object: 2, count: 1, offset: 0, length: 15}, 'ends within an object');
});

test('pieces cover a line without gap or overlap, whatever its objects [SHOAL_SEED=7]', t => {
	const prng = new Prng(7);
	for (let round = 0; round < 300; round++) {
		const sizes = Array.from({length: 1 + prng.below(40)}, () =>
			prng.chance(0.3) ? 0 : prng.below(3000),
		);
		const request = requestOf(sizes, 0);
		const line = new Line(request);
		const sizeMax = 1 + prng.below(5000);
		for (let at = 0; at < request.length; at += piece.length) {
			line.cut(at, request.length, sizeMax, piece);
			t.true(piece.length > 0 && piece.length <= sizeMax);
			const start = line.startOf(piece.object);
			if (piece.count === 1) {
				t.is(at, start + piece.offset);
				t.true(at + piece.length <= line.endOf(piece.object), 'within the object');
			} else {
				t.is(at, start);
				t.is(piece.offset, 0);
				t.is(at + piece.length, line.endOf(piece.object + piece.count - 1), 'whole objects');
			}
		}
	}
});

test('a position belongs to the object that has octets there', t => {
	const line = new Line(requestOf([0, 3, 0, 0, 2, 0]));
	t.deepEqual(
		[0, 1, 2, 3, 4].map(at => line.objectAt(at)),
		[1, 1, 1, 4, 4],
	);
	t.is(line.offsetAt(4, 4), 1);
});
