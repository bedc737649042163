/**
 * Where in the basis files a search looks: rows of basis, start and end. Finer sums are looked for
 * in what no match has used, and in a margin around that: there lies content that stayed.
 */
import {matchRowSize} from './match-list.ts';
import {countOf, join, type Pairs, subtract} from './pairs.ts';

/** Numbers of one row. */
export const stretchRowSize = 3;

/** Octets of a share at least, as long as a table takes to make: for each block, and in all. */
const shareSizePerBlock = 256;
export const shareSizeMin = 1 << 23;

/** Enough for the threads of any machine; more would make their tables for nothing. */
const shareCountMax = 64;

/** How far content that is sampled may have moved. */
const nearSize = 1 << 22;

const everywhere = Float64Array.of(0, Infinity);

/**
 * Where in a basis to look for `missing`: beside it, as far as it is long in all, 4 MiB at least.
 * So what little is missing of a large file does not cost a search of all that is here.
 */
export function placesOf(missing: Pairs): Pairs {
	const margin = Math.max(nearSize, countOf(missing));
	return join(
		missing.map((at, index) => (index % 2 === 0 ? Math.max(0, at - margin) : at + margin)),
	);
}

/**
 * What `matches` do not use of `places` in bases of these sizes, with `margin` octets on either
 * side; with none where what lies between two matches is as long here as in the source's file: it
 * was overwritten, and what stayed of it is in its place.
 */
export function unusedStretches(
	matches: Float64Array,
	basisSizes: readonly number[],
	margin: number,
	places: Pairs = everywhere,
): Float64Array {
	const rows: number[] = [];
	for (const [basis, size] of basisSizes.entries()) {
		const {used, kept} = useOf(matches, basis);
		const unused = subtract(subtract(places, Float64Array.of(size, Infinity)), used);
		const wide = unused.slice();
		for (let at = 0; at < unused.length; at += 2) {
			if (kept.get(unused[at]!) === unused[at + 1]) continue;
			wide[at] = Math.max(0, unused[at]! - margin);
			wide[at + 1] = Math.min(size, unused[at + 1]! + margin);
		}
		const stretches = join(wide);
		for (let at = 0; at < stretches.length; at += 2) {
			rows.push(basis, stretches[at]!, stretches[at + 1]!);
		}
	}
	return Float64Array.from(rows);
}

/**
 * The places in the bases where these units of the source's file lie, with 4 MiB on either side:
 * enough for a sample that decides whether to go on at all, at a part of a whole search's time.
 */
export function nearStretches(
	units: Pairs,
	unitSize: number,
	basisSizes: readonly number[],
): Float64Array {
	const rows: number[] = [];
	for (const [basis, size] of basisSizes.entries()) {
		const wide = units.map((unit, index) =>
			index % 2 === 0
				? Math.max(0, unit * unitSize - nearSize)
				: Math.min(size, unit * unitSize + nearSize),
		);
		const places = join(wide);
		for (let at = 0; at < places.length; at += 2) rows.push(basis, places[at]!, places[at + 1]!);
	}
	return Float64Array.from(rows);
}

/**
 * Shares that threads may search by themselves, each for all of the blocks. Where they are cut
 * depends on what is searched and never on who does it. A cut stretch overlaps by a window and by
 * the block that may follow it.
 */
export function splitStretches(
	rows: Float64Array,
	blockSize: number,
	blockCount: number,
	sizeMin = shareSizeMin,
): Float64Array[] {
	let total = 0;
	for (let row = 0; row < rows.length; row += stretchRowSize)
		total += rows[row + 2]! - rows[row + 1]!;
	const shareSize = Math.max(
		sizeMin,
		blockSize * 16,
		blockCount * shareSizePerBlock,
		Math.ceil(total / shareCountMax),
	);
	const shares: number[][] = [[]];
	let room = shareSize;
	for (let row = 0; row < rows.length; row += stretchRowSize) {
		const end = rows[row + 2]!;
		for (let start = rows[row + 1]!; start < end; ) {
			if (room === 0) {
				shares.push([]);
				room = shareSize;
			}
			const cut = Math.min(end, start + room);
			shares.at(-1)!.push(rows[row]!, start, Math.min(end, cut + 2 * blockSize - 1));
			room -= cut - start;
			start = cut;
		}
	}
	return shares.map(share => Float64Array.from(share));
}

/** The octets of one basis that matches use; and, by start, ends of gaps that kept their length. */
function useOf(matches: Float64Array, basis: number): {used: Pairs; kept: Map<number, number>} {
	const rows: number[] = [];
	for (let row = 0; row < matches.length; row += matchRowSize) {
		if (matches[row + 1] === basis) rows.push(row);
	}
	rows.sort((a, b) => matches[a + 2]! - matches[b + 2]!);
	const kept = new Map<number, number>();
	let [end, sourceEnd] = [0, 0];
	for (const row of rows) {
		const [source, , start, length] = matches.subarray(row, row + matchRowSize);
		if (start! > end && start! - end === source! - sourceEnd) kept.set(end, start!);
		[end, sourceEnd] = [start! + length!, source! + length!];
	}
	const used = rows.flatMap(row => [matches[row + 2]!, matches[row + 2]! + matches[row + 3]!]);
	return {used: join(used), kept};
}
