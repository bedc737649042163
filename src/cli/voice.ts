/**
 * Says what a run tells, in the manner that was asked for: lines for people, or JSON lines for
 * programs; nothing at all on success when nobody looks, as cron wants it. Errors and notices go
 * to standard error, results to standard output.
 */
import type {Event, LeftOut, Progress} from '../engine/event.ts';
import {escapeText} from '../escape.ts';
import {linkTitles} from '../link-name.ts';
import type {Context} from './context.ts';
import type {FailedRun} from './failed-run.ts';
import {formatCount} from './format.ts';
import type {LiveState} from './live-state.ts';
import {LogFile} from './log-file.ts';
import {ProgressMeter} from './progress.ts';
import {describeFailure, type ErrorReport, errorLine} from './report.ts';

/** Runs a command. What it throws is said, also as JSON, and becomes the exit code. */
export async function withVoice(
	context: Context,
	failed: FailedRun,
	body: (voice: Voice) => number | Promise<number>,
): Promise<number> {
	const {clock} = context.platform;
	const start = clock.now();
	const voice = new Voice(context);
	let endTrace = (): void => undefined;
	try {
		const {trace} = context.options;
		if (trace !== undefined) {
			const {openTrace} = await import('./trace-file.ts');
			endTrace = openTrace(context, trace);
		}
		return await body(voice);
	} catch (error) {
		const {report, exit} = describeFailure(error);
		voice.problem(report);
		voice.tell(failed(report, exit, Math.round((clock.now() - start) / 1000)));
		return exit;
	} finally {
		endTrace();
		voice.close();
	}
}

export class Voice {
	/** Results are JSON lines. */
	readonly json: boolean;
	/** People see results too: someone looks or asked for more, and did not ask for silence. */
	readonly talks: boolean;
	readonly #context: Context;
	readonly #quiet: boolean;
	readonly #isVerbose: boolean;
	/** Someone sees standard error now, or reads it later with care. */
	readonly #looks: boolean;
	readonly #progress = new ProgressMeter();
	readonly #startMs: number;
	readonly #log: LogFile | undefined;
	readonly #problemCounts = new Map<string, number>();

	constructor(context: Context) {
		const {options, terminal, platform} = context;
		this.#context = context;
		this.#startMs = platform.clock.now() / 1000;
		this.json = options.json !== undefined;
		this.#quiet = options.quiet !== undefined;
		this.#isVerbose = options.verbose !== undefined;
		const asked = this.json || this.#isVerbose;
		this.#looks = !this.#quiet && (asked || terminal.redraws || terminal.interactive);
		this.talks = !this.json && !this.#quiet && (terminal.interactive || this.#isVerbose);
		if (options.logFile !== undefined) {
			this.#log = new LogFile(options.logFile, () => platform.clock.wallMs());
		}
	}

	/** A line for people on standard output, and in the log. */
	say(line: string): void {
		if (line !== '') this.#log?.line(line);
		this.print(line);
	}

	/** A line for people on standard output alone. */
	print(line: string): void {
		if (!this.json) void this.#context.terminal.write(`${line}\n`);
	}

	/** A line in the log alone. */
	log(line: string): void {
		this.#log?.line(line);
	}

	/** A JSON line, if those were asked for. */
	tell(value: object): void {
		if (this.json) void this.#context.terminal.write(`${JSON.stringify(value)}\n`);
	}

	/** Something that may need to be mended, though it is no error. */
	notice(text: string): void {
		this.#log?.line(escapeText(text));
		if (!this.#quiet) this.#context.terminal.warn(`shoal: ${escapeText(text)}`);
	}

	/** Something worth knowing for who looks on, or asked for more. */
	remark(text: string): void {
		this.#log?.line(escapeText(text));
		if (this.#looks) this.#context.terminal.warn(`shoal: ${escapeText(text)}`);
	}

	/** Events that every command handles alike; the others are the command's own. */
	handle(event: Event): void {
		if (event.event === 'progress') {
			this.#showProgress(event.progress);
		} else if (event.event === 'problem') {
			this.problem(event.problem);
			this.tell({event: 'problem', ...event.problem});
		} else if (event.event === 'notice') {
			this.notice(event.text);
			this.tell(event);
		} else if (event.event === 'remark') {
			this.remark(event.text);
			this.tell(event);
		} else if (event.event === 'link') {
			const {link, reason} = event;
			const {link: asked = 'auto'} = this.#context.options;
			const text = `over ${linkTitles[link]}: ${reason}`;
			if (link === 'udp' || link === asked) this.#log?.line(text);
			else this.notice(text);
			this.tell(event);
		} else if (event.event === 'skipped') {
			const {path = '', message} = event;
			if (this.#isVerbose) this.remark(`${path}: ${message}`);
			this.tell(event);
		}
	}

	/** What is to be seen until something is written. */
	show(state: LiveState): void {
		if (!this.#quiet) this.#context.terminal.show(state);
	}

	/** A run that is over in no time has nothing to show, and need not load what would show it. */
	#showProgress(progress: Progress): void {
		const {terminal, platform} = this.#context;
		if (this.#quiet || !terminal.redraws) return;
		const nowMs = platform.clock.now() / 1000;
		const state = this.#progress.update(progress, nowMs);
		if (nowMs >= this.#startMs + patienceMs) terminal.show(state);
	}

	/** Prints an error, unless there were many of its kind; the log has them all. */
	problem(report: ErrorReport): void {
		const line = errorLine(report);
		this.#log?.line(line);
		const before = this.#problemCounts.get(report.code) ?? 0;
		this.#problemCounts.set(report.code, before + 1);
		if (before < alikeMax) this.#context.terminal.warn(line);
	}

	/** Says how many were not named. `counts` may know of more than were told. */
	endProblems(counts: readonly LeftOut[] = []): void {
		for (const {code, count} of counts) {
			const told = this.#problemCounts.get(code);
			if (told !== undefined && told < count) this.#problemCounts.set(code, count);
		}
		for (const [code, count] of this.#problemCounts) {
			if (count <= alikeMax) continue;
			const more = `shoal: ${code}: and ${formatCount(count - alikeMax)} more`;
			this.#log?.line(more);
			this.#context.terminal.warn(more);
		}
		this.#problemCounts.clear();
	}

	close(): void {
		this.endProblems();
		this.#context.terminal.erase();
		const {logFile} = this.#context.options;
		const failure = this.#log?.failure;
		if (failure !== undefined)
			this.#context.terminal.warn(`shoal: --log-file: ${logFile} is not whole: ${failure}`);
		this.#log?.close();
	}
}

/** Milliseconds before a run is worth watching. */
const patienceMs = 300;

/** Problems of one kind that are named. */
const alikeMax = 10;
