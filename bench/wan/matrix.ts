/** Runs the matrix from its plan to its results. */

import {fileURLToPath} from 'node:url';
import {lacksWebTransport} from '../../src/driver/webtransport-dial.ts';
import {type Host, hasTool} from './host.ts';
import {measureLimits} from './limit.ts';
import {offersTcp} from './link.ts';
import {smokeLoad} from './load.ts';
import type {Machine} from './machine.ts';
import type {Options} from './option.ts';
import {type Cell, expectedMs, isDefault, planCells, planRuns} from './plan.ts';
import {type Program, programs} from './program.ts';
import {
	describeReport,
	describeShortly,
	type Report,
	updateDocument,
	writeReport,
} from './report.ts';
import {type Run, runCell} from './run.ts';
import {tabulateLimits} from './table.ts';
import {open, smokeWorld} from './world.ts';

const project = fileURLToPath(new URL('../../../', import.meta.url));
const resultsAt = 'bench/results';

export type Say = (text: string) => void;

/** Answers how many runs do not count. */
export async function runMatrix(
	host: Host,
	machine: Machine,
	options: Options,
	say: Say,
): Promise<number> {
	const startMs = performance.now();
	const absent = await findAbsent(host, say);
	const limits = await measureLimits(host);
	say(`The link's own limits:\n${tabulateLimits(limits)}`);
	const cells = planCells(options).filter(({program}) => !absent.includes(program.name));
	const planned = planRuns(cells, options.repeat, options.capMs);
	const runs: Run[] = [];
	let leftOutCount = 0;
	for (const [index, {cell, round}] of planned.entries()) {
		const elapsedMs = performance.now() - startMs;
		if (elapsedMs + expectedMs(cell, options.capMs) > 60_000 * options.minutes) {
			leftOutCount++;
			continue;
		}
		const run = await attempt(host, cell, round, options.capMs);
		runs.push(run);
		say(`${clock(elapsedMs)} ${index + 1}/${planned.length} ${describeRun(run)}`);
	}
	const {repeat, capMs} = options;
	const report = {machine, capSeconds: capMs / 1000, repeat, limits, leftOutCount, runs};
	finish(report, options, say);
	return runs.filter(({problem}) => problem !== undefined).length;
}

/** One tiny run of each program. */
export async function runSmoke(host: Host): Promise<readonly Run[]> {
	const absent = await findAbsent(host, () => undefined);
	const runs: Run[] = [];
	for (const program of programs.filter(({name}) => !absent.includes(name))) {
		const cell = {world: smokeWorld, load: smokeLoad, program, carried: smokeLoad};
		runs.push(await attempt(host, cell, 1, 60_000));
	}
	return runs;
}

/** What goes wrong around a program is told with the run, and the next one is begun. */
async function attempt(host: Host, cell: Cell, round: number, capMs: number): Promise<Run> {
	try {
		const run = await runCell(host, cell, round, capMs);
		const {problem} = run;
		if (problem === undefined) return run;
		// Results name no place of the machine.
		return {...run, problem: problem.replaceAll(host.directory, '')};
	} catch (error) {
		if (!(error instanceof Error)) throw error;
		return failedRun(cell, round, error.message.replaceAll(host.directory, ''));
	}
}

function failedRun({world, load, program, carried}: Cell, round: number, problem: string): Run {
	return {
		...{world: world.name, load: load.name, program: program.name, round, seed: 0, problem},
		...{carried: carried.name, contentSize: 0, elapsedMs: 0, isFinished: false, arrivedSize: 0},
		nodeMs: 0,
		link: {
			...{downOctets: 0, upOctets: 0, downPackets: 0, upPackets: 0},
			...{lost: 0, overflowed: 0, overrun: 0, cpuPart: 0},
			queuedMs: {p50: 0, p95: 0, max: 0},
			lateMs: {p99: 0, max: 0},
		},
	};
}

function finish(report: Report, options: Options, say: Say): void {
	const isAll = options.isFull || isDefault(options);
	const output = options.output ?? (isAll ? `${project}${resultsAt}` : undefined);
	say(`\n${describeReport(report)}`);
	if (output === undefined) return;
	writeReport(report, output);
	if (options.output === undefined) {
		updateDocument(`${project}README.md`, describeShortly(report, resultsAt));
	}
}

/** Programs that cannot run here, each said aloud. */
async function findAbsent(host: Host, say: Say): Promise<string[]> {
	const absent: string[] = [];
	for (const {name, tcp} of programs) {
		if (name === 'shoal' || name === 'shoal-h2') continue;
		const reason = name === 'shoal-h3' ? await whyNoHttp3() : await whyNoRsync(host, tcp);
		if (reason === undefined) continue;
		say(`left out: ${name}: ${reason}`);
		absent.push(name);
	}
	return absent;
}

async function whyNoHttp3(): Promise<string | undefined> {
	return (await lacksWebTransport('h3'))?.message;
}

async function whyNoRsync(host: Host, tcp: Program['tcp']): Promise<string | undefined> {
	return hasTool('rsync') ? await whyNoTcp(host, tcp) : 'rsync is not installed';
}

async function whyNoTcp(host: Host, tcp: Program['tcp']): Promise<string | undefined> {
	return (await offersTcp(host, open, tcp)) ? undefined : `this kernel has no ${tcp}`;
}

function describeRun(run: Run): string {
	const {world, load, program, round, elapsedMs, isFinished, arrivedSize, link, problem} = run;
	const rate = (8 * arrivedSize) / elapsedMs / 1000;
	return [
		`${world} ${load} ${program} ${round}: ${(elapsedMs / 1000).toFixed(3)} s`,
		...(rate > 0 ? [`${rate.toFixed(1)} Mbit/s`] : []),
		`queue ${link.queuedMs.p95.toFixed(0)} ms`,
		...(isFinished ? [] : ['unfinished']),
		...(problem === undefined ? [] : [problem]),
	].join(', ');
}

function clock(ms: number): string {
	const seconds = Math.round(ms / 1000);
	return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
