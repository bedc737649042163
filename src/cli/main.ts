/** The command line as a function: words in, exit code out. */
import {ShoalError} from '../error.ts';
import type {Platform} from '../platform/platform.ts';
import type {Scheduler} from '../scheduler/scheduler.ts';
import {type Invocation, readArguments} from './arguments.ts';
import type {Context} from './context.ts';
import {failedPull, failedRun} from './failed-run.ts';
import type {CommandName} from './option-row.ts';
import {describeFailure, errorLine} from './report.ts';
import type {Terminal} from './terminal.ts';

export type World = {
	readonly terminal: Terminal;
	readonly platform: Platform;
	readonly scheduler: Scheduler;
	readonly signal: AbortSignal;
	readonly configDirectory: string;
};

type Run = (context: Context) => number | Promise<number>;

/** Each is loaded when it is chosen, so that none waits for what only another needs. */
const commands: Record<CommandName, () => Promise<Run>> = {
	snapshot: async () => (await import('./snapshot.ts')).runSnapshot,
	ls: async () => (await import('./list.ts')).runList,
	diff: async () => (await import('./diff.ts')).runDiff,
	serve: async () => (await import('./serve.ts')).runServe,
	pull: async () => (await import('./pull.ts')).runPull,
	keygen: async () => (await import('./keygen.ts')).runKeygen,
	doctor: async () => (await import('./doctor/doctor.ts')).runDoctor,
	completion: async () => (await import('./completion/shell.ts')).runCompletion,
	version: async () => (await import('./version.ts')).runVersion,
};

/** Runs one invocation; prints all there is to print. Never throws. */
export async function main(words: readonly string[], world: World): Promise<number> {
	try {
		return await run(readArguments(words), world);
	} catch (error) {
		const {report, exit} = describeFailure(error);
		world.terminal.warn(errorLine(report));
		if (wantsJson(words)) {
			const failed = words[0] === 'pull' ? failedPull : failedRun;
			void world.terminal.write(`${JSON.stringify(failed(report, exit, 0))}\n`);
		}
		return exit;
	}
}

async function run(invocation: Invocation, world: World): Promise<number> {
	if (invocation.command === 'help') {
		const {helpText} = await import('./help.ts');
		await world.terminal.write(helpText(invocation.about, world.terminal.columns));
		return 0;
	}
	const {command, operands, options} = invocation;
	if (world.signal.aborted) throw new ShoalError('INTERRUPTED', 'stopped before it began');
	const start = await commands[command]();
	return start({...world, operands, options});
}

/** Whether --json was among the options of a command line that could not be read. */
function wantsJson(words: readonly string[]): boolean {
	const end = words.indexOf('--');
	return words.slice(0, end < 0 ? words.length : end).includes('--json');
}
