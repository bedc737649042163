/** Sets of whole numbers as pairs of start and end, rising and apart: flat, however large. */
export type Pairs = Float64Array;

export const noPairs: Pairs = new Float64Array(0);

/** How many numbers there are in the set. */
export function countOf(pairs: Pairs): number {
	let count = 0;
	for (let at = 0; at < pairs.length; at += 2) count += pairs[at + 1]! - pairs[at]!;
	return count;
}

/** Pairs from pairs that rise by start but may touch or overlap. */
export function join(pairs: ArrayLike<number>): Pairs {
	const result: number[] = [];
	for (let at = 0; at < pairs.length; at += 2) {
		const last = result.length - 1;
		if (last > 0 && pairs[at]! <= result[last]!) {
			result[last] = Math.max(result[last]!, pairs[at + 1]!);
		} else if (pairs[at + 1]! > pairs[at]!) {
			result.push(pairs[at]!, pairs[at + 1]!);
		}
	}
	return Float64Array.from(result);
}

/** With what is between two pairs where that is `gap` numbers at most. */
export function closed(pairs: Pairs, gap: number): Pairs {
	const wide = join(pairs.map((edge, index) => (index % 2 === 0 ? edge : edge + gap)));
	return wide.map((edge, index) => (index % 2 === 0 ? edge : edge - gap));
}

/** What is in `from` and not in `taken`. */
export function subtract(from: Pairs, taken: Pairs): Pairs {
	const result: number[] = [];
	let other = 0;
	for (let at = 0; at < from.length; at += 2) {
		let start = from[at]!;
		const end = from[at + 1]!;
		while (other < taken.length && taken[other + 1]! <= start) other += 2;
		for (let next = other; next < taken.length && taken[next]! < end; next += 2) {
			if (taken[next]! > start) result.push(start, taken[next]!);
			start = Math.max(start, taken[next + 1]!);
		}
		if (start < end) result.push(start, end);
	}
	return Float64Array.from(result);
}

/** What is in either. */
export function unite(first: Pairs, second: Pairs): Pairs {
	const all: number[] = [];
	let [a, b] = [0, 0];
	while (a < first.length || b < second.length) {
		const isFirst = b >= second.length || (a < first.length && first[a]! <= second[b]!);
		if (isFirst) all.push(first[a]!, first[a + 1]!);
		else all.push(second[b]!, second[b + 1]!);
		if (isFirst) a += 2;
		else b += 2;
	}
	return join(all);
}

/** The units of `size` that the octets of `pairs` touch. */
export function toUnits(pairs: Pairs, size: number): Pairs {
	const units = pairs.map((value, index) =>
		index % 2 === 0 ? Math.floor(value / size) : Math.ceil(value / size),
	);
	return join(units);
}

/** At most `count` numbers of the set, spread over it evenly. */
export function pick(pairs: Pairs, count: number): Pairs {
	const total = countOf(pairs);
	if (total <= count) return pairs;
	const result: number[] = [];
	let passed = 0;
	let at = 0;
	for (let index = 0; index < count; index++) {
		const place = Math.floor(((index + 0.5) * total) / count);
		while (passed + pairs[at + 1]! - pairs[at]! <= place) {
			passed += pairs[at + 1]! - pairs[at]!;
			at += 2;
		}
		const number = pairs[at]! + place - passed;
		result.push(number, number + 1);
	}
	return join(result);
}

/** The first `count` numbers of the set. */
export function head(pairs: Pairs, count: number): Pairs {
	const result: number[] = [];
	let left = count;
	for (let at = 0; at < pairs.length && left > 0; at += 2) {
		const end = Math.min(pairs[at + 1]!, pairs[at]! + left);
		result.push(pairs[at]!, end);
		left -= end - pairs[at]!;
	}
	return Float64Array.from(result);
}
