/** A directory of a test's own, with a configuration directory in it. */
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {
	type Ended,
	type Finished,
	run,
	runPlain,
	type Serving,
	startServe,
} from './shoal-process.ts';

export class Workspace {
	readonly path: string;
	readonly environment: NodeJS.ProcessEnv;
	readonly #t: ExecutionContext;

	/** Is removed, and what it started is stopped, when the test ends. */
	constructor(t: ExecutionContext) {
		this.#t = t;
		this.path = mkdtempSync(join(tmpdir(), 'shoal-'));
		this.environment = {XDG_CONFIG_HOME: join(this.path, 'config')};
		t.teardown(() => rmSync(this.path, {recursive: true, force: true}));
	}

	/** The path of `name` in it. */
	at(name: string): string {
		return join(this.path, name);
	}

	/** Writes a file with its directories; answers its path. */
	write(name: string, content: string | Uint8Array): string {
		const path = this.at(name);
		mkdirSync(dirname(path), {recursive: true});
		writeFileSync(path, content);
		return path;
	}

	/** Runs `shoal words --json`. */
	run(...words: string[]): Promise<Finished> {
		return run(words, this.environment);
	}

	/** Runs `shoal words`. */
	runPlain(...words: string[]): Promise<Ended> {
		return runPlain(words, this.environment);
	}

	/** Serves `tree`, a name in it, on a free port of loopback until the test ends. */
	async serve(tree: string, ...words: string[]): Promise<Serving> {
		const all = [this.at(tree), '--listen', '127.0.0.1:0', ...words];
		const server = await startServe(all, this.environment);
		this.#t.teardown(() => server.stop());
		return server;
	}
}
