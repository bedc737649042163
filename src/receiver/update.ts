/**
 * One pull's work on DEST, from the lock to the publish record: plan, stage, verify, publish. It
 * says what to fetch and takes what came; it knows nothing of sessions, and nothing in DEST
 * outside the staging directory changes before `publish`.
 *
 * Order of calls: open, plan, begin, then nextRequest / block / refused / done until `settled`,
 * publish, close. `abort` may take the place of everything after `open`.
 */
import {assert} from '../assert.ts';
import {ShoalError} from '../error.ts';
import type {DirHandle, TreeIo} from '../platform/tree.ts';
import type {List} from '../snapshot/list.ts';
import {baseName, equalOctets} from '../snapshot/path.ts';
import {StateDir, stateDirName} from '../store/state-dir.ts';
import {type ChangeTable, changeKind, existing, modeUnmasked} from '../task/change-table.ts';
import type {FetchRequest} from '../transfer/request.ts';
import {type Destination, findDestination, invalid, makeDestination, split} from './destination.ts';
import {Gathering} from './gathering.ts';
import {Image} from './image.ts';
import {readJournal, removeJournal} from './journal.ts';
import {OwnerMap} from './owner-map.ts';
import {takePartialMap} from './partial-map.ts';
import {countPlan, eachChange, refuseDeletion, refuseOctets, refuseSize} from './plan-summary.ts';
import {makePlan, type Planned} from './planner.ts';
import {ProblemList} from './problem-list.ts';
import {publishPlan} from './publish-plan.ts';
import {
	type PublishRecord,
	type RecordHead,
	readHead,
	readRecord,
	recordKey,
	removeHead,
} from './publish-record.ts';
import {runJournal} from './publisher.ts';
import {Staging, stageName} from './staging.ts';
import type {
	FetchedSoFar,
	OpenOptions,
	Plan,
	PlanOptions,
	PublishResult,
	RecordedList,
} from './update-types.ts';

export {changeDetail} from './compare.ts';
export type {UpdateProblem} from './problem-list.ts';
export type * from './update-types.ts';

export class Update {
	readonly #options: OpenOptions;
	readonly #problems = new ProblemList();
	#destination: Destination;
	#root: DirHandle | undefined;
	/** `.shoal` in DEST: lock and journal; and where the publish record is: there, or elsewhere. */
	#home: StateDir | undefined;
	#store: StateDir | undefined;
	#head: RecordHead | undefined;
	#record: PublishRecord | undefined;
	#isRecordRead = false;
	#planned: Planned | undefined;
	#refusal: ShoalError | undefined;
	#staging: Staging | undefined;
	#gathering: Gathering | undefined;
	#snapshot = 0;

	private constructor(options: OpenOptions, destination: Destination) {
		this.#options = options;
		this.#destination = destination;
	}

	/**
	 * Locks DEST and rolls an interrupted publish forward.
	 * @throws ShoalError STORE_LOCKED, DESTINATION_INVALID, DESTINATION_DENIED
	 */
	static async open(options: OpenOptions): Promise<Update> {
		const destination = findDestination(options.platform.tree, options.destination);
		const update = new Update(options, destination);
		try {
			if (destination.root !== undefined) {
				update.#root = destination.root;
				update.#openState(destination.root, destination.path);
				await update.#recover(destination.root);
				update.#head = update.#readHead(destination.root);
			} else if (destination.isOther && options.image.subPath.length === 0) {
				throw invalid(destination.path, 'is not a directory');
			}
		} catch (error) {
			update.#release();
			throw error;
		}
		return update;
	}

	/** True: the last pull of this image with these options was complete and had this root. */
	matches(root: Uint8Array, options: PlanOptions): boolean {
		if (options.check || options.checksum || options.ignoreTimes) return false;
		const head = this.#head;
		if (head === undefined || !head.complete || !equalOctets(head.root, root)) return false;
		return equalOctets(head.key, this.#key(options));
	}

	/** Sequence of the head that the publish record is of, 0 if there is none: costs nothing more. */
	get recordedSequence(): number {
		return this.#head?.sequence ?? 0;
	}

	/** What a diff or a page fetch may start from: read, and validated, when first asked for. */
	get recorded(): RecordedList | undefined {
		const list = this.#readRecord()?.list;
		return list && {list, sequence: this.recordedSequence};
	}

	/** Number of the snapshot in the session that requests are made for; 0 at first. */
	set snapshot(number: number) {
		this.#snapshot = number;
		if (this.#gathering !== undefined) this.#gathering.snapshot = number;
	}

	/** @throws ShoalError SOURCE_INVALID when the snapshot has nothing at the image's path */
	async plan(list: List, options: PlanOptions): Promise<Plan> {
		assert(this.#planned === undefined, 'one plan per update');
		const {pool, platform, signal, onProgress} = this.#options;
		const image = this.#imageOf(list);
		const record = this.#readRecord();
		const names = platform.readOwners();
		const planned = await makePlan({
			pool,
			root: this.#root,
			destination: this.#destination.path,
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
			signal,
			onProgress,
		});
		this.#planned = planned;
		const counts = countPlan(planned);
		const {tree} = platform;
		this.#refusal = refuseDeletion(planned, counts.deleted);
		const bytesFree = this.#freeSpace();
		this.#refusal ??=
			this.#root === undefined
				? refuseOctets(counts.bytesToFetch, bytesFree)
				: refuseSize(tree, this.#root, planned);
		return {
			root: list.root,
			counts,
			bytesFree,
			examined: planned.oldOf === undefined,
			refusal: this.#refusal,
			forEachChange: eachChange(planned),
		};
	}

	/**
	 * Makes the staging directory and looks at what an earlier run left there.
	 * @throws ShoalError the plan's refusal, DESTINATION_DENIED, DESTINATION_FULL
	 */
	async begin(): Promise<void> {
		const planned = this.#planned;
		assert(planned !== undefined && !this.#options.dryRun, 'a plan to carry out');
		if (this.#refusal !== undefined) throw this.#refusal;
		const {platform, pool, handler, fsync, signal} = this.#options;
		const {tree} = platform;
		const {uid} = platform.process;
		const root = this.#root ?? this.#makeRoot(planned.image);
		const {table} = planned;
		if (!hasSteps(table) && !this.#hasStaging(root)) return;
		const {roots} = planned.fileSystems;
		const home = this.#home!;
		this.#staging = inDestination(() => Staging.open({tree, root, roots, uid, store: home}));
		applyUmask(table, this.#staging.creation.umask);
		this.#gathering = new Gathering({
			platform,
			pool,
			root,
			staging: this.#staging,
			list: planned.image.list,
			table,
			problems: this.#problems,
			basisSizeOf: row => basisSize(planned, row),
			sync: fsync,
			handler,
			signal,
		});
		await this.#gathering.begin(takePartialMap(home));
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

	/** Its session is gone: it is asked for again, by the number `snapshot`. */
	repeat(request: FetchRequest): void {
		this.#gathering?.repeat(request);
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
			isSearching: gathering?.isSearching ?? false,
		};
	}

	/** Everything that will come has come and is staged and verified: publish may follow. */
	get settled(): boolean {
		return this.#gathering?.settled ?? true;
	}

	/** `sequence`: of the head of the list. @throws ShoalError what staging failed with */
	async publish(sequence: number): Promise<PublishResult> {
		const planned = this.#planned;
		const [home, store] = [this.#home, this.#store];
		assert(planned !== undefined && this.settled, 'everything is staged');
		assert(home !== undefined && store !== undefined && this.#root !== undefined, 'begun');
		if (this.#gathering?.failure !== undefined) throw this.#gathering.failure;
		const {pool, platform, fsync, onProgress} = this.#options;
		const result = await publishPlan({
			pool,
			root: this.#root,
			planned,
			problems: this.#problems,
			staging: this.#staging,
			gathering: this.#gathering,
			home,
			store,
			known: this.#readRecord(),
			key: this.#key(planned.options),
			sequence,
			sync: fsync,
			isRoot: platform.process.isRoot,
			onProgress: (done, total) => onProgress?.('publish', done, total),
		});
		await this.#gathering?.stop(undefined);
		return result;
	}

	/** Stops; what is staged stays for the next run. */
	async abort(): Promise<void> {
		await this.#gathering?.stop(this.#home);
	}

	async close(): Promise<void> {
		await this.#gathering?.stop(undefined);
		this.#release();
	}

	#openState(root: DirHandle, rootPath: string): void {
		const {platform, state, dryRun} = this.#options;
		const {tree, process, crypto} = platform;
		const statePlatform = {tree, process, sha256: crypto.sha256};
		const options = {root, rootPath, create: !dryRun};
		this.#home = inDestination(() => StateDir.open(statePlatform, options));
		if (!dryRun) this.#home?.lock();
		this.#store =
			state === undefined ? this.#home : StateDir.open(statePlatform, {...options, state});
		if (!dryRun && this.#store !== this.#home) this.#store?.lock();
	}

	/** A publish that was cut off has been decided: it is brought to its end. */
	async #recover(root: DirHandle): Promise<void> {
		const {platform, pool, dryRun} = this.#options;
		const home = this.#home;
		if (home === undefined || dryRun) return;
		const journal = readJournal(home);
		if (journal === undefined) return;
		const {tree} = platform;
		const {uid, isRoot} = platform.process;
		const staging = Staging.open({tree, root, roots: journal.roots, uid, store: home});
		try {
			removeHead(home);
			if (this.#store !== undefined) removeHead(this.#store);
			await runJournal({pool, root, staging: staging.handles, isRoot, journal});
			removeJournal(home);
			staging.dispose();
		} finally {
			staging.close();
		}
	}

	#imageOf(list: List): Image {
		const {subPath} = this.#options.image;
		const {path, root, isOther} = this.#destination;
		const fileName = root === undefined ? split(path).name : baseName(subPath);
		const image = Image.of(list, subPath, fileName);
		if (image === undefined) {
			throw new ShoalError('SOURCE_INVALID', 'the snapshot has nothing at this path');
		}
		if (image.fileName === undefined) {
			if (isOther) throw invalid(path, 'is not a directory');
			return image;
		}
		// A file that is to become DEST itself: the directory around it is where the work is.
		if (root === undefined) {
			const {above} = split(path);
			const around = findDestination(this.#options.platform.tree, above);
			this.#destination = around;
			this.#root = around.root;
			if (around.root !== undefined) this.#openState(around.root, around.path);
		}
		return image;
	}

	#makeRoot(image: Image): DirHandle {
		const {platform, makePath} = this.#options;
		const {path} = this.#destination;
		const isOk = makePath || image.fileName === undefined;
		if (!isOk) throw invalid(path, 'does not exist');
		const root = inDestination(() => makeDestination(platform.tree, path, makePath));
		this.#root = root;
		this.#openState(root, path);
		return root;
	}

	#hasStaging(root: DirHandle): boolean {
		const {tree} = this.#options.platform;
		const state = tree.openDir(root, stateDirName);
		if (state === undefined) return false;
		try {
			return tree.stat(state, stageName) !== undefined;
		} finally {
			tree.closeDir(state);
		}
	}

	/**
	 * What the last pull said of this very directory. With records in more than one place (`state`)
	 * the head in DEST tells which of them is the last.
	 */
	#readHead(root: DirHandle): RecordHead | undefined {
		const head = forgiving(() => this.#store && readHead(this.#store));
		const last = forgiving(() => this.#home && readHead(this.#home));
		if (head === undefined || last === undefined) return undefined;
		if (!equalOctets(head.root, last.root) || !equalOctets(head.key, last.key)) return undefined;
		const {ino, dev} = this.#options.platform.tree.statDir(root);
		if (head.rootIno !== ino || head.rootDev !== dev) return undefined;
		return {...head, complete: head.complete && last.complete};
	}

	/** `record` is of what the last pull of this image left, and that was complete. */
	#holds({list, subPath}: PublishRecord, options: PlanOptions): boolean {
		const head = this.#head;
		if (head?.complete !== true || !equalOctets(head.key, this.#key(options))) return false;
		const isOfImage = equalOctets(subPath, this.#options.image.subPath);
		return isOfImage && equalOctets(head.root, list.root);
	}

	#key(options: PlanOptions): Uint8Array {
		const {platform, image} = this.#options;
		return recordKey(platform.crypto.sha256, image, options);
	}

	/** A record that is damaged says nothing: DEST is looked at instead. */
	#readRecord(): PublishRecord | undefined {
		if (!this.#isRecordRead) {
			this.#isRecordRead = true;
			const {sha256} = this.#options.platform.crypto;
			this.#record = forgiving(() => this.#store && readRecord(this.#store, sha256));
		}
		return this.#record;
	}

	/** On the file system of DEST, or of what will hold it. */
	#freeSpace(): number {
		const {tree} = this.#options.platform;
		if (this.#root !== undefined) return tree.freeSpace(this.#root);
		for (let path = split(this.#destination.path).above; ; path = split(path).above) {
			const {root} = findDestination(tree, path);
			if (root === undefined) continue;
			try {
				return tree.freeSpace(root);
			} finally {
				tree.closeDir(root);
			}
		}
	}

	#release(): void {
		const {tree} = this.#options.platform;
		this.#staging?.close();
		if (this.#store !== this.#home) this.#store?.close();
		this.#home?.close();
		if (this.#root !== undefined) {
			// The directory around a single file is not ours to keep state in.
			if (this.#planned?.image.fileName !== undefined) removeEmptyState(tree, this.#root);
			tree.closeDir(this.#root);
		}
		this.#staging = undefined;
		this.#store = this.#home = undefined;
		this.#root = undefined;
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

/** Octets of the older version of a row's file, 0 where there is none to make use of. */
function basisSize({builder, present, options, table}: Planned, row: number): number {
	const at = builder.presentOfRow[row]!;
	if (at < 0 || options.wholeFile || table.columns.existing[row] !== existing.file) return 0;
	return present.stat.size[at]!;
}

function removeEmptyState(tree: TreeIo, root: DirHandle): void {
	const state = tree.openDir(root, stateDirName);
	if (state === undefined) return;
	const isEmpty = tree.list(state).length === 0;
	tree.closeDir(state);
	if (!isEmpty) return;
	const {mtimeSec, mtimeNsec} = tree.statDir(root);
	tree.removeDir(root, stateDirName);
	tree.setDirTimes(root, mtimeSec, mtimeNsec);
}

function forgiving<T>(read: () => T): T | undefined {
	try {
		return read();
	} catch (error) {
		if (error instanceof ShoalError && error.code === 'STORE_CORRUPT') return undefined;
		throw error;
	}
}

/** What cannot be written at all is the end of the run, not one path's problem. */
function inDestination<T>(act: () => T): T {
	try {
		return act();
	} catch (error) {
		if (!(error instanceof ShoalError) || error.code !== 'FILE_UNWRITABLE') throw error;
		throw new ShoalError('DESTINATION_DENIED', error.message, {cause: error});
	}
}
