/** As many comparisons of -i with rsync's as are asked for: `itemize-many.js RUNS [FIRST SEED]`. */
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {compareItemized, drawItemizeCase} from '../support/itemize-case.ts';

const [runs = '100', first = '1'] = process.argv.slice(2);
const directory = mkdtempSync(join(tmpdir(), 'shoal-itemize-'));
let lineCount = 0;
let badCount = 0;
for (let seed = Number(first); seed < Number(first) + Number(runs); seed++) {
	const words = drawItemizeCase(seed);
	const {ours, theirs} = await compareItemized({seed, directory: join(directory, 'case'), words});
	rmSync(join(directory, 'case'), {recursive: true});
	lineCount += theirs.length;
	const more = ours.filter(line => !theirs.includes(line));
	const less = theirs.filter(line => !ours.includes(line));
	if (more.length + less.length === 0 && ours.length === theirs.length) continue;
	badCount++;
	console.log(`seed ${seed}: ${words.join(' ')}: ${ours.length} lines, ${theirs.length} of rsync`);
	for (const line of more) console.log(`  ours   ${line}`);
	for (const line of less) console.log(`  rsync  ${line}`);
}
rmSync(directory, {recursive: true});
console.log(`${runs} trees, ${lineCount} lines of rsync, ${badCount} trees with differences`);
process.exitCode = badCount === 0 ? 0 : 1;
