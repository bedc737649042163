/** Looks at single paths: what each is, as a scan of its directory would have found it. */
import {type ErrorCode, ShoalError} from '../error.ts';
import type {DirHandle, Stat, TreeIo} from '../platform/tree.ts';
import {entryType} from '../snapshot/entry.ts';
import {baseName, parentPath} from '../snapshot/path.ts';
import {DirectoryWalk} from './directory-walk.ts';
import {octetsAt, type PackedOctets} from './packed-octets.ts';
import type {ScanProblem} from './scan.ts';
import {ColumnsBuilder, type ScanColumns, typeOf} from './scan-columns.ts';
import {defineTask} from './task.ts';

export type LookInput = {
	readonly root: DirHandle;
	readonly paths: PackedOctets;
};

export type LookOutput = {
	/** Of those that are there, in the order of the paths. */
	readonly columns: ScanColumns;
	/** For each path: whether there is nothing, something, or something that cannot be seen. */
	readonly found: Uint8Array;
	readonly problems: readonly ScanProblem[];
};

export const lookFound = {absent: 0, present: 1, unseen: 2} as const;

const none = new Uint8Array(0);

export const look = defineTask({
	name: 'look',
	run({root, paths}: LookInput, {tree, aborted}): LookOutput {
		const count = paths.ends.length;
		const columns = new ColumnsBuilder(Math.max(1, count));
		const found = new Uint8Array(count);
		const problems: ScanProblem[] = [];
		const walk = new DirectoryWalk(tree, root);
		try {
			for (let index = 0; index < count && !aborted(); index++) {
				const path = octetsAt(paths, index);
				const problem = lookAt(tree, walk, path, columns);
				if (typeof problem === 'boolean') {
					found[index] = problem ? lookFound.present : lookFound.absent;
				} else {
					found[index] = lookFound.unseen;
					problems.push({path: path.slice(), ...problem});
				}
			}
		} finally {
			walk.release();
		}
		return {columns: columns.finish(), found, problems};
	},
	transfer: ({columns, found}) => [columns.paths.buffer, found.buffer],
});

type Failure = {readonly code: ErrorCode; readonly message: string};

/** Whether there is anything, and then it is added. */
function lookAt(
	tree: TreeIo,
	walk: DirectoryWalk,
	path: Uint8Array,
	columns: ColumnsBuilder,
): boolean | Failure {
	try {
		const parent = walk.parent(path);
		if (parent === undefined) return false;
		const name = baseName(path);
		const stat: Stat | undefined =
			path.length === 0 ? tree.statDir(parent) : tree.stat(parent, name);
		if (stat === undefined) return false;
		const type = typeOf(stat.format);
		if (type === undefined) {
			const message = `of an unknown type, 0o${stat.format.toString(8)}`;
			return {code: 'FILE_UNSUPPORTED', message};
		}
		const target = type === entryType.symlink ? tree.readLink(parent, name) : none;
		columns.add(parentPath(path), name, type, stat, target);
		return true;
	} catch (error) {
		if (!(error instanceof ShoalError)) throw error;
		return {code: error.code, message: error.message};
	}
}
