/** Sets of octets as flat lists [from, to, from, to, …] in order, joined where they touch. */

/** `ranges` with [from, to) in it. */
export function joinRange(ranges: readonly number[], from: number, to: number): number[] {
	const last = ranges.length - 1;
	if (last < 0) return [from, to];
	if (from === ranges[last]) return [...ranges.slice(0, last), to];
	const joined: number[] = [];
	let at = 0;
	for (; at < ranges.length && ranges[at + 1]! < from; at += 2) {
		joined.push(ranges[at]!, ranges[at + 1]!);
	}
	let [start, end] = [from, to];
	for (; at < ranges.length && ranges[at]! <= to; at += 2) {
		start = Math.min(start, ranges[at]!);
		end = Math.max(end, ranges[at + 1]!);
	}
	joined.push(start, end, ...ranges.slice(at));
	return joined;
}

/** Octets in the set. */
export function rangesSize(ranges: readonly number[]): number {
	let size = 0;
	for (let at = 0; at < ranges.length; at += 2) size += ranges[at + 1]! - ranges[at]!;
	return size;
}

/** Calls for each part of [from, to) that is in none of the sets. */
export function eachMissing(
	sets: readonly (readonly number[])[],
	from: number,
	to: number,
	visit: (from: number, to: number) => void,
): void {
	let all: readonly number[] = [];
	for (const ranges of sets) {
		for (let at = 0; at < ranges.length; at += 2)
			all = joinRange(all, ranges[at]!, ranges[at + 1]!);
	}
	let start = from;
	for (let at = 0; at < all.length && start < to; at += 2) {
		if (all[at + 1]! <= start) continue;
		if (all[at]! >= to) break;
		if (all[at]! > start) visit(start, all[at]!);
		start = all[at + 1]!;
	}
	if (start < to) visit(start, to);
}
