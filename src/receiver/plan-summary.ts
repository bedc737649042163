/** What a plan comes to: counts, room, and whether so much may be deleted. */
import {ShoalError} from '../error.ts';
import type {DirHandle, Name, TreeIo} from '../platform/tree.ts';
import {entryTypeNames} from '../snapshot/entry.ts';
import {comparePaths, equalOctets} from '../snapshot/path.ts';
import {type ChangeTable, changeKind, contentFrom} from '../task/change-table.ts';
import {DirectoryWalk} from '../task/directory-walk.ts';
import {isStagedContent} from '../task/staged-name.ts';
import {mountedStagingName} from './file-systems.ts';
import {isNamed, isStaged} from './local-content.ts';
import type {Planned} from './planner.ts';
import type {Plan, PlanCounts, PlannedChange} from './update-types.ts';

/** Without a cap of the operator's, deleting more than half of more than this many is refused. */
const deleteFree = 100;

export function countPlan({table, builder}: Planned): PlanCounts {
	const {columns} = table;
	const counts: PlanCounts = {
		entries: builder.entries,
		files: builder.files,
		bytesTotal: builder.bytesTotal,
		created: 0,
		changed: 0,
		metadata: 0,
		deleted: 0,
		entryTypes: builder.entryTypes,
		createdTypes: noTypes(),
		deletedTypes: noTypes(),
		filesChanged: 0,
		filesMoved: 0,
		bytesToFetch: 0,
		bytesLocal: 0,
		bytesKept: builder.bytesKept,
	};
	for (let row = 0; row < table.count; row++) {
		const kind = columns.kind[row];
		const type = columns.type[row]!;
		if (kind === changeKind.new) counts.createdTypes[type]!++;
		if (kind === changeKind.deleted) counts.deletedTypes[type]!++;
		if (kind === changeKind.new) counts.created++;
		else if (kind === changeKind.changed) counts.changed++;
		else if (kind === changeKind.metadata) counts.metadata++;
		else if (kind === changeKind.deleted) counts.deleted++;
		// A copy for the sake of another mode or time is no other content.
		if (!isStaged(table, row) || kind === changeKind.metadata) continue;
		counts.filesChanged++;
		const from = columns.content[row];
		if (from === contentFrom.source) counts.bytesToFetch += columns.size[row]!;
		else counts.bytesLocal += columns.size[row]!;
		if (isMoved(table, row)) counts.filesMoved++;
	}
	return counts;
}

/** A count for each `entryType`. */
function noTypes(): number[] {
	return entryTypeNames.map(() => 0);
}

/** Its content was found in DEST under another path. */
export function isMoved(table: ChangeTable, row: number): boolean {
	const from = table.columns.content[row];
	if (from !== contentFrom.copy && from !== contentFrom.move) return false;
	return !equalOctets(table.source(row), table.path(row));
}

/** DELETE_REFUSED if more would go than may. */
export function refuseDeletion(planned: Planned, deleted: number): ShoalError | undefined {
	const {deleteMax} = planned.options;
	const {presentCount} = planned;
	const cap = deleteMax ?? (presentCount > deleteFree ? presentCount / 2 : Infinity);
	if (deleted <= cap) return undefined;
	const limit =
		deleteMax === undefined ? 'more than half, and no --max-delete is given' : `over ${deleteMax}`;
	const detail = `${deleted} of ${presentCount} entries would be deleted: ${limit}`;
	return new ShoalError('DELETE_REFUSED', detail);
}

/** DESTINATION_FULL when more is to come than there is room for. */
export function refuseOctets(needed: number, free: number): ShoalError | undefined {
	if (needed <= free) return undefined;
	return new ShoalError('DESTINATION_FULL', `${needed} octets are to come, and ${free} are free`);
}

/**
 * DESTINATION_FULL if what is to be staged does not fit its file system. `stagePath` leads from
 * `root` to the staging directory there.
 */
export function refuseSize(
	tree: TreeIo,
	root: DirHandle,
	stagePath: readonly Name[],
	{table, fileSystems}: Planned,
): ShoalError | undefined {
	const {content, device, size, holes} = table.columns;
	const needed = new Float64Array(fileSystems.roots.length);
	for (let row = 0; row < table.count; row++) {
		if (!isStaged(table, row) || isNamed(content[row]!)) continue;
		// How much of a file with holes takes room is known when it is there.
		if (holes[row] === 1) continue;
		needed[device[row]!]! += size[row]!;
	}
	const walk = new DirectoryWalk(tree, root);
	try {
		for (const [index, path] of fileSystems.roots.entries()) {
			const dir = walk.directory(path);
			if (dir === undefined || needed[index] === 0) continue;
			const free = tree.freeSpace(dir);
			if (needed[index]! <= free) continue;
			const there = stagedSize(tree, dir, index === 0 ? stagePath : [mountedStagingName]);
			const refusal = refuseOctets(needed[index]! - there, free);
			if (refusal !== undefined) return refusal;
		}
	} finally {
		walk.release();
	}
	return undefined;
}

export function eachChange({table}: Planned): Plan['forEachChange'] {
	return tell => {
		const {kind, type, details, content} = table.columns;
		const rows: number[] = [];
		for (let row = 0; row < table.count; row++) {
			// What an alternate directory has just so is no change, as rsync tells it.
			const isLinked = content[row] === contentFrom.linked && kind[row] === changeKind.new;
			if (names[kind[row]!] !== undefined && !isLinked) rows.push(row);
		}
		rows.sort((a, b) => comparePaths(table.path(a), table.path(b)));
		for (const row of rows) {
			const [target, leader] = [table.target(row), table.leader(row)];
			tell(names[kind[row]!]!, table.path(row), type[row]!, details[row]!, target, leader);
		}
	};
}

const names: readonly (PlannedChange | undefined)[] = ['new', 'changed', 'metadata', 'deleted'];

/** Octets that an earlier run has staged: they need no room again. */
function stagedSize(tree: TreeIo, fileSystem: DirHandle, path: readonly Name[]): number {
	let dir: DirHandle | undefined = fileSystem;
	const held: DirHandle[] = [];
	for (const name of path) {
		dir = dir && tree.openDir(dir, name);
		if (dir !== undefined) held.push(dir);
	}
	try {
		if (dir === undefined) return 0;
		let size = 0;
		for (const name of tree.list(dir)) {
			if (isStagedContent(name)) size += (tree.stat(dir, name)?.blocks ?? 0) * 512;
		}
		return size;
	} finally {
		for (const each of held) tree.closeDir(each);
	}
}
