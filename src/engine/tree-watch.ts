/**
 * Keeps the snapshot of a tree that is served up to date: hears of changes, waits until a path has
 * been quiet for a moment, and looks at those paths alone. Where the system cannot tell of all
 * changes, all of the tree is looked at from time to time instead, and that is said.
 */
import {ShoalError} from '../error.ts';
import type {Platform} from '../platform/platform.ts';
import type {Pool} from '../pool/pool.ts';
import type {ActiveTask} from '../scheduler/active-task.ts';
import {entryType} from '../snapshot/entry.ts';
import type {List} from '../snapshot/list.ts';
import {isWithin, joinPath} from '../snapshot/path.ts';
import type {Taken} from '../source/take-snapshot.ts';
import {DirectoryWalk} from '../task/directory-walk.ts';
import {octetKey} from '../task/packed-octets.ts';
import {later, type Micros, millis} from '../unit.ts';
import type {OpenedTree, TakeLimits} from './opened-tree.ts';

export type TreeWatchOptions = {
	readonly platform: Platform;
	readonly pool: Pool;
	readonly tree: OpenedTree;
	readonly task: ActiveTask;
	readonly limits: Omit<TakeLimits, 'changed'>;
	/** Told of what could not be read. */
	readonly taken: (taken: Taken) => void;
	readonly notice: (text: string) => void;
};

type Pending = {readonly path: Uint8Array; at: Micros};

/** A file that is written in pieces is quiet for so long in between, most often. */
const quietMs = 250;
const beatMs = 100;
/** How often all is looked at where changes are not told; and how often in any case. */
const blindMs = 60_000;
const certainMs = 86_400_000;
/**
 * Changes told within one wait of which some may have gone untold: the kernel drops what comes
 * beyond 16,384 (inotify(7), max_queued_events), and Node does not say so.
 */
const floodCount = 8192;
/** Directories between two turns that others may take. */
const directoriesPerTurn = 128;
/** Files that changed while they were read, and a state that is in use, are tried again. */
const retryMs = 1000;

export class TreeWatch {
	readonly #options: TreeWatchOptions;
	/** By path. */
	readonly #watched = new Map<string, {readonly path: Uint8Array; readonly end: () => void}>();
	readonly #pending = new Map<string, Pending>();
	#toldCount = 0;
	#isBlind = false;
	#isClosed = false;
	readonly #stop = new AbortController();
	/** When all is to be looked at, whatever was told. */
	#wholeAt: Micros;
	#cancel: () => void = () => undefined;
	#running: Promise<void> = Promise.resolve();

	private constructor(options: TreeWatchOptions) {
		this.#options = options;
		this.#wholeAt = options.platform.clock.now();
	}

	/** Watches from now on; the first look at all of the tree comes at once. */
	static start(options: TreeWatchOptions): TreeWatch {
		const watch = new TreeWatch(options);
		const [newest] = options.tree.snapshots.history();
		watch.#running = (async () => {
			if (newest !== undefined) await watch.#cover(options.tree.snapshots.list(newest), undefined);
			watch.#beat();
		})();
		return watch;
	}

	/** Resolves when nothing of it runs any more. */
	async close(): Promise<void> {
		this.#isClosed = true;
		this.#cancel();
		this.#stop.abort();
		await this.#running;
		for (const {end} of this.#watched.values()) end();
		this.#watched.clear();
	}

	#beat(): void {
		if (this.#isClosed) return;
		const {clock} = this.#options.platform;
		this.#cancel = clock.at(later(clock.now(), millis(beatMs)), () => {
			this.#running = this.#look().finally(() => this.#beat());
		});
	}

	/** Takes a snapshot if something is due. */
	async #look(): Promise<void> {
		const now = this.#options.platform.clock.now();
		if (this.#toldCount >= floodCount) this.#wholeAt = now;
		this.#toldCount = 0;
		if (now >= this.#wholeAt) return await this.#take(undefined, now);
		const quiet = [...this.#pending.values()].filter(({at}) => later(at, millis(quietMs)) <= now);
		if (quiet.length > 0) await this.#take(quiet, now);
	}

	async #take(quiet: readonly Pending[] | undefined, now: Micros): Promise<void> {
		const {tree, pool, task, limits, taken, platform} = this.#options;
		const looked = quiet ?? [...this.#pending.values()];
		for (const {path} of looked) this.#pending.delete(octetKey(path));
		if (quiet === undefined) {
			this.#wholeAt = later(now, millis(this.#isBlind ? blindMs : certainMs));
		}
		const changed = quiet?.map(({path}) => path);
		try {
			const options = {kind: 'snapshot', owner: tree.directory, signal: this.#stop.signal};
			const made = await task.run(options, taking => tree.take(pool, taking, {...limits, changed}));
			taken(made);
			const again = later(platform.clock.now(), millis(retryMs));
			for (const {code, path} of made.problems) {
				if (code === 'SOURCE_STALE') this.#note(path, again);
			}
			await this.#cover(tree.listOf(made), made.whole ? undefined : changed);
		} catch (error) {
			if (!(error instanceof ShoalError) || this.#isClosed) return this.#failed(error);
			this.#options.notice(`${error.message}; looking again`);
			const again = later(platform.clock.now(), millis(retryMs));
			if (quiet === undefined) this.#wholeAt = again;
			for (const {path} of looked) this.#note(path, again);
		}
	}

	/** What ends the run is told by whoever ended it. */
	#failed(error: unknown): void {
		if (!this.#isClosed) throw error;
	}

	/**
	 * Watches the directories of the list that are at or below `changed` (undefined: all), and no
	 * more those that are not there any more. What came into a new one before it was watched is
	 * looked at once more.
	 */
	async #cover(list: List, changed: readonly Uint8Array[] | undefined): Promise<void> {
		const {platform, pool, tree} = this.#options;
		const walk = new DirectoryWalk(platform.tree, tree.root);
		const present = new Set<string>();
		let count = 0;
		try {
			for (const path of directoriesOf(list, changed)) {
				const key = octetKey(path);
				present.add(key);
				if (this.#watched.has(key) || this.#isBlind) continue;
				this.#watch(walk, path, key);
				this.#note(path, platform.clock.now());
				if (++count % directoriesPerTurn === 0) await pool.turn();
				if (this.#isClosed) return;
			}
		} finally {
			walk.release();
		}
		for (const [key, {path, end}] of this.#watched) {
			const isMeant = changed === undefined || changed.some(each => isWithin(path, each));
			if (!isMeant || present.has(key)) continue;
			end();
			this.#watched.delete(key);
		}
	}

	#watch(walk: DirectoryWalk, path: Uint8Array, key: string): void {
		const {platform, notice} = this.#options;
		try {
			const dir = walk.directory(path);
			if (dir === undefined) return;
			const end = platform.watchDirectory(
				dir,
				name => this.#told(path, name),
				() => this.#told(path, undefined),
			);
			this.#watched.set(key, {path, end});
		} catch (error) {
			if (!(error instanceof ShoalError)) throw error;
			if (error.code !== 'WATCH_FAILED') return;
			this.#isBlind = true;
			const minutes = blindMs / 60_000;
			notice(`${error.message}: all of the tree is looked at every ${minutes} min. ${error.hint}`);
			for (const {end} of this.#watched.values()) end();
			this.#watched.clear();
			this.#wholeAt = later(platform.clock.now(), millis(blindMs));
		}
	}

	#told(directory: Uint8Array, name: Uint8Array | undefined): void {
		this.#toldCount++;
		const path = name === undefined ? directory : joinPath(directory, name);
		this.#note(path, this.#options.platform.clock.now());
	}

	#note(path: Uint8Array, at: Micros): void {
		const {tree} = this.#options;
		if (tree.exclude.some(name => isWithin(path, name))) return;
		const key = octetKey(path);
		const known = this.#pending.get(key);
		if (known === undefined) this.#pending.set(key, {path: path.slice(), at});
		else known.at = at;
	}
}

function* directoriesOf(
	list: List,
	changed: readonly Uint8Array[] | undefined,
): Generator<Uint8Array> {
	for (const start of changed ?? [new Uint8Array(0)]) {
		const cursor = list.seek(start);
		for (let more = cursor !== undefined; more; more = cursor!.next()) {
			const {path, type} = cursor!;
			if (!startsWith(path, start)) break;
			if (type === entryType.directory && isWithin(path, start)) yield path.slice();
		}
	}
}

function startsWith(path: Uint8Array, start: Uint8Array): boolean {
	if (path.length < start.length) return false;
	return start.every((octet, at) => path[at] === octet);
}
