/**
 * A tree and its state directory, by the path that the operator gave. State is in the tree, or
 * where the operator says; of a directory that is published as trees it is beside the symlink, so
 * that no tree has anything of ours in it.
 */
import {type ErrorCode, ShoalError} from '../error.ts';
import type {DirHandle} from '../platform/tree.ts';
import {openShownTree} from '../receiver/trees.ts';
import {StateDir, type StatePlatform} from '../store/state-dir.ts';

export type TreePlace = {readonly directory: string; readonly state?: string | undefined};

export type TreeState = {
	/** Held open for the caller, as the state is. */
	readonly root: DirHandle;
	/** A path to it that stays the same tree's. */
	readonly path: string;
	/** Undefined: there is none, and none was to be made. */
	readonly state: StateDir | undefined;
	/** Of several trees, which one it is; undefined: it is not published as trees. */
	readonly number: number | undefined;
};

/** @throws ShoalError TREE_MISSING, STORE_* */
export function openTreeState(
	platform: StatePlatform,
	{directory, state}: TreePlace,
	create: boolean,
): TreeState {
	const {tree} = platform;
	const shown = openShownTree(tree, directory);
	const root = shown?.root ?? tree.openRoot(directory);
	const path = shown?.path ?? directory;
	const number = shown?.number;
	try {
		if (state !== undefined || shown === undefined) {
			const place = {root, rootPath: path, ...(state === undefined ? {} : {state})};
			return {root, path, number, state: StateDir.open(platform, {...place, create})};
		}
		const above = tree.openRoot(shown.above);
		try {
			const place = {root: above, rootPath: shown.above, passage: shown.homeName};
			return {root, path, number, state: StateDir.open(platform, {...place, create: false})};
		} finally {
			tree.closeDir(above);
		}
	} catch (error) {
		tree.closeDir(root);
		const denied = error instanceof ShoalError && deniedCodes.includes(error.code);
		if (denied) throw new ShoalError('STORE_FAILED', error.message, {cause: error});
		throw error;
	}
}

/** What a directory says of a user who has no right to keep state there. */
const deniedCodes: readonly ErrorCode[] = ['FILE_UNREADABLE', 'FILE_UNWRITABLE'];
