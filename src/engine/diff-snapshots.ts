/** `shoal diff`: what changed between two snapshots, wherever they are. */
import platform from '#platform';
import {ShoalError} from '../error.ts';
import {escapePath} from '../escape.ts';
import {toHex} from '../hex.ts';
import type {Cursor} from '../snapshot/cursor.ts';
import type {List} from '../snapshot/list.ts';
import {ListChanges} from '../snapshot/list-changes.ts';
import {equalOctets} from '../snapshot/path.ts';
import {nameType} from './describe-change.ts';
import type {Change, DiffResult} from './event.ts';
import {GoneFiles} from './gone-files.ts';
import {openList} from './open-list.ts';
import type {DiffOptions, ListOrigin} from './options.ts';

/** @throws ShoalError SNAPSHOT_MISSING, SNAPSHOT_INVALID, SOURCE_INVALID, and as dialling does */
export async function diffSnapshots(options: DiffOptions): Promise<DiffResult> {
	const {signal, onChange} = options;
	const startedAt = platform.clock.now();
	const from = await openWhole(options.from, options);
	const to = await openWhole(options.to, options);
	const gone = new GoneFiles(from, to);
	const counts = {created: 0, changed: 0, metadataChanged: 0, moved: 0, deleted: 0, bytesNew: 0};
	for (const changes = new ListChanges(from, to); changes.next(); ) {
		const change = describe(changes, gone);
		if (change === undefined) continue;
		count(counts, change, changes);
		const taken = onChange(change);
		if (taken !== undefined) await taken;
		signal?.throwIfAborted();
	}
	return {
		ok: true,
		exit: 0,
		from: toHex(from.root),
		to: toHex(to.root),
		entriesBefore: from.entryCount,
		entriesAfter: to.entryCount,
		...counts,
		elapsedMs: Math.round((platform.clock.now() - startedAt) / 1000),
	};
}

function openWhole(origin: ListOrigin, options: DiffOptions): Promise<List> {
	if ('host' in origin && origin.path.length > 0) {
		throw new ShoalError('SOURCE_INVALID', 'snapshots are compared whole, not a path of one');
	}
	return openList(origin, new Uint8Array(0), options);
}

/** Undefined when only the number of names of its hard link is another one: they are told. */
function describe({kind, before, after}: ListChanges, gone: GoneFiles): Change | undefined {
	const entry = kind === 'removed' ? before : after;
	const movedFrom = kind === 'added' ? gone.take(after) : undefined;
	const differs = kind === 'changed' ? differences(before, after) : [];
	if (kind === 'changed' && differs.length === 0) return undefined;
	const isContent = differs.includes('content') || differs.includes('size');
	const changed = isContent ? 'changed' : 'metadata';
	return {
		change: kind === 'added' ? 'new' : kind === 'removed' ? 'deleted' : changed,
		path: escapePath(entry.path),
		type: nameType(entry.type),
		differs,
		...(entry.target.length > 0 && {target: escapePath(entry.target)}),
		...(entry.link.length > 0 && {linkTo: escapePath(entry.link)}),
		...(movedFrom !== undefined && {movedFrom: escapePath(movedFrom)}),
	};
}

function differences(before: Cursor, after: Cursor): Change['differs'] {
	const isContent =
		before.type !== after.type ||
		before.device !== after.device ||
		before.unread !== after.unread ||
		!equalOctets(before.digest, after.digest) ||
		!equalOctets(before.target, after.target) ||
		!equalOctets(before.link, after.link);
	const isTime = before.mtimeSec !== after.mtimeSec || before.mtimeNsec !== after.mtimeNsec;
	const isOwner = before.uid !== after.uid || !equalOctets(before.owner, after.owner);
	const isGroup = before.gid !== after.gid || !equalOctets(before.group, after.group);
	const found: Change['differs'][number][] = [];
	if (before.type !== after.type) found.push('type');
	if (isContent) found.push('content');
	if (before.size !== after.size) found.push('size');
	if (isTime) found.push('time');
	if (before.mode !== after.mode) found.push('mode');
	if (isOwner) found.push('owner');
	if (isGroup) found.push('group');
	return found;
}

type Counts = Pick<
	DiffResult,
	'created' | 'changed' | 'metadataChanged' | 'moved' | 'deleted' | 'bytesNew'
>;
type Writable<T> = {-readonly [Key in keyof T]: T[Key]};

function count(counts: Writable<Counts>, change: Change, {before, after}: ListChanges): void {
	switch (change.change) {
		case 'new':
			if (change.movedFrom === undefined) counts.created++;
			else counts.moved++;
			break;
		case 'changed':
			counts.changed++;
			break;
		case 'metadata':
			counts.metadataChanged++;
			break;
		case 'deleted':
			counts.deleted++;
	}
	const isNew = change.change === 'new' && change.movedFrom === undefined;
	const isOther = change.change === 'changed' && !equalOctets(before.digest, after.digest);
	if ((isNew || isOther) && after.digest.length > 0) counts.bytesNew += after.size;
}
