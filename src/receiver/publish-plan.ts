/**
 * Publishes a plan whose contents are staged: decides what of it can be done, writes that down,
 * does it, and records what DEST is then.
 */

import type {DirHandle} from '../platform/tree.ts';
import type {Pool} from '../pool/pool.ts';
import type {ActiveTask} from '../scheduler/active-task.ts';
import {entryType} from '../snapshot/entry.ts';
import {comparePaths} from '../snapshot/path.ts';
import {
	type ChangeTable,
	changeKind,
	contentFrom,
	existing,
	leaveMode,
	leaveOwner,
	leaveTime,
} from '../task/change-table.ts';
import {linkContent} from '../task/content-copy.ts';
import {DirectoryWalk} from '../task/directory-walk.ts';
import {OctetPool, octetKey} from '../task/packed-octets.ts';
import type {StatColumns} from '../task/survey.ts';
import {changeDetail, sameTime} from './compare.ts';
import type {Gathering} from './gathering.ts';
import {isNamed, isStaged} from './local-content.ts';
import {isMoved} from './plan-summary.ts';
import type {Planned} from './planner.ts';
import type {ProblemList} from './problem-list.ts';
import type {Staging} from './staging.ts';
import {surveyPaths} from './survey-paths.ts';
import type {PublishResult} from './update-types.ts';
import type {Way} from './way.ts';

export type PublishPlanOptions = {
	readonly pool: Pool;
	readonly way: Way;
	readonly planned: Planned;
	readonly problems: ProblemList;
	/** Undefined: there is nothing to stage. */
	readonly staging: Staging | undefined;
	readonly gathering: Gathering | undefined;
	readonly key: Uint8Array;
	readonly sequence: number;
	readonly task: ActiveTask;
};

export async function publishPlan(options: PublishPlanOptions): Promise<PublishResult> {
	const {pool, way, planned, problems, staging, key, sequence, task} = options;
	if (planned.options.strict && problems.count > 0) return resultOf(options, undefined);
	const isWhole = planned.image.unreadCount === 0 && problems.sourceCount === 0;
	const removes = planned.options.delete && isWhole;
	const failed = new Set<number>();
	await stageMoves(options, removes, failed);
	await stageLinks(options, failed);
	failUnstaged(options, failed);
	if (!removes) keepDirectories(options, failed);
	failDependents(planned, failed);
	const rows = rowsToDo(planned, removes).filter(row => !failed.has(row));
	const order = {pool, planned, problems, staging, rows, removes, failed, key, sequence, task};
	await way.put(order);
	return resultOf(options, {rows, failed});
}

/** Rows that are steps; deletions only where nothing speaks against them. */
function rowsToDo({table}: Planned, removes: boolean): number[] {
	const {kind, details} = table.columns;
	const rows: number[] = [];
	for (let row = 0; row < table.count; row++) {
		if (kind[row] === changeKind.none) continue;
		const isSpared = (details[row]! & changeDetail.link) !== 0;
		if (removes || isSpared || kind[row] !== changeKind.deleted) rows.push(row);
	}
	return rows;
}

/**
 * Files that only change their place: their inodes are linked into staging, which costs nothing.
 * Where the old name stays after all, or is not what it was, the content is copied.
 */
async function stageMoves(
	options: PublishPlanOptions,
	removes: boolean,
	failed: Set<number>,
): Promise<void> {
	const {planned, way} = options;
	const {table} = planned;
	const {content} = table.columns;
	const moves: number[] = [];
	for (let row = 0; row < table.count; row++) {
		if (content[row] === contentFrom.move) moves.push(row);
	}
	if (moves.length === 0) return;
	const untouched = removes ? await untouchedSources(options, moves) : new Set<number>();
	await linkOrCopy(options, failed, {rows: moves, links: untouched, roots: [way.root!]});
}

/**
 * Files that an alternate directory has just so: they get a further name. Where that cannot be, on
 * another file system for one, or where they changed since, they are copied, and so proven.
 */
async function stageLinks(options: PublishPlanOptions, failed: Set<number>): Promise<void> {
	const {planned, staging} = options;
	const {table, alternates} = planned;
	const {content} = table.columns;
	if (alternates === undefined || staging === undefined) return;
	const rows: number[] = [];
	for (let row = 0; row < table.count; row++) {
		if (content[row] === contentFrom.linked) rows.push(row);
	}
	if (rows.length === 0) return;
	const good = await unchangedAlternates(options, rows);
	await linkOrCopy(options, failed, {rows, links: good, roots: alternates.roots});
}

type LinkOrder = {
	readonly rows: readonly number[];
	/** Rows to try it with; the rest is copied, and so proven. */
	readonly links: Set<number>;
	/** A row's content is below the one that it names; without a name, below the first. */
	readonly roots: readonly DirHandle[];
};

/** Gives files that are here a further name in staging, and copies those that cannot have one. */
async function linkOrCopy(
	{planned, problems, gathering, pool, staging, task}: PublishPlanOptions,
	failed: Set<number>,
	{rows, links, roots}: LinkOrder,
): Promise<void> {
	const {table} = planned;
	const {content, size} = table.columns;
	const tried = rows.filter(row => links.has(row));
	const rootOf = Uint8Array.from(tried, row => Math.max(0, table.sourceRoot(row) - 1));
	const input = {roots, rootOf, staging: staging!.handles, rows: table.pick(tried)};
	const {bad} = await pool.run(linkContent, input, task.order);
	for (const at of bad) links.delete(tried[at]!);
	for (const row of links) gathering!.bytesMatched += size[row]!;
	const copies = rows.filter(row => !links.has(row));
	for (const row of copies) content[row] = contentFrom.copy;
	await gathering!.copyNow(copies);
	// Nothing is published yet: the old names must not go while their content is nowhere else.
	if (gathering!.failure !== undefined) throw gathering!.failure;
	for (const row of copies) {
		if (gathering!.isStaged(row)) continue;
		failed.add(row);
		problems.add('FILE_UNREADABLE', table.path(row), 'the file that has its content has changed');
	}
}

/** Rows whose files in alternate directories still have size, owner, mode and time of the entry. */
async function unchangedAlternates(
	{pool, planned, task}: PublishPlanOptions,
	rows: readonly number[],
): Promise<Set<number>> {
	const {table, alternates} = planned;
	const good = new Set<number>();
	for (const [number, root] of alternates!.roots.entries()) {
		const ours = rows.filter(row => table.sourceRoot(row) === number + 1);
		ours.sort((a, b) => comparePaths(table.source(a), table.source(b)));
		const paths = new OctetPool(ours.length);
		for (const row of ours) paths.add(table.source(row));
		const {stat} = await surveyPaths(pool, root, paths.packed(), task.order);
		for (const [at, row] of ours.entries()) {
			const isFile = stat.type[at] === entryType.file && stat.size[at] === table.columns.size[row];
			if (isFile && hasAttributes(table, row, stat, at)) good.add(row);
		}
	}
	return good;
}

/** Rows whose source is still as the record has it. */
async function untouchedSources(
	{pool, way, planned, task}: PublishPlanOptions,
	moves: readonly number[],
): Promise<Set<number>> {
	const {table, sourceIndexOf} = planned;
	const order = [...moves].sort((a, b) => comparePaths(table.source(a), table.source(b)));
	const paths = new OctetPool(order.length);
	for (const row of order) paths.add(table.source(row));
	const {stat} = await surveyPaths(pool, way.root!, paths.packed(), task.order);
	const untouched = order.filter((row, at) => {
		if (way.sharesInodes && !hasAttributes(table, row, stat, at)) return false;
		return way.record?.isUntouched(sourceIndexOf.get(row) ?? -1, stat, at);
	});
	return new Set(untouched);
}

/** A file that keeps its inode under another name keeps owner, mode and time, too. */
function hasAttributes(table: ChangeTable, row: number, stat: StatColumns, at: number): boolean {
	const {uid, gid, mode, mtimeSec, mtimeNsec} = table.columns;
	if (uid[row] !== leaveOwner && uid[row] !== stat.uid[at]) return false;
	if (gid[row] !== leaveOwner && gid[row] !== stat.gid[at]) return false;
	if (mode[row] !== leaveMode && mode[row] !== stat.mode[at]) return false;
	return (
		mtimeNsec[row] === leaveTime ||
		sameTime({mtimeSec: mtimeSec[row]!, mtimeNsec: mtimeNsec[row]!}, stat, at)
	);
}

/** What was not brought into staging has been told already: its old version stays. */
function failUnstaged({planned, gathering}: PublishPlanOptions, failed: Set<number>): void {
	const {table} = planned;
	for (let row = 0; row < table.count; row++) {
		if (!isStaged(table, row) || isNamed(table.columns.content[row]!)) continue;
		if (gathering?.isStaged(row) !== true) failed.add(row);
	}
}

/** Without deletions, a directory with entries gives way to nothing else. */
function keepDirectories(options: PublishPlanOptions, failed: Set<number>): void {
	const {planned, problems, pool, way} = options;
	const {table} = planned;
	const {kind, type, existing: was} = table.columns;
	const {tree} = pool.context;
	const walk = new DirectoryWalk(tree, way.root!);
	for (let row = 0; row < table.count; row++) {
		if (kind[row] !== changeKind.changed || type[row] === entryType.directory) continue;
		if (was[row] !== existing.directory || failed.has(row)) continue;
		const dir = walk.directory(table.path(row));
		if (dir === undefined || tree.list(dir).length === 0) continue;
		failed.add(row);
		const path = table.path(row);
		problems.add('DIRECTORY_FILLED', path, 'a directory with entries is in its place');
	}
	walk.release();
}

/**
 * What stays as it is because of what failed: further names of a file that did not come, and files
 * that it was to be made of, since for now nothing else has their content.
 */
function failDependents({table}: Planned, failed: Set<number>): void {
	const {content} = table.columns;
	for (let known = 0; known < failed.size; ) {
		known = failed.size;
		const rows = [...failed];
		const paths = new Set(rows.map(row => octetKey(table.path(row))));
		const sources = new Set(rows.map(row => octetKey(table.source(row))));
		for (let row = 0; row < table.count; row++) {
			const isFollower =
				content[row] === contentFrom.link && paths.has(octetKey(table.leader(row)));
			const path = table.path(row);
			if (isFollower || (path.length > 0 && sources.has(octetKey(path)))) failed.add(row);
		}
	}
}

function resultOf(
	{planned, problems, gathering}: PublishPlanOptions,
	done: {rows: readonly number[]; failed: ReadonlySet<number>} | undefined,
): PublishResult {
	const {table} = planned;
	const {kind} = table.columns;
	let deleted = 0;
	let filesChanged = 0;
	let filesMoved = 0;
	for (const row of done?.rows ?? []) {
		if (done?.failed.has(row)) continue;
		if (kind[row] === changeKind.deleted) deleted++;
		if (!isStaged(table, row) || kind[row] === changeKind.metadata) continue;
		filesChanged++;
		if (isMoved(table, row)) filesMoved++;
	}
	return {
		published: done !== undefined,
		complete: done !== undefined && problems.count === 0,
		deleted,
		filesChanged,
		filesMoved,
		bytesLiteral: gathering?.bytesLiteral ?? 0,
		bytesMatched: gathering?.bytesMatched ?? 0,
		...problems.summary(),
	};
}
