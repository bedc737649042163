/**
 * The file systems at and below DEST. A rename works within one only, so each has a staging
 * directory of its own: that of DEST is in its state directory, the others are beside what is
 * mounted.
 */

import {entryType} from '../snapshot/entry.ts';
import {isWithin, joinPath, parentPath} from '../snapshot/path.ts';
import {copyOctets} from '../task/packed-octets.ts';
import type {Present} from './present.ts';

const none = new Uint8Array(0);

/** At the top of every file system below DEST while a pull runs, or was cut off. */
export const mountedStagingName = new TextEncoder().encode('.shoal-staging');

export class FileSystems {
	/** Where each begins: DEST itself first, its path being empty. */
	readonly roots: readonly Uint8Array[];

	constructor(roots: readonly Uint8Array[]) {
		this.roots = roots;
	}

	/** `present` has every directory on the way to what matters. */
	static of(present: Present): FileSystems {
		const roots: Uint8Array[] = [none];
		const {dev, type} = present.stat;
		for (let index = 1; index < present.count; index++) {
			if (type[index] !== entryType.directory || dev[index] === dev[0]) continue;
			const path = present.path(index);
			const above = present.find(parentPath(path));
			if (above >= 0 && dev[above] !== dev[index]) roots.push(copyOctets(path));
		}
		return new FileSystems(roots);
	}

	/** Number of the file system that holds what is in the directory `path`. */
	indexOf(path: Uint8Array): number {
		let best = 0;
		for (let index = 1; index < this.roots.length; index++) {
			const root = this.roots[index]!;
			if (root.length > this.roots[best]!.length && isWithin(path, root)) best = index;
		}
		return best;
	}

	/** Paths of the staging directories that are not in the state directory. */
	stagingPaths(): Uint8Array[] {
		return this.roots.slice(1).map(root => joinPath(root, mountedStagingName));
	}
}
