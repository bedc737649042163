/**
 * What DEST is to become: a whole snapshot, or what is at and below one path of it. Paths here are
 * those in DEST; a sub-path that is a file makes an image of that one file.
 */
import type {Cursor} from '../snapshot/cursor.ts';
import {entryType} from '../snapshot/entry.ts';
import type {EntryPlace, List} from '../snapshot/list.ts';
import {comparePaths, equalOctets, isWithin, joinPath} from '../snapshot/path.ts';

const slash = 0x2f;

/** What of a list's entries an image has: their states, in the order of the list. */
type Narrowing = {
	/** Of each page that is here, the number of its first entry among those that are. */
	readonly starts: Uint32Array;
	/** 0: left out. */
	readonly states: Uint8Array;
	readonly count: number;
	readonly unreadCount: number;
};

export class Image {
	readonly list: List;
	readonly subPath: Uint8Array;
	/** Its name in DEST when the image is a single entry that is no directory. */
	readonly fileName: Uint8Array | undefined;
	readonly #start: EntryPlace;
	readonly #narrowing: Narrowing | undefined;

	private constructor(
		list: List,
		subPath: Uint8Array,
		start: EntryPlace,
		fileName: Uint8Array | undefined,
		narrowing?: Narrowing,
	) {
		this.list = list;
		this.subPath = subPath;
		this.fileName = fileName;
		this.#start = start;
		this.#narrowing = narrowing;
	}

	/** Undefined when the snapshot has nothing at `subPath`. `fileName` is for a single file. */
	static of(list: List, subPath: Uint8Array, fileName: Uint8Array): Image | undefined {
		const start = list.find(subPath);
		if (start === undefined) return undefined;
		const root = list.cursor(start.page, start.position);
		if (!root.next()) return undefined;
		const isDirectory = root.type === entryType.directory;
		return new Image(list, subPath, start, isDirectory ? undefined : fileName);
	}

	/** The same without the entries for which `show` answers 0; it is asked about each, in order. */
	narrowed(show: (at: ImageCursor) => number): Image {
		const {list} = this;
		const starts = new Uint32Array(list.pageCount);
		let start = 0;
		for (let page: number | undefined = 0; page !== undefined; page = list.pageAfter(page)) {
			starts[page] = start;
			start += list.pageEntryCount(page);
		}
		const states = new Uint8Array(list.presentCount);
		const entries = this.entries();
		let unreadCount = 0;
		while (entries.next()) {
			const {entry} = entries;
			const state = show(entries);
			states[starts[entry.page]! + entry.position] = state;
			if (state !== 0 && entry.unread) unreadCount++;
		}
		const narrowing = {starts, states, count: entries.index + 1, unreadCount};
		return new Image(list, this.subPath, this.#start, this.fileName, narrowing);
	}

	get isNarrowed(): boolean {
		return this.#narrowing !== undefined;
	}

	/** Entries of the image, those that were left out included; undefined: not counted. */
	get indexCount(): number | undefined {
		if (this.subPath.length === 0) return this.list.entryCount;
		return this.#narrowing?.count;
	}

	/** Entries of the image that the source could not read. */
	get unreadCount(): number {
		const {list, subPath} = this;
		if (this.#narrowing !== undefined) return this.#narrowing.unreadCount;
		if (subPath.length === 0 || list.unreadCount === 0) return list.unreadCount;
		let count = 0;
		const entries = this.entries();
		while (entries.next()) if (entries.entry.unread) count++;
		return count;
	}

	/** What `narrowed` was told of an entry of the list; 1 if nobody asked. */
	stateOf({page, position}: EntryPlace): number {
		const narrowing = this.#narrowing;
		return narrowing === undefined ? 1 : narrowing.states[narrowing.starts[page]! + position]!;
	}

	entries(): ImageCursor {
		return new ImageCursor(this, this.list.cursor(this.#start.page, this.#start.position));
	}

	/** A cursor that stands at the entry of a path of the image. */
	find(path: Uint8Array): Cursor | undefined {
		const place = this.list.find(this.fileName === undefined ? this.toList(path) : this.subPath);
		if (place === undefined || this.stateOf(place) === 0) return undefined;
		const cursor = this.list.cursor(place.page, place.position);
		return cursor.next() ? cursor : undefined;
	}

	/** Path in DEST of a path in the list: a view; undefined when it is not in the image. */
	fromList(path: Uint8Array): Uint8Array | undefined {
		if (this.fileName !== undefined) {
			return equalOctets(path, this.subPath) ? this.fileName : undefined;
		}
		if (!isWithin(path, this.subPath)) return undefined;
		const skip = this.subPath.length === 0 ? 0 : this.subPath.length + 1;
		return path.subarray(Math.min(skip, path.length));
	}

	toList(path: Uint8Array): Uint8Array {
		return path.length === 0 ? this.subPath : joinPath(this.subPath, path);
	}
}

/** Walks the entries of an image, in the order of their paths. */
export class ImageCursor {
	/** What the list says: its `path` and `link` are those of the list. */
	entry: Cursor;
	/** Path in DEST: a view until the next `next`. */
	path: Uint8Array = new Uint8Array(0);
	/** Counts the entries of the image from 0, those that are left out included. */
	index = -1;
	readonly #image: Image;
	readonly #end: Uint8Array | undefined;

	constructor(image: Image, entry: Cursor) {
		this.#image = image;
		this.entry = entry;
		if (image.subPath.length > 0) {
			this.#end = joinPath(image.subPath, new Uint8Array(0));
			this.#end[this.#end.length - 1] = slash + 1;
		}
	}

	next(): boolean {
		while (this.entry.next()) {
			if (this.#image.fileName !== undefined && this.index >= 0) return false;
			const path = this.entry.path;
			// Names that only begin as the sub-path does lie between it and what is below it.
			const within = this.#image.fromList(path);
			if (within !== undefined) {
				this.index++;
				if (this.#image.stateOf(this.entry) === 0) continue;
				this.path = within;
				return true;
			}
			if (this.#end !== undefined && comparePaths(path, this.#end) >= 0) return false;
		}
		return false;
	}

	/** Whether both stand at the first entries of pages that are the same, octet by octet. */
	atSamePage(other: ImageCursor): boolean {
		return this.#isAtPage() && other.#isAtPage() && equalOctets(this.#hash(), other.#hash());
	}

	/** Entries of the page at whose first one it stands. */
	pageSize(): number {
		return this.#image.list.pageEntryCount(this.entry.page);
	}

	/** From the first entry of a page to that of the next one; false if there is none. */
	passPage(): boolean {
		const {list} = this.#image;
		const page = list.pageAfter(this.entry.page);
		this.index += this.pageSize() - 1;
		if (page === undefined) return false;
		this.entry = list.cursor(page);
		return this.next();
	}

	/** Of a page that is the same, an image may have other entries when it is not all there is. */
	#isAtPage(): boolean {
		const {subPath, isNarrowed} = this.#image;
		return this.entry.position === 0 && subPath.length === 0 && !isNarrowed;
	}

	#hash(): Uint8Array {
		return this.#image.list.pageHash(this.entry.page);
	}
}
