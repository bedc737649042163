/**
 * What of a snapshot an image is to have: filter rules decide about each entry of a directory that
 * the image has, and a list of names puts these names and the directories on the way to them in
 * the place of the whole tree. Both are rsync's, evaluated here on the list; the source never
 * sees them.
 */
import {ShoalError} from '../error.ts';
import {entryType} from '../snapshot/entry.ts';
import {Filter, type FilterRoots} from '../snapshot/filter.ts';
import {baseName, joinPath, parentPath} from '../snapshot/path.ts';
import {PathStack} from '../snapshot/path-stack.ts';
import {copyOctets, octetKey} from '../task/packed-octets.ts';
import type {Image} from './image.ts';
import type {SelectOptions} from './update-types.ts';

/** How an image has an entry. */
export const shown = {
	/** Not at all. */
	hidden: 0,
	/** A directory without what it holds, unless that is named; what DEST has in it stays. */
	bare: 1,
	/** Whole: what a directory holds is asked about, and what DEST has more in it may go. */
	whole: 2,
} as const;

export type Selected = {
	readonly image: Image;
	/** Undefined: the image is all that the list has at its path. */
	readonly filter: Filter | undefined;
	/** Names that the list does not have, or not as they are written. */
	readonly missing: readonly MissingName[];
};

export type MissingName = {readonly path: Uint8Array; readonly why: string};

/** True: nothing of an image is left out. */
export function selectsAll({filters, names}: SelectOptions): boolean {
	return filters.length === 0 && names === undefined;
}

/** @throws ShoalError SOURCE_INVALID for names in what is a single file */
export function select(image: Image, options: SelectOptions): Selected {
	if (selectsAll(options)) return {image, filter: undefined, missing: []};
	const filter = new Filter(options.filters, rootsOf(image, options.roots));
	if (image.fileName !== undefined) {
		if (options.names !== undefined) {
			throw new ShoalError(
				'SOURCE_INVALID',
				'it is no directory, and --files-from names files in it',
			);
		}
		const isHidden = filter.hides(baseName(image.subPath), false);
		return {image: image.narrowed(() => (isHidden ? 0 : shown.whole)), filter, missing: []};
	}
	const named = options.names && new NamedEntries(image, filter, options);
	const stack = new PathStack<number>();
	const narrowed = image.narrowed(({path, entry}) => {
		const isDirectory = entry.type === entryType.directory;
		const above = path.length === 0 ? undefined : stack.above(path);
		const isReached =
			above === undefined
				? path.length === 0 && named === undefined
				: above === shown.whole && !filter.hides(path, isDirectory);
		const state = named?.stateOf(path, isReached) ?? (isReached ? shown.whole : shown.hidden);
		if (isDirectory) stack.push(path, state);
		return state;
	});
	return {image: narrowed, filter, missing: named?.missing ?? []};
}

/** Rules with `/` are held against paths from the module's root, as an rsync daemon has it. */
function rootsOf({fileName, subPath}: Image, {source, destination}: FilterRoots): FilterRoots {
	const below = fileName === undefined ? subPath : parentPath(subPath);
	const above = withoutSlashes(source);
	return {
		source: below.length === 0 ? above : joinPath(above, below),
		destination: withoutSlashes(destination),
	};
}

function withoutSlashes(path: Uint8Array): Uint8Array {
	let [start, end] = [0, path.length];
	while (path[start] === 0x2f) start++;
	while (end > start && path[end - 1] === 0x2f) end--;
	return path.subarray(start, end);
}

/** The entries that names mean, and the directories on the way to them. */
class NamedEntries {
	readonly missing: MissingName[] = [];
	readonly #recursive: boolean;
	/** Of each path: whether it was named, with what it holds; false: it is on the way only. */
	readonly #states = new Map<string, number>();

	constructor(image: Image, filter: Filter, {names, recursive}: SelectOptions) {
		this.#recursive = recursive;
		const states = this.#states;
		for (const {path, withContents} of names ?? []) {
			const cursor = image.find(path);
			if (cursor === undefined) {
				this.missing.push({path, why: 'the source has nothing of this name'});
				continue;
			}
			if (cursor.type === entryType.symlink && withContents) {
				this.missing.push({path, why: 'a symlink, which is not followed: drop the slash'});
				continue;
			}
			const isDirectory = cursor.type === entryType.directory;
			if (path.length > 0 && filter.hides(path, isDirectory)) continue;
			const key = octetKey(path);
			const isWhole = withContents || recursive || !isDirectory;
			if (isWhole || !states.has(key)) states.set(key, isWhole ? shown.whole : shown.bare);
			for (let above = path; above.length > 0; ) {
				above = copyOctets(parentPath(above));
				if (above.length === 0 || states.has(octetKey(above))) break;
				states.set(octetKey(above), shown.bare);
			}
		}
	}

	/** `isReached`: the image has it because it has what holds it, whole. */
	stateOf(path: Uint8Array, isReached: boolean): number {
		const state = this.#states.get(octetKey(path)) ?? shown.hidden;
		if (!isReached) return state;
		return this.#recursive ? shown.whole : Math.max(state, shown.bare);
	}
}
