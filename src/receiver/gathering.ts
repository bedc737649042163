/**
 * Brings every content that a plan needs into staging, from wherever it is cheapest: what an
 * earlier run left, files of DEST, the source. Knows for each row whether it is there yet.
 */
import {assert} from '../assert.ts';
import {ShoalError} from '../error.ts';
import type {DirHandle} from '../platform/tree.ts';
import type {Pool} from '../pool/pool.ts';
import type {ActiveTask} from '../scheduler/active-task.ts';
import type {List} from '../snapshot/list.ts';
import {leafLength} from '../snapshot/merkle.ts';
import {type ChangeTable, contentFrom, noRow} from '../task/change-table.ts';
import {copyOctets} from '../task/packed-octets.ts';
import type {FetchRequest} from '../transfer/request.ts';
import {objectKind, refuseCode} from '../wire/frame.ts';
import type {Ahead} from './ahead.ts';
import {CompressedFetch} from './compressed-fetch.ts';
import {Copies} from './copies.ts';
import {type Basis, DeltaFetch, hasDelta} from './delta-fetch.ts';
import {Intake} from './intake.ts';
import {findLeftovers} from './leftovers.ts';
import {isNamed, isStaged} from './local-content.ts';
import type {ReceivedLeaves} from './origin-record.ts';
import {type PartialMap, writePartialMap} from './partial-map.ts';
import type {ProblemList} from './problem-list.ts';
import type {RecordStore} from './publish-record.ts';
import {clearIn, RequestQueue, RowRequest} from './request-queue.ts';
import {StageWriter} from './stage-writer.ts';
import type {Staging} from './staging.ts';
import type {CompressOptions, UpdateHandler, UpdatePlatform} from './update-types.ts';

export type GatheringOptions = {
	readonly platform: UpdatePlatform;
	readonly pool: Pool;
	/** DEST and its alternates: `ChangeTable.sourceRoot` counts them. */
	readonly roots: readonly DirHandle[];
	readonly staging: Staging;
	readonly list: List;
	readonly table: ChangeTable;
	readonly problems: ProblemList;
	/** Files that may have some of a row's content; none, if none is to be used. */
	readonly basesOf: (row: number) => readonly Basis[];
	readonly sync: boolean;
	/** Keeps leaf hashes that came; undefined: nobody wants them later. */
	readonly received: ReceivedLeaves | undefined;
	/** Undefined: contents are asked for as they are. */
	readonly compress: CompressOptions | undefined;
	readonly handler: UpdateHandler;
	/** The pull: staging and the search of older versions become parts of it. */
	readonly task: ActiveTask;
};

const rowState = {waiting: 0, staged: 1, failed: 2} as const;

/** Wrong leaves of one file after which it is given up, and of all after which the source is. */
const badOfRowMax = 4;
const badMax = 64;

export class Gathering {
	/** Octets of content that came from the source, and that were here. */
	bytesLiteral = 0;
	bytesMatched = 0;
	/** Octets of content that the source has to send in all, as far as is known by now. */
	bytesToCome = 0;
	/** Files that the source could not give. */
	refusedCount = 0;
	/** Why no more can be done: of the world, or a bug. */
	failure: Error | undefined;
	readonly #options: GatheringOptions;
	readonly #state: Uint8Array;
	/** What has arrived is written even after an abort: the next run goes on from there. */
	readonly #stageTask: ActiveTask;
	#matchTask: ActiveTask | undefined;
	readonly #writer: StageWriter;
	readonly #intake: Intake;
	#queue: RequestQueue | undefined;
	#deltas: DeltaFetch | undefined;
	readonly #compressed: CompressedFetch | undefined;
	/** Octets told as settled before they are: what settles next was told. */
	#toldAhead = 0;
	/** Rows that are neither staged nor given up. */
	#waiting = 0;
	/** First rows of twins, and their twins. */
	readonly #twins = new Map<number, number[]>();
	readonly #copies: Copies;
	readonly #badOf = new Map<number, number>();
	#bad = 0;
	#received = 0;
	#settledOctets = 0;
	#untold = 0;
	#isWaking = false;
	#isStopped = false;

	constructor(options: GatheringOptions) {
		this.#options = options;
		const {pool, platform, table, staging, sync, task} = options;
		this.#state = new Uint8Array(table.count);
		this.#stageTask = task.open({kind: 'stage', finishes: true, progress: () => this.#progress});
		this.#writer = new StageWriter({
			pool,
			clock: platform.clock,
			copy: platform.copy,
			table,
			staging: staging.handles,
			creation: staging.creation,
			sync,
			order: this.#stageTask.order,
			onUnset: (row, code, message) => options.problems.add(code, table.path(row), message),
			onWritten: octets => this.#settleOctets(octets),
			onFailed: error => this.#fail(error),
			onIdle: () => this.#wake(),
		});
		this.#copies = new Copies({
			...options,
			onCopied: row => {
				this.bytesMatched += table.columns.size[row]!;
				this.#finish(row);
			},
			onGone: row => {
				table.columns.content[row] = contentFrom.source;
				this.#addWanted(row);
			},
			onFailed: error => this.#failUnlessAborted(error),
			onEnded: () => this.#wake(),
		});
		this.#compressed = options.compress && this.#makeCompressed(options.compress);
		this.#intake = new Intake({
			table,
			writer: this.#writer,
			clock: platform.clock,
			sha256: platform.crypto.sha256,
			onStaged: row => this.#staged(row),
			onWanted: (...wanted) => this.#ask(...wanted),
			onLeaves: (row, leaves) => {
				const digest = copyOctets(table.digest(row));
				options.received?.keep(digest, table.columns.size[row]!, leaves);
			},
			onBad: (...bad) => this.#countBad(...bad),
			onResumed: (row, octets, missing) => this.#resume(row, octets, missing),
			onDropped: octets => this.#settleOctets(octets),
		});
	}

	/** Octets handed over and neither written nor dropped. */
	get backlog(): number {
		return this.#received - this.#settledOctets;
	}

	/** All that will come is staged and proven. */
	get settled(): boolean {
		if (this.#waiting > 0 || !this.#writer.isIdle || !this.#copies.isIdle) return false;
		return this.#deltas?.isIdle !== false;
	}

	/** Older versions of files are being searched. */
	get isSearching(): boolean {
		return this.#deltas?.isIdle === false;
	}

	get bytesCompressed(): number {
		return this.#compressed?.octetsIn ?? 0;
	}

	get bytesExpanded(): number {
		return this.#compressed?.octetsOut ?? 0;
	}

	get #progress(): {done: number} {
		return {done: this.#settledOctets};
	}

	isStaged(row: number): boolean {
		return this.#state[row] === rowState.staged;
	}

	/**
	 * Looks at what is in staging, starts copies, and knows then what to ask for. What was asked for
	 * ahead and is wanted is not asked for again.
	 */
	async begin(map: PartialMap, ahead?: Ahead): Promise<void> {
		const {pool, platform, table, staging, list, task, basesOf} = this.#options;
		const {content, size, twin} = table.columns;
		const rows: number[] = [];
		for (let row = 0; row < table.count; row++) {
			if (isStaged(table, row) && !isNamed(content[row]!)) rows.push(row);
		}
		this.#waiting = rows.length;
		const {sha256} = platform.crypto;
		const left = await task.run({kind: 'resume'}, ({order}) =>
			findLeftovers({pool, sha256, table, staging, rows, map, order}),
		);
		const wanted: number[] = [];
		const changed: number[] = [];
		for (const row of rows) {
			const from = content[row];
			if (left.whole.has(row)) {
				this.bytesMatched += size[row]!;
				this.#finish(row);
			} else if (size[row] === 0) this.#finish(row);
			else if (from === contentFrom.copy) this.#copies.add(row);
			else if (from === contentFrom.twin) this.#addTwin(row, twin[row]!);
			else if (!left.partial.has(row) && hasDelta(size[row]!, basesOf(row))) changed.push(row);
			else wanted.push(row);
		}
		const asked = [...changed, ...wanted];
		this.bytesToCome = asked.reduce((sum, row) => sum + size[row]!, 0);
		// What was to be made here and cannot be comes whole, whatever an earlier run left of it.
		const resumed = new Set<number>();
		for (const [row, hashes] of left.partial) {
			if (content[row] !== contentFrom.source) continue;
			this.#intake.resume(row, hashes);
			resumed.add(row);
		}
		const isClear = clearIn(list, table);
		const unasked = ahead?.handOver(table, wanted, resumed) ?? {rows: wanted};
		this.#queue = new RequestQueue({table, isClear, resumed, ...unasked});
		const mayResume = [...resumed].some(row => hasDelta(size[row]!, basesOf(row)));
		this.#deltas = this.#makeDeltas(changed, mayResume);
		for (const first of this.#twins.keys()) this.#copyTwins(first);
		this.#copies.start(task.order);
		this.#writer.flush();
	}

	set snapshot(number: number) {
		if (this.#queue !== undefined) this.#queue.snapshot = number;
	}

	nextRequest(): FetchRequest | undefined {
		if (this.failure !== undefined || this.#isStopped) return undefined;
		for (;;) {
			const request = this.#compressed?.next() ?? this.#nextOf();
			if (request === undefined) return undefined;
			if (this.#isNeeded(request)) return this.#compressed?.instead(request) ?? request;
			this.#compressed?.forget(request);
		}
	}

	block(request: FetchRequest, object: number, offset: number, data: Uint8Array): void {
		assert(request instanceof RowRequest, 'a request of this update');
		this.#received += data.length;
		const row = request.rows[object];
		if (row === undefined || row === noRow || this.#isStopped || this.failure !== undefined) {
			this.#settleOctets(data.length);
		} else if (request.kind === objectKind.leaves) {
			this.#intake.leaves(row, offset, data);
		} else if (request.kind === objectKind.sums) {
			this.#deltas?.block(row, offset, data);
			this.#settleOctets(data.length);
		} else if (this.#compressed?.block(request, object, offset, data)) {
			return;
		} else {
			this.bytesLiteral += data.length;
			this.#intake.content(row, offset, data);
		}
	}

	refused(request: FetchRequest, object: number, code: number): void {
		assert(request instanceof RowRequest, 'a request of this update');
		if (this.#compressed?.refused(request, object, code)) return;
		const row = request.rows[object];
		if (row === undefined || row === noRow || this.#state[row] !== rowState.waiting) return;
		if (request.kind === objectKind.sums) {
			this.#deltas?.refused(row);
			return;
		}
		const {table, problems} = this.#options;
		const path = table.path(row);
		this.refusedCount++;
		if (code === refuseCode.stale) {
			problems.addSource('SOURCE_STALE', path, 'changed at the source since its snapshot');
		} else if (code === refuseCode.unreadable) {
			problems.addSource('FILE_UNREADABLE', path, 'the source cannot read it');
		} else {
			problems.addSource('SOURCE_UNAVAILABLE', path, 'the source does not have it');
		}
		this.#giveUp(row);
	}

	/** Every octet has come or was refused. */
	done(request: FetchRequest): void {
		assert(request instanceof RowRequest, 'a request of this update');
		if (request.kind === objectKind.sums) this.#deltas?.done(request.rows[0]!);
		this.#compressed?.done(request);
	}

	/** Content is copied after all that should have moved: nothing leaves its place in this run. */
	async copyNow(rows: readonly number[]): Promise<void> {
		this.#waiting += rows.length;
		this.#copies.add(...rows);
		this.#copies.start(this.#stageTask.order);
		await this.#copies.settle();
		await this.#writer.drain();
	}

	/** Writes what is in memory, and notes which leaves need not come again. */
	async stop(store: RecordStore | undefined): Promise<void> {
		this.#isStopped = true;
		this.#intake.flush();
		this.#intake.stop();
		await this.#writer.drain();
		await this.#copies.settle();
		await this.#deltas?.settle();
		for (const task of [this.#stageTask, this.#matchTask]) if (task?.isOpen) task.done();
		if (store === undefined || this.failure !== undefined) return;
		const {table} = this.#options;
		// Copies may have been made that nobody was told of any more.
		const files = [...this.#intake.partial()].filter(({row}) => !this.#deltas?.begun.has(row));
		const known = files.map(({row, verified}) => ({digest: table.digest(row), verified}));
		writePartialMap(store, known);
	}

	/** What goes out of turn, then a file that has an older version, then all others. */
	#nextOf(): RowRequest | undefined {
		if (this.#compressed?.isFull) return undefined;
		const again = this.#queue?.nextAgain();
		if (again !== undefined) return again;
		if (this.#deltas?.startNext()) return this.#queue?.nextAgain() ?? this.#queue?.next();
		return this.#queue?.next();
	}

	#makeCompressed(compress: CompressOptions): CompressedFetch {
		const {table} = this.#options;
		return new CompressedFetch({
			...compress,
			table,
			onLeaf: (row, index, form, octets) => {
				this.bytesLiteral += leafLength(table.columns.size[row]!, index);
				this.#intake.compressed(row, index, form, octets);
			},
			onPatch: (row, part, octets, size) => {
				this.bytesLiteral += size;
				this.#intake.patched(row, part, octets);
			},
			ask: (...wanted) => this.#ask(...wanted),
			onDropped: octets => this.#settleOctets(octets),
			onHeld: octets => {
				this.#settleOctets(octets);
				this.#toldAhead += octets;
			},
		});
	}

	#makeDeltas(rows: readonly number[], mayResume: boolean): DeltaFetch {
		const {pool, staging, table, basesOf, task} = this.#options;
		if (rows.length > 0 || mayResume) this.#matchTask = task.open({kind: 'match'});
		return new DeltaFetch({
			order: this.#matchTask?.order ?? {},
			pool,
			staging: staging.handles,
			table,
			rows,
			bases: rows.map(basesOf),
			onWanted: (...wanted) => this.#ask(...wanted),
			onCopied: (row, from, to, hashes) => {
				if (this.#isStopped) return;
				this.#found(to - from);
				this.#intake.copied(row, from, to, hashes);
			},
			onFailed: error => this.#failUnlessAborted(error),
			onEnded: () => this.#wake(),
			onLacked: (...lacked) => this.#compressed?.wantPatch(...lacked) === true,
		});
	}

	#ask(...wanted: Parameters<RequestQueue['again']>): void {
		if (this.#isStopped) return;
		this.#queue?.again(...wanted);
		this.#wake();
	}

	/** Whether any row of it is still waiting; what is asked for again may have come meanwhile. */
	#isNeeded({rows}: RowRequest): boolean {
		return rows.some(row => row !== noRow && this.#state[row] === rowState.waiting);
	}

	#finish(row: number): void {
		this.#intake.close(row);
		this.#writer.finish(row, () => this.#staged(row));
	}

	#staged(row: number): void {
		if (this.#state[row] !== rowState.waiting) return;
		this.#state[row] = rowState.staged;
		this.#waiting--;
		this.#copyTwins(row);
		this.#copies.start(this.#options.task.order);
		this.#wake();
	}

	#giveUp(row: number): void {
		if (this.#state[row] !== rowState.waiting) return;
		this.#state[row] = rowState.failed;
		this.#waiting--;
		this.#deltas?.forget(row);
		this.#intake.close(row);
		// Its twins may be fetched in their own right: they are other files at the source.
		for (const twin of this.#twins.get(row) ?? []) this.#addWanted(twin);
		this.#twins.delete(row);
		this.#wake();
	}

	/** What is missing of a file that was begun by an earlier run may be in an older version. */
	#resume(row: number, octets: number, missing: Float64Array): void {
		this.#found(octets);
		if (missing.length === 0) return;
		const {table, basesOf} = this.#options;
		const bases = basesOf(row);
		if (hasDelta(table.columns.size[row]!, bases)) {
			this.#deltas?.resume(row, {missing, bases});
		} else {
			for (let at = 0; at < missing.length; at += 2) {
				this.#ask(row, 'content', missing[at]!, missing[at + 1]! - missing[at]!);
			}
		}
		this.#wake();
	}

	/** Content that was to be made here, and has to travel after all. */
	#addWanted(row: number): void {
		this.bytesToCome += this.#options.table.columns.size[row]!;
		this.#queue?.add(row);
	}

	/** Octets that were to be fetched are here already. */
	#found(octets: number): void {
		this.bytesMatched += octets;
		this.bytesToCome -= octets;
	}

	#addTwin(row: number, first: number): void {
		const known = this.#twins.get(first);
		if (known === undefined) this.#twins.set(first, [row]);
		else known.push(row);
	}

	#copyTwins(first: number): void {
		const twins = this.#twins.get(first);
		if (twins === undefined || this.#state[first] !== rowState.staged) return;
		this.#twins.delete(first);
		this.#copies.add(...twins);
	}

	#countBad(
		row: number,
		kind: 'content' | 'leaves',
		offset: number,
		size: number,
		isCompressed: boolean,
	): void {
		const {table, problems, handler} = this.#options;
		const {page, position} = table.columns;
		const place = [objectKind[kind], page[row]!, position[row]!, offset, size] as const;
		if (handler.lied?.(...place, isCompressed) === true) return;
		// One wrong size puts all of its group out of place: that counts once, and plain octets next.
		const isFollower = isCompressed && this.#compressed?.giveUp(row) === false;
		const bad = (this.#badOf.get(row) ?? 0) + (isFollower ? 0 : 1);
		this.#badOf.set(row, bad);
		this.#bad++;
		if (this.#bad >= badMax) {
			const detail = `${this.#bad} pieces of content were not what the snapshot says`;
			this.#fail(new ShoalError('CONTENT_INVALID', detail));
		} else if (bad >= badOfRowMax && this.#state[row] === rowState.waiting) {
			const path = table.path(row);
			problems.addSource('CONTENT_INVALID', path, 'its content is not what the snapshot says');
			this.#giveUp(row);
		}
	}

	#failUnlessAborted(error: unknown): void {
		if (!this.#options.task.signal.aborted) this.#fail(error);
	}

	#fail(error: unknown): void {
		if (this.failure !== undefined || this.#isStopped) return;
		this.failure = error instanceof Error ? error : new Error(String(error));
		this.#options.handler.failed(this.failure);
	}

	#settleOctets(settled: number): void {
		const told = Math.min(settled, this.#toldAhead);
		this.#toldAhead -= told;
		const octets = settled - told;
		this.#settledOctets += octets;
		this.#untold += octets;
		this.#wake();
	}

	/** Tells the engine after this turn: it may be in the middle of a call of its own. */
	#wake(): void {
		if (this.#isWaking) return;
		this.#isWaking = true;
		queueMicrotask(() => {
			this.#isWaking = false;
			const octets = this.#untold;
			this.#untold = 0;
			if (octets > 0) this.#options.handler.taken(octets);
			this.#options.handler.wake();
		});
	}
}
