/**
 * What DEST is to become: a whole snapshot, or what is at and below one path of it. Paths here are
 * those in DEST; a sub-path that is a file makes an image of that one file.
 */
import type {Cursor} from '../snapshot/cursor.ts';
import {entryType} from '../snapshot/entry.ts';
import type {EntryPlace, List} from '../snapshot/list.ts';
import {comparePaths, equalOctets, isWithin, joinPath} from '../snapshot/path.ts';

const slash = 0x2f;

export class Image {
	readonly list: List;
	readonly subPath: Uint8Array;
	/** Its name in DEST when the image is a single entry that is no directory. */
	readonly fileName: Uint8Array | undefined;
	readonly #start: EntryPlace;

	private constructor(
		list: List,
		subPath: Uint8Array,
		start: EntryPlace,
		fileName: Uint8Array | undefined,
	) {
		this.list = list;
		this.subPath = subPath;
		this.fileName = fileName;
		this.#start = start;
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

	entries(): ImageCursor {
		return new ImageCursor(this, this.list.cursor(this.#start.page, this.#start.position));
	}

	/** A cursor that stands at the entry of a path of the image. */
	find(path: Uint8Array): Cursor | undefined {
		const place = this.list.find(this.fileName === undefined ? this.toList(path) : this.subPath);
		if (place === undefined) return undefined;
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
	/** Counts the entries of the image from 0. */
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
				this.path = within;
				this.index++;
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

	#isAtPage(): boolean {
		return this.entry.position === 0 && this.#image.subPath.length === 0;
	}

	#hash(): Uint8Array {
		return this.#image.list.pageHash(this.entry.page);
	}
}
