/** Everything below some directories: what removing them would remove. */
import type {DirHandle, TreeIo} from '../platform/tree.ts';
import {joinPath} from '../snapshot/path.ts';
import {DirectoryWalk} from './directory-walk.ts';
import {copyOctets, OctetPool, octetsAt, type PackedOctets} from './packed-octets.ts';
import {fileFormat} from './survey.ts';
import {defineTask} from './task.ts';

export type ListBelowInput = {readonly root: DirHandle; readonly paths: PackedOctets};

/** Whole paths, in no order; what cannot be listed is left out. */
export const listBelow = defineTask<ListBelowInput, PackedOctets>({
	name: 'list-below',
	run({root, paths}, {tree, aborted}) {
		const found = new OctetPool();
		const walk = new DirectoryWalk(tree, root);
		try {
			for (let index = 0; index < paths.ends.length && !aborted(); index++) {
				const path = octetsAt(paths, index);
				const dir = walk.directory(path);
				if (dir !== undefined) collect(tree, dir, copyOctets(path), found);
			}
		} finally {
			walk.release();
		}
		return found.packed();
	},
});

function collect(tree: TreeIo, dir: DirHandle, path: Uint8Array, found: OctetPool): void {
	const directories: Uint8Array[] = [];
	tree.visit(dir, (name, stat) => {
		if (stat instanceof Error) return;
		found.add(joinPath(path, name));
		if (stat.format === fileFormat.directory) directories.push(copyOctets(name));
	});
	for (const name of directories) {
		const below = tree.openDir(dir, name);
		if (below === undefined) continue;
		try {
			collect(tree, below, joinPath(path, name), found);
		} finally {
			tree.closeDir(below);
		}
	}
}
