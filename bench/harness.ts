/**
 * Times kernels: fixed seed, warm-up, several samples, median and spread, and a value that proves
 * the work was done (equal on every machine), as one JSON line each. README.md says how to read it.
 */
import {cpus} from 'node:os';

/** What every input is drawn from, so that two runs do the same work. */
export const benchSeed = 20_091_028;

export type Kernel = {
	/** As `room/what`. */
	readonly name: string;
	/** What `amount` counts. */
	readonly unit: 'octets' | 'entries' | 'datagrams' | 'jobs';
	/** Makes the input; tiny if `smoke`. */
	prepare(smoke: boolean): Prepared | Promise<Prepared>;
	/** Samples that are kept. Default: 9, after 2 for warm-up. */
	readonly samples?: number;
};

export type Prepared = {
	/** Units of work in one run. */
	readonly amount: number;
	/** Does it once; answers a number that depends on all of the work and on nothing else. */
	run(): number | Promise<number>;
	/** Units a second of what it is held against, measured after each sample. */
	readonly beside?: () => Promise<number>;
	/** Figures besides the time, of the last run. */
	readonly figures?: () => Record<string, number>;
	close?(): void | Promise<void>;
};

export type Sample = {
	readonly name: string;
	readonly unit: Kernel['unit'];
	readonly amount: number;
	/** Units a second: the median, the slowest and the fastest sample. */
	readonly median: number;
	readonly slowest: number;
	readonly fastest: number;
	/** Distance between the quartiles, as a part of the median. */
	readonly spread: number;
	/** Median of what it is held against, if there is such a thing, and the first over the second. */
	readonly beside?: number;
	readonly ratio?: number;
	readonly samples: number;
	readonly check: number;
	readonly node: string;
	readonly cpu: string;
	readonly smoke: boolean;
};

const warmUps = 2;
const samplesDefault = 9;

/** Times one kernel; with `smoke`, runs it once on tiny input. */
export async function measure(kernel: Kernel, smoke: boolean): Promise<Sample> {
	const prepared = await kernel.prepare(smoke);
	try {
		const count = smoke ? 1 : (kernel.samples ?? samplesDefault);
		const rates: number[] = [];
		const besides: number[] = [];
		const check = await prepared.run();
		for (let index = smoke ? 0 : 1 - warmUps; index < count; index++) {
			const startMs = performance.now();
			const again = await prepared.run();
			const elapsedMs = performance.now() - startMs;
			if (again !== check) throw new Error(`${kernel.name}: ${again} is not ${check}`);
			if (index < 0) continue;
			rates.push((1000 * prepared.amount) / elapsedMs);
			if (prepared.beside !== undefined) besides.push(await prepared.beside());
		}
		return {
			name: kernel.name,
			unit: kernel.unit,
			amount: prepared.amount,
			...summarize(rates),
			...compare(rates, besides),
			...prepared.figures?.(),
			samples: count,
			check,
			node: process.versions.node,
			cpu: cpus()[0]?.model ?? 'unknown',
			smoke,
		};
	} finally {
		await prepared.close?.();
	}
}

/** Median and spread of samples, in whole units. */
export function summarize(
	rates: readonly number[],
): Pick<Sample, 'median' | 'slowest' | 'fastest' | 'spread'> {
	const sorted = [...rates].sort((a, b) => a - b);
	const median = quantile(sorted, 0.5);
	const spread = (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / median;
	return {
		median: Math.round(median),
		slowest: Math.round(sorted[0]!),
		fastest: Math.round(sorted.at(-1)!),
		spread: Math.round(1000 * spread) / 1000,
	};
}

function compare(
	rates: readonly number[],
	besides: readonly number[],
): Pick<Sample, 'beside' | 'ratio'> {
	if (besides.length === 0) return {};
	const beside = summarize(besides).median;
	return {beside, ratio: Math.round((100 * summarize(rates).median) / beside) / 100};
}

/** Of sorted samples, between neighbours in proportion. */
function quantile(sorted: readonly number[], part: number): number {
	const at = part * (sorted.length - 1);
	const low = sorted[Math.floor(at)]!;
	return low + (sorted[Math.ceil(at)]! - low) * (at % 1);
}

/** Folds octets into a check value: order and position count. */
export function fold(octets: Uint8Array, into = 0): number {
	let sum = into;
	for (const octet of octets) sum = (Math.imul(sum, 31) + octet) | 0;
	return sum >>> 0;
}
