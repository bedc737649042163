/** One file of a published snapshot, as what is made of it is asked for. */
import {expectedSize, type ReadBatch} from '../task/read.ts';
import {refuseCode} from '../wire/frame.ts';
import type {Published} from './published.ts';

export type FilePlace = {
	readonly digest: Uint8Array;
	readonly path: Uint8Array;
	/** Octets of its content. */
	readonly size: number;
	/** What a read compares: `expectedSize` numbers. */
	readonly expected: Float64Array;
	/** What is said of a file that is another one. */
	readonly otherwise: number;
};

/** An entry that the snapshot has. */
export function placeIn(
	published: Published,
	page: number,
	position: number,
	isRelayed: boolean,
): FilePlace {
	const table = published.tables.get(page)!;
	return {
		digest: table.digest(position),
		path: table.path(position),
		size: table.contentSize(position),
		expected: table.expected.subarray(expectedSize * position, expectedSize * (position + 1)),
		otherwise: otherwise(isRelayed),
	};
}

/** A relay says nothing of whether its origin has changed. */
export function otherwise(isRelayed: boolean): number {
	return isRelayed ? refuseCode.unavailable : refuseCode.stale;
}

/** The columns of a job that name these files. */
export function joinPlaces(
	places: readonly FilePlace[],
): Pick<ReadBatch, 'paths' | 'pathEnds' | 'expected'> {
	const pathEnds = new Uint32Array(places.length);
	let end = 0;
	places.forEach(({path}, index) => {
		end += path.length;
		pathEnds[index] = end;
	});
	const paths = new Uint8Array(end);
	const expected = new Float64Array(expectedSize * places.length);
	places.forEach((place, index) => {
		paths.set(place.path, pathEnds[index]! - place.path.length);
		expected.set(place.expected, expectedSize * index);
	});
	return {paths, pathEnds, expected};
}
