/** A source's tree with its state directory, held open: snapshots are taken and served from it. */
import type {Platform} from '../platform/platform.ts';
import type {DirHandle} from '../platform/tree.ts';
import type {Pool} from '../pool/pool.ts';
import {ScanProcesses} from '../pool/scan-processes.ts';
import {type RecordStore, statName} from '../receiver/publish-record.ts';
import {openShownTree, recordOf} from '../receiver/trees.ts';
import type {ActiveTask} from '../scheduler/active-task.ts';
import {onAbort} from '../scheduler/on-abort.ts';
import type {List} from '../snapshot/list.ts';
import {type Taken, takeSnapshot} from '../source/take-snapshot.ts';
import {CompressedStore} from '../store/compressed-store.ts';
import {FileLog} from '../store/file-log.ts';
import {Snapshots} from '../store/snapshots.ts';
import {type StateDir, stateDirName} from '../store/state-dir.ts';
import {Pace} from './pace.ts';
import {PublishedDigests} from './published-digests.ts';
import {RateDial} from './rate-dial.ts';
import {openTreeState, type TreePlace, type TreeState} from './tree-state.ts';

/** What a snapshot is held to. */
export type TakeLimits = {
	/** Nothing else may have changed; undefined: anything. */
	readonly changed?: readonly Uint8Array[] | undefined;
	/** Octets of contents read a second. */
	readonly rateMax?: number | undefined;
	/** Snapshots that are kept, and for how long after they were succeeded. */
	readonly historyMax?: number | undefined;
	readonly historyDays?: number | undefined;
};

/** To look at so many files is work for all threads, even if none has changed. */
const warmFilesMin = 16_384;
/** To start a process for each thread costs what it saves at some 40,000 files. */
const processFilesMin = 65_536;

function recordFileName(number: number | undefined): Uint8Array {
	return new TextEncoder().encode(number === undefined ? statName : `${statName}-${number}`);
}

export class OpenedTree {
	readonly #place: TreePlace;
	#path: string;
	#root: DirHandle;
	#number: number | undefined;
	/** Shown before, of a directory that is published as trees: it may still be read from. */
	#former: DirHandle | undefined;
	readonly snapshots: Snapshots;
	readonly #platform: Platform;
	readonly #state: StateDir;
	readonly #isInside: boolean;

	private constructor(
		platform: Platform,
		place: TreePlace,
		{root, path, number, state}: TreeState,
	) {
		this.#platform = platform;
		this.#place = place;
		this.#path = path;
		this.#root = root;
		this.#number = number;
		this.#state = state!;
		this.snapshots = new Snapshots(state!);
		this.#isInside = platform.tree.stat(root, stateDirName) !== undefined;
	}

	/** The state directory is made when missing. @throws ShoalError TREE_MISSING, STORE_* */
	static open(platform: Platform, place: TreePlace): OpenedTree {
		const {tree, process, crypto} = platform;
		const opened = openTreeState({tree, process, sha256: crypto.sha256}, place, true);
		return new OpenedTree(platform, place, opened);
	}

	/** As the operator named it. */
	get directory(): string {
		return this.#place.directory;
	}

	get root(): DirHandle {
		return this.#root;
	}

	/**
	 * Of a directory that is published as trees, what is shown now becomes the root. The one before
	 * stays open for reads that have begun.
	 */
	follow(): DirHandle {
		const {tree} = this.#platform;
		const shown = openShownTree(tree, this.#place.directory);
		if (shown === undefined) return this.#root;
		if (this.#former !== undefined) tree.closeDir(this.#former);
		this.#former = this.#root;
		this.#root = shown.root;
		this.#path = shown.path;
		this.#number = shown.number;
		return this.#root;
	}

	/** Published as trees: the next one is another directory. */
	get isOneOfTrees(): boolean {
		return this.#number !== undefined;
	}

	/** Names at the top of the tree that are no part of it. */
	get exclude(): readonly Uint8Array[] {
		return this.#isInside ? [stateDirName] : [];
	}

	get statePath(): string {
		return this.#state.path;
	}

	/** Where what is known of the tree is kept. */
	get state(): StateDir {
		return this.#state;
	}

	/** The record of the last pull into what is shown. */
	get record(): RecordStore {
		return this.#number === undefined ? this.#state : recordOf(this.#state, this.#number);
	}

	/** Another one whenever the record has been written. */
	get recordStamp(): string {
		const name = recordFileName(this.#number);
		const stat = this.#platform.tree.stat(this.#state.handle, name);
		return stat === undefined ? '' : `${stat.ino} ${stat.mtimeSec} ${stat.mtimeNsec}`;
	}

	/** Brings the snapshot up to date. @throws ShoalError STORE_LOCKED, INTERRUPTED */
	async take(
		pool: Pool,
		task: ActiveTask,
		{changed, rateMax, historyMax, historyDays}: TakeLimits = {},
	): Promise<Taken> {
		this.#state.lock();
		const pace = new Pace(this.#platform.clock, RateDial.of(rateMax));
		const release = onAbort(task.signal, () => pace.close());
		let processes: ScanProcesses | undefined;
		let files: FileLog | undefined;
		try {
			// They start while the log is loaded, whose size tells that they will be needed.
			if (changed === undefined) processes = await this.#warm(pool);
			files = FileLog.open(this.#state);
			return await takeSnapshot({
				platform: this.#platform,
				pool,
				directory: this.#path,
				root: this.#root,
				exclude: this.exclude,
				snapshots: this.snapshots,
				files,
				changed,
				processes,
				keep: {
					count: historyMax,
					ageMs: historyDays === undefined ? undefined : historyDays * 86_400_000,
				},
				pace: octets => pace.wait(octets),
				vouched: () => this.#published(),
				task,
			});
		} finally {
			release();
			pace.close();
			await processes?.close();
			files?.close();
			this.#state.unlock();
		}
	}

	/** Starts what will look at the tree, and at none so small that it is soon done. */
	async #warm(pool: Pool): Promise<ScanProcesses | undefined> {
		const fileCount = FileLog.recordCount(this.#state);
		if (fileCount > processFilesMin) {
			const {processesOn} = this.#platform;
			const processes = await ScanProcesses.start(pool, processesOn, this.#path);
			if (processes !== undefined) return processes;
		}
		if (fileCount > warmFilesMin) pool.warm();
		return undefined;
	}

	/** Opened here if it was there already, and nobody has. @throws ShoalError STORE_CORRUPT */
	listOf({list, saved}: Taken): List {
		return list ?? this.snapshots.list(saved);
	}

	/** What hashing has told so far, to read from. */
	files(): FileLog {
		return FileLog.openRead(this.#state);
	}

	/** Compressed contents, kept beside the rest; undefined: they cannot be kept there. */
	compressedStore(): CompressedStore | undefined {
		const {version} = this.#platform.compression;
		return CompressedStore.open({state: this.#state, version});
	}

	/** What the last pull into this tree has written, if it was one. */
	#published(): PublishedDigests | undefined {
		return PublishedDigests.open(this.record, this.#platform.crypto.sha256);
	}

	close(): void {
		this.#state.close();
		const {tree} = this.#platform;
		tree.closeDir(this.#root);
		if (this.#former !== undefined) tree.closeDir(this.#former);
	}
}
