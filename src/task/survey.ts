/** Looks at paths of DEST without following a symlink: what is there, in flat columns. */
import type {DirHandle, Stat, TreeIo} from '../platform/tree.ts';
import {baseName} from '../snapshot/path.ts';
import {DirectoryWalk} from './directory-walk.ts';
import {OctetPool, octetsAt, type PackedOctets} from './packed-octets.ts';
import {typeOf} from './scan-columns.ts';
import {defineTask} from './task.ts';

export type SurveyInput = {readonly root: DirHandle; readonly paths: PackedOctets};

/** `type` of a path where nothing is, or that cannot be reached. */
export const absent = 255;

/** One row per path; the columns of a scan are such ones too. */
export type StatColumns = {
	/** `entryType`, or `absent`. */
	readonly type: Uint8Array;
	readonly mode: Uint16Array;
	readonly uid: Uint32Array;
	readonly gid: Uint32Array;
	readonly linkCount: Uint32Array;
	readonly mtimeNsec: Uint32Array;
	readonly ctimeNsec: Uint32Array;
	readonly size: Float64Array;
	readonly mtimeSec: Float64Array;
	readonly ctimeSec: Float64Array;
	readonly ino: BigUint64Array;
	readonly dev: BigUint64Array;
};

/** `targets`: where symlinks point, else empty. */
export type SurveyOutput = StatColumns & {readonly targets: PackedOctets};

export const fileFormat = {
	mask: 0o170000,
	file: 0o100000,
	directory: 0o040000,
	symlink: 0o120000,
} as const;

export const survey = defineTask<SurveyInput, SurveyOutput>({
	name: 'survey',
	run({root, paths}, {tree, aborted}) {
		const count = paths.ends.length;
		const columns = makeStatColumns(count);
		const targets = new OctetPool(count);
		const walk = new DirectoryWalk(tree, root);
		try {
			for (let row = 0; row < count && !aborted(); row++) {
				targets.add(look(tree, walk, octetsAt(paths, row), columns, row));
			}
		} finally {
			walk.release();
		}
		return {...columns, targets: targets.packed()};
	},
	transfer: output => statColumnNames.map(name => output[name].buffer),
});

function look(
	tree: TreeIo,
	walk: DirectoryWalk,
	path: Uint8Array,
	columns: StatColumns,
	row: number,
): Uint8Array {
	const parent = walk.parent(path);
	if (parent === undefined) return none;
	const name = baseName(path);
	const stat = path.length === 0 ? tree.statDir(parent) : tree.stat(parent, name);
	if (stat === undefined) return none;
	setStat(columns, row, stat);
	return stat.format === fileFormat.symlink ? tree.readLink(parent, name) : none;
}

const none = new Uint8Array(0);

const columnTable = {
	type: Uint8Array,
	mode: Uint16Array,
	uid: Uint32Array,
	gid: Uint32Array,
	linkCount: Uint32Array,
	mtimeNsec: Uint32Array,
	ctimeNsec: Uint32Array,
	size: Float64Array,
	mtimeSec: Float64Array,
	ctimeSec: Float64Array,
	ino: BigUint64Array,
	dev: BigUint64Array,
} as const satisfies Record<keyof StatColumns, unknown>;

export const statColumnNames = Object.keys(columnTable) as (keyof StatColumns)[];

export function makeStatColumns(count: number): StatColumns {
	const columns: Partial<Record<keyof StatColumns, unknown>> = {};
	for (const name of statColumnNames) columns[name] = new columnTable[name](count);
	(columns.type as Uint8Array).fill(absent);
	return columns as StatColumns;
}

export function setStat(columns: StatColumns, row: number, stat: Stat): void {
	columns.type[row] = typeOf(stat.format) ?? absent;
	columns.mode[row] = stat.mode;
	columns.uid[row] = stat.uid;
	columns.gid[row] = stat.gid;
	columns.linkCount[row] = stat.linkCount;
	columns.mtimeNsec[row] = stat.mtimeNsec;
	columns.ctimeNsec[row] = stat.ctimeNsec;
	columns.size[row] = stat.size;
	columns.mtimeSec[row] = stat.mtimeSec;
	columns.ctimeSec[row] = stat.ctimeSec;
	columns.ino[row] = stat.ino;
	columns.dev[row] = stat.dev;
}
