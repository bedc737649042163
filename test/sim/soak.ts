/**
 * The ten thousand runs: `node dist/test/sim/soak.js --runs 10000 --seed 1 --jobs 2`. Seeds follow
 * each other from the one given. A tenth of them rides in sealed sessions with a handshake, under a
 * null cipher; another tenth is a whole pull under the real ones (with `--sealed` or `--full all` or
 * `none`: all or none). Prints one line for every seed that broke a bound and a
 * summary; fails if the promise is broken.
 */

import {parseArgs} from 'node:util';
import {isMainThread, parentPort, Worker, workerData} from 'node:worker_threads';
import {runFull} from '../support/full-run.ts';
import {broken, summarize} from '../support/run-summary.ts';
import {type RunResult, runTransfer} from '../support/transfer-run.ts';
import {drawWorld} from '../support/world-draw.ts';

/** Every so many seeds one is a whole pull, or rides in a sealed session; 0: none. */
type Share = {
	readonly from: number;
	readonly to: number;
	readonly step: number;
	readonly full: number;
	readonly sealed: number;
};

/** One of so many; 0: none. */
const shares: Readonly<Record<string, number>> = {all: 1, tenth: 10, none: 0};

if (isMainThread) await main();
else await work(workerData as Share);

async function work({from, to, step, full, sealed}: Share): Promise<void> {
	for (let seed = from; seed < to; seed += step) {
		const world = drawWorld(seed);
		const isFull = full > 0 && (seed + 5) % full === 0;
		const isSealed = sealed > 0 && seed % sealed === 0;
		const result = isFull
			? await runFull(world, {sealed: true})
			: runTransfer(world, {sealed: isSealed});
		parentPort!.postMessage(result);
	}
}

async function main(): Promise<void> {
	const {values} = parseArgs({
		options: {
			runs: {type: 'string', default: '10000'},
			seed: {type: 'string', default: '1'},
			jobs: {type: 'string', default: '1'},
			full: {type: 'string', default: 'tenth'},
			sealed: {type: 'string', default: 'tenth'},
			json: {type: 'boolean', default: false},
		},
	});
	const [runs, seed, jobs] = [values.runs, values.seed, values.jobs].map(Number) as [
		number,
		number,
		number,
	];
	const startedMs = Date.now();
	const results: RunResult[] = [];
	await Promise.all(
		Array.from({length: jobs}, (_, job) => {
			const [full, sealed] = [values.full, values.sealed].map(part => shares[part] ?? 10);
			const share: Share = {
				from: seed + job,
				to: seed + runs,
				step: jobs,
				full: full!,
				sealed: sealed!,
			};
			return collect(share, results);
		}),
	);
	results.sort((a, b) => a.seed - b.seed);
	const summary = summarize(results);
	const reasons = broken(summary);
	if (values.json) {
		console.log(JSON.stringify({...summary, minutes: minutesSince(startedMs), jobs}));
	} else {
		print(summary, startedMs, jobs);
	}
	for (const reason of reasons) console.error(`broken: ${reason}`);
	process.exitCode = reasons.length > 0 ? 1 : 0;
}

function collect(share: Share, results: RunResult[]): Promise<void> {
	return new Promise((resolve, reject) => {
		const worker = new Worker(new URL(import.meta.url), {workerData: share});
		worker.on('message', (result: RunResult) => results.push(result));
		worker.on('error', reject);
		worker.on('exit', code => {
			if (code === 0) resolve();
			else reject(new Error(`a worker ended with ${code}`));
		});
	});
}

function print(summary: ReturnType<typeof summarize>, startedMs: number, jobs: number): void {
	const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
	const minutes = minutesSince(startedMs);
	console.log(
		`runs               ${summary.runs}, ${summary.virtualHours.toFixed(1)} virtual hours`,
	);
	console.log(`not complete       ${summary.failed.length} ${summary.failed.slice(0, 40)}`);
	console.log(`too many octets    ${summary.wasteful.length} ${summary.wasteful.slice(0, 40)}`);
	console.log(`within the bound   ${percent(summary.withinShare)}`);
	console.log(`late               ${summary.late.slice(0, 200)}`);
	console.log(
		`time over bound    median ${summary.mostMedian.toFixed(3)}, 99 % ${summary.most99.toFixed(3)},` +
			` worst ${summary.mostWorst.toFixed(2)}`,
	);
	const slowest = summary.slowest.map(({seed, over}) => `${seed} ${over.toFixed(2)}`);
	console.log(`slowest            ${slowest.join(', ')}`);
	console.log(`median, p <= 5 %   ${summary.halfMedian.toFixed(3)} of its bound`);
	console.log(
		`octets over needed median ${summary.bytesMedian.toFixed(3)}, 99 % ${summary.bytes99.toFixed(3)}` +
			' (1 MiB and more)',
	);
	console.log(
		`cost               ${minutes.toFixed(1)} minutes on ${jobs} cores,` +
			` ${(summary.packets / minutes / 60 / 1000 / jobs).toFixed(0)} k packets/s a core`,
	);
}

function minutesSince(startedMs: number): number {
	return (Date.now() - startedMs) / 60_000;
}
