import type {DirHandle, Name, TreeIo} from '../platform/tree.ts';
import {fileFormat} from './survey.ts';

/**
 * Removes `name` in `dir` and all below it, if it is there; what is mounted below stays, with the
 * directories that lead to it. `beat` is called at each step.
 * @throws ShoalError FILE_UNWRITABLE at the first that cannot be removed
 */
export function removeTree(
	tree: TreeIo,
	dir: DirHandle,
	name: Name,
	beat = (): void => undefined,
): void {
	beat();
	const stat = tree.stat(dir, name);
	if (stat === undefined) return;
	if (stat.format !== fileFormat.directory) {
		tree.unlink(dir, name);
		return;
	}
	if ((stat.mode & 0o700) !== 0o700) tree.setMode(dir, name, stat.mode | 0o700);
	const inner = tree.openDir(dir, name);
	if (inner !== undefined) {
		try {
			if (tree.statDir(inner).dev === tree.statDir(dir).dev) {
				for (const below of tree.list(inner)) removeTree(tree, inner, below, beat);
			}
		} finally {
			tree.closeDir(inner);
		}
	}
	tree.removeDir(dir, name);
}
