/** A tree of which snapshots are taken, with or without what is known of it from before. */
import {readdirSync} from 'node:fs';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import platform from '#platform';
import {ShoalError} from '../../src/error.ts';
import type {Platform} from '../../src/platform/platform.ts';
import type {DirHandle, Name, Stat} from '../../src/platform/tree.ts';
import {Pool} from '../../src/pool/pool.ts';
import {type Taken, takeSnapshot} from '../../src/source/take-snapshot.ts';
import {FileLog} from '../../src/store/file-log.ts';
import {Snapshots} from '../../src/store/snapshots.ts';
import {spoilTree} from './pool.ts';
import {makeDirectory, openState, tree} from './state.ts';
import {openTask} from './task.ts';

/** So far ahead is the clock that what was written just now counts as long written. */
export const aheadMs = 60_000;

export type Look = Taken & {
	/** Files that were looked up in the log. */
	readonly lookups: number;
};

export class SnapshotScene {
	readonly tree: string;
	state: string;
	readonly platform: Platform;
	/** Of the owner of everything. */
	owner: string | undefined = 'mirror';
	/** Called when names of owners have been read. */
	ownersRead = (): void => undefined;
	/** A name. */
	unreadable = '';
	/** Undefined: one of its own, on the calling thread. */
	pool: Pool | undefined;
	readonly #t: ExecutionContext;

	constructor(t: ExecutionContext, ahead = aheadMs) {
		this.#t = t;
		this.tree = makeDirectory(t);
		this.state = makeDirectory(t);
		const {clock} = platform;
		const readOwners = () => {
			const name = this.owner === undefined ? undefined : Buffer.from(this.owner);
			this.ownersRead();
			return {...platform.readOwners(), user: () => name, group: () => name};
		};
		this.platform = {
			...platform,
			clock: {now: () => clock.now(), at: clock.at, wallMs: () => clock.wallMs() + ahead},
			readOwners,
		};
	}

	at(...names: string[]): string {
		return join(this.tree, ...names);
	}

	get isMarked(): boolean {
		return readdirSync(join(this.state, '.shoal')).includes('mark');
	}

	/** The path of the one file of the state directory that ends so. */
	stored(ending: string): string {
		const place = join(this.state, '.shoal');
		return join(place, readdirSync(place).find(name => name.endsWith(ending))!);
	}

	async take(changed?: readonly string[], task = openTask()): Promise<Look> {
		const {clock, crypto, threads} = this.platform;
		const spoilt = spoilTree(tree, {visit: (dir, each) => this.#visit(dir, each)});
		const context = {tree: spoilt, crypto, sha256: crypto.sha256, clock};
		const pool = this.pool ?? new Pool({threads, threadCount: 0, context});
		const root = tree.openRoot(this.tree);
		const state = openState(this.#t, this.state);
		const files = FileLog.open(state);
		let lookups = 0;
		const lookup = files.lookup.bind(files);
		files.lookup = (path, stat) => {
			lookups++;
			return lookup(path, stat);
		};
		try {
			const taken = await takeSnapshot({
				platform: this.platform,
				pool,
				directory: this.tree,
				root,
				exclude: [],
				snapshots: new Snapshots(state),
				files,
				changed: changed?.map(path => Buffer.from(path)),
				task,
			});
			return {...taken, lookups};
		} finally {
			files.close();
			if (pool !== this.pool) await pool.close();
			tree.closeDir(root);
		}
	}

	/** As the tree's, but for what cannot be looked at. */
	#visit(dir: DirHandle, each: (name: Name, stat: Stat | Error) => void): void {
		const failure = new ShoalError('FILE_UNREADABLE', 'a bad sector');
		tree.visit(dir, (name, stat) => {
			each(name, Buffer.from(name).toString() === this.unreadable ? failure : stat);
		});
	}

	/** The list that a look without any memory makes. */
	async fresh(): Promise<Uint8Array> {
		const known = this.state;
		this.state = makeDirectory(this.#t);
		const {bytes} = await this.take();
		this.state = known;
		return bytes;
	}
}
