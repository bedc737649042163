/**
 * A command line over comparisons by seed: as many as are told, several at a time. SIGTERM ends it
 * early. Prints what differs for every seed that does, and fails then. With `--keep` it says what
 * was drawn, and leaves its trees.
 */
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {parseArgs} from 'node:util';
import platform from '#platform';
import {Pool} from '../../src/pool/pool.ts';

export type Comparison = {
	/** Of the directory that the trees are made in. */
	readonly name: string;
	/** How many, unless it is told. */
	readonly cases: number;
	/** Differences that are printed of a seed at most. */
	readonly linesMax: number;
	/** Undefined where rsync itself fails. */
	readonly compare: (
		pool: Pool,
		directory: string,
		seed: number,
	) => Promise<readonly string[] | undefined>;
	readonly describe?: (seed: number) => unknown;
};

export async function compareMany(comparison: Comparison): Promise<void> {
	const {name, compare, describe, linesMax} = comparison;
	const {values} = parseArgs({
		options: {
			cases: {type: 'string', default: String(comparison.cases)},
			seed: {type: 'string', default: '1'},
			jobs: {type: 'string', default: '4'},
			keep: {type: 'boolean', default: false},
		},
	});
	const [cases, first] = [Number(values.cases), Number(values.seed)];
	const {tree, crypto, clock, threads} = platform;
	const context = {tree, crypto, sha256: crypto.sha256, clock};
	const pool = new Pool({threads, threadCount: 0, context});
	const home = mkdtempSync(join(tmpdir(), `shoal-${name}-`));
	const startMs = Date.now();
	let [next, end, differing, failed] = [first, first + cases, 0, 0];
	process.on('SIGTERM', () => {
		end = next;
	});
	const work = async (): Promise<void> => {
		while (next < end) {
			const seed = next++;
			const differences = await compare(pool, join(home, String(seed)), seed);
			if (differences === undefined) failed++;
			if (differences === undefined || differences.length === 0) continue;
			differing++;
			console.log(`seed ${seed}:`);
			for (const line of differences.slice(0, linesMax)) console.log(`  ${line}`);
			if (values.keep && describe) console.log(`  ${JSON.stringify(describe(seed))}`);
		}
	};
	await Promise.all(Array.from({length: Number(values.jobs)}, work));
	await pool.close();
	if (!values.keep) rmSync(home, {recursive: true});
	else console.log(`kept in ${home}`);
	const seconds = ((Date.now() - startMs) / 1000).toFixed(1);
	const done = `${end - first} cases from seed ${first}`;
	console.log(`${done}: ${differing} differ, rsync fails in ${failed}; ${seconds} s`);
	process.exitCode = differing === 0 ? 0 : 1;
}
