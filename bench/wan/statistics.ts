/** Numbers about runs: medians, percentiles of the link's histograms, and fairness. */

/** As link.c prints it: the least value of each bucket that is not empty, and its count. */
export type Histogram = {
	readonly max: number;
	readonly counts: readonly (readonly [number, number])[];
};

/** The value below which this part of the counts is, to the 3 % of a bucket. */
export function percentile({max, counts}: Histogram, part: number): number {
	const total = counts.reduce((sum, [, count]) => sum + count, 0);
	let below = 0;
	for (const [start, count] of counts) {
		below += count;
		if (below >= part * total && below > 0) return Math.min(start, max);
	}
	return 0;
}

/** Of an odd number of values the middle one, else the mean of the two in the middle. */
export function median(values: readonly number[]): number {
	const sorted = [...values].sort((a, b) => a - b);
	const half = sorted.length >> 1;
	if (sorted.length === 0) return Number.NaN;
	return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

/** 1 if all shares are equal, 1/n if one has all (Jain, Chiu and Hawe, 1984). */
export function jainIndex(shares: readonly number[]): number {
	const sum = shares.reduce((total, share) => total + share, 0);
	const squares = shares.reduce((total, share) => total + share * share, 0);
	return squares === 0 ? Number.NaN : (sum * sum) / (shares.length * squares);
}
