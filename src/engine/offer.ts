/**
 * What a running source offers of one tree: the newest saved snapshot under a fresh signature. It
 * looks at the state directory alone, so any process may take the next snapshot.
 */
import {ShoalError} from '../error.ts';
import type {KeyPair} from '../platform/crypto.ts';
import type {Platform} from '../platform/platform.ts';
import type {Pool} from '../pool/pool.ts';
import type {ActiveTask} from '../scheduler/active-task.ts';
import {type Head, signHead} from '../session/statement.ts';
import type {List} from '../snapshot/list.ts';
import {Module} from '../source/module.ts';
import {Published} from '../source/published.ts';
import type {FileLog} from '../store/file-log.ts';
import type {Saved} from '../store/snapshots.ts';
import {Compressing} from './compressing.ts';
import type {EventSink} from './event.ts';
import {KeptObjects} from './kept-objects.ts';
import {OpenedTree} from './opened-tree.ts';
import type {ServeModule} from './options.ts';
import {Problems} from './problems.ts';
import {TreeWatch} from './tree-watch.ts';

/** A statement holds for a week: a receiver that is shown it later is warned. */
const lifeMs = 7 * 86_400_000;

/** Signed again every hour, so what receivers see is never old while the source runs. */
const renewMs = 3_600_000;

export class Offer {
	readonly module: Module;
	/** Nobody's but this host's. */
	readonly origin = undefined;
	readonly #platform: Platform;
	readonly #tree: OpenedTree;
	#identity: KeyPair;
	readonly #files: FileLog;
	readonly #options: ServeModule;
	#watch: TreeWatch | undefined;
	readonly #kept: KeptObjects;
	readonly #compressing: Compressing;

	private constructor(
		platform: Platform,
		tree: OpenedTree,
		files: FileLog,
		identity: KeyPair,
		options: ServeModule,
		pool: Pool,
	) {
		const {name, sessionsMax, rateMax, rateTotalMax, compress: mayCompress = true} = options;
		this.#options = options;
		this.#platform = platform;
		this.#tree = tree;
		this.#identity = identity;
		this.#files = files;
		this.#kept = new KeptObjects(platform, pool, tree, files);
		this.#compressing = new Compressing(platform, tree, pool);
		this.module = new Module({
			name,
			root: tree.root,
			saved: this.#kept,
			maker: this.#kept.maker,
			compressor: mayCompress ? this.#compressing.compressor : undefined,
			patcher: mayCompress ? this.#compressing.patcher : undefined,
			sessionsMax,
			rateMax,
			rateTotalMax,
		});
	}

	/** @throws ShoalError TREE_MISSING, SNAPSHOT_MISSING, STORE_* */
	static async open(
		platform: Platform,
		pool: Pool,
		options: ServeModule,
		identity: KeyPair,
		task: ActiveTask,
		on: EventSink | undefined,
	): Promise<Offer> {
		const tree = OpenedTree.open(platform, options);
		try {
			if (options.scan) {
				const owner = options.name === '' ? options.directory : options.name;
				const {problems} = await task.run({kind: 'snapshot', owner}, taking =>
					tree.take(pool, taking, {...options, rateMax: options.scanRateMax}),
				);
				const told = new Problems(on);
				for (const {code, message, path} of problems) told.add(code, message, path);
			}
			const offer = new Offer(platform, tree, tree.files(), identity, options, pool);
			if (offer.refresh()) return offer;
			throw new ShoalError('SNAPSHOT_MISSING', `${tree.statePath} holds no snapshot`);
		} catch (error) {
			tree.close();
			throw error;
		}
	}

	/**
	 * Offers the newest saved snapshot if it is not the one on offer, and signs again what is about
	 * to grow old. True when another snapshot is on offer now.
	 */
	refresh(): boolean {
		const history = this.#tree.snapshots.history();
		const [newest] = history;
		if (newest === undefined) return false;
		const {published} = this.module;
		if (published?.head.sequence === newest.sequence) {
			const wallMs = this.#platform.clock.wallMs();
			if (wallMs > published.head.issuedMs + renewMs) published.sign(this.#sign(published.head));
			return false;
		}
		this.#files.refresh();
		const next = this.#publishedFrom(history, newest);
		this.#kept.forgetAbsent(next.list);
		this.module.publish(next, this.#tree.follow());
		return true;
	}

	/** Offers the same snapshot under another identity. */
	signAs(identity: KeyPair): void {
		this.#identity = identity;
		const {published} = this.module;
		published?.sign(this.#sign({...published.head, identity: identity.public}));
	}

	/** Takes snapshots from now on whenever something has changed, if that is asked for. */
	watch(pool: Pool, task: ActiveTask, on: EventSink | undefined): void {
		if (this.#options.watch !== true) return;
		if (this.#tree.isOneOfTrees) {
			const detail = `${this.#tree.directory} is published as trees: none is ever changed`;
			throw new ShoalError('OPTION_INVALID', `--watch: ${detail}`);
		}
		const told = new Problems(on);
		this.#watch = TreeWatch.start({
			platform: this.#platform,
			pool,
			tree: this.#tree,
			task,
			limits: {...this.#options, rateMax: this.#options.scanRateMax},
			taken: ({problems}) => {
				for (const {code, message, path} of problems) told.add(code, message, path);
			},
			notice: text => on?.({event: 'notice', text: `${this.#tree.directory}: ${text}`}),
		});
	}

	/** Resolves when no snapshot is being taken any more. */
	async stopWatching(): Promise<void> {
		this.#kept.maker.close();
		await this.#watch?.close();
	}

	close(): void {
		this.#files.close();
		this.#kept.close();
		this.#compressing.close();
		this.#tree.close();
	}

	#publishedFrom(history: readonly Saved[], newest: Saved): Published {
		const list = this.#tree.snapshots.list(newest);
		const diffs: Uint8Array[] = [];
		const predecessors: number[] = [];
		for (let index = 1; index < history.length; index++) {
			const diff = this.#tree.snapshots.diff(history[index]!, history[index - 1]!);
			if (diff === undefined) break;
			diffs.push(diff);
			predecessors.push(history[index]!.sequence);
		}
		const previous = history[1]?.root ?? new Uint8Array(32);
		const {head, statement} = this.#sign(this.#headOf(list, newest.sequence, previous));
		const {sha256} = this.#platform.crypto;
		return new Published({list, head, statement, diffs, predecessors, sha256});
	}

	#headOf(list: List, sequence: number, previous: Uint8Array): Head {
		return {
			identity: this.#identity.public,
			module: new TextEncoder().encode(this.module.name),
			sequence,
			issuedMs: 0,
			expiresMs: 0,
			root: list.root,
			size: list.bytes.length,
			top: list.topSize,
			entries: list.entryCount,
			contentBytes: list.contentBytes,
			previous,
			label: new Uint8Array(0),
		};
	}

	#sign(unsigned: Head): {head: Head; statement: Uint8Array} {
		const issuedMs = this.#platform.clock.wallMs();
		const head = {...unsigned, issuedMs, expiresMs: issuedMs + lifeMs};
		const {crypto} = this.#platform;
		return {head, statement: signHead(crypto, this.#identity.secret, head)};
	}
}
