/**
 * Matches, flat: rows of four numbers, source offset, number of the basis file, offset in it and
 * length, in order of the source offset and disjoint in it. What no row covers is literal.
 */
import {assert} from '../assert.ts';
import type {BlockTable} from './block-table.ts';

/** Numbers of one row. */
export const matchRowSize = 4;

export const noMatches: Float64Array = new Float64Array(0);

/** Found entries as rows; neighbours in both files are one row. */
export function makeMatches(
	table: BlockTable,
	basis: Int32Array,
	basisOffset: Float64Array,
): Float64Array {
	const rows = new RowList(16);
	for (let entry = 0; entry < table.count; entry++) {
		if (basis[entry]! < 0) continue;
		const isTail = table.tailSize > 0 && entry === table.count - 1;
		const length = isTail ? table.tailSize : table.blockSize;
		rows.add(table.block[entry]! * table.blockSize, basis[entry]!, basisOffset[entry]!, length);
	}
	return rows.take();
}

/** All of `first`, and of `second` what `first` does not cover. */
export function joinMatches(first: Float64Array, second: Float64Array): Float64Array {
	if (first.length === 0) return second;
	if (second.length === 0) return first;
	const rows = new RowList((first.length + second.length) / matchRowSize);
	let at = 0;
	for (let row = 0; row < second.length; row += matchRowSize) {
		const end = second[row]! + second[row + 3]!;
		let from = second[row]!;
		while (from < end) {
			while (at < first.length && first[at]! + first[at + 3]! <= from) at = rows.copy(first, at);
			const isCovered = at < first.length && first[at]! <= from;
			if (isCovered) {
				from = first[at]! + first[at + 3]!;
				continue;
			}
			const to = at < first.length ? Math.min(end, first[at]!) : end;
			const basisOffset = second[row + 2]! + from - second[row]!;
			rows.add(from, second[row + 1]!, basisOffset, to - from);
			from = to;
		}
	}
	while (at < first.length) at = rows.copy(first, at);
	return rows.take();
}

/** Octets that the rows cover. */
export function matchedSize(matches: Float64Array): number {
	let size = 0;
	for (let row = 0; row < matches.length; row += matchRowSize) size += matches[row + 3]!;
	return size;
}

/** Octets of `pairs` (rising, apart) that the rows cover. */
export function coveredSize(matches: Float64Array, pairs: Float64Array): number {
	let size = 0;
	let row = 0;
	for (let at = 0; at < pairs.length; at += 2) {
		const [start, end] = [pairs[at]!, pairs[at + 1]!];
		while (row < matches.length && matches[row]! + matches[row + 3]! <= start) row += matchRowSize;
		for (let next = row; next < matches.length && matches[next]! < end; next += matchRowSize) {
			const to = Math.min(end, matches[next]! + matches[next + 3]!);
			size += to - Math.max(start, matches[next]!);
		}
	}
	return size;
}

/** The octets of the source's file that the rows cover, as pairs. */
export function coverOf(matches: Float64Array): Float64Array {
	const pairs = new Float64Array(matches.length / 2);
	for (let row = 0, at = 0; row < matches.length; row += matchRowSize, at += 2) {
		pairs[at] = matches[row]!;
		pairs[at + 1] = matches[row]! + matches[row + 3]!;
	}
	return pairs;
}

/** What of `matches` lies in `pairs` (rising, apart) of the source's file. */
export function cutMatches(matches: Float64Array, pairs: Float64Array): Float64Array {
	const rows = new RowList(matches.length / matchRowSize);
	let at = 0;
	for (let row = 0; row < matches.length; row += matchRowSize) {
		const start = matches[row]!;
		const end = start + matches[row + 3]!;
		while (at < pairs.length && pairs[at + 1]! <= start) at += 2;
		for (let next = at; next < pairs.length && pairs[next]! < end; next += 2) {
			const from = Math.max(start, pairs[next]!);
			const length = Math.min(end, pairs[next + 1]!) - from;
			rows.add(from, matches[row + 1]!, matches[row + 2]! + from - start, length);
		}
	}
	return rows.take();
}

/** What `matches` leave of a file of `size` octets: pairs of start and end, rising. */
export function literalRanges(matches: Float64Array, size: number): Float64Array {
	const pairs: number[] = [];
	let from = 0;
	for (let row = 0; row < matches.length; row += matchRowSize) {
		if (matches[row]! > from) pairs.push(from, matches[row]!);
		from = matches[row]! + matches[row + 3]!;
	}
	assert(from <= size, 'matches lie in the file');
	if (from < size) pairs.push(from, size);
	return Float64Array.from(pairs);
}

/** Rows that come in order; one that goes on where the last one ends, in both files, joins it. */
class RowList {
	#rows: Float64Array;
	#size = 0;

	constructor(countExpected: number) {
		this.#rows = new Float64Array(Math.max(1, countExpected) * matchRowSize);
	}

	add(source: number, basis: number, basisOffset: number, length: number): void {
		const last = this.#size - matchRowSize;
		const rows = this.#rows;
		if (last >= 0) {
			const lastLength = rows[last + 3]!;
			assert(source >= rows[last]! + lastLength, 'rows come in order');
			const isNext = source === rows[last]! + lastLength;
			if (isNext && basis === rows[last + 1] && basisOffset === rows[last + 2]! + lastLength) {
				rows[last + 3] = lastLength + length;
				return;
			}
		}
		if (this.#size === rows.length) {
			this.#rows = new Float64Array(rows.length * 2);
			this.#rows.set(rows);
		}
		this.#rows.set([source, basis, basisOffset, length], this.#size);
		this.#size += matchRowSize;
	}

	/** Adds the row of `from` at `row`; answers where the next one is. */
	copy(from: Float64Array, row: number): number {
		this.add(from[row]!, from[row + 1]!, from[row + 2]!, from[row + 3]!);
		return row + matchRowSize;
	}

	take(): Float64Array {
		return this.#rows.slice(0, this.#size);
	}
}
