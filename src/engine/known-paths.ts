/**
 * What the paths to sources carried, kept in the user's configuration directory from one run to the
 * next. It only makes a start shorter: where it cannot be read or written, a run goes on without.
 */
import type {PathRecord} from '../congestion/resume.ts';
import {ShoalError} from '../error.ts';
import type {Address} from '../platform/datagram.ts';
import type {Platform} from '../platform/platform.ts';
import {ConfigDirectory} from '../store/config-directory.ts';
import {KnownSources} from '../store/known-sources.ts';
import type {PathMemory} from './remote.ts';

export class KnownPaths implements PathMemory {
	readonly #platform: Platform;
	readonly #directory: string;
	readonly #remark: (text: string) => void;

	constructor(platform: Platform, directory: string, remark: (text: string) => void) {
		this.#platform = platform;
		this.#directory = directory;
		this.#remark = remark;
	}

	recall(remote: Address, local: Address): PathRecord | undefined {
		return this.#with(false, known => known.path(remote, local, this.#nowSeconds));
	}

	keep(remote: Address, local: Address, record: PathRecord | 'refuted'): void {
		const known = record === 'refuted' ? undefined : record;
		this.#with(true, all => all.rememberPath(remote, local, known, this.#nowSeconds));
	}

	get #nowSeconds(): number {
		return this.#platform.clock.wallMs() / 1000;
	}

	#with<T>(create: boolean, act: (known: KnownSources) => T): T | undefined {
		try {
			const config = ConfigDirectory.open(this.#platform, this.#directory, create);
			if (config === undefined) return undefined;
			try {
				return act(new KnownSources(config));
			} finally {
				config.close();
			}
		} catch (error) {
			if (!(error instanceof ShoalError)) throw error;
			this.#remark(`what the path carries is not remembered: ${error.message}`);
			return undefined;
		}
	}
}
