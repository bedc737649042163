/**
 * DEST as a plain directory. Rows are renamed into it one by one, driven by a journal: from the
 * moment that is written the new state is decided, and whoever opens DEST next brings it about.
 * What shoal keeps of it is in `.shoal` at its top, or where the operator says.
 */
import {ShoalError} from '../error.ts';
import type {DirHandle, TreeIo} from '../platform/tree.ts';
import type {List} from '../snapshot/list.ts';
import {baseName, equalOctets} from '../snapshot/path.ts';
import {StateDir, stateDirName} from '../store/state-dir.ts';
import {
	type Destination,
	findDestination,
	inDestination,
	invalid,
	makeDestination,
	split,
} from './destination.ts';
import {Image} from './image.ts';
import {readJournal, removeJournal, writeJournal} from './journal.ts';
import {makeRecord} from './new-record.ts';
import {refuseOctets, refuseSize} from './plan-summary.ts';
import type {Planned} from './planner.ts';
import {
	forgiving,
	type PublishRecord,
	type RecordHead,
	readHead,
	readRecord,
	removeHead,
	writeHead,
	writeRecord,
} from './publish-record.ts';
import {runJournal} from './publisher.ts';
import {Staging, stageName} from './staging.ts';
import {hasTrees, isInTree, isTrees} from './trees.ts';
import type {OpenOptions} from './update-types.ts';
import type {Order, Way} from './way.ts';

const stagePath = [stateDirName, stageName];

export class InPlace implements Way {
	readonly sharesInodes = false;
	readonly #options: OpenOptions;
	#destination: Destination;
	#root: DirHandle | undefined;
	/** `.shoal` in DEST: lock and journal; and where the publish record is: there, or elsewhere. */
	#home: StateDir | undefined;
	#store: StateDir | undefined;
	#head: RecordHead | undefined;
	#record: PublishRecord | undefined;
	#isRecordRead = false;
	/** DEST is the directory around a single file. */
	#isAround = false;

	private constructor(options: OpenOptions, destination: Destination) {
		this.#options = options;
		this.#destination = destination;
	}

	/**
	 * Locks DEST and rolls an interrupted publish forward.
	 * @throws ShoalError STORE_LOCKED, DESTINATION_INVALID, DESTINATION_DENIED
	 */
	static async open(options: OpenOptions): Promise<InPlace> {
		const destination = findDestination(options.platform.tree, options.destination);
		const way = new InPlace(options, destination);
		try {
			refuseTrees(options.platform.tree, destination);
			if (destination.root !== undefined) {
				way.#root = destination.root;
				way.#openState(destination.root, destination.path);
				await way.#recover(destination.root);
				way.#head = way.#readHead(destination.root);
			} else if (destination.isOther && options.image.subPath.length === 0) {
				throw invalid(destination.path, 'is not a directory');
			}
		} catch (error) {
			way.close();
			throw error;
		}
		return way;
	}

	get root(): DirHandle | undefined {
		return this.#root;
	}

	get path(): string {
		return this.#destination.path;
	}

	get head(): RecordHead | undefined {
		return this.#head;
	}

	get home(): StateDir | undefined {
		return this.#home;
	}

	/** A single file leaves nothing in the directory around it. */
	get state(): StateDir | undefined {
		return this.#isAround ? undefined : this.#store;
	}

	get record(): PublishRecord | undefined {
		if (!this.#isRecordRead) {
			this.#isRecordRead = true;
			const {sha256} = this.#options.platform.crypto;
			this.#record = forgiving(() => this.#store && readRecord(this.#store, sha256));
		}
		return this.#record;
	}

	imageOf(list: List): Image {
		const {subPath} = this.#options.image;
		const {path, root, isOther} = this.#destination;
		const fileName = root === undefined ? split(path).name : baseName(subPath);
		const image = Image.of(list, subPath, fileName);
		if (image === undefined) {
			throw new ShoalError('PATH_MISSING', 'the snapshot has nothing at this path');
		}
		if (image.fileName === undefined) {
			if (isOther) throw invalid(path, 'is not a directory');
			return image;
		}
		this.#isAround = true;
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

	freeSpace(): number {
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

	refuseSize(planned: Planned, octets: number): ShoalError | undefined {
		const root = this.#root;
		if (root === undefined) return refuseOctets(octets, this.freeSpace());
		return refuseSize(this.#options.platform.tree, root, stagePath, planned);
	}

	stage(planned: Planned, hasSteps: boolean): Staging | undefined {
		const {tree, process} = this.#options.platform;
		const root = this.#root ?? this.#makeRoot(planned.image);
		if (!hasSteps && !this.#hasStaging(root)) return undefined;
		const {roots} = planned.fileSystems;
		const [home, {uid}] = [this.#home!, process];
		return inDestination(() => Staging.open({tree, root, home, roots, uid}));
	}

	async put(order: Order): Promise<void> {
		if (order.rows.length > 0) await this.#run(order);
		order.staging?.dispose();
		await this.#keepRecord(order);
	}

	close(): void {
		const {tree} = this.#options.platform;
		if (this.#store !== this.#home) this.#store?.close();
		this.#home?.close();
		if (this.#root !== undefined) {
			// The directory around a single file is not ours to keep state in.
			if (this.#isAround) removeEmptyState(tree, this.#root);
			tree.closeDir(this.#root);
		}
		this.#store = this.#home = undefined;
		this.#root = undefined;
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
		const {platform, pool, dryRun, task} = this.#options;
		const home = this.#home;
		if (home === undefined || dryRun) return;
		const journal = readJournal(home);
		if (journal === undefined) return;
		const {tree} = platform;
		const {uid, isRoot} = platform.process;
		const staging = Staging.open({tree, root, home, roots: journal.roots, uid});
		try {
			removeHead(home);
			if (this.#store !== undefined) removeHead(this.#store);
			const options = {kind: 'recover', unit: 'entries', finishes: true};
			await task.run(options, recover =>
				runJournal({pool, root, staging: staging.handles, isRoot, journal, task: recover}),
			);
			removeJournal(home);
			staging.dispose();
		} finally {
			staging.close();
		}
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

	/** From the journal on, this is done whatever happens: if not now, at the next start. */
	async #run({pool, planned, problems, staging, rows, failed, task}: Order): Promise<void> {
		const {platform, fsync} = this.#options;
		const {table, fileSystems} = planned;
		const home = this.#home!;
		for (const each of [home, this.#store!]) removeHead(each);
		const journal = {roots: fileSystems.roots, sync: fsync, rows: table.pick(rows)};
		writeJournal(home, journal);
		const failures = await runJournal({
			pool,
			root: this.#root!,
			staging: staging!.handles,
			isRoot: platform.process.isRoot,
			journal,
			task,
		});
		for (const [number, {code, message}] of failures) {
			const row = rows[number]!;
			failed.add(row);
			problems.add(code, table.path(row), message);
		}
		removeJournal(home);
	}

	async #keepRecord(order: Order): Promise<void> {
		const {pool, planned, problems, rows, failed, key, sequence, task} = order;
		const {list, fileName} = planned.image;
		// A single file leaves no record: the directory around it is not ours.
		if (fileName !== undefined) return;
		const [root, home, store, known] = [this.#root!, this.#home!, this.#store!, this.record];
		const {ino: rootIno, dev: rootDev} = this.#options.platform.tree.statDir(root);
		const complete = problems.count === 0;
		const head: RecordHead = {key, root: list.root, rootIno, rootDev, sequence, complete};
		const isKnown = planned.oldOf !== undefined && rows.length === 0;
		if (isKnown && known !== undefined && equalOctets(known.list.root, list.root)) {
			writeHead(store, head);
		} else {
			const record = await makeRecord({pool, order: task.order, root, planned, known, failed});
			writeRecord(store, head, record, known);
		}
		// So a pull with another record is not taken for the last one.
		if (home !== store) writeHead(home, head);
	}
}

/**
 * Files of a tree have names in other trees: what is changed in place here is changed there too.
 * @throws ShoalError DESTINATION_INVALID
 */
function refuseTrees(tree: TreeIo, {path, root}: Destination): void {
	if (root === undefined ? hasTrees(tree, path) : isInTree(tree, root)) {
		throw isTrees(path);
	}
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
