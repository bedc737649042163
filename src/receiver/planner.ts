/**
 * Makes a plan: looks at DEST as little as the record allows, compares, hashes what is in doubt,
 * and finds what need not travel. It changes nothing.
 */
import {ShoalError} from '../error.ts';
import type {DirHandle} from '../platform/tree.ts';
import type {Pool} from '../pool/pool.ts';
import {scanTree} from '../pool/scan-tree.ts';
import type {ActiveTask} from '../scheduler/active-task.ts';
import {entryType} from '../snapshot/entry.ts';
import type {Filter} from '../snapshot/filter.ts';
import {comparePaths, equalOctets, parentPath} from '../snapshot/path.ts';
import {stateDirName} from '../store/state-dir.ts';
import {type ChangeTable, changeKind, contentFrom, existing} from '../task/change-table.ts';
import {DirectoryWalk} from '../task/directory-walk.ts';
import {listBelow} from '../task/list-below.ts';
import {copyOctets, OctetPool, octetKey, type PackedOctets} from '../task/packed-octets.ts';
import {makeStatColumns} from '../task/survey.ts';
import type {Alternates} from './alternates.ts';
import type {Basis} from './delta-fetch.ts';
import {FileSystems} from './file-systems.ts';
import {hashPresent} from './hash-present.ts';
import {Image} from './image.ts';
import {type DigestIndex, findRecorded, linkTwins} from './local-content.ts';
import type {OwnerMap} from './owner-map.ts';
import {PlanBuilder} from './plan-builder.ts';
import {
	diffImages,
	isAnyReplaced,
	pathsToSurvey,
	planFromDiff,
	topRemovedDirectories,
} from './plan-diff.ts';
import {planFromScan} from './plan-scan.ts';
import {Present} from './present.ts';
import type {ProblemList} from './problem-list.ts';
import type {PublishRecord} from './publish-record.ts';
import {judgeRemovals, type Removals} from './removals.ts';
import {select} from './selection.ts';
import {findSimilar} from './similar.ts';
import {surveyPaths} from './survey-paths.ts';
import type {PlanOptions} from './update-types.ts';

export type PlannerOptions = {
	readonly pool: Pool;
	/** Undefined: DEST is not there yet. */
	readonly root: DirHandle | undefined;
	readonly destination: string;
	readonly image: Image;
	readonly options: PlanOptions;
	readonly owners: OwnerMap;
	readonly problems: ProblemList;
	/** What the last pull left, if the store has it. */
	readonly record: PublishRecord | undefined;
	/** The record is of this image, and DEST was complete: its difference from the list is enough. */
	readonly recordHolds: boolean;
	/** Files of DEST are never changed, only replaced: see `Way`. */
	readonly sharesInodes: boolean;
	/** Opened by who asks for the plan, and closed when what it says has been done. */
	readonly alternates: Alternates | undefined;
	/** The plan: its scans, looks and hashes become parts of it. */
	readonly task: ActiveTask;
};

/** The image is what is left of it; no filter: all. */
type NarrowedOptions = PlannerOptions & {readonly filter: Filter | undefined};

/** A plan as the rest of the update works with it. */
export type Planned = {
	readonly image: Image;
	readonly options: PlanOptions;
	readonly builder: PlanBuilder;
	readonly table: ChangeTable;
	readonly present: Present;
	/** Set when DEST was not examined: of each entry, its index in the record. */
	readonly oldOf: Int32Array | undefined;
	readonly fileSystems: FileSystems;
	/** Of rows whose content is found in DEST: index of its file in the record. */
	readonly sourceIndexOf: Map<number, number>;
	/** Where else content may be, in whole or in part. */
	readonly alternates: Alternates | undefined;
	/** Of new files, those that they may resemble. */
	readonly similarTo: Map<number, readonly Basis[]>;
	/** Entries that DEST has, its root not counted. */
	readonly presentCount: number;
};

const none = new Uint8Array(0);
const noPaths: PackedOctets = {bytes: none, ends: new Uint32Array(0)};

/** A pull that found its image: what is left out of it is decided here, once. */
export async function makePlan(given: PlannerOptions): Promise<Planned> {
	const {image, filter, missing} = select(given.image, given.options);
	const options = {...given, image, filter};
	for (const {path, why} of missing) given.problems.addSource('NAME_MISSING', path, why);
	const {record, recordHolds} = options;
	const {check, checksum, ignoreTimes} = options.options;
	const {alternates, owners, pool, task} = options;
	await alternates?.look({pool, image, owners, task, options: options.options});
	const isAlone = alternates === undefined;
	const recordSays = recordHolds && isAlone && !check && !checksum && !ignoreTimes;
	const planned =
		(record !== undefined && recordSays ? await planByDiff(options, record) : undefined) ??
		(await planByScan(options));
	await hashDoubtful(options, planned);
	planned.builder.settleLinks();
	const needed = linkTwins(planned.table);
	if (record !== undefined && needed.count > 0) await findLocal(options, planned, needed, record);
	await findResembling(options, planned);
	touchParents(planned);
	setDevices(planned);
	return planned;
}

async function planByScan(options: NarrowedOptions): Promise<Planned> {
	const {image, record} = options;
	const present = await lookAtAll(options);
	const fileSystems = FileSystems.of(present);
	const protectedPaths = [stateDirName, ...fileSystems.stagingPaths()];
	const remove = mayRemove(options);
	const removals = remove ? judge(options, present, protectedPaths) : undefined;
	tellFilled(options, present, removals);
	const builder = makeBuilder(options, present, protectedPaths, removals);
	planFromScan({image, present, record, builder, remove, removals, protectedPaths});
	const presentCount = Math.max(0, present.count - 1);
	return planOf(options, {builder, present, oldOf: undefined, fileSystems, presentCount});
}

/** Undefined: the difference is not enough, because something protected may be in the way. */
async function planByDiff(
	options: NarrowedOptions,
	record: PublishRecord,
): Promise<Planned | undefined> {
	const {pool, image, task} = options;
	const root = options.root!;
	const whole = Image.of(record.list, record.subPath, none);
	if (whole === undefined) throw new ShoalError('STORE_CORRUPT', 'the publish record');
	const recorded = select(whole, options.options).image;
	const diff = diffImages(recorded, image);
	const remove = mayRemove(options);
	const tops = remove ? topRemovedDirectories(diff) : noPaths;
	const below = await pool.run(listBelow, {root, paths: tops}, task.order);
	const paths = pathsToSurvey(image, diff, below);
	const present = await look(options, paths);
	if (remove && image.isNarrowed && isAnyReplaced(image, diff, present)) return undefined;
	const fileSystems = FileSystems.of(present);
	const protectedPaths = [stateDirName, ...fileSystems.stagingPaths()];
	const removals = remove ? judge(options, present, protectedPaths) : undefined;
	tellFilled(options, present, removals);
	const builder = makeBuilder(options, present, protectedPaths, removals);
	planFromDiff({image, diff, present, record, builder, remove, removals, below});
	return planOf(options, {
		builder,
		present,
		oldOf: diff.oldOf,
		fileSystems,
		presentCount: image.isNarrowed ? countRecorded(record) : record.columns.ino.length,
	});
}

/** Entries that the record knows to be in DEST. */
function countRecorded({columns}: PublishRecord): number {
	let count = 0;
	for (const ino of columns.ino) if (ino !== 0n) count++;
	return count;
}

function judge(
	{image, filter}: NarrowedOptions,
	present: Present,
	protectedPaths: readonly Uint8Array[],
): Removals | undefined {
	return filter && judgeRemovals({image, present, filter, protectedPaths});
}

/** As rsync says it: no error, but worth knowing. */
function tellFilled(
	{problems}: NarrowedOptions,
	present: Present,
	removals: Removals | undefined,
): void {
	for (const index of removals?.filled ?? []) {
		const path = present.path(index);
		problems.notice('DIRECTORY_FILLED', path, 'not deleted: something in it is protected');
	}
}

/** DEST as a whole; for a single file, only what is in its place. */
async function lookAtAll(options: PlannerOptions): Promise<Present> {
	const {pool, root, destination, image, task, problems} = options;
	if (root === undefined) return new Present(noPaths, makeStatColumns(0), noPaths);
	if (image.fileName !== undefined) {
		const paths = new OctetPool();
		paths.add(none);
		paths.add(image.fileName);
		return look(options, paths.packed());
	}
	const table = await task.run({kind: 'scan', unit: 'entries'}, scan =>
		scanTree(pool, destination, {
			...scan.order,
			exclude: [stateDirName],
			onProgress: count => scan.advance(count),
		}),
	);
	for (const {code, path, message} of table.problems) problems.add(code, path, message);
	return Present.of(table);
}

/** Looks at paths of DEST, which come in order. */
function look({pool, root, task}: PlannerOptions, paths: PackedOctets): Promise<Present> {
	return task.run({kind: 'survey', unit: 'entries'}, survey =>
		surveyPaths(pool, root!, paths, survey.order),
	);
}

function makeBuilder(
	options: PlannerOptions,
	present: Present,
	protectedPaths: readonly Uint8Array[],
	removals: Removals | undefined,
): PlanBuilder {
	const {image, owners, problems, pool, root, sharesInodes, alternates} = options;
	const isFilled = (path: Uint8Array): boolean => {
		if (root === undefined) return false;
		const walk = new DirectoryWalk(pool.context.tree, root);
		try {
			const dir = walk.directory(path);
			return dir !== undefined && pool.context.tree.list(dir).length > 0;
		} finally {
			walk.release();
		}
	};
	return new PlanBuilder({
		image,
		present,
		options: options.options,
		owners,
		problems,
		protectedPaths,
		sharesInodes,
		isFilled,
		alternates,
		blocked: removals?.blocked,
	});
}

/** A list with entries that the source could not read is no ground to delete anything. */
function mayRemove({options, image, problems}: PlannerOptions): boolean {
	if (image.unreadCount > 0 || problems.sourceCount > 0) return false;
	return options.delete && image.fileName === undefined;
}

function planOf(
	{image, options, alternates}: PlannerOptions,
	rest: Omit<Planned, 'image' | 'options' | 'table' | 'sourceIndexOf' | 'alternates' | 'similarTo'>,
): Planned {
	const {table} = rest.builder;
	const found = {sourceIndexOf: new Map(), similarTo: new Map()};
	return {image, options, table, alternates, ...found, ...rest};
}

async function hashDoubtful(options: PlannerOptions, planned: Planned): Promise<void> {
	const {pool, root, task} = options;
	const {builder, table, present} = planned;
	if (builder.doubtful.length === 0) return;
	const rows = new Map(builder.doubtful.map(row => [builder.presentOfRow[row]!, row]));
	const indexes = Uint32Array.from(rows.keys()).sort();
	const onDigest = (index: number, digest: Uint8Array): void => {
		const row = rows.get(index)!;
		builder.resolve(row, equalOctets(digest, table.digest(row)));
	};
	await task.run({kind: 'hash'}, hash =>
		hashPresent({pool, root: root!, present, indexes, task: hash, onDigest}),
	);
}

/** Takes content from files that the record vouches for, once their stat has been confirmed. */
async function findLocal(
	options: PlannerOptions,
	{table, builder, sourceIndexOf}: Planned,
	needed: DigestIndex,
	record: PublishRecord,
): Promise<void> {
	const {columns} = table;
	const leaving = leavingPaths(table);
	const finds = findRecorded(table, needed, record, path => leaving.has(octetKey(path)));
	if (finds.rows.length === 0) return;
	const paths = OctetPool.from(finds.paths);
	const order = finds.rows.map((_, at) => at);
	order.sort((a, b) => comparePaths(paths.at(a), paths.at(b)));
	const looked = await look(options, paths.pick(order));
	const best = new Map<number, {path: Uint8Array; moves: boolean}>();
	for (const [at, find] of order.entries()) {
		if (looked.stat.type[at] !== entryType.file) continue;
		if (!record.isUntouched(finds.indexes[find]!, looked.stat, at)) continue;
		const path = paths.at(find);
		const row = finds.rows[find]!;
		// Where trees share inodes, the count of links tells nothing; the record does.
		const isAlone = options.sharesInodes ? finds.alone[find]! : looked.stat.linkCount[at] === 1;
		const moves = finds.verified[find]! && leaving.has(octetKey(path)) && isAlone;
		if (best.get(row)?.moves === true) continue;
		best.set(row, {path, moves});
		sourceIndexOf.set(row, finds.indexes[find]!);
	}
	for (const [row, {path, moves}] of best) {
		columns.content[row] = moves ? contentFrom.move : contentFrom.copy;
		table.setSource(row, path);
		builder.verified[builder.indexOfRow[row]!] = 1;
	}
	for (let row = 0; row < table.count; row++) {
		if (columns.content[row] !== contentFrom.twin) continue;
		const source = best.get(columns.twin[row]!);
		if (source === undefined) continue;
		columns.content[row] = contentFrom.copy;
		table.setSource(row, source.path);
	}
}

/** With `fuzzy`: for new files that no directory has under their names. */
async function findResembling(
	{pool, root, options, alternates, task}: PlannerOptions,
	{table, builder, similarTo}: Planned,
): Promise<void> {
	if (options.fuzzy === 0 || options.wholeFile || root === undefined) return;
	const {fuzzySizeMin = 0} = options;
	const {kind, content, size, existing: was} = table.columns;
	const rows: number[] = [];
	for (let row = 0; row < table.count; row++) {
		if (kind[row]! > changeKind.changed || content[row] !== contentFrom.source) continue;
		if (was[row] === existing.file || builder.alternateOf.has(row)) continue;
		if (size[row]! >= fuzzySizeMin) rows.push(row);
	}
	if (rows.length === 0) return;
	const others = options.fuzzy === 2 ? (alternates?.roots ?? []) : [];
	const {order} = task;
	const found = await findSimilar({pool, order, roots: [root, ...others], table, rows});
	for (const [row, bases] of found) similarTo.set(row, bases);
}

/** Files that are deleted or get another content: their inodes are free to be moved. */
function leavingPaths(table: ChangeTable): Set<string> {
	const {columns, count} = table;
	const leaving = new Set<string>();
	for (let row = 0; row < count; row++) {
		if (columns.existing[row] !== existing.file) continue;
		const kind = columns.kind[row];
		const isReplaced = kind === changeKind.changed && columns.content[row] !== contentFrom.none;
		if (isReplaced || kind === changeKind.deleted) leaving.add(octetKey(table.path(row)));
	}
	return leaving;
}

/** Directories whose entries come, go or are replaced get their own time again. */
function touchParents({table, builder, present, image}: Planned): void {
	const {columns} = table;
	const known = new Set<string>();
	const last = table.count;
	for (let row = 0; row < last; row++) {
		if (columns.type[row] !== entryType.directory || columns.kind[row] === changeKind.none)
			continue;
		known.add(octetKey(table.path(row)));
	}
	let previous: Uint8Array | undefined;
	for (let row = 0; row < last; row++) {
		const kind = columns.kind[row];
		const path = table.path(row);
		if (kind === changeKind.none || kind === changeKind.metadata || path.length === 0) continue;
		const parent = parentPath(path);
		if (previous !== undefined && equalOctets(parent, previous)) continue;
		previous = copyOctets(parent);
		const key = octetKey(parent);
		if (known.has(key) || image.fileName !== undefined) continue;
		known.add(key);
		builder.touch(previous, present.find(parent));
	}
}

/** Which file system each row is on: that of the directory that holds its path. */
function setDevices({table, fileSystems}: Planned): void {
	if (fileSystems.roots.length === 1) return;
	const {columns} = table;
	for (let row = 0; row < table.count; row++) {
		columns.device[row] = fileSystems.indexOf(parentPath(table.path(row)));
	}
}
