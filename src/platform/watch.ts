/** Hearing of changes in a directory, where the system tells of them. */
import type {DirHandle, Name} from './tree.ts';

/**
 * Calls `told` with the name of each entry of the directory that comes, goes or changes, soon after
 * it has; undefined: something has. Changes may go untold when very many come at once. The handle
 * may be closed afterwards; the answer ends the watch.
 * @throws ShoalError WATCH_FAILED when the system watches no more, or none at all
 */
export type WatchDirectory = (
	dir: DirHandle,
	told: (name: Name | undefined) => void,
	failed: () => void,
) => () => void;
