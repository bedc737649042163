/** `npm run bench:wan [-- OPTION…]`: shoal and rsync over emulated long paths. README.md explains. */
import {constants} from 'node:os';
import {runFairness} from './fairness.ts';
import {Host, whyNot} from './host.ts';
import {compile} from './link.ts';
import {describeThisMachine} from './machine.ts';
import {runMatrix, runSmoke} from './matrix.ts';
import {type Options, readOptions, usage} from './option.ts';

/** For another one to end. */
const waitMs = 30_000;

const say = (text: string): void => void process.stdout.write(`${text}\n`);

process.exitCode = await main(process.argv.slice(2));

async function main(words: readonly string[]): Promise<number> {
	let options: Options;
	try {
		options = readOptions(words);
	} catch (error) {
		process.stderr.write(`${(error as Error).message}\n\n${usage}`);
		return 1;
	}
	const reason = whyNot();
	if (reason !== undefined) return skip(options, reason);
	const machine = describeThisMachine();
	const host = await Host.take(waitMs);
	if (host === undefined) return skip(options, 'another one is running on this machine');
	// Whatever runs on the hosts of a link dies with this process: only what is kept has to go.
	process.once('exit', () => host.release());
	for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
		process.once(signal, () => process.exit(128 + constants.signals[signal]));
	}
	compile(host.directory);
	if (machine.busyness > 1 && !options.isSmoke) {
		say(`other work runs here (load ${machine.busyness.toFixed(1)})`);
	}
	if (options.isFairness) return await runFairness(host, machine, options, say);
	if (!options.isSmoke) return (await runMatrix(host, machine, options, say)) === 0 ? 0 : 1;
	const runs = await runSmoke(host);
	for (const run of runs) say(JSON.stringify({name: 'wan', ...run}));
	return runs.every(({isFinished, problem}) => isFinished && problem === undefined) ? 0 : 1;
}

/** Where it cannot run, a smoke run has nothing to say; any other has failed. */
function skip({isSmoke}: Options, reason: string): number {
	say(isSmoke ? JSON.stringify({name: 'wan', skipped: reason}) : `cannot run: ${reason}`);
	return isSmoke ? 0 : 1;
}
