/**
 * Names of files with several, beside those that were looked at: a group of hard links is listed as
 * one thing, so when a name comes, goes or changes, the others must be looked at as well.
 */
import {entryType} from '../snapshot/entry.ts';
import type {List} from '../snapshot/list.ts';
import {isWithin} from '../snapshot/path.ts';
import {octetKey} from '../task/packed-octets.ts';
import type {ScanTable} from '../task/scan-table.ts';
import type {Zones} from './zones.ts';

/**
 * Paths of `before` outside the zones that are, or may be, names of a file within them: those of
 * groups that have a name there, and those that look like a file of which names are missing.
 */
export function otherNames(
	before: List,
	zones: Zones,
	table: ScanTable,
	zonePaths: readonly Uint8Array[],
): Uint8Array[] {
	const groups = groupsIn(before, zonePaths);
	const alike = missing(table);
	if (groups.size === 0 && alike.size === 0) return [];
	const names: Uint8Array[] = [];
	const walk = zones.walk();
	const cursor = before.cursor();
	while (cursor.next()) {
		if (cursor.type !== entryType.file || walk.covers(cursor.path)) continue;
		const {link} = cursor;
		const isOfGroup =
			groups.size > 0 &&
			((link.length > 0 && groups.has(octetKey(link))) ||
				(cursor.linkCount > 1 && groups.has(octetKey(cursor.path))));
		const isAlike = () => alike.get(cursor.mtimeSec)?.has(`${cursor.mtimeNsec} ${cursor.size}`);
		if (isOfGroup || isAlike()) names.push(cursor.path.slice());
	}
	return names;
}

/** First paths of the groups that had a name below, or at, one of these. */
function groupsIn(before: List, zonePaths: readonly Uint8Array[]): ReadonlySet<string> {
	const groups = new Set<string>();
	for (const path of zonePaths) {
		const cursor = before.seek(path);
		for (let more = cursor !== undefined; more && startsWith(cursor!.path, path); ) {
			if (isWithin(cursor!.path, path)) {
				if (cursor!.link.length > 0) groups.add(octetKey(cursor!.link));
				else if (cursor!.linkCount > 1) groups.add(octetKey(cursor!.path));
			}
			more = cursor!.next();
		}
	}
	return groups;
}

function startsWith(path: Uint8Array, start: Uint8Array): boolean {
	if (path.length < start.length) return false;
	return start.every((octet, at) => path[at] === octet);
}

/** By seconds of their time: the files of which the system counts more names than are here. */
function missing({columns, count}: ScanTable): ReadonlyMap<number, ReadonlySet<string>> {
	const names = new Map<string, {entry: number; count: number}>();
	for (let entry = 0; entry < count; entry++) {
		if (columns.type[entry] !== entryType.file || columns.linkCount[entry]! < 2) continue;
		const file = `${columns.dev[entry]} ${columns.ino[entry]}`;
		const known = names.get(file);
		if (known === undefined) names.set(file, {entry, count: 1});
		else known.count++;
	}
	const alike = new Map<number, Set<string>>();
	for (const {entry, count: here} of names.values()) {
		if (here >= columns.linkCount[entry]!) continue;
		const seconds = columns.mtimeSec[entry]!;
		const rest = `${columns.mtimeNsec[entry]} ${columns.size[entry]}`;
		alike.set(seconds, (alike.get(seconds) ?? new Set()).add(rest));
	}
	return alike;
}
