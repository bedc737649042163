/** Makes the publish record of a pull that has ended: the stat of everything as it is now. */
import type {DirHandle} from '../platform/tree.ts';
import type {Pool} from '../pool/pool.ts';
import type {JobOptions} from '../scheduler/lane.ts';
import {comparePaths} from '../snapshot/path.ts';
import {changeKind, contentFrom} from '../task/change-table.ts';
import {copyOctets, OctetPool, octetKey} from '../task/packed-octets.ts';
import {absent} from '../task/survey.ts';
import type {ImageCursor} from './image.ts';
import type {Planned} from './planner.ts';
import {
	copyRecord,
	makeRecordColumns,
	PublishRecord,
	type RecordColumns,
	recordStat,
} from './publish-record.ts';
import {surveyPaths} from './survey-paths.ts';

export type NewRecordOptions = {
	readonly pool: Pool;
	readonly order: JobOptions;
	readonly root: DirHandle;
	readonly planned: Planned;
	/** What the plan was made from, for entries that it did not look at. */
	readonly known: PublishRecord | undefined;
	/** Rows that did not become what they should. */
	readonly failed: ReadonlySet<number>;
};

/** No file's: what is there is known not to be the entry's, so size and time prove nothing. */
const otherInode = 0xffff_ffff_ffff_ffffn;

export async function makeRecord(options: NewRecordOptions): Promise<PublishRecord> {
	const {pool, root, planned, failed, order} = options;
	const {image, table} = planned;
	const moved = await surveyPaths(pool, root, changedPaths(planned), order);
	const columns = makeRecordColumns(countEntries(planned));
	const {content, kind} = table.columns;
	const entries = image.entries();
	while (entries.next()) {
		const {index, path} = entries;
		const row = planned.builder.rowOf[index]!;
		if (row >= 0 && failed.has(row)) {
			if (planned.builder.presentOf[index]! >= 0) columns.ino[index] = otherInode;
			continue;
		}
		const at = row >= 0 || isGrouped(entries) ? moved.find(path) : -1;
		if (at >= 0) {
			recordStat(columns, index, moved.stat, at);
			const isMade = row >= 0 && kind[row] !== changeKind.metadata;
			const isTaken = content[row] === contentFrom.none || content[row] === contentFrom.linked;
			const isProven = isMade && !isTaken;
			columns.verified[index] = isProven ? 1 : planned.builder.verified[index]!;
		} else if (row < 0) {
			carryOver(options, index, columns);
		}
	}
	return new PublishRecord(image.list, columns, image.subPath);
}

/** An entry that the plan left alone. */
function carryOver(
	{planned, known}: NewRecordOptions,
	index: number,
	columns: RecordColumns,
): void {
	const present = planned.builder.presentOf[index]!;
	const old = planned.oldOf?.[index] ?? -1;
	if (present >= 0 && planned.present.stat.type[present] !== absent) {
		recordStat(columns, index, planned.present.stat, present);
		columns.verified[index] = planned.builder.verified[index]!;
	} else if (old >= 0 && known !== undefined) {
		copyRecord(columns, index, known.columns, old);
	}
}

/**
 * Paths with a row, and the names of the hard links among them, in order: making or dropping a
 * link changes the ctime that all names share.
 */
function changedPaths({image, table, builder}: Planned): ReturnType<OctetPool['packed']> {
	const {columns} = table;
	const paths = new Map<string, Uint8Array>();
	const groups = new Set<string>();
	const visit = (each: (entries: ImageCursor, row: number) => void): void => {
		const walk = image.entries();
		while (walk.next()) each(walk, builder.rowOf[walk.index]!);
	};
	for (let row = 0; row < table.count; row++) {
		const kind = columns.kind[row];
		if (kind === changeKind.none || kind === changeKind.deleted) continue;
		const path = table.path(row);
		paths.set(octetKey(path), copyOctets(path));
	}
	visit((walk, row) => {
		if (row >= 0 && isGrouped(walk)) groups.add(groupKey(walk));
	});
	if (groups.size > 0) {
		visit(walk => {
			if (!isGrouped(walk) || !groups.has(groupKey(walk))) return;
			paths.set(octetKey(walk.path), copyOctets(walk.path));
		});
	}
	const pool = new OctetPool(paths.size);
	for (const path of [...paths.values()].sort(comparePaths)) pool.add(path);
	return pool.packed();
}

function isGrouped({entry}: ImageCursor): boolean {
	return entry.linkCount > 1 || entry.link.length > 0;
}

function groupKey({entry}: ImageCursor): string {
	return octetKey(entry.link.length > 0 ? entry.link : entry.path);
}

function countEntries({image, builder}: Planned): number {
	return image.indexCount ?? builder.entries;
}
