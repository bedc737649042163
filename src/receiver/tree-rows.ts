/**
 * What has to be done to one tree so that it becomes another one with a plan's rows applied: the
 * next tree is the current one, by hard links, but for those rows. What the tree that it is made
 * from has already as it should be, by inode, is left alone.
 */
import {entryType} from '../snapshot/entry.ts';
import {comparePaths, equalOctets, isWithin, parentPath} from '../snapshot/path.ts';
import {
	blankChange,
	type Change,
	ChangeTable,
	changeKind,
	contentFrom,
	existing,
	leaveMode,
	leaveOwner,
	leaveTime,
} from '../task/change-table.ts';
import {copyOctets, OctetPool, octetKey, type PackedOctets} from '../task/packed-octets.ts';
import type {StatColumns} from '../task/survey.ts';
import {existingOf} from './compare.ts';
import type {TreeView} from './tree-view.ts';

/** No row of the plan: a name that the current tree has, or that goes. */
export const noPlanRow = -1;

export type TreeRows = {
	/** `deleted`: with all below it. `touch`: a directory that is there, with its attributes. */
	readonly table: ChangeTable;
	/** Of each row, that of the plan which it carries out, or `noPlanRow`. */
	readonly planRow: readonly number[];
};

export type TreeRowsOptions = {
	/** What the next tree is made from; undefined: nothing is there. */
	readonly base: TreeView | undefined;
	/** Undefined: this is the first tree. */
	readonly current: TreeView | undefined;
	readonly plan: ChangeTable;
	/** Rows of it to be carried out. */
	readonly rows: readonly number[];
};

export function planTree(options: TreeRowsOptions): TreeRows {
	const merge = new Merge(options);
	while (merge.step());
	merge.touchParents();
	return {table: merge.table, planRow: merge.planRow};
}

/** Directories that take attributes from those of the current tree, in path order. */
export function borrowingDirectories({table, planRow}: TreeRows): PackedOctets {
	const {mode, uid, gid, mtimeNsec} = table.columns;
	const paths: Uint8Array[] = [];
	for (let row = 0; row < table.count; row++) {
		if (!isDirectoryRow(table, row)) continue;
		const isWhole =
			planRow[row] !== noPlanRow &&
			mode[row] !== leaveMode &&
			uid[row] !== leaveOwner &&
			gid[row] !== leaveOwner &&
			mtimeNsec[row] !== leaveTime;
		if (!isWhole) paths.push(table.path(row));
	}
	const pool = new OctetPool(paths.length);
	for (const path of paths.sort(comparePaths)) pool.add(path);
	return pool.packed();
}

/** `find` answers where `stat` has a directory of the current tree, -1 for a new one. */
export function lendAttributes(
	{table}: TreeRows,
	find: (path: Uint8Array) => number,
	stat: StatColumns,
	mayChown: boolean,
): void {
	const {columns} = table;
	for (let row = 0; row < table.count; row++) {
		if (!isDirectoryRow(table, row)) continue;
		const at = find(table.path(row));
		if (at < 0) continue;
		if (columns.mode[row] === leaveMode) columns.mode[row] = stat.mode[at]!;
		if (columns.mtimeNsec[row] === leaveTime) {
			columns.mtimeSec[row] = stat.mtimeSec[at]!;
			columns.mtimeNsec[row] = stat.mtimeNsec[at]!;
		}
		if (columns.uid[row] === leaveOwner && mayChown) columns.uid[row] = stat.uid[at]!;
		if (columns.gid[row] === leaveOwner) columns.gid[row] = stat.gid[at]!;
	}
}

function isDirectoryRow({columns}: ChangeTable, row: number): boolean {
	return columns.type[row] === entryType.directory && columns.kind[row] !== changeKind.deleted;
}

class Merge {
	readonly table = new ChangeTable();
	readonly planRow: number[] = [];
	readonly #options: TreeRowsOptions;
	readonly #rows: readonly number[];
	#rowAt = 0;
	#hasBase: boolean;
	#hasCurrent: boolean;
	/** The last path that goes with all below it. */
	#gone: Uint8Array | undefined;
	/** Keys of directories that go, unless something in them stays. */
	readonly #leaving = new Set<string>();
	/** Keys of directories that have a row. */
	readonly #directories = new Set<string>();

	constructor(options: TreeRowsOptions) {
		this.#options = options;
		const {plan, rows, base, current} = options;
		this.#rows = [...rows].sort((a, b) => comparePaths(plan.path(a), plan.path(b)));
		this.#hasBase = base?.next() ?? false;
		this.#hasCurrent = current?.next() ?? false;
	}

	/** One path of the three; false when all have ended. */
	step(): boolean {
		const {base, current, plan} = this.#options;
		const row = this.#rows[this.#rowAt];
		const paths = [
			...(this.#hasBase ? [base!.path] : []),
			...(this.#hasCurrent ? [current!.path] : []),
			...(row === undefined ? [] : [plan.path(row)]),
		];
		if (paths.length === 0) return false;
		const path = paths.reduce((a, b) => (comparePaths(a, b) <= 0 ? a : b));
		const isBase = this.#hasBase && equalOctets(base!.path, path);
		const isCurrent = this.#hasCurrent && equalOctets(current!.path, path);
		const isRow = row !== undefined && equalOctets(plan.path(row), path);
		const isThere = isBase && (this.#gone === undefined || !isWithin(path, this.#gone));
		const have = isThere ? base : undefined;
		if (isRow) this.#carryOut(row, path, have);
		else if (isCurrent) this.#keep(path, have);
		else if (have !== undefined) this.#remove(path, have.type);
		if (isBase) this.#hasBase = base!.next();
		if (isCurrent) this.#hasCurrent = current!.next();
		if (isRow) this.#rowAt++;
		return true;
	}

	/** A directory in which something changes gets its own time again. */
	touchParents(): void {
		const {table} = this;
		const last = table.count;
		for (let row = 0; row < last; row++) {
			for (let path = table.path(row); path.length > 0; ) {
				path = copyOctets(parentPath(path));
				if (this.#directories.has(octetKey(path))) break;
				this.#directory(path, changeKind.touch);
			}
		}
	}

	#carryOut(row: number, path: Uint8Array, have: TreeView | undefined): void {
		const {plan} = this.#options;
		const {kind, type, content} = plan.columns;
		if (kind[row] === changeKind.deleted) {
			if (have !== undefined) this.#remove(path, have.type);
			if (type[row] === entryType.directory) this.#leaving.add(octetKey(path));
			return;
		}
		this.#stayAbove(path);
		const change = changeOf(plan, row);
		if (type[row] === entryType.directory) {
			const isThere = this.#makeWay(path, have, entryType.directory);
			this.#directories.add(octetKey(path));
			this.#add({...change, kind: isThere ? changeKind.touch : changeKind.new}, row);
			return;
		}
		const isThere = this.#makeWay(path, have, type[row]!);
		const isLink = content[row] === contentFrom.link;
		const own = type[row] === entryType.file ? contentFrom.source : contentFrom.none;
		const from = isLink ? contentFrom.link : own;
		this.#add({...change, ...placed(isThere), content: from}, row);
	}

	/** What the current tree has and the plan leaves alone. */
	#keep(path: Uint8Array, have: TreeView | undefined): void {
		const current = this.#options.current!;
		this.#stayAbove(path);
		if (have?.isSame(current)) return;
		const isThere = this.#makeWay(path, have, current.type);
		if (current.type === entryType.directory) {
			this.#directory(path, isThere ? changeKind.touch : changeKind.new);
			return;
		}
		const change = {...blank(path), type: current.type, content: contentFrom.kept};
		this.#add({...change, ...placed(isThere)}, noPlanRow);
	}

	/** A directory that was to go stays for the sake of what is in it. */
	#stayAbove(path: Uint8Array): void {
		if (this.#leaving.size === 0 || path.length === 0) return;
		const parent = parentPath(path);
		if (!this.#leaving.delete(octetKey(parent))) return;
		this.#stayAbove(parent);
		const isThere = this.#gone === undefined || !isWithin(parent, this.#gone);
		this.#directory(parent, isThere ? changeKind.touch : changeKind.new);
	}

	/** True: something of the same sort is there. What is of another sort goes. */
	#makeWay(path: Uint8Array, have: TreeView | undefined, type: number): boolean {
		if (have === undefined) return false;
		const isDirectory = have.type === entryType.directory;
		if (isDirectory === (type === entryType.directory)) return true;
		this.#remove(path, have.type);
		return false;
	}

	#remove(path: Uint8Array, type: number): void {
		this.#gone = copyOctets(path);
		const change = {...blank(path), type, existing: existingOf(type)};
		this.#add({...change, kind: changeKind.deleted}, noPlanRow);
	}

	/** With the attributes of the same one in the current tree. */
	#directory(path: Uint8Array, kind: number): void {
		this.#directories.add(octetKey(path));
		this.#add({...blank(path), type: entryType.directory, kind}, noPlanRow);
	}

	#add(change: Omit<Change, 'source'>, planRow: number): void {
		this.table.add(change);
		this.planRow.push(planRow);
	}
}

function placed(isThere: boolean): {kind: number; existing: number} {
	return isThere
		? {kind: changeKind.changed, existing: existing.file}
		: {kind: changeKind.new, existing: existing.none};
}

function changeOf(table: ChangeTable, row: number): Omit<Change, 'source'> {
	const {columns} = table;
	const change: Record<string, unknown> = {
		path: table.path(row),
		target: table.target(row),
		leader: table.leader(row),
		digest: table.digest(row),
	};
	for (const [name, column] of Object.entries(columns)) change[name] = column[row];
	return change as Omit<Change, 'source'>;
}

function blank(path: Uint8Array): Omit<Change, 'source'> {
	const leaves = {mode: leaveMode, uid: leaveOwner, gid: leaveOwner, mtimeNsec: leaveTime};
	return {...blankChange(), path, ...leaves};
}
