/**
 * What a relay offers of a tree that was pulled: the origin's snapshot under the origin's own
 * statement, with what came for it. Nothing is scanned or hashed. It looks at the state directory
 * alone, so what any process pulls is offered next; the statement is fetched anew from upstream
 * before half of its life, and when that is away, shown until it expires.
 */
import {ShoalError} from '../error.ts';
import type {Platform} from '../platform/platform.ts';
import type {Pool} from '../pool/pool.ts';
import {
	type OriginRecord,
	ReceivedLeaves,
	readOrigin,
	receivedSnapshots,
	writeOrigin,
} from '../receiver/origin-record.ts';
import {forgiving, type PublishRecord, readHead, readRecord} from '../receiver/publish-record.ts';
import {followed} from '../session/proof.ts';
import {parseSourceUrl} from '../session/source-url.ts';
import {type Head, openHead, same} from '../session/statement.ts';
import {Module} from '../source/module.ts';
import {Published} from '../source/published.ts';
import type {FileLog} from '../store/file-log.ts';
import type {Snapshots} from '../store/snapshots.ts';
import {copyOctets} from '../task/packed-octets.ts';
import {later, type Micros, millis} from '../unit.ts';
import {askHead} from './ask-head.ts';
import {Compressing} from './compressing.ts';
import type {EventSink} from './event.ts';
import {KeptObjects} from './kept-objects.ts';
import {OpenedTree} from './opened-tree.ts';
import type {ServeModule} from './options.ts';
import {RecordedStats} from './recorded-stats.ts';

export type RelayOptions = {
	readonly platform: Platform;
	/** Makes what receivers want and the pull has not brought. */
	readonly pool: Pool;
	readonly module: ServeModule;
	readonly on: EventSink | undefined;
	/** Default: asks upstream. */
	readonly ask?: typeof askHead;
};

/** The newest statement that is here. */
type Shown = {readonly origin: OriginRecord; readonly head: Head};

/** Between two questions to upstream that brought no newer statement. */
const askEveryMs = 600_000;
const askTimeoutSeconds = 15;

export class RelayOffer {
	readonly module: Module;
	readonly #options: RelayOptions;
	readonly #tree: OpenedTree;
	readonly #leaves: FileLog;
	readonly #kept: KeptObjects;
	readonly #compressing: Compressing;
	readonly #history: Snapshots;
	readonly #closing = new AbortController();
	#shown: Shown;
	/** A statement that was opened is not opened again. */
	#opened: Shown | undefined;
	/** Of the record that its files are known by. */
	#stamp = '';
	#asking: Promise<void> | undefined;
	#askAt: Micros;

	private constructor(options: RelayOptions, tree: OpenedTree, shown: Shown) {
		this.#options = options;
		this.#tree = tree;
		this.#shown = shown;
		this.#askAt = options.platform.clock.now();
		this.#leaves = ReceivedLeaves.openRead(tree.state);
		this.#history = receivedSnapshots(tree.state);
		const {platform, pool} = options;
		// That has no sums: they do not come with a pull.
		this.#kept = new KeptObjects(platform, pool, tree, this.#leaves);
		this.#compressing = new Compressing(platform, tree, pool);
		const {sessionsMax, rateMax, rateTotalMax, compress: mayCompress = true} = options.module;
		this.module = new Module({
			name: new TextDecoder().decode(shown.head.module),
			root: tree.root,
			isRelayed: true,
			saved: this.#kept,
			maker: this.#kept.maker,
			compressor: mayCompress ? this.#compressing.compressor : undefined,
			patcher: mayCompress ? this.#compressing.patcher : undefined,
			sessionsMax,
			rateMax,
			rateTotalMax,
		});
	}

	/**
	 * Undefined: the tree was not pulled from a source, or has a snapshot of its own.
	 * @throws ShoalError RELAY_UNFIT, TREE_MISSING, STORE_*
	 */
	static open(options: RelayOptions): RelayOffer | undefined {
		const {platform, module, on} = options;
		const tree = OpenedTree.open(platform, module);
		let offer: RelayOffer | undefined;
		try {
			const origin = readOrigin(tree.state, 'origin');
			const head = origin && openHead(platform.crypto, origin.statement);
			if (origin === undefined || head === undefined) return undefined;
			if (tree.snapshots.history().length > 0) {
				const text = `${tree.directory} was pulled, and has a snapshot of its own: it is served`;
				on?.({event: 'notice', text: `${text} under the key of this host, not as a relay`});
				return undefined;
			}
			refuseUnfit(module, tree, origin, head);
			offer = new RelayOffer(options, tree, {origin, head});
			if (offer.refresh()) return offer;
			const detail = `what ${tree.directory} has is not what was pulled last, or has expired`;
			offer.#closeObjects();
			offer = undefined;
			throw new ShoalError('RELAY_UNFIT', detail);
		} finally {
			if (offer === undefined) tree.close();
		}
	}

	/** Whom it answers for, and what leads to that identity. */
	get origin(): {readonly identity: Uint8Array; readonly rotations: readonly Uint8Array[]} {
		const {head, origin} = this.#shown;
		return {identity: head.identity, rotations: origin.rotations};
	}

	/** True when another snapshot, or one of another identity, is on offer now. */
	refresh(): boolean {
		const shown = this.#newest();
		const {clock} = this.#options.platform;
		const wallMs = clock.wallMs();
		const {published} = this.module;
		if (shown === undefined || wallMs > shown.head.expiresMs) {
			if (shown !== undefined) this.#renew(shown, wallMs);
			if (published !== undefined && wallMs > published.head.expiresMs) this.#withdraw();
			return false;
		}
		this.#renew(shown, wallMs);
		if (published !== undefined && same(published.head.root, shown.head.root)) {
			this.#restat(published);
			if (same(published.statement, shown.origin.statement)) return false;
			const isOther = !same(published.head.identity, shown.head.identity);
			published.sign({head: shown.head, statement: shown.origin.statement});
			this.#shown = shown;
			return isOther;
		}
		const root = this.#tree.follow();
		const stamp = this.#tree.recordStamp;
		const record = this.#recordOf(shown.head);
		if (record === undefined) return false;
		this.#stamp = stamp;
		this.#leaves.refresh();
		this.#kept.forgetAbsent(record.list);
		this.module.publish(this.#publishedOf(shown, record), root);
		this.#shown = shown;
		return true;
	}

	/** Who answers has no part in what the origin signed. */
	signAs(): void {}

	/** @throws ShoalError OPTION_INVALID */
	watch(): void {
		if (this.#options.module.watch !== true) return;
		const detail = `${this.#tree.directory} is a relay's: only pulls change it`;
		throw new ShoalError('OPTION_INVALID', `--watch: ${detail}`);
	}

	/** Resolves when upstream is not being asked any more. */
	async stopWatching(): Promise<void> {
		this.#closing.abort();
		this.#kept.maker.close();
		await this.#asking;
	}

	close(): void {
		this.#closeObjects();
		this.#tree.close();
	}

	#closeObjects(): void {
		this.#leaves.close();
		this.#kept.close();
		this.#compressing.close();
	}

	/** Of what the last pull left: its statement, or the same one as signed again since. */
	#newest(): Shown | undefined {
		const {state} = this.#tree;
		const origin = readOrigin(state, 'origin');
		const pulled = origin?.isWhole === true ? this.#open(origin) : undefined;
		if (pulled === undefined) return undefined;
		const renewal = readOrigin(state, 'origin-renewed');
		const renewed = renewal && this.#open(renewal);
		if (renewed === undefined || !same(renewed.head.root, pulled.head.root)) return pulled;
		return renewed.head.issuedMs > pulled.head.issuedMs ? renewed : pulled;
	}

	#open(origin: OriginRecord): Shown | undefined {
		for (const known of [this.#shown, this.#opened]) {
			if (known !== undefined && same(known.origin.statement, origin.statement)) return known;
		}
		const head = openHead(this.#options.platform.crypto, origin.statement);
		if (head === undefined) return undefined;
		this.#opened = {origin, head};
		return this.#opened;
	}

	/** Undefined while a pull is at work: what it leaves is offered then. */
	#recordOf({root}: Head): PublishRecord | undefined {
		const {record: store} = this.#tree;
		const head = forgiving(() => readHead(store));
		if (head === undefined || !same(head.root, root)) return undefined;
		const {sha256} = this.#options.platform.crypto;
		const record = forgiving(() => readRecord(store, sha256));
		if (record === undefined || !same(record.list.root, root)) return undefined;
		return record.columns.ino.length === record.list.entryCount ? record : undefined;
	}

	#publishedOf({origin, head}: Shown, record: PublishRecord): Published {
		const diffs: Uint8Array[] = [];
		const predecessors: number[] = [];
		const history = this.#history.history();
		const isCurrent = history[0] !== undefined && same(history[0].root, head.root);
		for (let index = 1; isCurrent && index < history.length; index++) {
			const diff = this.#history.diff(history[index]!, history[index - 1]!);
			if (diff === undefined) break;
			diffs.push(diff);
			predecessors.push(history[index]!.sequence);
		}
		const {sha256} = this.#options.platform.crypto;
		return new Published({
			list: record.list,
			head,
			statement: origin.statement,
			diffs,
			predecessors,
			sha256,
			stats: new RecordedStats(record),
		});
	}

	/** A later pull of the same snapshot may have brought what was missing. */
	#restat(published: Published): void {
		const stamp = this.#tree.recordStamp;
		if (stamp === this.#stamp) return;
		const record = this.#recordOf(published.head);
		if (record === undefined) return;
		this.#stamp = stamp;
		this.#leaves.refresh();
		published.tables.know(new RecordedStats(record));
	}

	#withdraw(): void {
		this.module.withdraw();
		const text = 'the statement of its origin has expired: nothing is offered until the next pull';
		this.#options.on?.({event: 'notice', text: `${this.#tree.directory}: ${text}`});
	}

	/** Past half of its life the statement is asked for again, now and then. */
	#renew(shown: Shown, wallMs: number): void {
		const {issuedMs, expiresMs} = shown.head;
		const {clock} = this.#options.platform;
		if (wallMs < issuedMs + (expiresMs - issuedMs) / 2) return;
		if (this.#asking !== undefined || clock.now() < this.#askAt) return;
		this.#askAt = later(clock.now(), millis(askEveryMs));
		this.#asking = this.#askUpstream(shown)
			.catch((error: unknown) => {
				if (!(error instanceof ShoalError)) throw error;
				const text = `its source has not signed again: ${error.message}`;
				if (this.#closing.signal.aborted) return;
				this.#options.on?.({event: 'notice', text: `${this.#tree.directory}: ${text}`});
			})
			.finally(() => {
				this.#asking = undefined;
			});
	}

	async #askUpstream({origin, head}: Shown): Promise<void> {
		const {platform, ask = askHead} = this.#options;
		const {answered} = await ask(platform, parseSourceUrl(origin.upstream), {
			identity: head.identity,
			delegation: undefined,
			sequence: head.sequence,
			contactTimeoutSeconds: askTimeoutSeconds,
			signal: this.#closing.signal,
		});
		if (!same(answered.head.root, head.root)) {
			throw new ShoalError('HEAD_EXPIRED', 'it has a newer snapshot, which is to be pulled');
		}
		if (answered.head.issuedMs <= head.issuedMs) return;
		// Nothing else of what it sends: receivers are told the last few, which it could crowd out.
		const links = followed(
			platform.crypto,
			head.identity,
			answered.rotations,
			answered.head.identity,
		);
		writeOrigin(this.#tree.state, 'origin-renewed', {
			...origin,
			statement: copyOctets(answered.statement),
			rotations: [...origin.rotations, ...(links ?? []).map(copyOctets)],
		});
	}
}

/** Under the origin's statement goes what the origin has, by the name that it has there. */
function refuseUnfit(
	{name}: ServeModule,
	{directory}: OpenedTree,
	{isWhole}: OriginRecord,
	head: Head,
): void {
	if (!isWhole) {
		const detail = `${directory} has only a part of its source: no statement is about that`;
		throw new ShoalError('RELAY_UNFIT', detail);
	}
	const module = new TextDecoder().decode(head.module);
	if (name === '' || name === module) return;
	const theirs = module === '' ? 'has no name' : `is called ${JSON.stringify(module)}`;
	const detail = `[module.${name}]: at its source the module ${theirs}, and a relay's is the same`;
	throw new ShoalError('CONFIG_INVALID', detail);
}
