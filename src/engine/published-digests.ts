/**
 * Digests of what shoal itself put into a tree, by the record of the pull that did it. In trees
 * that share inodes each publish changes link counts, and with them the times of change by which
 * files are known otherwise; without this, every file would be read again after each update.
 */
import type {Sha256} from '../platform/crypto.ts';
import {
	forgiving,
	type PublishRecord,
	type RecordStore,
	readRecord,
} from '../receiver/publish-record.ts';
import type {Cursor} from '../snapshot/cursor.ts';
import {comparePaths} from '../snapshot/path.ts';
import type {VouchedDigests} from '../source/take-snapshot.ts';
import type {ScanTable} from '../task/scan-table.ts';

export class PublishedDigests implements VouchedDigests {
	readonly #record: PublishRecord;
	readonly #at: Cursor;
	/** Of the entry that the cursor stands at. */
	#index = 0;
	#isOver: boolean;

	private constructor(record: PublishRecord) {
		this.#record = record;
		this.#at = record.list.cursor();
		this.#isOver = !this.#at.next();
	}

	/** Undefined if there is no record, or one of a part of its list: its rows are others. */
	static open(store: RecordStore, sha256: Sha256): PublishedDigests | undefined {
		const record = forgiving(() => readRecord(store, sha256));
		if (record === undefined || record.subPath.length > 0) return undefined;
		const isWhole = record.columns.ino.length === record.list.entryCount;
		return isWhole ? new PublishedDigests(record) : undefined;
	}

	/** Entries are asked about in path order. */
	digestOf(table: ScanTable, entry: number): Uint8Array | undefined {
		const path = table.path(entry);
		while (!this.#isOver && comparePaths(this.#at.path, path) < 0) {
			this.#isOver = !this.#at.next();
			this.#index++;
		}
		if (this.#isOver || comparePaths(this.#at.path, path) > 0) return undefined;
		if (!this.#record.isUntouched(this.#index, table.columns, entry)) return undefined;
		const {digest} = this.#at;
		return digest.length > 0 ? digest : undefined;
	}
}
