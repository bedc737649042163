/** Compares an entry with what DEST has in its place, as rsync's quick check and item list do. */
import {type EntryView, entryType} from '../snapshot/entry.ts';
import {equalOctets} from '../snapshot/path.ts';
import {existing, leaveMode, leaveOwner, leaveTime, modeUnmasked} from '../task/change-table.ts';
import {absent, type StatColumns} from '../task/survey.ts';
import type {OwnerMap} from './owner-map.ts';
import type {Present} from './present.ts';
import type {PlanOptions} from './update-types.ts';

/** What differs between an entry and what DEST has in its place. */
export const changeDetail = {
	content: 1,
	size: 2,
	time: 4,
	mode: 8,
	owner: 16,
	group: 32,
	target: 64,
	link: 128,
	type: 256,
} as const;

/** What an entry shall have in DEST: `leave…` where nothing is set. */
export type Attributes = {
	mode: number;
	uid: number;
	gid: number;
	mtimeSec: number;
	mtimeNsec: number;
};

/** Times that were set and read again may differ by less, in nanoseconds: Node's utimes. */
const timeGrain = 2000;

/** What is in the way, by its type. */
export function existingOf(type: number): number {
	if (type === absent) return existing.none;
	if (type === entryType.file) return existing.file;
	return type === entryType.directory ? existing.directory : existing.other;
}

export function sameTime(
	entry: Pick<EntryView, 'mtimeSec' | 'mtimeNsec'>,
	stat: StatColumns,
	index: number,
): boolean {
	const seconds = entry.mtimeSec - stat.mtimeSec[index]!;
	if (Math.abs(seconds) > 1) return false;
	return Math.abs(seconds * 1e9 + entry.mtimeNsec - stat.mtimeNsec[index]!) < timeGrain;
}

/**
 * `present`: index of an existing entry of the same type, which lends what is not preserved; -1:
 * there is none, and the umask decides as for any new file.
 */
export function attributesOf(
	entry: EntryView,
	present: number,
	stat: StatColumns,
	options: PlanOptions,
	owners: OwnerMap,
): Attributes {
	let mode: number = leaveMode;
	if (entry.type !== entryType.symlink) {
		if (options.permissions) mode = entry.mode;
		else if (present >= 0) mode = stat.mode[present]!;
		else mode = (entry.mode & 0o777) | modeUnmasked;
	}
	return {
		mode,
		uid: owners.uid(entry),
		gid: owners.gid(entry),
		mtimeSec: options.times ? entry.mtimeSec : 0,
		mtimeNsec: options.times ? entry.mtimeNsec : leaveTime,
	};
}

/** Bits of what has to be set, for an existing entry of the same type. */
export function metadataDetails(
	entry: EntryView,
	present: Present,
	index: number,
	wanted: Attributes,
	options: PlanOptions,
): number {
	const {stat} = present;
	let details = 0;
	if (options.times && !sameTime(entry, stat, index)) details |= changeDetail.time;
	if (wanted.mode !== leaveMode && wanted.mode !== stat.mode[index]) details |= changeDetail.mode;
	if (wanted.uid !== leaveOwner && wanted.uid !== stat.uid[index]) details |= changeDetail.owner;
	if (wanted.gid !== leaveOwner && wanted.gid !== stat.gid[index]) details |= changeDetail.group;
	if (entry.type === entryType.symlink && !equalOctets(entry.target, present.target(index))) {
		details |= changeDetail.target | changeDetail.content;
	}
	return details;
}
