/**
 * What a scheduler sees, as Chrome trace events (Trace Event Format, "JSON Object" fields `ph`,
 * `ts`, `dur`, `pid`, `tid`, `id`, `cat`; times in microseconds), which Perfetto opens: a track
 * for each thread with a span for each job, an asynchronous span for each task, and counters.
 *
 * It collects text and hands it over with each sample, so what is written grows as the run does.
 */
import {escapePath} from '../escape.ts';
import type {Clock} from '../platform/clock.ts';
import type {ProcessInfo} from '../platform/process.ts';
import {later, type Micros, millis} from '../unit.ts';
import type {ActiveTask, TaskView} from './active-task.ts';
import type {JobSpan} from './job-span.ts';
import type {Scheduler} from './scheduler.ts';

export type TraceOptions = {
	readonly scheduler: Scheduler;
	readonly clock: Clock;
	/** For how busy the main thread is. */
	readonly usage: ProcessInfo['usage'];
	readonly name: string;
	/** Takes events, each a line, with a comma between them. */
	readonly write: (events: string) => void;
};

/** Counters are taken so often: short stalls show, and a sample costs about 50 µs. */
const sampleEvery = millis(50);

/** All events are of one process. */
const pid = 1;
const mainThread = 0;

const encoder = new TextEncoder();

export class Trace {
	readonly #options: TraceOptions;
	readonly #leave: () => void;
	readonly #named = new Set<number>();
	/** What was done of each task at the last sample. */
	#doneOf = new Map<number, number>();
	#counted = new Set<string>();
	#sampledAt: Micros;
	#busy: number;
	#lines: string[] = [];
	#cancel: () => void = () => undefined;

	constructor(options: TraceOptions) {
		const {scheduler, clock, usage, name} = options;
		this.#options = options;
		this.#sampledAt = clock.now();
		this.#busy = usage().busy;
		this.#put({ph: 'M', name: 'process_name', args: {name}});
		this.#nameThread(mainThread);
		this.#leave = scheduler.watch({
			opened: task => this.#task('b', task),
			ended: task => this.#task('e', task),
			job: span => this.#job(span),
		});
		this.#arm();
	}

	/** Ends it: tasks that are open end with it. */
	close(): void {
		this.#leave();
		this.#cancel();
		for (const view of this.#options.scheduler.tasks) this.#span('e', view);
		this.#sample();
	}

	#arm(): void {
		const {clock} = this.#options;
		this.#cancel = clock.at(later(clock.now(), sampleEvery), () => {
			this.#sample();
			this.#arm();
		});
	}

	#job(span: JobSpan): void {
		const {kind, thread, task, client, cost, addedAt, beganAt, endedAt, failed} = span;
		this.#nameThread(thread);
		this.#put({
			ph: 'X',
			cat: 'job',
			name: kind,
			tid: thread,
			ts: beganAt,
			dur: Math.max(0, endedAt - beganAt),
			args: {
				task,
				client: shown(client),
				octets: cost,
				waited: Math.max(0, beganAt - addedAt),
				...(failed && {failed}),
			},
		});
	}

	#task(ph: 'b' | 'e', task: ActiveTask): void {
		this.#span(ph, task.view());
	}

	#span(ph: 'b' | 'e', {id, kind, owner, parent, state, progress, jobsDone}: TaskView): void {
		const {done, unit} = progress;
		const args =
			ph === 'b' ? {task: id, parent, owner: shown(owner)} : {state, jobs: jobsDone, [unit]: done};
		this.#put({ph, cat: 'task', name: kind, id, ts: this.#options.clock.now(), args});
	}

	#sample(): void {
		const {scheduler, clock, usage, write} = this.#options;
		const now = clock.now();
		const {busy} = usage();
		const elapsed = Math.max(1, now - this.#sampledAt);
		const share = Math.min(100, Math.round((100 * (busy - this.#busy)) / elapsed));
		this.#count('main thread', {busyPercent: share});
		for (const {name, jobsWaiting, jobsRunning} of scheduler.lanes) {
			this.#count(`lane ${name}`, {waiting: jobsWaiting, running: jobsRunning});
		}
		this.#countTasks(scheduler.tasks, elapsed);
		this.#sampledAt = now;
		this.#busy = busy;
		write(this.#lines.join(',\n'));
		this.#lines = [];
	}

	/** What tasks of a kind do in a second, together; and what one tells of itself. */
	#countTasks(tasks: readonly TaskView[], elapsed: number): void {
		const doneOf = new Map<number, number>();
		const rates = new Map<string, number>();
		for (const {id, kind, progress, figures} of tasks) {
			const {done, unit} = progress;
			doneOf.set(id, done);
			const name = `${kind} ${unit}/s`;
			const more = Math.max(0, done - (this.#doneOf.get(id) ?? 0));
			rates.set(name, (rates.get(name) ?? 0) + (more * 1e6) / elapsed);
			if (Object.keys(figures).length > 0) this.#count(`${kind} ${id}`, figures);
		}
		// A rate that never was above zero is no track; one that was falls back to it.
		for (const name of this.#counted) if (!rates.has(name)) rates.set(name, 0);
		for (const [name, rate] of rates) {
			if (rate === 0 && !this.#counted.has(name)) continue;
			this.#count(name, {rate: Math.round(rate)});
			if (rate > 0) this.#counted.add(name);
			else this.#counted.delete(name);
		}
		this.#doneOf = doneOf;
	}

	#count(name: string, args: Readonly<Record<string, number>>): void {
		this.#put({ph: 'C', name, ts: this.#options.clock.now(), args});
	}

	#nameThread(tid: number): void {
		if (this.#named.has(tid)) return;
		this.#named.add(tid);
		const name = tid === mainThread ? 'main' : `worker ${tid}`;
		this.#put({ph: 'M', name: 'thread_name', tid, args: {name}});
		this.#put({ph: 'M', name: 'thread_sort_index', tid, args: {sort_index: tid}});
	}

	#put(event: Readonly<Record<string, unknown>>): void {
		this.#lines.push(JSON.stringify({pid, tid: mainThread, ...event}));
	}
}

function shown(name: string): string {
	return escapePath(encoder.encode(name));
}
