import type {DirHandle, Name} from '../platform/tree.ts';
import {removeTree} from './remove-tree.ts';
import {defineTask} from './task.ts';

export type RemoveInput = {readonly dir: DirHandle; readonly names: readonly Name[]};

/** Removes whole trees in a directory: in a thread, since it takes as long as they are large. */
export const removeTrees = defineTask<RemoveInput, undefined>({
	name: 'remove-trees',
	run({dir, names}, {tree, beat}) {
		for (const name of names) removeTree(tree, dir, name, beat);
		return undefined;
	},
});
