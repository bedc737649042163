/** A search as plain data, so that any thread can run it. */
import {assert} from '../assert.ts';
import type {OpenSearchMemory} from '../platform/search-memory.ts';
import {Search} from './search.ts';
import {sumsShape} from './shape.ts';
import {stretchRowSize} from './stretches.ts';
import {parseRecords} from './sums.ts';

export type SearchInput = {
	/** Which of the searches of its round it is: what they find is joined in this order. */
	readonly share: number;
	/** Of the source's file. */
	readonly fileSize: number;
	readonly salt: Uint8Array;
	readonly level: number;
	/** Records of the blocks to find, rising and apart. */
	readonly runs: readonly {readonly first: number; readonly records: Uint8Array}[];
	/** Where to look: rows of basis, start, end. */
	readonly stretches: Float64Array;
	readonly basisSizes: readonly number[];
};

export function makeSearch(
	{fileSize, salt, level, runs, stretches}: SearchInput,
	openMemory?: OpenSearchMemory,
): Search {
	const shape = sumsShape(fileSize);
	assert(shape !== undefined, 'a file that has sums');
	const parsed = runs.map(({first, records}) => {
		const sums = parseRecords(shape, level, first, records);
		assert(sums !== undefined, 'whole records of blocks of the level');
		return sums;
	});
	let stretchMax = 0;
	for (let row = 0; row < stretches.length; row += stretchRowSize) {
		stretchMax = Math.max(stretchMax, stretches[row + 2]! - stretches[row + 1]!);
	}
	return new Search({shape, salt, runs: parsed, stretchMax, openMemory});
}
