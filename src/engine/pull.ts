/**
 * One pull: ask, compare, plan, fetch, publish. The order of its steps is that of `execute`; what
 * each step does is in the rooms below. It answers with a result whatever the world does; only a
 * bug throws.
 */
import platform from '#platform';
import {errorTable, ShoalError} from '../error.ts';
import {escapePath} from '../escape.ts';
import {toHex} from '../hex.ts';
import {leafSize} from '../limit.ts';
import type {Pool} from '../pool/pool.ts';
import {Ahead} from '../receiver/ahead.ts';
import {selectsAll} from '../receiver/selection.ts';
import {
	type Plan,
	type PlanOptions,
	type ProblemSummary,
	type PublishResult,
	Update,
} from '../receiver/update.ts';
import type {ActiveTask, TaskOptions} from '../scheduler/active-task.ts';
import type {EntryType} from '../snapshot/entry.ts';
import {describeChange, describeTypes} from './describe-change.ts';
import type {Event, LeftOut, PullResult} from './event.ts';
import {FetchAhead} from './fetch-ahead.ts';
import {type FetchEvents, fetchContents} from './fetch-contents.ts';
import {openLocal} from './local.ts';
import {makePool} from './make-pool.ts';
import type {PullOptions} from './options.ts';
import {Problems} from './problems.ts';
import {type ReachOptions, reach} from './reach.ts';
import {reachSeveral, trustAlike} from './reach-several.ts';
import {openRun} from './run-task.ts';
import type {Several} from './several.ts';
import type {Supply, SupplyStatistics} from './supply.ts';
import type {Ticker} from './ticker.ts';
import {TransferProgress} from './transfer-progress.ts';
import type {Trust} from './trust.ts';

/**
 * Makes a directory (or one file) the image of a source. Paths that could not be done are problems
 * in the result; what keeps all of it from being done is thrown, and what has arrived is kept.
 * @throws ShoalError every code but those of `serve` and `takeSnapshot`
 */
export async function pull(options: PullOptions): Promise<PullResult> {
	const run = new PullRun(options);
	try {
		await run.execute();
	} catch (error) {
		await run.fail(error);
	} finally {
		await run.close();
	}
	return run.result();
}

/** All that will come has come; to be published. */
type Gathered = {readonly supply: Supply; readonly update: Update};

/** What a snapshot cost that was left for a newer one. */
type Spent = SupplyStatistics &
	Pick<Update['fetched'], 'bytesLiteral' | 'bytesCompressed' | 'bytesExpanded'>;

class PullRun {
	readonly #options: PullOptions;
	readonly #task: ActiveTask;
	readonly #pool: Pool;
	readonly #startedAt = platform.clock.now();
	readonly #problems: Problems;
	readonly #ticker: Ticker;
	#exit = 0;
	#failure: unknown;
	#supply: Supply | undefined;
	#several: Several | undefined;
	#update: Update | undefined;
	#plan: Plan | undefined;
	#published: PublishResult | undefined;
	#unchanged = false;
	/** What the sessions for snapshots cost that were left for a newer one. */
	readonly #earlier: Spent[] = [];
	#link: Pick<PullResult, 'link' | 'linkReason'> = {};
	#leftOut: readonly LeftOut[] = [];
	/** When the first datagram left and the last one was needed. */
	#dialledAt = 0;
	#networkDoneAt = 0;
	/** What supply and update tell on their own: heard while contents are fetched. */
	readonly #events: FetchEvents = {wake: () => undefined, failed: () => undefined};

	constructor(options: PullOptions) {
		this.#options = options;
		const {destination: owner} = options;
		const {scheduler, task, ticker} = openRun(options, platform.clock, {kind: 'pull', owner});
		this.#task = task;
		this.#ticker = ticker;
		this.#pool = makePool(platform, scheduler, options.threads);
		this.#problems = new Problems(options.on);
	}

	async execute(): Promise<void> {
		let going = await this.#gather();
		for (; going === 'outlived'; going = await this.#gather()) await this.#startAgain();
		if (going === 'done') return;
		const {supply, update} = going;
		await supply.close();
		this.#published = await update.publish(supply.head.sequence);
		if (this.#published.published) this.#keepOrigin(supply, update);
		this.#takeProblems(this.#published);
	}

	/** All contents of the newest snapshot; or there is nothing to do, or a newer one meanwhile. */
	async #gather(): Promise<Gathered | 'done' | 'outlived'> {
		try {
			const going = await this.#tryToGather();
			const lacks = going !== 'done' && going.update.refusedCount > 0;
			return lacks && this.#mayStartAgain ? 'outlived' : going;
		} catch (error) {
			const hasEnded = error instanceof ShoalError && error.code === 'SESSION_CLOSED';
			if (hasEnded && this.#mayStartAgain) return 'outlived';
			throw error;
		}
	}

	async #tryToGather(): Promise<Gathered | 'done'> {
		const options = this.#options;
		this.#task.signal.throwIfAborted();
		const {supply, update} = await this.#open();
		if (update.matches(supply.head.root, planOptions(options))) {
			this.#unchanged = true;
			this.#keepOrigin(supply, update);
			this.#networkDoneAt = platform.clock.now();
			return 'done';
		}
		// The first pull of many entries: threads start while the list is fetched and looked at.
		const isFirst = update.recordedSequence === 0;
		if (isFirst && supply.head.entries > warmEntriesMin) this.#pool.warm();
		const ahead = this.#askAhead(supply, update);
		const list = await this.#task.run({kind: 'list'}, task =>
			supply.obtainList(
				update.recorded,
				this.#path,
				(done, total) => task.advance(done, total),
				ahead && (page => ahead.addPage(page)),
			),
		);
		const plan = await update.plan(list, planOptions(options));
		this.#plan = plan;
		this.#tellPlan(plan, supply);
		if (options.dryRun) {
			if (plan.refusal !== undefined) throw plan.refusal;
			this.#takeProblems(plan.problems);
			return 'done';
		}
		await update.begin(ahead?.ahead);
		await this.#fetch(supply, update, ahead);
		this.#networkDoneAt = platform.clock.now();
		return {supply, update};
	}

	get #mayStartAgain(): boolean {
		const isOutlived = this.#supply?.isOutlived === true;
		return isOutlived && this.#task.isOpen && this.#earlier.length < startsAgainMax;
	}

	/** What has come is staged, and found by the next plan by its digests. */
	async #startAgain(): Promise<void> {
		const [supply, update] = [this.#supply!, this.#update];
		const text = 'the source has a newer snapshot meanwhile: going on with that one';
		this.#tell({event: 'remark', text});
		await supply.close();
		await update?.abort();
		await update?.close();
		const {bytesLiteral = 0, bytesCompressed = 0, bytesExpanded = 0} = update?.fetched ?? {};
		this.#earlier.push({...supply.statistics, bytesLiteral, bytesCompressed, bytesExpanded});
		this.#supply = undefined;
		this.#update = undefined;
		this.#plan = undefined;
	}

	/** A failure of the world ends the run: what is staged is kept, and it is told. */
	async fail(reason: unknown): Promise<void> {
		this.#failure = reason;
		const error =
			this.#task.state === 'aborted'
				? new ShoalError('INTERRUPTED', stoppedBy(this.#options.signal))
				: reason;
		if (!(error instanceof ShoalError)) throw error;
		this.#exit = error.exit;
		try {
			await this.#update?.abort();
		} catch (failure) {
			// What was staged stays; only the map that saves reading it again could not be written.
			if (!(failure instanceof ShoalError)) throw failure;
		}
		this.#problems.end(error);
	}

	async close(): Promise<void> {
		await this.#supply?.close();
		await this.#update?.close();
		await this.#pool.close();
		if (!this.#task.isOpen) return;
		if (this.#failure === undefined) this.#task.done();
		else this.#task.fail(this.#failure);
	}

	result(): PullResult {
		const {clock} = platform;
		const counts = this.#plan?.counts;
		const published = this.#published;
		const network = this.#supply?.statistics;
		const inAll = (name: keyof Spent, last = 0): number =>
			this.#earlier.reduce((sum, each) => sum + each[name], last);
		const head = this.#supply?.head;
		const roundTrip = network?.roundTrip ?? 0;
		const waited = Math.max(0, this.#networkDoneAt - this.#dialledAt);
		const {source} = this.#options;
		const isModule = 'directory' in source || source.path.length === 0;
		const isAll = isModule && selectsAll(planOptions(this.#options));
		const isWhole = isAll && (this.#unchanged || published?.complete === true);
		/** A poll is its hello and the answer, however long this process takes over them. */
		const hellos = network?.datagramsOut ?? 0;
		return {
			ok: this.#exit === 0,
			exit: this.#exit,
			snapshot: head === undefined ? '' : toHex(head.root),
			unchanged: this.#unchanged,
			dryRun: this.#options.dryRun,
			entries: counts?.entries ?? (isWhole ? (head?.entries ?? 0) : 0),
			files: counts?.files ?? 0,
			created: counts?.created ?? 0,
			filesChanged: published?.filesChanged ?? counts?.filesChanged ?? 0,
			filesMoved: published?.filesMoved ?? counts?.filesMoved ?? 0,
			deleted: published?.deleted ?? (this.#options.dryRun ? (counts?.deleted ?? 0) : 0),
			bytesTotal: counts?.bytesTotal ?? (isWhole ? (head?.contentBytes ?? 0) : 0),
			// Of a run that was broken off, what has come: it is kept.
			bytesLiteral: inAll(
				'bytesLiteral',
				published?.bytesLiteral ?? this.#update?.fetched.bytesLiteral,
			),
			bytesMatched: published?.bytesMatched ?? 0,
			bytesCompressed: inAll('bytesCompressed', this.#update?.fetched.bytesCompressed),
			bytesExpanded: inAll('bytesExpanded', this.#update?.fetched.bytesExpanded),
			wireBytesIn: inAll('bytesIn', network?.bytesIn),
			wireBytesOut: inAll('bytesOut', network?.bytesOut),
			datagramsIn: inAll('datagramsIn', network?.datagramsIn),
			datagramsOut: inAll('datagramsOut', network?.datagramsOut),
			rangesLost: inAll('rangesLost', network?.rangesLost),
			rangesDuplicate: inAll('rangesDuplicate', network?.rangesDuplicate),
			roundTrips: this.#unchanged ? hellos : roundTripsIn(waited, roundTrip),
			roundTripMs: roundTrip / 1000,
			...this.#link,
			elapsedMs: Math.round((clock.now() - this.#startedAt) / 1000),
			errorCount: this.#problems.count,
			errors: this.#problems.kept,
			leftOut: this.#leftOut,
			...(this.#several && {sources: this.#several.counts}),
			...(counts && {
				entryTypes: describeTypes(counts.entryTypes),
				createdTypes: describeTypes(counts.createdTypes),
				deletedTypes: describeTypes(counts.deletedTypes),
			}),
		};
	}

	/**
	 * DEST first, because it says which snapshot is there; but a source met for the first time
	 * must say who it is before DEST can be asked about it.
	 */
	async #open(): Promise<{supply: Supply; update: Update}> {
		const {source} = this.#options;
		let supply: Supply;
		if ('directory' in source) {
			const {directory} = source;
			supply = await openLocal(this.#pool, this.#task, {...this.#options, directory});
		} else {
			const {moreSources = []} = this.#options;
			const urls = [source, ...moreSources];
			const trusts = trustAlike(platform, this.#options, urls);
			const [trust] = trusts as [Trust];
			if (trust.eldest !== undefined) {
				this.#update = await this.#openUpdate(trust.eldest);
			}
			this.#dialledAt = platform.clock.now();
			const options: ReachOptions = {
				...this.#options,
				task: this.#task,
				sequence: this.#update?.recordedSequence ?? 0,
				linked: (link, reason) => {
					this.#link = {link, linkReason: reason};
					this.#tell({event: 'link', link, reason});
				},
				failed: error => this.#events.failed(error),
				notice: text => this.#tell({event: 'notice', text}),
				remark: text => this.#tell({event: 'remark', text}),
			};
			if (moreSources.length === 0) supply = await reach(platform, source, trust, options);
			else {
				this.#several = await reachSeveral(platform, urls, trusts, options);
				supply = this.#several;
			}
		}
		this.#supply = supply;
		const update = this.#update ?? (await this.#openUpdate(supply.head.identity));
		this.#update = update;
		return {supply, update};
	}

	/** A relay shows DEST under the statement that it was pulled by. */
	#keepOrigin({origin, head}: Supply, update: Update): void {
		if (origin === undefined) update.forgetOrigin();
		else update.keepOrigin(origin, head.sequence, planOptions(this.#options));
	}

	/** Where all that the source has will be made anew, contents need not wait for a plan. */
	#askAhead(supply: Supply, update: Update): FetchAhead | undefined {
		const options = this.#options;
		// What was staged before has come already.
		if (this.#earlier.length > 0) return undefined;
		if (options.dryRun || update.recordedSequence > 0 || !selectsAll(planOptions(options))) {
			return undefined;
		}
		// What a directory beside DEST has need not come; what is compressed has no known size yet.
		if (options.alternates !== undefined || options.compress !== undefined) return undefined;
		if (this.#path.length > 0 || !update.isEmpty) return undefined;
		return new FetchAhead(supply, new Ahead(platform.crypto.sha256));
	}

	async #fetch(supply: Supply, update: Update, ahead: FetchAhead | undefined): Promise<void> {
		const options: TaskOptions = {
			kind: 'fetch',
			progress: () => {
				const {bytesLiteral: done, bytesToCome: total} = update.fetched;
				return {done, total};
			},
			figures: () => ({...supply.figures, backlog: update.backlog}),
		};
		const progress = new TransferProgress(platform, this.#pool.threadCount);
		const figures = () => progress.figures(supply, update.fetched);
		const stopBeat = this.#ticker.beat('transfer', figures);
		await this.#task
			.run(options, ({signal}) =>
				fetchContents({
					supply,
					update,
					signal,
					events: this.#events,
					ahead,
					onProgress: () => this.#ticker.tell('transfer', figures),
				}),
			)
			.finally(stopBeat);
	}

	/** Path within the module; empty: all of it. */
	get #path(): Uint8Array {
		const {source} = this.#options;
		return 'directory' in source ? new Uint8Array(0) : source.path;
	}

	#openUpdate(identity: Uint8Array): Promise<Update> {
		const {source, destination, state, trees, makePath} = this.#options;
		const {dryRun, fsync, compress} = this.#options;
		const isUrl = !('directory' in source);
		return Update.open({
			platform,
			pool: this.#pool,
			destination,
			image: {
				identity,
				module: new TextEncoder().encode(isUrl ? source.module : ''),
				subPath: this.#path,
			},
			makePath,
			dryRun,
			fsync,
			// What is read from a disk of this machine gains nothing.
			compress: isUrl ? compress : undefined,
			...(state === undefined ? {} : {state}),
			...(trees === undefined ? {} : {trees}),
			task: this.#task,
			handler: {
				taken: octets => this.#supply?.taken(octets),
				lied: (...where) => this.#several?.lied(...where),
				wake: () => this.#events.wake(),
				failed: error => this.#events.failed(error),
			},
		});
	}

	#tellPlan(plan: Plan, {head}: Supply): void {
		const {counts, bytesFree} = plan;
		this.#tell({
			event: 'plan',
			plan: {
				module: new TextDecoder().decode(head.module),
				snapshot: toHex(head.root),
				sequence: head.sequence,
				issuedMs: head.issuedMs,
				entries: counts.entries,
				created: counts.created,
				changed: counts.changed + counts.metadata,
				deleted: counts.deleted,
				bytesTotal: counts.bytesTotal,
				bytesToFetch: counts.bytesToFetch,
				bytesFound: counts.bytesLocal,
				bytesFree,
			},
		});
		if (this.#options.on === undefined || this.#options.changes === false) return;
		plan.forEachChange((change, path, type, ...rest) => {
			const told = describeChange(change, path, type as EntryType, ...rest);
			this.#tell({event: 'change', ...told});
		});
	}

	#takeProblems({exit, problems, problemCount, problemCounts}: ProblemSummary): void {
		this.#exit = Math.max(this.#exit, exit);
		this.#leftOut = [...problemCounts].map(([code, count]) => ({code, count}));
		for (const {code, path, message, notice} of problems) {
			const {hint} = errorTable[code];
			const shown = escapePath(path);
			if (notice) this.#tell({event: 'skipped', code, path: shown, message, hint});
			else this.#problems.add(code, message, path);
		}
		this.#problems.count = Math.max(this.#problems.count, problemCount);
	}

	#tell(event: Event): void {
		this.#options.on?.(event);
	}
}

/** In the words of who stopped it, if it has any. */
function stoppedBy(signal: AbortSignal | undefined): string {
	const reason: unknown = signal?.reason;
	return reason instanceof ShoalError ? reason.message : 'stopped';
}

/** A source that changes faster than it is read has to be taken as it comes. */
const startsAgainMax = 3;

/** So many entries are enough work for all threads. */
const warmEntriesMin = 1000;

function roundTripsIn(waited: number, roundTrip: number): number {
	return roundTrip > 0 ? Math.max(1, Math.round(waited / roundTrip)) : 0;
}

function planOptions(options: PullOptions): PlanOptions {
	const {owner, group, permissions, times, numericIds, check, checksum} = options;
	const {ignoreTimes, sizeOnly, wholeFile, strict, deleteMax} = options;
	const isCompressed = options.compress !== undefined && !('directory' in options.source);
	const nowhere = new Uint8Array(0);
	return {
		filters: options.filters ?? [],
		names: options.files,
		recursive: options.recursive ?? false,
		roots: options.filterRoots ?? {source: nowhere, destination: nowhere},
		owner,
		group,
		permissions,
		times,
		numericIds,
		delete: options.delete,
		deleteMax,
		check,
		checksum,
		ignoreTimes,
		sizeOnly,
		wholeFile,
		fuzzy: options.fuzzy ?? (isCompressed ? 1 : 0),
		// Who compresses has a slow path: a large file is worth a look at one that is alike.
		fuzzySizeMin: options.fuzzy === undefined ? leafSize + 1 : 0,
		sparse: options.sparse ?? false,
		alternates: options.alternates,
		strict,
	};
}
