/**
 * What of DEST goes when an image with filters or names is put there: what its directories hold
 * beside the image, but for what a rule protects and what is in a directory that was not asked
 * about. A directory that holds something protected stays, with that; so does one in whose place
 * the image has a file. As rsync(1) has it under "FILTER RULES WHEN DELETING".
 */
import {entryType} from '../snapshot/entry.ts';
import type {Filter} from '../snapshot/filter.ts';
import {comparePaths, isWithin} from '../snapshot/path.ts';
import {PathStack} from '../snapshot/path-stack.ts';
import {absent} from '../task/survey.ts';
import type {Image} from './image.ts';
import type {Present} from './present.ts';
import {shown} from './selection.ts';

export type RemovalOptions = {
	readonly image: Image;
	readonly present: Present;
	readonly filter: Filter;
	/** Directories of ours below DEST: they and what is in them stay. */
	readonly protectedPaths: readonly Uint8Array[];
};

export type Removals = {
	/** 1: what `present` has there goes. */
	readonly goes: Uint8Array;
	/** Directories that would go, and stay for what is in them. */
	readonly filled: readonly number[];
	/** Such directories that are where the image has something else. */
	readonly blocked: ReadonlySet<number>;
};

/** A directory of DEST while what is in it is looked at. */
type Fate = {
	/** `doomed`: it goes, or makes way. `whole`: what it holds beside the image goes. */
	readonly kind: 'kept' | 'whole' | 'doomed';
	readonly index: number;
	readonly makesWay: boolean;
};

export function judgeRemovals({image, present, filter, protectedPaths}: RemovalOptions): Removals {
	const goes = new Uint8Array(present.count);
	const filled = new Set<number>();
	const blocked = new Set<number>();
	const stack = new PathStack<Fate>();
	const entries = image.entries();
	let hasEntry = entries.next();
	for (let index = 0; index < present.count; index++) {
		const type = present.stat.type[index]!;
		if (type === absent) continue;
		const path = present.path(index);
		const isDirectory = type === entryType.directory;
		let order = 1;
		while (hasEntry) {
			order = comparePaths(entries.path, path);
			if (order >= 0) break;
			hasEntry = entries.next();
		}
		const above = stack.above(path);
		let fate: Omit<Fate, 'index'>;
		if (hasEntry && order === 0) {
			fate = fateInImage(entries.entry.type, image.stateOf(entries.entry));
		} else if (above === undefined || above.kind === 'kept') {
			fate = {kind: 'kept', makesWay: false};
		} else {
			const isDoomed = above.kind === 'doomed';
			const stays =
				protectedPaths.some(each => isWithin(path, each)) ||
				filter.protects(path, isDirectory, isDoomed);
			fate = {kind: stays ? 'kept' : 'doomed', makesWay: false};
			if (!stays) goes[index] = 1;
			else if (isDoomed) {
				for (const each of stack.allAbove(path)) {
					if (each.kind !== 'doomed') break;
					(each.makesWay ? blocked : filled).add(each.index);
					goes[each.index] = 0;
				}
			}
		}
		if (isDirectory) stack.push(path, {...fate, index});
	}
	return {goes, filled: [...filled].sort((a, b) => a - b), blocked};
}

function fateInImage(type: number, state: number): Omit<Fate, 'index'> {
	if (type !== entryType.directory) return {kind: 'doomed', makesWay: true};
	return {kind: state === shown.whole ? 'whole' : 'kept', makesWay: false};
}
