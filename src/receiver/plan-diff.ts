/**
 * Plans from the record of the last pull and the difference of two lists: only what differs is
 * looked at, whatever the size of the tree. DEST was complete then; what has been done to it since
 * is only seen where it differs (`check` sees all).
 */

import {entryType} from '../snapshot/entry.ts';
import {comparePaths, isWithin, parentPath} from '../snapshot/path.ts';
import {copyOctets, OctetPool, octetKey, type PackedOctets} from '../task/packed-octets.ts';
import type {Image, ImageCursor} from './image.ts';
import type {PlanBuilder} from './plan-builder.ts';
import {type Fact, FactWalk} from './plan-scan.ts';
import type {Present} from './present.ts';
import type {PublishRecord} from './publish-record.ts';
import type {Removals} from './removals.ts';

const none = new Uint8Array(0);

/** What two images do not have in common. */
export type ImageDiff = {
	/** Indexes of entries of the new image that are new or differ, in order. */
	readonly touched: Uint32Array;
	/** Paths that only the old image has, in order, and which of them are directories. */
	readonly removed: PackedOctets;
	readonly removedDirectory: Uint8Array;
	/** Of each entry of the new image: its index in the old one, -1 if there is none. */
	readonly oldOf: Int32Array;
};

export function diffImages(from: Image, to: Image): ImageDiff {
	const diff = new DiffBuilder(to.list.presentCount);
	const olds = from.entries();
	const news = to.entries();
	let hasOld = olds.next();
	let hasNew = news.next();
	while (hasOld || hasNew) {
		if (hasOld && hasNew && olds.atSamePage(news)) {
			const count = news.pageSize();
			diff.same(olds.index, news.index, count);
			hasOld = olds.passPage();
			hasNew = news.passPage();
			continue;
		}
		const order = !hasOld ? 1 : !hasNew ? -1 : comparePaths(olds.path, news.path);
		if (order < 0) diff.removed(olds);
		else if (order > 0) diff.touched(news, -1);
		else if (olds.entry.isSame(news.entry)) diff.same(olds.index, news.index, 1);
		else diff.changed(olds, news);
		if (order <= 0) hasOld = olds.next();
		if (order >= 0) hasNew = news.next();
	}
	if (diff.groups.size > 0) touchGroups(to, diff);
	return diff.finish();
}

class DiffBuilder {
	/** Hard-link groups of which a name is new, gone or different: all their names are touched. */
	readonly groups = new Set<string>();
	readonly #touched: number[] = [];
	readonly #removed = new OctetPool();
	readonly #removedDirectory: number[] = [];
	readonly #oldOf: Int32Array;

	constructor(count: number) {
		this.#oldOf = new Int32Array(count).fill(-1);
	}

	same(old: number, index: number, count: number): void {
		for (let each = 0; each < count; each++) this.#oldOf[index + each] = old + each;
	}

	removed({path, entry}: ImageCursor): void {
		this.#removed.add(path);
		this.#removedDirectory.push(entry.type === entryType.directory ? 1 : 0);
		this.#noteGroup(entry);
	}

	changed(olds: ImageCursor, news: ImageCursor): void {
		this.#noteGroup(olds.entry);
		this.touched(news, olds.index);
	}

	touched({entry, index}: ImageCursor, old: number): void {
		this.#oldOf[index] = old;
		this.#touched.push(index);
		this.#noteGroup(entry);
	}

	touchAlso(index: number): void {
		this.#touched.push(index);
	}

	finish(): ImageDiff {
		return {
			touched: new Uint32Array(new Set(this.#touched)).sort(),
			removed: this.#removed.packed(),
			removedDirectory: Uint8Array.from(this.#removedDirectory),
			oldOf: this.#oldOf,
		};
	}

	#noteGroup({link, linkCount, path}: ImageCursor['entry']): void {
		if (link.length > 0) this.groups.add(octetKey(link));
		else if (linkCount > 1) this.groups.add(octetKey(path));
	}
}

/** The names of a group share an inode: when one gets another, so do all. */
function touchGroups(image: Image, diff: DiffBuilder): void {
	const entries = image.entries();
	while (entries.next()) {
		const {link, linkCount, path} = entries.entry;
		const isMember = link.length > 0 || linkCount > 1;
		if (!isMember || !diff.groups.has(octetKey(link.length > 0 ? link : path))) continue;
		diff.touchAlso(entries.index);
	}
}

/** The paths of DEST to look at, in order: all that differ, with the directories above them. */
export function pathsToSurvey(image: Image, diff: ImageDiff, below: PackedOctets): PackedOctets {
	const paths = new Map<string, Uint8Array>();
	const add = (path: Uint8Array): void => {
		const key = octetKey(path);
		if (paths.has(key)) return;
		paths.set(key, copyOctets(path));
		if (path.length > 0) add(parentPath(path));
	};
	eachTouched(image, diff.touched, ({path}) => add(path));
	for (const packed of [diff.removed, below]) {
		const pool = OctetPool.from(packed);
		for (let index = 0; index < pool.count; index++) add(pool.at(index));
	}
	add(none);
	const sorted = [...paths.values()].sort(comparePaths);
	const pool = new OctetPool(sorted.length);
	for (const path of sorted) pool.add(path);
	return pool.packed();
}

/** Removed directories that are not below another one. */
export function topRemovedDirectories({removed, removedDirectory}: ImageDiff): PackedOctets {
	const pool = OctetPool.from(removed);
	const tops: number[] = [];
	const isBelow = (path: Uint8Array): boolean =>
		tops.length > 0 && isWithin(path, pool.at(tops[tops.length - 1]!));
	for (let index = 0; index < pool.count; index++) {
		if (removedDirectory[index] === 1 && !isBelow(pool.at(index))) tops.push(index);
	}
	return pool.pick(tops);
}

export type DiffPlanOptions = {
	readonly image: Image;
	readonly diff: ImageDiff;
	/** Every path of `pathsToSurvey`. */
	readonly present: Present;
	readonly record: PublishRecord;
	readonly builder: PlanBuilder;
	readonly remove: boolean;
	/** What of it goes; undefined: all. */
	readonly removals: Removals | undefined;
	/** What is in removed directories, known to the record or not. */
	readonly below: PackedOctets;
};

export function planFromDiff(options: DiffPlanOptions): void {
	const {image, diff, present, record, builder} = options;
	const facts = new FactWalk(record, present);
	const fact: Fact = {digest: none, recorded: false};
	const entries = image.entries();
	let next = 0;
	while (entries.next()) {
		if (entries.index !== diff.touched[next]) {
			builder.keep(entries);
			continue;
		}
		next++;
		const index = present.find(entries.path);
		facts.look(entries.path, index, fact);
		builder.consider(entries, index, fact);
	}
	if (options.remove) removeAll(options);
}

/** Whether DEST has a directory where the image has something else: what it holds is not known. */
export function isAnyReplaced(image: Image, {touched}: ImageDiff, present: Present): boolean {
	let found = false;
	eachTouched(image, touched, ({path, entry}) => {
		const index = entry.type === entryType.directory ? -1 : present.find(path);
		if (index >= 0 && present.stat.type[index] === entryType.directory) found = true;
	});
	return found;
}

/** Deletions in path order, each path once. */
function removeAll({diff, below, present, builder, removals}: DiffPlanOptions): void {
	const indexes = new Set<number>();
	for (const packed of [diff.removed, below]) {
		const pool = OctetPool.from(packed);
		for (let at = 0; at < pool.count; at++) {
			const index = present.find(pool.at(at));
			if (index >= 0 && removals?.goes[index] !== 0) indexes.add(index);
		}
	}
	for (const index of [...indexes].sort((a, b) => a - b)) builder.remove(index);
}

function eachTouched(
	image: Image,
	touched: Uint32Array,
	visit: (entries: ImageCursor) => void,
): void {
	let next = 0;
	const entries = image.entries();
	while (next < touched.length && entries.next()) {
		if (entries.index !== touched[next]) continue;
		next++;
		visit(entries);
	}
}
