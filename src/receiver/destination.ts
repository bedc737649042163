/** Finds DEST, or where it is to be, by the path that the operator gave. */
import {ShoalError} from '../error.ts';
import {escapePath} from '../escape.ts';
import type {DirHandle, TreeIo} from '../platform/tree.ts';

const encoder = new TextEncoder();

export type Destination = {
	readonly path: string;
	/** Undefined while it does not exist. */
	readonly root: DirHandle | undefined;
	/** A file, or something else that is no directory, has the name. */
	readonly isOther: boolean;
};

/** @throws ShoalError DESTINATION_INVALID, DESTINATION_DENIED */
export function findDestination(tree: TreeIo, given: string): Destination {
	const path = given.replace(/(?<=.)\/+$/, '');
	if (path === '') throw invalid(given, 'is empty');
	const root = openIfThere(tree, path);
	if (root !== undefined) return {path, root, isOther: false};
	const {above, name} = split(path);
	const parent = openIfThere(tree, above);
	if (parent === undefined) return {path, root, isOther: false};
	try {
		return {path, root, isOther: tree.stat(parent, name) !== undefined};
	} finally {
		tree.closeDir(parent);
	}
}

/**
 * Makes the directory `path`; what is missing above it only with `makePath`.
 * @throws ShoalError DESTINATION_INVALID
 */
export function makeDestination(tree: TreeIo, path: string, makePath: boolean): DirHandle {
	const there = openIfThere(tree, path);
	if (there !== undefined) return there;
	const {above, name} = split(path);
	const parent = openIfThere(tree, above) ?? (makePath ? undefined : null);
	if (parent === null) throw invalid(path, 'is in a directory that does not exist');
	const held = parent ?? makeDestination(tree, above, true);
	try {
		tree.makeDir(held, name, 0o777);
		const made = tree.openDir(held, name);
		if (made === undefined) throw invalid(path, 'vanished');
		return made;
	} finally {
		tree.closeDir(held);
	}
}

/** The directory above a path, and the last component of it. */
export function split(path: string): {above: string; name: Uint8Array} {
	const cut = path.lastIndexOf('/');
	const above = cut < 0 ? '.' : path.slice(0, cut) || '/';
	return {above, name: encoder.encode(path.slice(cut + 1))};
}

/** Undefined: there is none. @throws ShoalError DESTINATION_DENIED */
export function openIfThere(tree: TreeIo, path: string): DirHandle | undefined {
	try {
		return tree.openRoot(path);
	} catch (error) {
		if (!(error instanceof ShoalError)) throw error;
		if (error.code === 'TREE_MISSING') return undefined;
		throw new ShoalError('DESTINATION_DENIED', error.message, {cause: error});
	}
}

export function invalid(path: string, why: string): ShoalError {
	return new ShoalError('DESTINATION_INVALID', `${escapePath(encoder.encode(path))} ${why}`);
}

/** What cannot be written at all is the end of the run, not one path's problem. */
export function inDestination<T>(act: () => T): T {
	try {
		return act();
	} catch (error) {
		if (!(error instanceof ShoalError) || error.code !== 'FILE_UNWRITABLE') throw error;
		throw new ShoalError('DESTINATION_DENIED', error.message, {cause: error});
	}
}
