/** The regular files in some directories, without what is below: whom a new file may resemble. */
import type {DirHandle} from '../platform/tree.ts';
import {DirectoryWalk} from './directory-walk.ts';
import {OctetPool, octetsAt, type PackedOctets} from './packed-octets.ts';
import {fileFormat} from './survey.ts';
import {defineTask} from './task.ts';

export type SiblingsInput = {readonly root: DirHandle; readonly paths: PackedOctets};

export type SiblingsOutput = {
	/** Names in order of octets, directory by directory, and of each directory where its end. */
	readonly names: PackedOctets;
	readonly ends: Uint32Array;
	readonly size: Float64Array;
	readonly mtimeSec: Float64Array;
};

export const siblings = defineTask<SiblingsInput, SiblingsOutput>({
	name: 'siblings',
	run({root, paths}, {tree, aborted}) {
		const names = new OctetPool();
		const sizes: number[] = [];
		const times: number[] = [];
		const ends = new Uint32Array(paths.ends.length);
		const walk = new DirectoryWalk(tree, root);
		try {
			for (let index = 0; index < ends.length && !aborted(); index++) {
				const dir = walk.directory(octetsAt(paths, index));
				if (dir !== undefined) {
					tree.visit(dir, (name, stat) => {
						if (stat instanceof Error || stat.format !== fileFormat.file) return;
						names.add(name);
						sizes.push(stat.size);
						times.push(stat.mtimeSec);
					});
				}
				ends[index] = names.count;
			}
		} finally {
			walk.release();
		}
		return {
			names: names.packed(),
			ends,
			size: Float64Array.from(sizes),
			mtimeSec: Float64Array.from(times),
		};
	},
});
