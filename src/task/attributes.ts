/** Sets what a change says of owner, mode and time, in an order in which none undoes another. */
import {ShoalError} from '../error.ts';
import type {DirHandle, Name, TreeIo} from '../platform/tree.ts';
import {entryType} from '../snapshot/entry.ts';
import {type ChangeRows, leaveMode, leaveOwner, leaveTime} from './change-table.ts';

/** What a file or directory has that this process makes: what is so already is not set. */
export type Creation = {
	readonly uid: number;
	readonly gid: number;
	/** Bits that are never set in a new mode. */
	readonly umask: number;
};

/**
 * Of the entry `name` in `dir`. `made`: it was just created with mode `mode` by this process.
 * chown(2) clears setuid and setgid and chmod(2) sets them again, so the owner comes first.
 * @throws ShoalError the first failure, after all has been tried
 */
export function setAttributes(
	tree: TreeIo,
	dir: DirHandle,
	name: Name,
	rows: ChangeRows,
	row: number,
	made?: Creation & {readonly mode: number},
): void {
	const {uid, gid, mode} = wanted(rows, row);
	const ownerSet = changesOwner(uid, gid, made);
	const isSymlink = rows.type[row] === entryType.symlink;
	const modeSet = made === undefined || ownerSet || (made.mode & ~made.umask) !== mode;
	const mtimeNsec = rows.mtimeNsec[row]!;
	tryAll(
		() => ownerSet && tree.setOwner(dir, name, uid, gid),
		() => !isSymlink && mode !== leaveMode && modeSet && tree.setMode(dir, name, mode),
		() => mtimeNsec !== leaveTime && tree.setTimes(dir, name, rows.mtimeSec[row]!, mtimeNsec),
	);
}

/** Of a held directory itself, as `setAttributes`. */
export function setDirectoryAttributes(
	tree: TreeIo,
	dir: DirHandle,
	rows: ChangeRows,
	row: number,
): void {
	const {uid, gid, mode} = wanted(rows, row);
	const mtimeNsec = rows.mtimeNsec[row]!;
	tryAll(
		() => changesOwner(uid, gid, undefined) && tree.setDirOwner(dir, uid, gid),
		() => mode !== leaveMode && tree.setDirMode(dir, mode),
		() => mtimeNsec !== leaveTime && tree.setDirTimes(dir, rows.mtimeSec[row]!, mtimeNsec),
	);
}

/** Does every step, then throws what the first one that failed threw. */
export function tryAll(...steps: readonly (() => unknown)[]): void {
	let failure: ShoalError | undefined;
	for (const step of steps) {
		try {
			step();
		} catch (error) {
			if (!(error instanceof ShoalError)) throw error;
			failure ??= error;
		}
	}
	if (failure !== undefined) throw failure;
}

function wanted(rows: ChangeRows, row: number): {uid: number; gid: number; mode: number} {
	return {uid: rows.uid[row]!, gid: rows.gid[row]!, mode: rows.mode[row]!};
}

function changesOwner(uid: number, gid: number, made: Creation | undefined): boolean {
	if (made === undefined) return uid !== leaveOwner || gid !== leaveOwner;
	return (uid !== leaveOwner && uid !== made.uid) || (gid !== leaveOwner && gid !== made.gid);
}
