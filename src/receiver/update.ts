/**
 * One pull's work on DEST, from the lock to the publish record: plan, stage, verify, publish. It
 * says what to fetch and takes what came; it knows nothing of sessions, and nothing in DEST
 * outside the staging directory changes before `publish`.
 *
 * Order of calls: open, plan, begin, then nextRequest / block / refused / done until `settled`,
 * publish, close. `abort` may take the place of everything after `open`.
 */
import {assert} from '../assert.ts';
import type {ShoalError} from '../error.ts';
import type {DirHandle} from '../platform/tree.ts';
import type {ActiveTask} from '../scheduler/active-task.ts';
import type {List} from '../snapshot/list.ts';
import {equalOctets} from '../snapshot/path.ts';
import {stateDirName} from '../store/state-dir.ts';
import {type ChangeTable, changeKind, existing, modeUnmasked} from '../task/change-table.ts';
import type {FetchRequest} from '../transfer/request.ts';
import type {Ahead} from './ahead.ts';
import {Alternates} from './alternates.ts';
import {AsTrees} from './as-trees.ts';
import type {Basis} from './delta-fetch.ts';
import {Gathering} from './gathering.ts';
import {InPlace} from './in-place.ts';
import {keepOrigin, keepReceived, type Origin, ReceivedLeaves} from './origin-record.ts';
import {OwnerMap} from './owner-map.ts';
import {takePartialMap} from './partial-map.ts';
import {countPlan, eachChange, refuseDeletion} from './plan-summary.ts';
import {makePlan, type Planned} from './planner.ts';
import {ProblemList} from './problem-list.ts';
import {publishPlan} from './publish-plan.ts';
import {type PublishRecord, recordKey} from './publish-record.ts';
import {selectsAll} from './selection.ts';
import {type Staging, stageName} from './staging.ts';
import type {
	FetchedSoFar,
	OpenOptions,
	Plan,
	PlanOptions,
	PublishResult,
	RecordedList,
} from './update-types.ts';
import type {Way} from './way.ts';

export {changeDetail} from './compare.ts';
export type {Origin} from './origin-record.ts';
export type {ProblemSummary, UpdateProblem} from './problem-list.ts';
export type * from './update-types.ts';

export class Update {
	readonly #options: OpenOptions;
	readonly #way: Way;
	readonly #problems = new ProblemList();
	#planned: Planned | undefined;
	#alternates: Alternates | undefined;
	#refusal: ShoalError | undefined;
	#staging: Staging | undefined;
	#gathering: Gathering | undefined;
	#snapshot = 0;
	#received: ReceivedLeaves | undefined;

	private constructor(options: OpenOptions, way: Way) {
		this.#options = options;
		this.#way = way;
	}

	/**
	 * Locks DEST, and brings what was cut off to its end.
	 * @throws ShoalError STORE_LOCKED, DESTINATION_INVALID, DESTINATION_DENIED
	 */
	static async open(options: OpenOptions): Promise<Update> {
		const {trees} = options;
		const way = trees === undefined ? InPlace.open(options) : AsTrees.open(options, trees);
		return new Update(options, await way);
	}

	/** True: the last pull of this image with these options was complete and had this root. */
	matches(root: Uint8Array, options: PlanOptions): boolean {
		if (options.check || options.checksum || options.ignoreTimes) return false;
		// What other directories have is not known to a record.
		if (options.alternates !== undefined) return false;
		const {head} = this.#way;
		if (head === undefined || !head.complete || !equalOctets(head.root, root)) return false;
		return equalOctets(head.key, this.#key(options));
	}

	/** Sequence of the head that the publish record is of, 0 if there is none: costs nothing more. */
	get recordedSequence(): number {
		return this.#way.head?.sequence ?? 0;
	}

	/** Nothing is in DEST, nor staged for it: whatever the image has will have to come. */
	get isEmpty(): boolean {
		const {tree} = this.#options.platform;
		const {root, home} = this.#way;
		if (home !== undefined && tree.stat(home.handle, stageName) !== undefined) return false;
		if (root === undefined) return true;
		const names = tree.list(root);
		return names.every(name => equalOctets(name, stateDirName));
	}

	/** What a diff or a page fetch may start from: read, and validated, when first asked for. */
	get recorded(): RecordedList | undefined {
		const list = this.#way.record?.list;
		return list && {list, sequence: this.recordedSequence};
	}

	/** Number of the snapshot in the session that requests are made for; 0 at first. */
	set snapshot(number: number) {
		this.#snapshot = number;
		if (this.#gathering !== undefined) this.#gathering.snapshot = number;
	}

	/** @throws ShoalError PATH_MISSING when the snapshot has nothing at the image's path */
	async plan(list: List, options: PlanOptions): Promise<Plan> {
		assert(this.#planned === undefined, 'one plan per update');
		return this.#options.task.run({kind: 'plan'}, task => this.#plan(list, options, task));
	}

	/**
	 * Makes the staging directory and looks at what an earlier run left there. Octets of what was
	 * asked for `ahead` may be handed in from then on.
	 * @throws ShoalError the plan's refusal, DESTINATION_DENIED, DESTINATION_FULL
	 */
	async begin(ahead?: Ahead): Promise<void> {
		const planned = this.#planned;
		assert(planned !== undefined && !this.#options.dryRun, 'a plan to carry out');
		if (this.#refusal !== undefined) throw this.#refusal;
		const {platform, pool, handler, fsync, task} = this.#options;
		const {table} = planned;
		this.#staging = this.#way.stage(planned, hasSteps(table));
		if (this.#staging === undefined) return;
		applyUmask(table, this.#staging.creation.umask);
		this.#gathering = new Gathering({
			platform,
			pool,
			// Where DEST is not there yet, nothing is copied from it.
			roots: [this.#way.root ?? this.#staging.handles[0]!, ...(planned.alternates?.roots ?? [])],
			staging: this.#staging,
			list: planned.image.list,
			table,
			problems: this.#problems,
			basesOf: row => basesOf(planned, this.#way.root, row),
			sync: fsync,
			received: this.#openReceived(planned),
			compress: this.#options.compress,
			handler,
			task,
		});
		await this.#gathering.begin(takePartialMap(this.#way.home!), ahead);
		this.#gathering.snapshot = this.#snapshot;
	}

	/** What to fetch next, in path order over all files; undefined: nothing now. */
	nextRequest(): FetchRequest | undefined {
		return this.#gathering?.nextRequest();
	}

	/** `data` is borrowed. Repeated octets are dropped. */
	block(request: FetchRequest, object: number, offset: number, data: Uint8Array): void {
		this.#gathering?.block(request, object, offset, data);
	}

	/** The object will not come: a `refuseCode`. What DEST has in its place stays. */
	refused(request: FetchRequest, object: number, code: number): void {
		this.#gathering?.refused(request, object, code);
	}

	/** Every octet of it has come or was refused. */
	done(request: FetchRequest): void {
		this.#gathering?.done(request);
	}

	/** Octets taken from the network and not yet written. */
	get backlog(): number {
		return this.#gathering?.backlog ?? 0;
	}

	/** How far the fetching is. */
	get fetched(): FetchedSoFar {
		const gathering = this.#gathering;
		return {
			bytesLiteral: gathering?.bytesLiteral ?? 0,
			bytesToCome: gathering?.bytesToCome ?? 0,
			bytesCompressed: gathering?.bytesCompressed ?? 0,
			bytesExpanded: gathering?.bytesExpanded ?? 0,
			isSearching: gathering?.isSearching ?? false,
		};
	}

	/** Files that the source could not give: they changed there, or are gone. */
	get refusedCount(): number {
		return this.#gathering?.refusedCount ?? 0;
	}

	/** Everything that will come has come and is staged and verified: publish may follow. */
	get settled(): boolean {
		return this.#gathering?.settled ?? true;
	}

	/** `sequence`: of the head of the list. @throws ShoalError what staging failed with */
	async publish(sequence: number): Promise<PublishResult> {
		const options = {kind: 'publish', unit: 'entries', finishes: true};
		return this.#options.task.run(options, task => this.#publish(sequence, task));
	}

	/**
	 * Keeps whose image DEST is now, for a relay: to be called when it has been published, or was
	 * found to be as it should.
	 */
	keepOrigin(origin: Origin, sequence: number, options: PlanOptions): void {
		const {state} = this.#way;
		if (state === undefined || this.#options.dryRun) return;
		const isWhole = this.#isWholeModule(options);
		const list = this.#planned?.image.list;
		if (isWhole && list !== undefined) {
			this.#received?.forgetAbsent(list);
			keepReceived(state, list, this.#way.record?.list, sequence);
		}
		// Last: a relay offers the snapshot from here on, with the diffs that it finds.
		keepOrigin(state, {...origin, isWhole});
	}

	/** What DEST is now, nobody signed. */
	forgetOrigin(): void {
		if (!this.#options.dryRun) this.#way.state?.removeRecord('origin');
	}

	/** Stops; what is staged stays for the next run. */
	async abort(): Promise<void> {
		await this.#gathering?.stop(this.#way.home);
	}

	async close(): Promise<void> {
		await this.#gathering?.stop(undefined);
		try {
			this.#received?.close();
		} finally {
			// Also where the disk is full: a lock that stays would shut out the next pull.
			this.#received = undefined;
			this.#staging?.close();
			this.#staging = undefined;
			this.#alternates?.close();
			this.#alternates = undefined;
			this.#way.close();
		}
	}

	async #plan(list: List, options: PlanOptions, task: ActiveTask): Promise<Plan> {
		const {pool, platform} = this.#options;
		const way = this.#way;
		const kind = options.alternates?.kind ?? 'copy';
		assert(
			!way.sharesInodes || kind === 'copy',
			'a tree has all of its image, in inodes of its own',
		);
		const image = way.imageOf(list);
		const {record} = way;
		const names = platform.readOwners();
		const alternates =
			options.alternates && Alternates.open(platform.tree, options.alternates, this.#problems);
		this.#alternates = alternates;
		const planned = await makePlan({
			pool,
			root: way.root,
			destination: way.path,
			image,
			options,
			owners: new OwnerMap({
				owner: options.owner,
				group: options.group,
				numericIds: options.numericIds,
				isRoot: platform.process.isRoot,
				user: name => names.uid(name),
				groupByName: name => names.gid(name),
			}),
			problems: this.#problems,
			record,
			recordHolds: record !== undefined && this.#holds(record, options),
			sharesInodes: way.sharesInodes,
			alternates,
			task,
		});
		this.#planned = planned;
		const counts = countPlan(planned);
		this.#refusal = refuseDeletion(planned, counts.deleted);
		this.#refusal ??= way.refuseSize(planned, counts.bytesToFetch);
		return {
			root: list.root,
			counts,
			bytesFree: way.freeSpace(),
			examined: planned.oldOf === undefined,
			refusal: this.#refusal,
			problems: this.#problems.summary(),
			forEachChange: eachChange(planned),
		};
	}

	async #publish(sequence: number, task: ActiveTask): Promise<PublishResult> {
		const planned = this.#planned;
		assert(planned !== undefined && this.settled, 'everything is staged');
		if (this.#gathering?.failure !== undefined) throw this.#gathering.failure;
		const {pool} = this.#options;
		// A relay offers what the record names as soon as it is there, and looks for leaves then.
		this.#received?.flush();
		const result = await publishPlan({
			pool,
			way: this.#way,
			planned,
			problems: this.#problems,
			staging: this.#staging,
			gathering: this.#gathering,
			key: this.#key(planned.options),
			sequence,
			task,
		});
		await this.#gathering?.stop(undefined);
		return result;
	}

	#isWholeModule(options: PlanOptions): boolean {
		return this.#options.image.subPath.length === 0 && selectsAll(options);
	}

	#openReceived({options}: Planned): ReceivedLeaves | undefined {
		const {state} = this.#way;
		if (state !== undefined && this.#isWholeModule(options)) {
			this.#received = new ReceivedLeaves(state);
		}
		return this.#received;
	}

	/** `record` is of what the last pull of this image left, and that was complete. */
	#holds({list, subPath}: PublishRecord, options: PlanOptions): boolean {
		const {head} = this.#way;
		// What a tree has beyond its list is not known to its record, and would be left behind.
		if (this.#way.sharesInodes && !(options.delete && selectsAll(options))) return false;
		if (head?.complete !== true || !equalOctets(head.key, this.#key(options))) return false;
		const isOfImage = equalOctets(subPath, this.#options.image.subPath);
		return isOfImage && equalOctets(head.root, list.root);
	}

	#key(options: PlanOptions): Uint8Array {
		const {platform, image} = this.#options;
		return recordKey(platform.crypto.sha256, image, options);
	}
}

function hasSteps({columns, count}: ChangeTable): boolean {
	for (let row = 0; row < count; row++) if (columns.kind[row] !== changeKind.none) return true;
	return false;
}

/** New entries whose mode is not preserved get what any new file gets. */
function applyUmask({columns, count}: ChangeTable, umask: number): void {
	const {mode} = columns;
	for (let row = 0; row < count; row++) {
		const isOpen = mode[row]! < 0xffff && (mode[row]! & modeUnmasked) !== 0;
		if (isOpen) mode[row] = mode[row]! & 0o777 & ~umask;
	}
}

/** Where a row's content may be in part: its older version, one beside DEST, one that is alike. */
function basesOf(
	{builder, present, options, table, alternates, similarTo}: Planned,
	root: DirHandle | undefined,
	row: number,
): readonly Basis[] {
	if (options.wholeFile) return [];
	const at = builder.presentOfRow[row]!;
	const path = table.path(row);
	if (root !== undefined && at >= 0 && table.columns.existing[row] === existing.file) {
		return [{root, path, size: present.stat.size[at]!}];
	}
	const alternate = builder.alternateOf.get(row);
	if (alternate === undefined) return similarTo.get(row) ?? [];
	const {directory, index} = alternate;
	const size = alternates!.presents[directory]!.stat.size[index]!;
	return [{root: alternates!.roots[directory]!, path, size}];
}
