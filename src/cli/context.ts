/** What every command is given: the world of one invocation of the command line. */
import {homedir} from 'node:os';
import {join} from 'node:path';
import type {Platform} from '../platform/platform.ts';
import type {Scheduler} from '../scheduler/scheduler.ts';
import type {OptionValues} from './option.ts';
import type {Terminal} from './terminal.ts';

export type Context = {
	readonly operands: readonly string[];
	readonly options: OptionValues;
	readonly terminal: Terminal;
	readonly platform: Platform;
	/** What goes on, for `--trace` and SIGUSR1. */
	readonly scheduler: Scheduler;
	/** Aborted by the first SIGINT or SIGTERM. */
	readonly signal: AbortSignal;
	/** Where keys and known sources live. */
	readonly configDirectory: string;
};

/** `$XDG_CONFIG_HOME/shoal`; without that, `/etc/shoal` for root, else `~/.config/shoal`. */
export function findConfigDirectory(environment: NodeJS.ProcessEnv, isRoot: boolean): string {
	const base = environment['XDG_CONFIG_HOME'];
	if (base?.startsWith('/')) return join(base, 'shoal');
	return isRoot ? '/etc/shoal' : join(homedir(), '.config', 'shoal');
}
