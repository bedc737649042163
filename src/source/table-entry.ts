/** Shows one entry of a scan at a time as a list wants it: a cursor, so no object per entry. */
import {digestSize} from '../limit.ts';
import type {OwnerNames} from '../platform/owner.ts';
import type {StatIdentity} from '../platform/tree.ts';
import {type EntryType, type EntryView, entryType} from '../snapshot/entry.ts';
import type {ScanTable} from '../task/scan-table.ts';

/** What is known of the contents of a scan's files, by entry. */
export type ContentColumns = {
	/** 32 octets an entry, and 1 where they are known. */
	readonly digests: Uint8Array;
	readonly known: Uint8Array;
	/** Of a further name of a file: 1 + the entry that is the first; else 0. */
	readonly firstOf: Uint32Array;
	/** Names of the file in this tree, at its first; else 1. */
	readonly names: Uint32Array;
};

const none = new Uint8Array(0);

export class TableEntry implements EntryView {
	index = 0;
	readonly xattr = none;
	readonly flatDigest = none;
	readonly #table: ScanTable;
	readonly #contents: ContentColumns;
	readonly #owners: OwnerNames;

	constructor(table: ScanTable, contents: ContentColumns, owners: OwnerNames) {
		this.#table = table;
		this.#contents = contents;
		this.#owners = owners;
	}

	get path(): Uint8Array {
		return this.#table.path(this.index);
	}

	get type(): EntryType {
		return this.#table.columns.type[this.index]! as EntryType;
	}

	get size(): number {
		return this.#table.columns.size[this.index]!;
	}

	get mtimeSec(): number {
		return this.#table.columns.mtimeSec[this.index]!;
	}

	get mtimeNsec(): number {
		return this.#table.columns.mtimeNsec[this.index]!;
	}

	get mode(): number {
		return this.#table.columns.mode[this.index]!;
	}

	get uid(): number {
		return this.#table.columns.uid[this.index]!;
	}

	get gid(): number {
		return this.#table.columns.gid[this.index]!;
	}

	get owner(): Uint8Array {
		return this.#owners.user(this.uid) ?? none;
	}

	get group(): Uint8Array {
		return this.#owners.group(this.gid) ?? none;
	}

	get target(): Uint8Array {
		return this.#table.target(this.index);
	}

	get link(): Uint8Array {
		const first = this.#contents.firstOf[this.index]!;
		return first === 0 ? none : this.#table.path(first - 1);
	}

	get linkCount(): number {
		return this.#contents.names[this.index]!;
	}

	get digest(): Uint8Array {
		if (this.#contents.known[this.index] === 0) return none;
		const at = this.index * digestSize;
		return this.#contents.digests.subarray(at, at + digestSize);
	}

	get device(): number {
		return this.#table.columns.device[this.index]!;
	}

	get sparse(): boolean {
		const isFirst = this.#contents.firstOf[this.index] === 0;
		return isFirst && !this.unread && this.#table.columns.sparse[this.index] === 1;
	}

	get unread(): boolean {
		if (this.type === entryType.directory) return this.#table.columns.unread[this.index] === 1;
		const isFirst = this.#contents.firstOf[this.index] === 0;
		return this.type === entryType.file && isFirst && this.#contents.known[this.index] === 0;
	}
}

/** The stat of one entry of a scan at a time. */
export class TableStat implements StatIdentity {
	entry = 0;
	readonly #table: ScanTable;

	constructor(table: ScanTable) {
		this.#table = table;
	}

	get size(): number {
		return this.#table.columns.size[this.entry]!;
	}

	get mtimeSec(): number {
		return this.#table.columns.mtimeSec[this.entry]!;
	}

	get mtimeNsec(): number {
		return this.#table.columns.mtimeNsec[this.entry]!;
	}

	get ctimeSec(): number {
		return this.#table.columns.ctimeSec[this.entry]!;
	}

	get ctimeNsec(): number {
		return this.#table.columns.ctimeNsec[this.entry]!;
	}

	get ino(): bigint {
		return this.#table.columns.ino[this.entry]!;
	}

	get dev(): bigint {
		return this.#table.columns.dev[this.entry]!;
	}
}
