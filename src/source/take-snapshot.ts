/**
 * Takes a snapshot of a tree: stats everything, or what an updater says it touched, hashes what is
 * not known yet, and saves the list with the diff from the one before. Each file version is read
 * once in its life; what was found is in the file log before the list names it, so an interrupted
 * run goes on where it was.
 */
import {ShoalError} from '../error.ts';
import {digestSize, listSizeMax} from '../limit.ts';
import type {Sha256} from '../platform/crypto.ts';
import type {Platform} from '../platform/platform.ts';
import type {DirHandle} from '../platform/tree.ts';
import {type HashBatch, hashFiles} from '../pool/hash-files.ts';
import {inTurns} from '../pool/in-turns.ts';
import type {Pool} from '../pool/pool.ts';
import type {ScanProcesses} from '../pool/scan-processes.ts';
import {scanParts} from '../pool/scan-tree.ts';
import type {ActiveTask} from '../scheduler/active-task.ts';
import {emptyDigest, entryType} from '../snapshot/entry.ts';
import {decodeHeader, type Header} from '../snapshot/header.ts';
import {List} from '../snapshot/list.ts';
import {ListBuilder} from '../snapshot/list-builder.ts';
import {equalOctets} from '../snapshot/path.ts';
import type {FileLog} from '../store/file-log.ts';
import type {KeepLimits, Saved, Snapshots} from '../store/snapshots.ts';
import {hashStatus} from '../task/hash.ts';
import type {ScanProblem} from '../task/scan.ts';
import type {ScanTable, TableBuilder} from '../task/scan-table.ts';
import {type MergedList, mergeList} from './merge-list.ts';
import {type ChangedScan, scanChanged} from './scan-changed.ts';
import {ScanMark} from './scan-mark.ts';
import {type ContentColumns, TableEntry, TableStat} from './table-entry.ts';
import {updateList} from './update-list.ts';
import type {Zones} from './zones.ts';

/** Digests of files by the word of who put them there. */
export type VouchedDigests = {
	/** Of an entry that is as it was put there; undefined: nobody knows. In order of entries. */
	digestOf(table: ScanTable, entry: number): Uint8Array | undefined;
};

export type TakeOptions = {
	readonly platform: Platform;
	readonly pool: Pool;
	/** The tree's path, and the tree held open. */
	readonly directory: string;
	readonly root: DirHandle;
	/** Names left out at the top of the tree. */
	readonly exclude: readonly Uint8Array[];
	readonly snapshots: Snapshots;
	readonly files: FileLog;
	/** Asked only if there are files that the log does not know. */
	readonly vouched?: (() => VouchedDigests | undefined) | undefined;
	/** Nothing else has changed since the last snapshot. Undefined: anything may have. */
	readonly changed?: readonly Uint8Array[] | undefined;
	/** Resolves when so many octets may be read. */
	readonly pace?: ((octets: number) => Promise<void> | undefined) | undefined;
	/** Started for a large tree, to be scanned in. */
	readonly processes?: ScanProcesses | undefined;
	/** How much of the history stays. */
	readonly keep?: KeepLimits | undefined;
	/** Scan, hash and list become parts of it. */
	readonly task: ActiveTask;
};

export type Taken = {
	/** The octets of the list, and what they begin with. */
	readonly bytes: Uint8Array;
	readonly header: Header;
	/** Undefined: the snapshot was there already, and its list was not opened. */
	readonly list: List | undefined;
	readonly saved: Saved;
	/** False: the tree is as the last snapshot has it. */
	readonly changed: boolean;
	/** All of the tree was looked at, for lack of a list that the changes could be made to. */
	readonly whole: boolean;
	/** Files that were looked at. */
	readonly fileCount: number;
	readonly filesHashed: number;
	readonly bytesHashed: number;
	/** What could not be read; its entries are marked in the list. */
	readonly problems: readonly ScanProblem[];
};

/** @throws ShoalError TREE_MISSING, STORE_*, INTERRUPTED */
export async function takeSnapshot(options: TakeOptions): Promise<Taken> {
	const {platform, pool, snapshots, files, task} = options;
	const [newest] = snapshots.history();
	const known = options.changed && newest && readBefore(snapshots, newest);
	const part = known && (await scanPart(options, known));
	const {sha256} = platform.crypto;
	const owners = platform.readOwners();
	const mark = new ScanMark(owners, sha256, files);
	let table = part?.table;
	let parts: TableBuilder | undefined;
	let kept: Kept | undefined;
	if (table === undefined) {
		parts = await scanAll(options);
		kept = keptOf(mark, parts, options);
		if (kept?.isSame) return takenAgain(kept, parts);
		table = await inTurns(pool, parts.finish(), task.signal);
	}
	snapshots.unmark();
	const content = new Contents(table, platform);
	content.recall(files);
	content.adopt(options);
	const entry = new TableEntry(table, content, owners);
	const hashing = content.hash(options);
	const merging = kept && mergeAsHashed(kept.list, parts!, entry, content, hashing, options);
	const making = [merging, hashing] as const;
	// Its jobs use the tree and the log, which are the caller's again.
	const [merged] = await Promise.all(making).finally(() => Promise.allSettled(making));
	files.sync();
	if (part === undefined && kept === undefined) files.forgetUnused();
	const save = () => {
		const made = build(entry, table.count, sha256, part && {zones: part.zones, before: known!});
		const isSaved = newest !== undefined && snapshots.holds(newest, made);
		if (isSaved) return {bytes: made, list: known, saved: newest};
		const opened = openMade(made, sha256);
		const before = known ?? (newest && readBefore(snapshots, newest));
		const now = platform.clock.wallMs();
		return {bytes: made, list: opened, saved: snapshots.save(opened, before, now, options.keep)};
	};
	const {bytes, list, saved} =
		merged === undefined
			? await task.run({kind: 'list', unit: 'entries'}, save)
			: saveMerged(merged, options);
	const header = decodeHeader(bytes)!;
	if (part !== undefined || kept !== undefined) {
		const {entryCount} = header;
		files.forgetAbsent({entryCount, cursor: () => (list ?? openMade(bytes, sha256)).cursor()});
	}
	if (parts !== undefined && table.problems.length === 0) {
		const digests = parts.digests(entry => content.isUncertain(entry));
		snapshots.mark(bytes, mark.encode(parts, digests));
	}
	return {
		bytes,
		header,
		list,
		saved,
		changed: newest?.sequence !== saved.sequence,
		whole: part === undefined,
		fileCount: parts?.fileCount ?? content.fileCount,
		filesHashed: content.filesHashed,
		bytesHashed: content.bytesHashed,
		problems: [...table.problems, ...content.problems],
	};
}

/** The newest snapshot, of which much is as a scan has found it again. */
type Kept = {
	readonly saved: Saved;
	readonly list: List;
	/** All of it. */
	readonly isSame: boolean;
};

/** Undefined: nothing is known of it, or so little is the same that all is made anew. */
function keptOf(
	mark: ScanMark,
	parts: TableBuilder,
	{snapshots, platform, pool, processes}: TakeOptions,
): Kept | undefined {
	const noted = parts.problems.length > 0 ? undefined : snapshots.noted();
	const digests = noted && mark.decode(noted);
	if (digests === undefined) return undefined;
	const isSame = parts.compare(digests);
	const isMost = isSame || parts.changedCount * 2 < parts.count;
	const marked = isMost ? snapshots.marked() : undefined;
	const list = marked && List.openOwn(marked.bytes, platform.crypto.sha256);
	// Files are hashed next: threads start while they are looked up.
	if (processes !== undefined && !isSame) pool.warm();
	if (list instanceof List) return {saved: marked!.saved, list, isSame};
	parts.forget();
	return undefined;
}

function takenAgain({list, saved}: Kept, {fileCount}: TableBuilder): Taken {
	return {
		bytes: list.bytes,
		header: decodeHeader(list.bytes)!,
		list: undefined,
		saved,
		changed: false,
		whole: true,
		fileCount,
		filesHashed: 0,
		bytesHashed: 0,
		problems: [],
	};
}

/** The list before, with what is not as it was, while threads still hash some of that. */
function mergeAsHashed(
	before: List,
	parts: TableBuilder,
	entries: TableEntry,
	content: Contents,
	hashing: Promise<void>,
	{platform, pool, task}: TakeOptions,
): Promise<MergedList> {
	return task.run({kind: 'list', unit: 'entries'}, async ({signal}) => {
		const pending = (entry: number) => content.pending(entry);
		const {sha256} = platform.crypto;
		const steps = mergeList(before, parts.segments(), entries, pending, sha256);
		for (;;) {
			const step = steps.next();
			if (step.done) return step.value;
			await (step.value === undefined ? pool.turn() : Promise.race([step.value, hashing]));
			signal.throwIfAborted();
		}
	});
}

/** It may have come to the same as the one before. */
function saveMerged(
	merged: MergedList,
	{platform, snapshots, keep}: TakeOptions,
): {bytes: Uint8Array; list: undefined; saved: Saved} {
	const {bytes} = merged;
	checkSize(bytes);
	const [newest] = snapshots.history();
	const isSaved = newest !== undefined && equalOctets(newest.root, merged.root);
	const saved = isSaved
		? newest
		: snapshots.saveNext(merged, merged.diff, platform.clock.wallMs(), keep);
	return {bytes, list: undefined, saved};
}

function scanAll(options: TakeOptions): Promise<TableBuilder> {
	const {pool, directory, exclude, task, processes} = options;
	return task.run({kind: 'scan', unit: 'entries'}, scan =>
		scanParts(pool, directory, {
			...scan.order,
			exclude,
			processes,
			onProgress: count => scan.advance(count),
		}),
	);
}

/** Undefined: it is all of the tree that may have changed. */
function scanPart(options: TakeOptions, before: List): Promise<ChangedScan | undefined> {
	const {pool, root, exclude, task, changed = []} = options;
	return task.run({kind: 'scan', unit: 'entries'}, scan =>
		scanChanged(pool, root, before, changed, {
			...scan.order,
			exclude,
			onProgress: count => scan.advance(count),
		}),
	);
}

/** Of the regular files of a scan: which are first names, and their digests. */
class Contents implements ContentColumns {
	readonly digests: Uint8Array;
	readonly known: Uint8Array;
	readonly firstOf: Uint32Array;
	readonly names: Uint32Array;
	readonly problems: ScanProblem[] = [];
	/** Files whose contents were not known, and are not to be found in the log now. */
	readonly #uncertain = new Set<number>();
	/** Files that are being hashed, and who waits for one of them. */
	readonly #unhashed = new Set<number>();
	#wake: (() => void) | undefined;
	fileCount = 0;
	filesHashed = 0;
	bytesHashed = 0;
	readonly #table: ScanTable;
	readonly #empty: Uint8Array;

	constructor(table: ScanTable, {crypto}: Platform) {
		this.#table = table;
		this.#empty = emptyDigest(crypto.sha256);
		this.digests = new Uint8Array(table.count * digestSize);
		this.known = new Uint8Array(table.count);
		this.firstOf = new Uint32Array(table.count);
		this.names = new Uint32Array(table.count).fill(1);
		this.#group();
	}

	/** Takes what the log knows of files that have not changed since they were hashed. */
	recall(files: FileLog): void {
		const {columns, count} = this.#table;
		const stat = new TableStat(this.#table);
		for (let entry = 0; entry < count; entry++) {
			if (columns.type[entry] !== entryType.file || this.firstOf[entry] !== 0) continue;
			if (columns.size[entry] === 0) {
				this.#set(entry, this.#empty);
				continue;
			}
			stat.entry = entry;
			const digest = files.lookup(this.#table.path(entry), stat);
			if (digest !== undefined) this.#set(entry, digest);
		}
	}

	/** While the entry is still to be hashed: resolves when some more have been. */
	pending(entry: number): Promise<void> | undefined {
		if (!this.#unhashed.has(entry)) return undefined;
		return new Promise(resolve => {
			this.#wake = resolve;
		});
	}

	/** Whether the log would not tell again what is listed of the entry. */
	isUncertain(entry: number): boolean {
		return this.#uncertain.has(entry);
	}

	/** Takes what somebody vouches for, where the log has hashes and sums of such a content. */
	adopt({files, vouched}: TakeOptions): void {
		const unknown = this.#unknown();
		for (const entry of unknown) this.#uncertain.add(entry);
		const digests = unknown.length === 0 ? undefined : vouched?.();
		if (digests === undefined) return;
		const stat = new TableStat(this.#table);
		for (const entry of unknown) {
			const digest = digests.digestOf(this.#table, entry);
			stat.entry = entry;
			if (digest === undefined || !files.adopt(this.#table.path(entry), stat, digest)) continue;
			this.#set(entry, digest);
		}
	}

	/** Hashes the rest. */
	async hash({pool, root, files, task, pace}: TakeOptions): Promise<void> {
		const unknown = this.#unknown();
		if (unknown.length === 0) return;
		for (const entry of unknown) this.#unhashed.add(entry);
		const {size} = this.#table.columns;
		const total = unknown.reduce((sum, entry) => sum + size[entry]!, 0);
		await task.run({kind: 'hash'}, hash => {
			hash.advance(0, total);
			return hashFiles(pool, root, this.#table, Uint32Array.from(unknown), {
				...hash.order,
				sums: true,
				pace,
				onHashed: batch => this.#take(batch, files),
				onProgress: octets => hash.advance(octets),
			});
		});
	}

	/** Files with a content that nothing is known of, in order. */
	#unknown(): number[] {
		const {columns, count} = this.#table;
		const unknown: number[] = [];
		for (let entry = 0; entry < count; entry++) {
			if (columns.type[entry] !== entryType.file) continue;
			if (this.known[entry] === 0 && this.firstOf[entry] === 0) unknown.push(entry);
		}
		return unknown;
	}

	#take(batch: HashBatch, files: FileLog): void {
		const stat = new TableStat(this.#table);
		let leavesAt = 0;
		let sumsAt = 0;
		batch.entries.forEach((entry, index) => {
			const leavesEnd = batch.leavesEnds[index]!;
			const sumsEnd = batch.sumsEnds[index]!;
			this.bytesHashed += this.#table.columns.size[entry]!;
			if (batch.status[index] === hashStatus.hashed) {
				const at = index * digestSize;
				const digest = batch.digests.subarray(at, at + digestSize);
				stat.entry = entry;
				files.append({
					path: this.#table.path(entry),
					stat,
					hashedAtMs: batch.hashedAtMs,
					digest,
					leaves: batch.leaves.subarray(leavesAt, leavesEnd),
					sums: batch.sums.subarray(sumsAt, sumsEnd),
				});
				this.#set(entry, digest);
				if (files.lookup(this.#table.path(entry), stat)) this.#uncertain.delete(entry);
				this.filesHashed++;
			}
			this.#unhashed.delete(entry);
			leavesAt = leavesEnd;
			sumsAt = sumsEnd;
		});
		files.flush();
		this.#wake?.();
		this.problems.push(...batch.problems);
	}

	/** Finds which names are one file: only those of which the file system counts several. */
	#group(): void {
		const {columns, count} = this.#table;
		const firsts = new Map<string, number>();
		for (let entry = 0; entry < count; entry++) {
			if (columns.type[entry] !== entryType.file) continue;
			this.fileCount++;
			if (columns.linkCount[entry]! < 2) continue;
			const file = `${columns.dev[entry]} ${columns.ino[entry]}`;
			const first = firsts.get(file);
			if (first === undefined) {
				firsts.set(file, entry);
			} else {
				this.firstOf[entry] = first + 1;
				this.names[first]!++;
			}
		}
	}

	#set(entry: number, digest: Uint8Array): void {
		// A loop, since a call of `set` costs more than the copy of so few octets.
		const at = entry * digestSize;
		for (let index = 0; index < digestSize; index++) this.digests[at + index] = digest[index]!;
		this.known[entry] = 1;
	}
}

/** `part`: what was looked at of the tree, all else being as `before` has it. */
function build(
	entry: TableEntry,
	count: number,
	sha256: Sha256,
	part: {readonly zones: Zones; readonly before: List} | undefined,
): Uint8Array {
	const bytes =
		part === undefined
			? listOf(entry, count, sha256)
			: updateList(part.before, part.zones, entry, count, sha256);
	checkSize(bytes);
	return bytes;
}

function checkSize({length}: Uint8Array): void {
	if (length <= listSizeMax) return;
	const detail = `the tree makes a list of ${length} octets, which no receiver takes`;
	throw new ShoalError('STORE_FAILED', detail);
}

function openMade(bytes: Uint8Array, sha256: Sha256): List {
	const list = List.open(bytes, sha256);
	if (list instanceof List) return list;
	throw new ShoalError('STORE_FAILED', `the tree makes no valid list: ${list.problem}`);
}

function listOf(entry: TableEntry, count: number, sha256: Sha256): Uint8Array {
	const builder = new ListBuilder(sha256);
	for (let index = 0; index < count; index++) {
		entry.index = index;
		builder.add(entry);
	}
	return builder.finish();
}

/** Without it there is no diff: receivers compare pages. */
function readBefore(snapshots: Snapshots, newest: Saved): List | undefined {
	try {
		return snapshots.list(newest);
	} catch (error) {
		if (error instanceof ShoalError && error.code === 'STORE_CORRUPT') return undefined;
		throw error;
	}
}
