/**
 * kill -9 before every call of a publish that has to do with files:
 * `node dist/test/e2e/kill-everywhere.js --mode in-place|tree`. `--calls all` counts calls that
 * only look as well, `--span pull` the whole pull from the opening of DEST on, `--threads N` works
 * in threads. `--from`, `--to` and `--every K` take a part of the points, `--seed` other contents.
 * After each kill DEST must be the old or the new tree, and the next pull must make it the new one.
 */
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {parseArgs} from 'node:util';
import {KillScene, type KillWay} from '../support/kill-scene.ts';

const {values} = parseArgs({
	options: {
		mode: {type: 'string', default: 'in-place'},
		calls: {type: 'string', default: 'changing'},
		span: {type: 'string', default: 'publish'},
		threads: {type: 'string', default: '0'},
		from: {type: 'string', default: '1'},
		to: {type: 'string', default: '1000000'},
		every: {type: 'string', default: '1'},
		seed: {type: 'string', default: '1'},
		seconds: {type: 'string', default: '1000000'},
	},
});
const base = mkdtempSync(join(tmpdir(), 'shoal-kill-'));
const scene = await KillScene.open(
	base,
	{
		way: values.mode as KillWay,
		counted: values.calls === 'all' ? 'all' : 'changing',
		span: values.span === 'pull' ? 'pull' : 'publish',
		threads: Number(values.threads),
	},
	Number(values.seed),
);
if (scene === undefined) {
	process.stdout.write('skipped: gcc(1) is not here, or its library does not fit\n');
} else {
	const tally = {old: 0, new: 0, mixture: 0, over: 0};
	let mixedBefore = 0;
	let broken = 0;
	let last = Number(values.from);
	const ends = Date.now() + 1000 * Number(values.seconds);
	for (; last <= Number(values.to) && Date.now() < ends; last += Number(values.every)) {
		const {found, atOnce, faults, calls} = await scene.kill(last);
		tally[found]++;
		if (atOnce === 'mixture') mixedBefore++;
		if (faults.length > 0) broken++;
		for (const fault of faults) process.stdout.write(`${last}: ${fault}\n`);
		if (calls === undefined) continue;
		process.stdout.write(`the publish has ${calls} calls\n`);
		break;
	}
	const figures = `${tally.old} old, ${tally.new} new, ${broken} broken`;
	const seen = `${mixedBefore} mixed until the next start`;
	const tried = tally.old + tally.new + tally.mixture;
	process.stdout.write(`${tried} points tried: ${figures}; ${seen}; next is ${last}\n`);
	process.exitCode = broken > 0 ? 1 : 0;
	await scene.close();
}
rmSync(base, {recursive: true, force: true});
