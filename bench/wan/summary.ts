/** From runs to the figures of a table: medians per path, load and program. */
import {contentSize, type LoadName, loads} from './load.ts';
import type {ProgramName} from './program.ts';
import type {Run} from './run.ts';
import {median} from './statistics.ts';

export type Figure = {
	readonly world: string;
	readonly load: LoadName;
	readonly program: ProgramName;
	/** Runs that count. */
	readonly runCount: number;
	/** Median; of a run that was ended, what it would have taken at its rate. */
	readonly elapsedMs: number;
	/** Bits of content a second. */
	readonly goodput: number;
	/** Every run came to its end. */
	readonly isFinished: boolean;
	/** Less was carried than the load, and the time is what the load would take at that rate. */
	readonly isExtrapolated: boolean;
	readonly nodeMs: number;
	/** Of the queue towards the receiver. */
	readonly queuedP95Ms: number;
	/** Octets on both interfaces, IP headers included. */
	readonly wireOctets: number;
	/** Octets that the source put on its interface over octets of content that arrived. */
	readonly sentRatio: number;
	readonly problems: readonly string[];
};

export function summarizeRuns(runs: readonly Run[]): Figure[] {
	const groups = new Map<string, Run[]>();
	for (const run of runs) {
		const key = `${run.world} ${run.load} ${run.program}`;
		groups.set(key, [...(groups.get(key) ?? []), run]);
	}
	return [...groups.values()].map(summarizeCell);
}

function summarizeCell(all: readonly Run[]): Figure {
	const [{world, load, program, carried}] = all as readonly [Run];
	const runs = all.filter(({problem}) => problem === undefined);
	const of = (pick: (run: Run) => number): number => median(runs.map(pick));
	const wanted = loads.find(({name}) => name === load);
	const size = wanted === undefined || wanted.isPulled ? 0 : contentSize(wanted);
	// A second of such a run is worth as much as one of a run that ended: what arrived, arrived.
	const goodput = of(run => (8000 * run.arrivedSize) / run.elapsedMs);
	const isFinished = runs.every(run => run.isFinished);
	const isExtrapolated = carried !== load && wanted !== undefined;
	const isWhole = !(size > 0 && goodput > 0) || (isFinished && !isExtrapolated);
	return {
		...{world, load, program},
		runCount: runs.length,
		elapsedMs: isWhole ? of(run => run.elapsedMs) : (8000 * size) / goodput,
		goodput,
		isFinished,
		isExtrapolated,
		nodeMs: of(run => run.nodeMs),
		queuedP95Ms: of(run => run.link.queuedMs.p95),
		wireOctets: of(run => run.link.downOctets + run.link.upOctets),
		sentRatio: of(run => run.link.downOctets / run.arrivedSize),
		problems: all.flatMap(({problem}) => (problem === undefined ? [] : [problem])),
	};
}
