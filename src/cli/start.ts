/** The process behind `bin/shoal.js`, from `launch.ts` on: streams, signals, exit code. */
import platform from '#platform';
import {Scheduler} from '../scheduler/scheduler.ts';
import {findConfigDirectory} from './context.ts';
import {onInterrupt} from './interrupt.ts';
import {main} from './main.ts';
import {describeFailure, errorLine} from './report.ts';
import {onListSignal} from './task-list.ts';
import {Terminal} from './terminal.ts';

/** How long a finished run may take to let go of its threads and sockets, in milliseconds. */
const lingerMs = 2000;

const terminal = new Terminal(process.stdout, process.stderr, process.env['TERM']);
process.on('exit', () => {
	terminal.close();
	// What could not be written may show after the run.
	if (terminal.failure !== undefined) process.exitCode ||= terminal.failure.exit;
});

const fail = (error: unknown) => {
	const {report, exit} = describeFailure(error);
	terminal.warn(errorLine(report));
	process.exit(exit);
};
process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);

const scheduler = new Scheduler();
onListSignal(scheduler, line => terminal.warn(line));

const interrupt = onInterrupt(() => {
	if (terminal.redraws) terminal.warn('shoal: stopping; once more stops at once');
});

// A script, as which this is bundled, cannot await: without this, a run that nothing can go on with
// would end as one that succeeded.
const stall = () => fail(new Error('the run stopped short: nothing is left that it waits for'));
process.once('beforeExit', stall);

main(process.argv.slice(2), {
	terminal,
	platform,
	scheduler,
	signal: interrupt.signal,
	configDirectory: findConfigDirectory(process.env, process.getuid?.() === 0),
}).then(exit => {
	process.exitCode = exit;
	process.removeListener('beforeExit', stall);
	interrupt.release();
	setTimeout(() => process.exit(), lingerMs).unref();
}, fail);
