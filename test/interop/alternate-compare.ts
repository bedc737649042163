/** `alternate-compare.js [--cases N] [--seed N] [--keep]`: many more cases than the suite has. */
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {parseArgs} from 'node:util';
import {compareAlternates} from '../support/alternate-compare.ts';

const {values} = parseArgs({
	options: {
		cases: {type: 'string', default: '200'},
		seed: {type: 'string', default: '1'},
		keep: {type: 'boolean', default: false},
	},
});
const first = Number(values.seed);
let bad = 0;
for (let seed = first; seed < first + Number(values.cases); seed++) {
	const base = mkdtempSync(join(tmpdir(), 'shoal-alternate-'));
	const {words, differences} = await compareAlternates(base, seed);
	if (differences.length > 0) {
		bad++;
		process.stdout.write(`seed ${seed}: ${words.join(' ')}\n`);
		for (const line of differences) process.stdout.write(`  ${line}\n`);
		if (values.keep) process.stdout.write(`  kept: ${base}\n`);
	}
	if (differences.length === 0 || !values.keep) rmSync(base, {recursive: true, force: true});
}
process.stdout.write(`${values.cases} cases, ${bad} differ\n`);
process.exitCode = bad > 0 ? 1 : 0;
