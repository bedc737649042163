/**
 * Sources that are pulled again and again while they and DEST change, beside rsync(1), which does
 * the same to a twin of DEST: `node dist/test/interop/sequence-compare.js --cases 1000 --seed 1`;
 * SIGTERM ends it early. Prints what differs for every seed that does, and fails then. With
 * `--keep` it leaves its trees.
 */
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {parseArgs} from 'node:util';
import platform from '#platform';
import {Pool} from '../../src/pool/pool.ts';
import {compareSequence} from '../support/sequence-compare.ts';

const {values} = parseArgs({
	options: {
		cases: {type: 'string', default: '1000'},
		seed: {type: 'string', default: '1'},
		jobs: {type: 'string', default: '4'},
		keep: {type: 'boolean', default: false},
	},
});
const [cases, first] = [Number(values.cases), Number(values.seed)];
const {tree, crypto, clock, threads} = platform;
const context = {tree, crypto, sha256: crypto.sha256, clock};
const pool = new Pool({threads, threadCount: 0, context});
const home = mkdtempSync(join(tmpdir(), 'shoal-sequence-'));
const startMs = Date.now();
let [next, end, differing, failed] = [first, first + cases, 0, 0];
process.on('SIGTERM', () => {
	end = next;
});
const work = async (): Promise<void> => {
	while (next < end) {
		const seed = next++;
		const differences = await compareSequence(pool, join(home, String(seed)), seed);
		if (differences === undefined) failed++;
		if (differences === undefined || differences.length === 0) continue;
		differing++;
		console.log(`seed ${seed}:`);
		for (const line of differences.slice(0, 12)) console.log(`  ${line}`);
	}
};
await Promise.all(Array.from({length: Number(values.jobs)}, work));
await pool.close();
if (!values.keep) rmSync(home, {recursive: true});
else console.log(`kept in ${home}`);
const seconds = ((Date.now() - startMs) / 1000).toFixed(1);
console.log(
	`${end - first} cases from seed ${first}: ${differing} differ, rsync fails in ${failed}; ${seconds} s`,
);
process.exitCode = differing === 0 ? 0 : 1;
