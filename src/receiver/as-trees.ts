/**
 * DEST as a symlink to the newest of several trees. The next tree is made beside the current one,
 * out of the oldest one that need not be kept; one rename of the symlink publishes it. Unchanged
 * files are shared by hard links, so nothing in a tree is ever changed once it is shown. Whatever
 * is cut off, DEST is the old tree or the new one; what was half made is cleared away at the next
 * start, and made again from what is staged.
 */
import {assert} from '../assert.ts';
import {ShoalError} from '../error.ts';
import {escapePath} from '../escape.ts';
import type {DirHandle, TreeIo} from '../platform/tree.ts';
import {scanTree} from '../pool/scan-tree.ts';
import type {ActiveTask} from '../scheduler/active-task.ts';
import type {List} from '../snapshot/list.ts';
import {equalOctets} from '../snapshot/path.ts';
import {StateDir} from '../store/state-dir.ts';
import {removeTrees} from '../task/remove-trees.ts';
import {convertDirectory} from './convert.ts';
import {inDestination, invalid, makeDestination, openIfThere} from './destination.ts';
import {Image} from './image.ts';
import {makeRecord} from './new-record.ts';
import {refuseOctets, refuseSize} from './plan-summary.ts';
import type {Planned} from './planner.ts';
import {Present} from './present.ts';
import {
	forgetChangeTimes,
	forgiving,
	type PublishRecord,
	type RecordHead,
	readHead,
	readRecord,
	removeRecord,
	writeHead,
	writeRecord,
} from './publish-record.ts';
import {Staging, stageName} from './staging.ts';
import {buildNext} from './tree-builder.ts';
import {RecordedView, ScannedView, type TreeView} from './tree-view.ts';
import {placeOf, readCurrent, type TreePlace, Trees} from './trees.ts';
import type {OpenOptions, TreesOptions} from './update-types.ts';
import type {Order, Way} from './way.ts';

const none = new Uint8Array(0);

export class AsTrees implements Way {
	readonly sharesInodes = true;
	readonly #options: OpenOptions;
	readonly #asked: TreesOptions;
	readonly #tree: TreeIo;
	readonly #place: TreePlace;
	#parent: DirHandle | undefined;
	#home: StateDir | undefined;
	#trees: Trees | undefined;
	/** Of the tree that DEST is; 0: it is none. */
	#current = 0;
	#root: DirHandle | undefined;
	#head: RecordHead | undefined;
	#record: PublishRecord | undefined;
	#isRecordRead = false;

	private constructor(options: OpenOptions, asked: TreesOptions, place: TreePlace) {
		this.#options = options;
		this.#asked = asked;
		this.#tree = options.platform.tree;
		this.#place = place;
	}

	/** @throws ShoalError STORE_LOCKED, DESTINATION_INVALID, DESTINATION_DENIED */
	static async open(options: OpenOptions, asked: TreesOptions): Promise<AsTrees> {
		assert(options.state === undefined && asked.keep >= 1, 'state is beside DEST');
		const way = new AsTrees(options, asked, placeOf(options.destination));
		try {
			await way.#open();
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
		return this.#current > 0 ? this.#trees!.pathOf(this.#current) : this.#place.path;
	}

	get head(): RecordHead | undefined {
		return this.#head;
	}

	get home(): StateDir | undefined {
		return this.#home;
	}

	get state(): StateDir | undefined {
		return this.#home;
	}

	get record(): PublishRecord | undefined {
		if (!this.#isRecordRead) {
			this.#isRecordRead = true;
			this.#record = this.#current === 0 ? undefined : this.#recordOf(this.#current);
		}
		return this.#record;
	}

	imageOf(list: List): Image {
		const image = Image.of(list, this.#options.image.subPath, none);
		if (image === undefined) {
			throw new ShoalError('PATH_MISSING', 'the snapshot has nothing at this path');
		}
		if (image.fileName === undefined) return image;
		throw invalid(this.#place.path, 'would become a file: only directories are trees');
	}

	freeSpace(): number {
		const held = this.#home?.handle ?? this.#parent;
		if (held !== undefined) return this.#tree.freeSpace(held);
		const root = this.#tree.openRoot('/');
		try {
			return this.#tree.freeSpace(root);
		} finally {
			this.#tree.closeDir(root);
		}
	}

	refuseSize(planned: Planned, octets: number): ShoalError | undefined {
		if (planned.fileSystems.roots.length > 1) {
			return invalid(this.#place.path, 'has another file system mounted below it');
		}
		if (this.#home === undefined) return refuseOctets(octets, this.freeSpace());
		return refuseSize(this.#tree, this.#home.handle, [stageName], planned);
	}

	stage(planned: Planned, hasSteps: boolean): Staging | undefined {
		if (this.#home === undefined) this.#make();
		const home = this.#home!;
		if (!hasSteps && this.#tree.stat(home.handle, stageName) === undefined) return undefined;
		const [root, {roots}] = [home.handle, planned.fileSystems];
		const {uid} = this.#options.platform.process;
		return inDestination(() => Staging.open({tree: this.#tree, root, home, roots, uid}));
	}

	async put(order: Order): Promise<void> {
		if (order.rows.length === 0) {
			order.staging?.dispose();
			await this.#keepRecord(order, this.#current, this.#root!);
			return;
		}
		const next = await this.#buildSurely(order);
		this.#trees!.show(next, this.#options.fsync);
		order.staging!.dispose();
		this.#current = next;
		await this.#dropOld(order);
	}

	close(): void {
		if (this.#root !== undefined) this.#tree.closeDir(this.#root);
		this.#trees?.close();
		this.#home?.close();
		if (this.#parent !== undefined) this.#tree.closeDir(this.#parent);
		this.#root = this.#parent = undefined;
		this.#trees = this.#home = undefined;
	}

	async #open(): Promise<void> {
		const {dryRun} = this.#options;
		const tree = this.#tree;
		this.#parent = openIfThere(tree, this.#place.above);
		if (this.#parent === undefined) return;
		const found = readCurrent(tree, this.#parent, this.#place);
		if (found === 'directory') this.#refuseDirectory();
		if (found === 'other') {
			throw invalid(this.#place.path, 'is neither a directory nor a symlink to a tree of shoal');
		}
		this.#openHome(found === 'directory');
		if (this.#home === undefined) return;
		if (found === 'directory') {
			await convertDirectory(this.#options, this.#parent, this.#place, this.#home, this.#trees!);
		}
		// Under the lock: until then another pull may have published.
		const current = this.#trees!.current;
		if (current === 'absent') this.#showNewest();
		else if (typeof current === 'number') this.#current = current;
		if (this.#current === 0) return;
		this.#root = this.#trees!.open(this.#current);
		if (this.#root === undefined) this.#current = 0;
		else this.#head = this.#headOf(this.#current, this.#root);
		if (!dryRun) await this.#clearUnshown();
	}

	#refuseDirectory(): void {
		const {path} = this.#place;
		if (!this.#asked.convert) {
			throw notYetTrees(path, 'is a directory, and not yet published as trees');
		}
		if (this.#options.dryRun) throw notYetTrees(path, 'is to be converted first, without -n');
	}

	#openHome(create: boolean): void {
		const {platform, dryRun} = this.#options;
		const {tree, process, crypto} = platform;
		const {homeName, above} = this.#place;
		this.#home = inDestination(() =>
			StateDir.open(
				{tree, process, sha256: crypto.sha256},
				{root: this.#parent!, rootPath: above, passage: homeName, create},
			),
		);
		if (this.#home === undefined) return;
		// Where others may make names beside DEST, it could be a trap of somebody's.
		const {uid} = process;
		if (!dryRun && tree.statDir(this.#home.handle).uid !== uid) {
			throw new ShoalError('STORE_FAILED', `${this.#home.path} belongs to another user`);
		}
		if (!dryRun) this.#home.lock();
		this.#trees = new Trees(this.#parent!, this.#place, this.#home, !dryRun);
	}

	#make(): void {
		const {makePath} = this.#options;
		const {path, above} = this.#place;
		if (this.#parent === undefined) {
			if (!makePath) throw invalid(path, 'is in a directory that does not exist');
			this.#parent = inDestination(() => makeDestination(this.#tree, above, true));
		}
		this.#openHome(true);
	}

	/** DEST is gone, or was never shown: a run was cut off there. Its newest whole tree is it. */
	#showNewest(): void {
		const trees = this.#trees!;
		for (const number of trees.numbers().reverse()) {
			const root = trees.open(number);
			if (root === undefined) continue;
			const head = this.#headOf(number, root);
			this.#tree.closeDir(root);
			if (head === undefined) continue;
			this.#current = number;
			if (!this.#options.dryRun) trees.show(number, this.#options.fsync);
			return;
		}
	}

	/**
	 * A tree with a higher number was never shown, or the operator went back from it. Files that are
	 * staged may have names in it, and are ours again once it is gone.
	 */
	async #clearUnshown(): Promise<void> {
		const unshown = this.#trees!.numbers().filter(number => number > this.#current);
		if (unshown.length === 0) return;
		const options = {kind: 'recover', finishes: true};
		await this.#options.task.run(options, task => this.#remove(unshown, task));
	}

	async #remove(numbers: readonly number[], {order}: ActiveTask): Promise<void> {
		if (numbers.length === 0) return;
		const trees = this.#trees!;
		for (const number of numbers) removeRecord(trees.recordOf(number));
		const names = numbers.map(number => trees.nameOf(number));
		await this.#options.pool.run(removeTrees, {dir: trees.handle, names}, order);
	}

	#headOf(number: number, root: DirHandle): RecordHead | undefined {
		const head = forgiving(() => readHead(this.#trees!.recordOf(number)));
		if (head === undefined) return undefined;
		const {ino, dev} = this.#tree.statDir(root);
		return head.rootIno === ino && head.rootDev === dev ? head : undefined;
	}

	#recordOf(number: number): PublishRecord | undefined {
		const {sha256} = this.#options.platform.crypto;
		return forgiving(() => readRecord(this.#trees!.recordOf(number), sha256));
	}

	/**
	 * Trees are taken to be as their records say where the plan was made from those. Somebody may
	 * have changed one by hand: then both are looked at, and it is made once more.
	 */
	async #buildSurely(order: Order): Promise<number> {
		const trusts = order.planned.oldOf !== undefined && order.removes;
		try {
			return await this.#build(order, trusts);
		} catch (error) {
			const isOther = error instanceof ShoalError && error.code === 'FILE_UNWRITABLE';
			if (!trusts || !isOther) throw error;
			await this.#clearUnshown();
			return this.#build(order, false);
		}
	}

	/** The number of the tree that it makes: whole, with its record, and not yet shown. */
	async #build(order: Order, trusts: boolean): Promise<number> {
		const {pool, planned, staging, problems, failed, task} = order;
		const {platform, fsync} = this.#options;
		const trees = this.#trees!;
		const next = (trees.numbers().at(-1) ?? 0) + 1;
		removeRecord(trees.recordOf(next));
		const base = await this.#takeBase(order, next, trusts);
		const current = await this.#viewOfCurrent(order, trusts);
		const root = trees.open(next);
		assert(root !== undefined, 'the tree that was just made');
		try {
			await buildNext({
				pool,
				root,
				from: this.#root,
				staging: staging!.handles[0]!,
				base,
				current,
				plan: planned.table,
				rows: order.rows,
				problems,
				failed,
				isRoot: platform.process.isRoot,
				sync: fsync,
				task,
			});
			await this.#keepRecord(order, next, root);
		} finally {
			this.#tree.closeDir(root);
		}
		return next;
	}

	/**
	 * Tree `next`, to be made what it should be: the oldest one that need not be kept, or an empty
	 * directory. From here on it has no record, and counts for nothing until it has one again.
	 */
	async #takeBase(
		{key, task}: Order,
		next: number,
		trusts: boolean,
	): Promise<TreeView | undefined> {
		const trees = this.#trees!;
		const [oldest] = this.#spare();
		if (oldest === undefined) {
			trees.make(next);
			return undefined;
		}
		let record: PublishRecord | undefined;
		if (trusts) {
			const root = trees.open(oldest);
			const head = root && this.#headOf(oldest, root);
			if (root !== undefined) this.#tree.closeDir(root);
			const isImage = head?.complete === true && equalOctets(head.key, key);
			record = isImage ? this.#recordOf(oldest) : undefined;
			if (record === undefined) {
				await this.#remove([oldest], task);
				trees.make(next);
				return undefined;
			}
		}
		removeRecord(trees.recordOf(oldest));
		this.#tree.sync(this.#home!.handle);
		trees.renumber(oldest, next);
		if (record !== undefined) return new RecordedView(record);
		return this.#scanned(next, task);
	}

	async #viewOfCurrent({planned, task}: Order, trusts: boolean): Promise<TreeView | undefined> {
		if (this.#root === undefined) return undefined;
		if (planned.oldOf === undefined) return new ScannedView(planned.present);
		return trusts ? new RecordedView(this.record!) : this.#scanned(this.#current, task);
	}

	async #scanned(number: number, {order}: ActiveTask): Promise<TreeView> {
		const scan = await scanTree(this.#options.pool, this.#trees!.pathOf(number), order);
		return new ScannedView(Present.of(scan));
	}

	/** Trees before the current one that need not be kept, the oldest first. */
	#spare(): number[] {
		const before = this.#trees!.numbers().filter(number => number < this.#current);
		return before.slice(0, Math.max(0, before.length - (this.#asked.keep - 1)));
	}

	/** One spare tree stays, for the next to be made from. */
	async #dropOld({problems, task}: Order): Promise<void> {
		try {
			await this.#remove(this.#spare().slice(0, -1), task);
		} catch (error) {
			if (!(error instanceof ShoalError)) throw error;
			problems.notice(error.code, none, `an old tree stays: ${error.message}`);
		}
	}

	async #keepRecord(order: Order, number: number, root: DirHandle): Promise<void> {
		const {pool, planned, problems, failed, key, sequence, rows, task} = order;
		const {list} = planned.image;
		const {ino: rootIno, dev: rootDev} = this.#tree.statDir(root);
		const complete = problems.count === 0;
		const head = {key, root: list.root, rootIno, rootDev, sequence, complete};
		const store = this.#trees!.recordOf(number);
		const known = this.record;
		const isKnown = planned.oldOf !== undefined && rows.length === 0;
		if (isKnown && known !== undefined && equalOctets(known.list.root, list.root)) {
			writeHead(store, head);
			return;
		}
		const record = await makeRecord({pool, order: task.order, root, planned, known, failed});
		forgetChangeTimes(record.columns);
		writeRecord(store, head, record, rows.length === 0 ? known : undefined);
	}
}

function notYetTrees(path: string, why: string): ShoalError {
	return new ShoalError('DESTINATION_WAY', `${escapePath(new TextEncoder().encode(path))} ${why}`);
}
