/** What many runs say together, and which of them broke a promise. */
import type {RunResult} from './transfer-run.ts';

export type Summary = {
	readonly runs: number;
	/** Ended complete and correct within ten times the bound; the seeds that did not. */
	readonly failed: readonly number[];
	/** Seeds that sent more octets than they may. */
	readonly wasteful: readonly number[];
	/** Share that ended within the bound, and the seeds that did not. */
	readonly withinShare: number;
	readonly late: readonly number[];
	/** Time over the bound of the median: of the runs that lose at most 5 %, its median. */
	readonly halfMedian: number;
	/** Time over the bound: median, 99 % and worst. */
	readonly mostMedian: number;
	readonly most99: number;
	readonly mostWorst: number;
	/** The slowest by that measure, slowest first. */
	readonly slowest: readonly {readonly seed: number; readonly over: number}[];
	/** Octets sent over those needed and lost, of runs of at least 1 MiB: median and 99 %. */
	readonly bytesMedian: number;
	readonly bytes99: number;
	readonly packets: number;
	readonly virtualHours: number;
};

export function summarize(results: readonly RunResult[]): Summary {
	const seeds = (fits: (result: RunResult) => boolean) =>
		results.filter(result => !fits(result)).map(({seed}) => seed);
	const over = sorted(results.map(({time, most}) => time / most));
	const low = sorted(results.filter(({loss}) => loss <= 0.05).map(({time, half}) => time / half));
	const bytes = sorted(
		results
			.filter(({bytesLeast}) => bytesLeast >= 1 << 20)
			.map(({bytesDown, bytesLeast, loss}) => (bytesDown / bytesLeast) * (1 - loss)),
	);
	const late = seeds(result => isWhole(result) && result.time <= result.most);
	return {
		runs: results.length,
		failed: seeds(isWhole),
		wasteful: seeds(
			({bytesDown, bytesUp, bytesDownMost, bytesUpMost}) =>
				bytesDown <= bytesDownMost && bytesUp <= bytesUpMost,
		),
		withinShare: 1 - late.length / results.length,
		late,
		halfMedian: quantile(low, 0.5),
		mostMedian: quantile(over, 0.5),
		most99: quantile(over, 0.99),
		mostWorst: quantile(over, 1),
		slowest: results
			.map(({seed, time, most}) => ({seed, over: time / most}))
			.sort((a, b) => b.over - a.over)
			.slice(0, 8),
		bytesMedian: quantile(bytes, 0.5),
		bytes99: quantile(bytes, 0.99),
		packets: results.reduce((sum, {packets}) => sum + packets, 0),
		virtualHours: results.reduce((sum, {time}) => sum + time, 0) / 3.6e9,
	};
}

/** Why a summary breaks the promise made for ten thousand runs; empty: it keeps it. */
export function broken(summary: Summary): string[] {
	const reasons: string[] = [];
	if (summary.failed.length > 0) reasons.push(`not complete: ${summary.failed}`);
	if (summary.wasteful.length > 0) reasons.push(`too many octets: ${summary.wasteful}`);
	if (summary.withinShare < 0.99) reasons.push(`late: ${summary.late}`);
	if (summary.halfMedian > 1) reasons.push(`median ${summary.halfMedian.toFixed(2)}`);
	return reasons;
}

function isWhole({outcome, complete, wrong, time, most}: RunResult): boolean {
	return outcome === 'done' && complete && wrong === undefined && time <= 10 * most;
}

function sorted(values: number[]): number[] {
	return values.sort((a, b) => a - b);
}

function quantile(values: readonly number[], share: number): number {
	return values[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN;
}
