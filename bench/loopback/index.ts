/**
 * `npm run bench:loopback [-- OPTION…]`: what a transfer costs each side's processor, beside the
 * datagrams and their cipher alone and beside rsync. README.md explains.
 */
import {mkdirSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {parseArgs} from 'node:util';
import {compareTrees} from '../../test/support/compare-trees.ts';
import {runBench, type Workplace} from '../run-bench.ts';
import {makeTree} from './load.ts';
import {isBound, lacksWire, openLoopback, openWire, type Place} from './place.ts';
import {cpuOfServer, timeClient} from './process.ts';
import {type Program, programs} from './program.ts';
import {type Left, type Row, type Run, report, rowOf} from './report.ts';

const usage = `usage: npm run bench:loopback -- [OPTION]...
  --mebibytes N   content of each transfer (512)
  --repeat N      runs of each, of which the median counts (3)
  --place NAME    only mtu-1500 or loopback
  --program NAME  only shoal, raw, rsync or rsync-ssh
  --smoke         each once with little content
  --output DIR    write the results there (bench/results, if everything is measured)
`;

const results = new URL('../../../bench/results/', import.meta.url).pathname;

await runBench({
	name: 'loopback',
	usage,
	lock: 'loopback',
	readOptions,
	whyNot: () => undefined,
	measure: measureAll,
});

async function measureAll(
	{host: {directory}, machine, say}: Workplace,
	options: ReturnType<typeof readOptions>,
): Promise<number> {
	const tree = join(directory, 'tree');
	makeTree(tree, options.size);
	const rows: Row[] = [];
	const left: Left[] = [];
	for (const place of await openPlaces(options.place, left)) {
		for (const program of programs) {
			if (options.program !== undefined && program.name !== options.program) continue;
			const reason = program.lacks();
			if (reason !== undefined) {
				left.push({place: place.name, program: program.name, reason});
				continue;
			}
			const row = rowOf(place, program, await measure(place, program, tree, directory, options));
			rows.push(row);
			say(JSON.stringify({name: `loopback/${place.name}/${program.name}`, ...row}));
		}
		place.close();
	}
	for (const each of left) say(JSON.stringify({name: 'loopback', ...each}));
	if (options.isSmoke) return 0;
	const {json, markdown} = report({machine, isBound, size: options.size, rows, left});
	say(`\n${markdown}`);
	if (options.output === undefined) return 0;
	mkdirSync(options.output, {recursive: true});
	writeFileSync(join(options.output, 'loopback.json'), json);
	writeFileSync(join(options.output, 'loopback.md'), markdown);
	return 0;
}

/** @throws Error that says what is wrong with the words */
function readOptions(words: readonly string[]) {
	const {values} = parseArgs({
		args: [...words],
		options: {
			mebibytes: {type: 'string', default: '512'},
			repeat: {type: 'string', default: '3'},
			place: {type: 'string'},
			program: {type: 'string'},
			smoke: {type: 'boolean', default: false},
			output: {type: 'string'},
		},
	});
	const isSmoke = values.smoke;
	const isWhole = values.place === undefined && values.program === undefined && !isSmoke;
	return {
		isSmoke,
		size: isSmoke ? 2 << 20 : count(values.mebibytes) << 20,
		repeat: isSmoke ? 1 : count(values.repeat),
		place: known(values.place, ['mtu-1500', 'loopback']),
		program: known(
			values.program,
			programs.map(({name}) => name),
		),
		output: values.output ?? (isWhole ? results : undefined),
	};
}

function count(word: string): number {
	const value = Number(word);
	if (!Number.isInteger(value) || value < 1 || value > 1024) {
		throw new Error(`not a number from 1 to 1024: ${word}`);
	}
	return value;
}

function known(word: string | undefined, names: readonly string[]): string | undefined {
	if (word === undefined || names.includes(word)) return word;
	throw new Error(`there is no ${word}`);
}

async function openPlaces(wanted: string | undefined, left: Left[]): Promise<Place[]> {
	const places: Place[] = [];
	if (wanted !== 'loopback') {
		const reason = lacksWire();
		if (reason === undefined) places.push(await openWire());
		else left.push({place: 'mtu-1500', program: 'all', reason});
	}
	if (wanted !== 'mtu-1500') places.push(openLoopback());
	return places;
}

async function measure(
	place: Place,
	program: Program,
	tree: string,
	directory: string,
	{size, repeat}: {size: number; repeat: number},
): Promise<Run[]> {
	const running = await program.serve(place, tree, size, directory);
	const destination = join(directory, 'mirror');
	const runs: Run[] = [];
	try {
		for (let round = 0; round < repeat; round++) {
			rmSync(destination, {recursive: true, force: true});
			const before = await cpuOfServer(running.pid);
			const command = running.command(destination);
			const {elapsedMs, cpuSeconds} = await timeClient(place, command, running.environment);
			const sourceCpu = (await cpuOfServer(running.pid)) - before;
			const differences = running.mirrors ? compareTrees(tree, destination) : [];
			if (differences.length > 0) throw new Error(`${program.name}: ${differences[0]}`);
			runs.push({size, elapsedMs, sourceCpu, receiverCpu: cpuSeconds});
		}
	} finally {
		await running.stop();
	}
	return runs;
}
