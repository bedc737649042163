/**
 * How a transfer goes, for who watches it: what came in the last seconds, and what holds it up. A
 * path is known to be narrow by the controller, a slow source says so itself; whether this machine
 * is the narrow place shows in what its processors did meanwhile.
 */
import type {Platform} from '../platform/platform.ts';
import type {FetchedSoFar} from '../receiver/update.ts';
import type {LimitedBy, Progress} from './event.ts';
import type {Supply} from './supply.ts';

/** What was sampled at one time: octets that came, and what this process used, in microseconds. */
type Sample = {
	readonly at: number;
	readonly octets: number;
	readonly cpu: number;
	readonly busy: number;
};

/** Shares of the time between two samples. */
export type Load = {
	/** In which the main thread had something to do: 0 … 1. */
	readonly busy: number;
	/** Processors in use, over those that this process can use: 0 … 1. */
	readonly cpu: number;
};

/** Long enough that bursts of a path do not show, short enough that a change does. */
const windowMicros = 2_000_000;

/** From here on a thread is taken to have no time left. */
const fullShare = 0.9;

export class TransferProgress {
	readonly #clock: Platform['clock'];
	readonly #process: Platform['process'];
	/** Processors that this process can use at once: a main thread and the pool's. */
	readonly #cores: number;
	readonly #samples: Sample[] = [];

	constructor({clock, process, threads}: Platform, threadCount: number) {
		this.#clock = clock;
		this.#process = process;
		this.#cores = Math.min(threads.coreCount, threadCount + 1);
	}

	figures(
		supply: Supply,
		{
			bytesLiteral,
			bytesToCome,
			isSearching,
		}: Pick<FetchedSoFar, 'bytesLiteral' | 'bytesToCome' | 'isSearching'>,
	): Progress {
		const now = this.#sample(bytesLiteral);
		const [before] = this.#samples;
		const {roundTrip, rangesLost, rangesRepaired} = supply.statistics;
		const elapsed = now.at - before!.at;
		const limit = limitedBy(supply.limitedBy, isSearching, this.#load(before!, now));
		return {
			phase: 'transfer',
			done: bytesLiteral,
			total: bytesToCome,
			...(elapsed > 0 && {rate: ((bytesLiteral - before!.octets) * 1e6) / elapsed}),
			...(roundTrip > 0 && {roundTripMs: roundTrip / 1000, rangesLost, rangesRepaired}),
			...(limit && elapsed > 0 && {limitedBy: limit}),
		};
	}

	#sample(octets: number): Sample {
		const sample = {at: this.#clock.now(), octets, ...this.#process.usage()};
		const samples = this.#samples;
		samples.push(sample);
		while (samples.length > 2 && samples[1]!.at <= sample.at - windowMicros) samples.shift();
		return sample;
	}

	#load(before: Sample, now: Sample): Load {
		const elapsed = Math.max(1, now.at - before.at);
		return {
			busy: (now.busy - before.busy) / elapsed,
			cpu: (now.cpu - before.cpu) / elapsed / this.#cores,
		};
	}
}

/**
 * `said` is what the supply takes for the narrow place, undefined while nothing is asked of it. A
 * source that is asked for too little says that it is the narrow place: while older versions of
 * files are searched here, it is not.
 */
export function limitedBy(
	said: Supply['limitedBy'],
	isSearching: boolean,
	{busy, cpu}: Load,
): LimitedBy | undefined {
	const isFull = busy >= fullShare || cpu >= fullShare;
	if (said === 'limit') return said;
	if (said === undefined || said === 'source') {
		if (isSearching) return isFull ? 'CPU' : 'disk';
		return said;
	}
	return isFull ? 'CPU' : said;
}
