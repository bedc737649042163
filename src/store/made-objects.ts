/**
 * What was made of files when it was wanted: sums, and leaf hashes that did not come to a relay or
 * are damaged. It stands in a directory of its own, whose lock no pull and no snapshot needs. Where
 * that cannot be written, or another process makes the same, what is made is kept in memory alone.
 */
import {ShoalError} from '../error.ts';
import {toHex} from '../hex.ts';
import type {List} from '../snapshot/list.ts';
import {FileLog, type KnownContent} from './file-log.ts';
import {ObjectCache} from './object-cache.ts';
import {StateDir} from './state-dir.ts';

const directoryName = new TextEncoder().encode('made');
const logName = 'made';

export class MadeObjects {
	readonly #state: StateDir;
	#dir: StateDir | undefined;
	#log: FileLog | undefined;
	#isFailed = false;
	/** What is not in the log: `leaves` or `sums` and the digest. */
	readonly #kept = new ObjectCache<string>();

	/** Of a tree whose state is kept in `state`; nothing is made there before there is something. */
	constructor(state: StateDir) {
		this.#state = state;
		this.#try(() => this.#open(false));
	}

	leaves(digest: Uint8Array): Uint8Array | undefined {
		return this.#log?.readLeaves(digest) ?? this.#kept.get(`leaves ${toHex(digest)}`);
	}

	sums(digest: Uint8Array): Uint8Array | undefined {
		return this.#log?.readSums(digest) ?? this.#kept.get(`sums ${toHex(digest)}`);
	}

	keep(size: number, content: KnownContent): void {
		this.#try(() => {
			this.#open(true);
			this.#log!.appendContent(size, content);
			this.#log!.flush();
		});
		if (!this.#isFailed) return;
		this.#kept.set(`leaves ${toHex(content.digest)}`, content.leaves);
		this.#kept.set(`sums ${toHex(content.digest)}`, content.sums);
	}

	/** Only what the list has is worth keeping. */
	forgetAbsent(list: List): void {
		this.#try(() => this.#log?.forgetAbsent(list));
	}

	/** What is still being made is not kept. */
	close(): void {
		this.#isFailed = true;
		this.#log?.discard();
		this.#dir?.close();
		this.#log = undefined;
		this.#dir = undefined;
	}

	#open(create: boolean): void {
		if (this.#log !== undefined) return;
		this.#dir = StateDir.within(this.#state, directoryName, create);
		if (this.#dir === undefined) return;
		this.#dir.lock();
		this.#log = FileLog.open(this.#dir, logName);
	}

	/** After a failure nothing more is written; what has been is read on. */
	#try(act: () => void): void {
		if (this.#isFailed) return;
		const isDone = forgiving(() => {
			act();
			return true;
		});
		if (isDone) return;
		this.#isFailed = true;
		this.#log?.discard();
		this.#log = forgiving(() => this.#dir && FileLog.openRead(this.#dir, logName));
	}
}

function forgiving<T>(act: () => T): T | undefined {
	try {
		return act();
	} catch (error) {
		if (error instanceof ShoalError) return undefined;
		throw error;
	}
}
