/**
 * What the benches of whole programs share: words, one of them at a time on a machine, and an end
 * that leaves nothing behind.
 */
import {constants} from 'node:os';
import {Host} from './wan/host.ts';
import {describeThisMachine, type Machine} from './wan/machine.ts';

/** For another one to end: longer than a smoke run or a test takes, far shorter than a bench. */
const waitMs = 20_000;

export type Bench<Options> = {
	/** As in `npm run bench:NAME`. */
	readonly name: string;
	readonly usage: string;
	/** Benches of one lock are never run at the same time. */
	readonly lock: string;
	/** @throws Error that says what is wrong with the words */
	readonly readOptions: (words: readonly string[]) => Options;
	/** Why this machine cannot run it; undefined: it can. */
	readonly whyNot: () => string | undefined;
	/** Answers the exit code. */
	readonly measure: (workplace: Workplace, options: Options) => Promise<number>;
};

/** Where and on what it is measured. */
export type Workplace = {
	readonly host: Host;
	readonly machine: Machine;
	/** Prints a line. */
	readonly say: (text: string) => void;
};

/** Sets the exit code: 0, or 1 where words are wrong, it cannot run, or it has failed. */
export async function runBench<Options extends {readonly isSmoke: boolean}>(
	bench: Bench<Options>,
): Promise<void> {
	process.exitCode = await run(bench, process.argv.slice(2));
}

async function run<Options extends {readonly isSmoke: boolean}>(
	{name, usage, lock, readOptions, whyNot, measure}: Bench<Options>,
	words: readonly string[],
): Promise<number> {
	let options: Options;
	try {
		options = readOptions(words);
	} catch (error) {
		process.stderr.write(`${(error as Error).message}\n\n${usage}`);
		return 1;
	}
	const say = (text: string): void => void process.stdout.write(`${text}\n`);
	// Where it cannot run, a smoke run has nothing to say; any other has failed.
	const skip = (reason: string): number => {
		say(options.isSmoke ? JSON.stringify({name, skipped: reason}) : `cannot run: ${reason}`);
		return options.isSmoke ? 0 : 1;
	};
	const reason = whyNot();
	if (reason !== undefined) return skip(reason);
	const machine = describeThisMachine();
	const host = await Host.take(lock, waitMs);
	if (host === undefined) return skip('another one is running on this machine');
	// Whatever runs on the hosts of a link dies with this process: only what is kept has to go.
	process.once('exit', () => host.release());
	for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
		process.once(signal, () => process.exit(128 + constants.signals[signal]));
	}
	if (machine.busyness > 1 && !options.isSmoke) {
		say(`other work runs here (load ${machine.busyness.toFixed(1)})`);
	}
	return await measure({host, machine, say}, options);
}
