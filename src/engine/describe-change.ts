import {escapePath} from '../escape.ts';
import {changeDetail, type PlannedChange} from '../receiver/update.ts';
import {type EntryType, entryType} from '../snapshot/entry.ts';
import type {Change, TypeCounts} from './event.ts';

const bits: readonly [number, Change['differs'][number]][] = [
	[changeDetail.type, 'type'],
	[changeDetail.content | changeDetail.target | changeDetail.type, 'content'],
	[changeDetail.size, 'size'],
	[changeDetail.time, 'time'],
	[changeDetail.mode, 'mode'],
	[changeDetail.owner, 'owner'],
	[changeDetail.group, 'group'],
];

/** A planned change as an event tells it. */
export function describeChange(
	change: PlannedChange,
	path: Uint8Array,
	type: EntryType,
	details: number,
	target: Uint8Array,
	leader: Uint8Array,
): Change {
	const isWhole = change === 'new' || change === 'deleted';
	return {
		change,
		path: escapePath(path),
		type: nameType(type),
		differs: isWhole ? [] : bits.filter(([bit]) => (details & bit) !== 0).map(([, name]) => name),
		...(target.length === 0 ? {} : {target: escapePath(target)}),
		...(leader.length === 0 ? {} : {linkTo: escapePath(leader)}),
	};
}

/** Counts by `entryType`, as an event tells them. */
export function describeTypes(counts: readonly number[]): TypeCounts {
	const told = {file: 0, directory: 0, symlink: 0, device: 0, special: 0};
	for (const [type, count] of counts.entries()) told[nameType(type as EntryType)] += count;
	return told;
}

export function nameType(type: EntryType): Change['type'] {
	switch (type) {
		case entryType.file:
			return 'file';
		case entryType.directory:
			return 'directory';
		case entryType.symlink:
			return 'symlink';
		case entryType.fifo:
		case entryType.socket:
			return 'special';
		default:
			return 'device';
	}
}
