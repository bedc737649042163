/** A new list of the one before and what was looked at anew: other pages are taken as they are. */
import type {Sha256} from '../platform/crypto.ts';
import type {List} from '../snapshot/list.ts';
import {ListBuilder} from '../snapshot/list-builder.ts';
import {comparePaths} from '../snapshot/path.ts';
import type {TableEntry} from './table-entry.ts';
import type {Zones} from './zones.ts';

/** `entries` are `count` and in order; of `before`, what the zones cover is left out. */
export function updateList(
	before: List,
	zones: Zones,
	entries: TableEntry,
	count: number,
	sha256: Sha256,
): Uint8Array {
	const builder = new ListBuilder(sha256);
	const walk = zones.walk();
	const cursor = before.cursor();
	let at = 0;
	const addBefore = (path: Uint8Array | undefined): void => {
		for (; at < count; at++) {
			entries.index = at;
			if (path !== undefined && comparePaths(entries.path, path) >= 0) return;
			builder.add(entries);
		}
	};
	for (;;) {
		const page = cursor.nextPage;
		if (page !== undefined && isClear(before, page, walk)) {
			addBefore(before.firstPath(page));
			if (builder.tryAddPage(before, page)) {
				cursor.skipPage();
				continue;
			}
		}
		if (!cursor.next()) break;
		if (walk.covers(cursor.path)) continue;
		addBefore(cursor.path);
		builder.add(cursor);
	}
	addBefore(undefined);
	return builder.finish();
}

function isClear(list: List, page: number, walk: ReturnType<Zones['walk']>): boolean {
	const after = list.pageAfter(page);
	return walk.isClear(
		list.firstPath(page),
		after === undefined ? undefined : list.firstPath(after),
	);
}
