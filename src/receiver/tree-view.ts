/** A tree as a walk in path order: as it was scanned, or as its record knows it. */
import {entryType} from '../snapshot/entry.ts';
import {absent} from '../task/survey.ts';
import {Image, type ImageCursor} from './image.ts';
import type {Present} from './present.ts';
import type {PublishRecord} from './publish-record.ts';

export type TreeView = {
	next(): boolean;
	/** A view until the next `next`. */
	readonly path: Uint8Array;
	/** `entryType`. */
	readonly type: number;
	/** Whether both stand at names of one inode, or at directories with the same attributes. */
	isSame(other: TreeView): boolean;
};

export class ScannedView implements TreeView {
	readonly #present: Present;
	#at = -1;

	constructor(present: Present) {
		this.#present = present;
	}

	next(): boolean {
		const {stat, count} = this.#present;
		do this.#at++;
		while (this.#at < count && stat.type[this.#at] === absent);
		return this.#at < count;
	}

	get path(): Uint8Array {
		return this.#present.path(this.#at);
	}

	get type(): number {
		return this.#present.stat.type[this.#at]!;
	}

	isSame(other: TreeView): boolean {
		if (!(other instanceof ScannedView) || this.type !== other.type) return false;
		const [a, b] = [this.#present.stat, other.#present.stat];
		const [at, to] = [this.#at, other.#at];
		if (this.type !== entryType.directory)
			return a.ino[at] === b.ino[to] && a.dev[at] === b.dev[to];
		return (
			a.mode[at] === b.mode[to] &&
			a.uid[at] === b.uid[to] &&
			a.gid[at] === b.gid[to] &&
			a.mtimeSec[at] === b.mtimeSec[to] &&
			a.mtimeNsec[at] === b.mtimeNsec[to]
		);
	}
}

/** Of a tree that is the image of its record's list, and nothing else. */
export class RecordedView implements TreeView {
	readonly #record: PublishRecord;
	readonly #entries: ImageCursor | undefined;

	constructor(record: PublishRecord) {
		this.#record = record;
		this.#entries = Image.of(record.list, record.subPath, none)?.entries();
	}

	/** What could not be made is not in the tree. */
	next(): boolean {
		const entries = this.#entries;
		if (entries === undefined) return false;
		const {ino} = this.#record.columns;
		while (entries.next()) if (ino[entries.index] !== 0n) return true;
		return false;
	}

	get path(): Uint8Array {
		return this.#entries!.path;
	}

	get type(): number {
		return this.#entries!.entry.type;
	}

	isSame(other: TreeView): boolean {
		if (!(other instanceof RecordedView) || this.type !== other.type) return false;
		const [mine, theirs] = [this.#entries!, other.#entries!];
		if (this.type === entryType.directory) return mine.entry.isSame(theirs.entry);
		const [a, b] = [this.#record.columns, other.#record.columns];
		const [at, to] = [mine.index, theirs.index];
		return a.ino[at] === b.ino[to] && a.dev[at] === b.dev[to];
	}
}

const none = new Uint8Array(0);
