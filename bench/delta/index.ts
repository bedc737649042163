/** `npm run bench:delta [-- OPTION…]`: octets of updates, beside rsync and zsync. README.md explains. */
import {mkdirSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {runBench, type Workplace} from '../run-bench.ts';
import {type Host, hasTool, whyNot} from '../wan/host.ts';
import {compile} from '../wan/link.ts';
import type {Machine} from '../wan/machine.ts';
import {updateDocument} from '../wan/report.ts';
import {describeMachine} from '../wan/table.ts';
import {adversarialPairs} from './adversarial.ts';
import {type CostRow, describeCosts, measureCosts, measureSearch} from './cost.ts';
import {madePairs} from './made.ts';
import {type Options, readOptions, usage} from './option.ts';
import {packagePairs} from './package.ts';
import {type Pair, setTimes, Unavailable} from './pair.ts';
import {
	describeReport,
	describeRun,
	describeShortly,
	meetsTargets,
	type Report,
	readReport,
	writeReport,
} from './report.ts';
import {type ProgramName, type Run, runPair} from './run.ts';

const smokeScale = 1 / 256;

const project = fileURLToPath(new URL('../../../', import.meta.url));
const resultsAt = 'bench/results';

await runBench({
	name: 'delta',
	usage,
	// It has the same links, and the same settings of the kernel.
	lock: 'wan',
	readOptions,
	whyNot: () => whyNot() ?? (hasTool('rsync') ? undefined : 'it needs rsync'),
	measure,
});

async function measure({host, machine, say}: Workplace, options: Options): Promise<number> {
	if (options.isCost) return await measureCost(host, machine, say, options);
	compile(host.directory);
	const runs: Run[] = [];
	const leftOut: string[] = [];
	if (!hasTool('zsync')) leftOut.push('zsync is not installed');
	for (const pair of choosePairs(options)) {
		const why = await measurePair(host, pair, options, run => {
			runs.push(run);
			say(options.isSmoke ? JSON.stringify({name: 'delta', ...run}) : describeRun(run));
		});
		if (why !== undefined) {
			leftOut.push(`${pair.name} (${pair.kind}): ${why}`);
			if (!options.isSmoke) say(`left out: ${leftOut.at(-1)}`);
		}
	}
	const hasProblem = runs.some(({problem}) => problem !== undefined);
	if (options.isSmoke) return hasProblem ? 1 : 0;
	const output = outputOf(options);
	const kept = options.isAdded && output !== undefined ? readReport(output) : undefined;
	const report = addTo(kept, {machine, leftOut, runs});
	finish(report, output, options, say);
	return hasProblem || !meetsTargets(report) ? 1 : 0;
}

/** Costs are measured, not judged: there is no bound for them. */
async function measureCost(
	{directory}: Host,
	machine: Machine,
	say: Workplace['say'],
	{isSmoke, output}: Options,
): Promise<number> {
	const program = join(project, 'bin/shoal.js');
	const costs = {directory, program, scale: isSmoke ? smokeScale : 1};
	const onRow = (row: CostRow): void => say(JSON.stringify({name: 'delta', ...row}));
	const rows = await measureCosts({...costs, onRow});
	const searches = await measureSearch({...costs, onRow});
	if (isSmoke) return 0;
	const said = describeCosts(rows, searches);
	say(`\n${said}`);
	const to = output ?? join(project, resultsAt);
	const head = '# What an update costs the processors: shoal and rsync\n\nWritten by';
	const by = `${head} \`npm run bench:delta -- --cost\`, on ${describeMachine(machine)}`;
	writeFileSync(join(to, 'delta-cost.md'), `${by}\n\n${said}\n`);
	if (output === undefined) updateDocument(`${project}README.md`, said, 'delta-cost');
	return 0;
}

function choosePairs({isSmoke, names}: Options): readonly Pair[] {
	// One of each kind of work: found in a large file, in many small ones, and nowhere.
	if (isSmoke) {
		const made = madePairs(smokeScale);
		const hard = adversarialPairs(smokeScale);
		return [made[1]!, made[2]!, hard[0]!, hard[8]!];
	}
	const all = allPairs();
	if (names.length === 0) return all;
	return all.filter(({name, kind}) => names.some(word => name.startsWith(word) || kind === word));
}

function allPairs(): readonly Pair[] {
	return [...packagePairs, ...madePairs(1), ...adversarialPairs(1)];
}

/** Why it could not be measured. */
async function measurePair(
	host: Host,
	pair: Pair,
	options: Options,
	onRun: (run: Run) => void,
): Promise<string | undefined> {
	const [before, after, base] = ['before', 'after', 'run'].map(name =>
		join(host.directory, name),
	) as [string, string, string];
	try {
		for (const directory of [before, after]) mkdirSync(directory);
		pair.make(before, after);
		for (const directory of [before, after]) setTimes(directory);
		const hasZsync = pair.file !== undefined && hasTool('zsync');
		const programs: ProgramName[] = ['rsync', 'shoal', ...(hasZsync ? (['zsync'] as const) : [])];
		for (const program of programs) {
			onRun(await runPair(host, pair, {before, after, base}, program, false));
			if (!options.isCompressed || program === 'zsync') continue;
			onRun(await runPair(host, pair, {before, after, base}, program, true));
		}
		return undefined;
	} catch (error) {
		if (error instanceof Unavailable) return error.message;
		throw error;
	} finally {
		for (const directory of [before, after]) rmSync(directory, {recursive: true, force: true});
	}
}

/** The project's own place is for all pairs. */
function outputOf({output, names, isAdded}: Options): string | undefined {
	return output ?? (names.length === 0 || isAdded ? join(project, resultsAt) : undefined);
}

/** The pairs in their own order, those that were measured now in place of what they were. */
function addTo(kept: Report | undefined, report: Report): Report {
	if (kept === undefined) return report;
	const nameOf = (run: Run): string => `${run.pair} (${run.kind})`;
	const order = allPairs().map(({name, kind}) => `${name} (${kind})`);
	const now = new Set(report.runs.map(nameOf));
	const runs = [...kept.runs.filter(run => !now.has(nameOf(run))), ...report.runs];
	runs.sort((a, b) => order.indexOf(nameOf(a)) - order.indexOf(nameOf(b)));
	const absent = kept.leftOut.filter(why => !runs.some(run => why.startsWith(nameOf(run))));
	return {...report, leftOut: [...new Set([...absent, ...report.leftOut])], runs};
}

function finish(
	report: Report,
	output: string | undefined,
	options: Options,
	say: Workplace['say'],
): void {
	say(`\n${describeReport(report)}`);
	if (output === undefined) return;
	writeReport(report, output);
	if (options.output !== undefined) return;
	updateDocument(`${project}README.md`, describeShortly(report, resultsAt), 'delta');
}
