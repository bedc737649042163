/** Processes for the scan of one tree. They start while other things are done before it. */
import type {Platform} from '../platform/platform.ts';
import type {DirHandle} from '../platform/tree.ts';
import type {Pool} from './pool.ts';

/**
 * However many cores there are: each has 18 MB of its own, and all that they find comes to one
 * thread, so a hundred would take the memory of a small machine and list little faster.
 */
export const processesMax = 16;

export class ScanProcesses {
	/** The tree's root, and as the processes hold it. */
	readonly dir: DirHandle;
	readonly root: DirHandle;
	readonly pool: Pool;
	#closed: Promise<void> | undefined;

	private constructor(dir: DirHandle, root: DirHandle, pool: Pool) {
		this.dir = dir;
		this.root = root;
		this.pool = pool;
	}

	/**
	 * As many as `pool` has threads, up to a limit; undefined where there are none. Close them.
	 * @throws ShoalError TREE_MISSING
	 */
	static async start(
		pool: Pool,
		processesOn: Platform['processesOn'],
		directory: string | Uint8Array,
	): Promise<ScanProcesses | undefined> {
		if (pool.threadCount === 0) return undefined;
		const {tree} = pool.context;
		const dir = tree.openRoot(directory);
		const processes = await processesOn(dir);
		if (processes === undefined) {
			tree.closeDir(dir);
			return undefined;
		}
		const beside = pool.beside(processes.threads, processesMax);
		beside.warm();
		return new ScanProcesses(dir, processes.root, beside);
	}

	/** Ends them; may be called again. */
	close(): Promise<void> {
		this.#closed ??= this.#close();
		return this.#closed;
	}

	async #close(): Promise<void> {
		await this.pool.close();
		this.pool.context.tree.closeDir(this.dir);
	}
}
