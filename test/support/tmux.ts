/** A real terminal for a test: a tmux of its own, whose screen can be read as text. */
import {spawnSync} from 'node:child_process';
import type {ExecutionContext} from 'ava';

export const hasTmux = spawnSync('tmux', ['-V']).status === 0;

let count = 0;

const patienceMs = 60_000;

export class Tmux {
	readonly #socket = `shoal-${process.pid}-${count++}`;

	/** Runs `words` with `environment`; the terminal stays when they have ended. */
	constructor(
		t: ExecutionContext,
		columns: number,
		words: readonly string[],
		environment: NodeJS.ProcessEnv,
	) {
		const settings = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
		const command = ['env', ...settings, ...words].map(quote).join(' ');
		// Without a configuration, and in UTF-8, whatever the user has.
		const start = ['-u', '-f', '/dev/null', 'new-session', '-d'];
		const size = ['-x', String(columns), '-y', '24'];
		this.#tmux(...start, ...size, `${command}; echo "exit $?"; exec cat`);
		t.teardown(() => this.#tmux('kill-server'));
	}

	/** What stands on the screen, without what is blank at the ends. */
	lines(): string[] {
		return this.#tmux('capture-pane', '-p').trimEnd().split('\n');
	}

	/** The same, with the escape sequences of colours. */
	coloured(): string {
		return this.#tmux('capture-pane', '-p', '-e');
	}

	/** The screen as soon as it shows `what`, or is so. */
	async until(what: RegExp | ((lines: readonly string[]) => boolean)): Promise<string[]> {
		const isSeen = (lines: readonly string[]): boolean =>
			typeof what === 'function' ? what(lines) : lines.some(line => what.test(line));
		for (const endMs = performance.now() + patienceMs; ; ) {
			const lines = this.lines();
			if (isSeen(lines)) return lines;
			if (performance.now() > endMs) throw new Error(`never seen: ${what}\n${lines.join('\n')}`);
			await new Promise(resolve => setTimeout(resolve, 50));
		}
	}

	resize(columns: number): void {
		this.#tmux('resize-window', '-x', String(columns), '-y', '24');
	}

	press(key: string): void {
		this.#tmux('send-keys', key);
	}

	get hasCursor(): boolean {
		return this.#tmux('display-message', '-p', '#{cursor_flag}').trim() === '1';
	}

	#tmux(...words: string[]): string {
		const {stdout, stderr, status} = spawnSync('tmux', ['-L', this.#socket, ...words], {
			encoding: 'utf8',
		});
		if (status !== 0) throw new Error(`tmux ${words[0]}: ${stderr}`);
		return stdout;
	}
}

/** For a shell, which tmux starts. */
function quote(word: string): string {
	return `'${word.replaceAll("'", "'\\''")}'`;
}

/** Figures become N, a bar becomes [bar]: what is left is the form of a screen. */
export function formOf(lines: readonly string[]): string[] {
	return lines.map(line =>
		line
			.replace(/\[[=> ]+\]/, '[bar]')
			.replace(/snapshot [0-9a-f]{12}/, 'snapshot ID')
			.replace(/\d[\d,.]*/g, 'N')
			.replace(/N [kM]?B/g, 'N B')
			.replace(/(just now|N s ago)/, 'AGE')
			.replace(/limited by (path|source|disk|CPU|limit)/, 'limited by X'),
	);
}
