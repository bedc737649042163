/** A source's tree with its state directory, held open: snapshots are taken and served from it. */
import type {Platform} from '../platform/platform.ts';
import type {DirHandle} from '../platform/tree.ts';
import type {Pool} from '../pool/pool.ts';
import type {ActiveTask} from '../scheduler/active-task.ts';
import {type Taken, takeSnapshot} from '../source/take-snapshot.ts';
import {FileLog} from '../store/file-log.ts';
import {Snapshots} from '../store/snapshots.ts';
import {StateDir, stateDirName} from '../store/state-dir.ts';

export type TreePlace = {readonly directory: string; readonly state?: string | undefined};

export class OpenedTree {
	readonly directory: string;
	readonly root: DirHandle;
	readonly snapshots: Snapshots;
	readonly #platform: Platform;
	readonly #state: StateDir;
	readonly #isInside: boolean;

	private constructor(platform: Platform, directory: string, root: DirHandle, state: StateDir) {
		this.#platform = platform;
		this.directory = directory;
		this.root = root;
		this.#state = state;
		this.snapshots = new Snapshots(state);
		this.#isInside = platform.tree.stat(root, stateDirName) !== undefined;
	}

	/** The state directory is made when missing. @throws ShoalError TREE_MISSING, STORE_* */
	static open(platform: Platform, {directory, state}: TreePlace): OpenedTree {
		const {tree, process, crypto} = platform;
		const root = tree.openRoot(directory);
		try {
			const opened = StateDir.open(
				{tree, process, sha256: crypto.sha256},
				{root, rootPath: directory, create: true, ...(state === undefined ? {} : {state})},
			);
			return new OpenedTree(platform, directory, root, opened!);
		} catch (error) {
			tree.closeDir(root);
			throw error;
		}
	}

	get statePath(): string {
		return this.#state.path;
	}

	/** Brings the snapshot up to date. @throws ShoalError STORE_LOCKED, INTERRUPTED */
	async take(pool: Pool, task: ActiveTask): Promise<Taken> {
		this.#state.lock();
		const files = FileLog.open(this.#state);
		try {
			return await takeSnapshot({
				platform: this.#platform,
				pool,
				directory: this.directory,
				root: this.root,
				exclude: this.#isInside ? [stateDirName] : [],
				snapshots: this.snapshots,
				files,
				task,
			});
		} finally {
			files.close();
			this.#state.unlock();
		}
	}

	/** What hashing has told so far, to read from. */
	files(): FileLog {
		return FileLog.openRead(this.#state);
	}

	close(): void {
		this.#state.close();
		this.#platform.tree.closeDir(this.root);
	}
}
