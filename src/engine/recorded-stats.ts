/**
 * What a relay knows of its files: their stat when they were published, by the place of their
 * entries in the list. What did not come, or was only taken to be right, is not there.
 */
import type {PublishRecord} from '../receiver/publish-record.ts';
import type {EntryPlace, List} from '../snapshot/list.ts';
import type {KnownStats} from '../source/page-table.ts';

const absent = [-1, 0, 0, 0] as const;

export class RecordedStats implements KnownStats {
	readonly #columns: PublishRecord['columns'];
	/** Of each page, how many entries are before it. */
	readonly #before: Uint32Array;

	constructor({list, columns}: PublishRecord) {
		this.#columns = columns;
		this.#before = entriesBefore(list);
	}

	of({page, position}: EntryPlace): readonly [number, number, number, number] {
		const {ino, verified, size, mtimeSec, mtimeNsec} = this.#columns;
		const at = this.#before[page]! + position;
		if (ino[at] === 0n || verified[at] !== 1) return absent;
		return [size[at]!, mtimeSec[at]!, mtimeNsec[at]!, Number(ino[at])];
	}
}

function entriesBefore(list: List): Uint32Array {
	const before = new Uint32Array(list.pageCount);
	for (let page = 1; page < list.pageCount; page++) {
		before[page] = before[page - 1]! + list.pageEntryCount(page - 1);
	}
	return before;
}
