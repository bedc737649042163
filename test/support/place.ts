/**
 * A host of a chain of mirrors, in this process: its own keys, and a tree that it serves or pulls
 * into. What starts no process costs a test a tenth of the time.
 */
import {setTimeout as sleep} from 'node:timers/promises';
import type {ExecutionContext} from 'ava';
import type {Event, PullResult, Server} from '../../src/engine/event.ts';
import type {PullOptions, ServeOptions} from '../../src/engine/options.ts';
import {pull} from '../../src/engine/pull.ts';
import {pullDefaults} from '../../src/engine/pull-defaults.ts';
import {serve} from '../../src/engine/serve.ts';
import {takeSnapshot} from '../../src/engine/take-snapshot.ts';
import {Scheduler} from '../../src/scheduler/scheduler.ts';
import {parseSourceUrl, type SourceUrl} from '../../src/session/source-url.ts';
import {Workspace} from './workspace.ts';

export class Place {
	readonly space: Workspace;
	/** Path of the tree. */
	readonly tree: string;
	readonly notices: string[] = [];
	/** Kinds of the jobs that its servers have run, in order. */
	readonly jobs: string[] = [];
	readonly #t: ExecutionContext;
	#server: Server | undefined;
	#offered: string[] = [];

	/** Is removed, and what it serves is closed, when the test ends. */
	constructor(t: ExecutionContext) {
		this.#t = t;
		this.space = new Workspace(t);
		this.tree = this.space.at('tree');
		t.teardown(() => this.#server?.close());
	}

	/** Serves the tree on a free port of loopback, and answers where. */
	async serve(more: Partial<ServeOptions> = {}): Promise<string> {
		const scheduler = new Scheduler();
		scheduler.watch({job: ({kind}) => this.jobs.push(kind)});
		this.#server = await serve({
			configDirectory: this.space.at('config/shoal'),
			threads: 0,
			listen: ['127.0.0.1:0'],
			modules: [{name: '', directory: this.tree, scan: true}],
			scheduler,
			on: event => this.#hear(event),
			...more,
		});
		return this.#server.urls[0]!;
	}

	stop(): Promise<void> | undefined {
		return this.#server?.close();
	}

	/** Pulls into the tree, from one source or several, with --delete. */
	async pull(
		url: string | readonly string[],
		more: Partial<PullOptions> = {},
	): Promise<PullResult> {
		const [source, ...others] = [url].flat().map(parseSourceUrl) as [SourceUrl];
		return await pull({
			...pullDefaults,
			configDirectory: this.space.at('config/shoal'),
			threads: 0,
			source,
			...(others.length > 0 && {moreSources: others}),
			destination: this.tree,
			delete: true,
			on: event => this.#hear(event),
			...more,
		});
	}

	async snapshot(): Promise<string> {
		const configDirectory = this.space.at('config/shoal');
		return (await takeSnapshot({configDirectory, threads: 0, directory: this.tree})).snapshot;
	}

	/** Takes a snapshot that the server of this tree offers when the promise resolves. */
	async publish(): Promise<string> {
		const snapshot = await this.snapshot();
		await this.offers(snapshot);
		return snapshot;
	}

	offers(snapshot: string): Promise<void> {
		return until(this.#t, async () => this.#offered.includes(snapshot));
	}

	#hear(event: Event): void {
		if (event.event === 'notice') this.notices.push(event.text);
		if (event.event === 'serving') this.#offered.push(event.snapshot);
	}
}

/** Waits for a condition, at most a minute. */
export async function until(t: ExecutionContext, holds: () => Promise<boolean>): Promise<void> {
	for (let tries = 0; tries < 1200; tries++) {
		if (await holds()) return;
		await sleep(50);
	}
	t.fail('it has not come about in a minute');
}
