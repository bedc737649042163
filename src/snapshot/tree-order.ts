/**
 * Walks a directory of a list in the order of rsync's lists: in each directory first what is no
 * directory, then each directory with what is in it, ordered as if a slash ended its name. It
 * keeps a cursor for each open directory and nothing for each entry.
 */
import type {Cursor} from './cursor.ts';
import {type EntryView, entryType} from './entry.ts';
import type {EntryPlace, List} from './list.ts';
import {comparePaths, isWithin} from './path.ts';

const slash = 0x2f;
/** Below every path but the root's. */
const least = Uint8Array.of(0);

/** A directory whose turn has not come: `a!` and `a.b` come before `a`, as `a.b/` before `a/`. */
type Held = EntryPlace & {readonly path: Uint8Array};

type Frame = {
	/** What is in the directory has paths from `start` on and before `end`, if there is one. */
	readonly start: Uint8Array;
	readonly end: Uint8Array | undefined;
	/** Octets before a name in the directory. */
	readonly nameOffset: number;
	cursor: Cursor;
	/** The cursor stands at an entry that has not been looked at. */
	isAhead: boolean;
	/** Directories come in a second walk, if there are any. */
	isAtFiles: boolean;
	hasDirectories: boolean;
	/** The cursor stands at a directory that is to be held. */
	isAtDirectory: boolean;
	/** The path of each begins with that of the one before. */
	readonly held: Held[];
};

export class TreeOrder {
	readonly #list: List;
	readonly #frames: Frame[] = [];
	#entry: Cursor;
	#started = false;
	/** The entry is a directory that has not been entered. */
	#isAtDoor = false;

	/** `from`: the entry to begin with; if it is a directory, what is in it follows. */
	constructor(list: List, from: EntryPlace) {
		this.#list = list;
		this.#entry = list.cursor(from.page, from.position);
	}

	/** The entry it stands at; its views are void after the next `next`. */
	get entry(): EntryView {
		return this.#entry;
	}

	/** Moves to the next entry; false after the last. */
	next(): boolean {
		if (!this.#started) {
			this.#started = true;
			return this.#arrive(this.#entry);
		}
		if (this.#isAtDoor) this.#enter();
		this.#isAtDoor = false;
		const frames = this.#frames;
		for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
			if (frame.isAtFiles ? this.#nextFile(frame) : this.#nextDirectory(frame)) return true;
		}
		return false;
	}

	/** Takes the entry that `cursor` stands before. */
	#arrive(cursor: Cursor): boolean {
		this.#entry = cursor;
		const isThere = cursor.next();
		this.#isAtDoor = isThere && cursor.type === entryType.directory;
		return isThere;
	}

	#enter(): void {
		const path = this.#entry.path.slice();
		const isRoot = path.length === 0;
		const start = isRoot ? least : ended(path, slash);
		const cursor = this.#passTo(this.#entry, start);
		if (cursor === undefined) return;
		this.#frames.push({
			start,
			end: isRoot ? undefined : ended(path, slash + 1),
			nameOffset: isRoot ? 0 : path.length + 1,
			cursor,
			isAhead: true,
			isAtFiles: true,
			hasDirectories: false,
			isAtDirectory: false,
			held: [],
		});
	}

	#nextFile(frame: Frame): boolean {
		while (this.#step(frame)) {
			if (frame.cursor.type !== entryType.directory) {
				this.#entry = frame.cursor;
				return true;
			}
			frame.hasDirectories = true;
		}
		frame.isAtFiles = false;
		const again = frame.hasDirectories ? this.#list.seek(frame.start) : undefined;
		if (again === undefined) {
			this.#frames.pop();
		} else {
			frame.cursor = again;
			frame.isAhead = true;
		}
		return false;
	}

	#nextDirectory(frame: Frame): boolean {
		for (;;) {
			while (!frame.isAtDirectory && this.#step(frame)) {
				frame.isAtDirectory = frame.cursor.type === entryType.directory;
			}
			const last = frame.held.at(-1);
			const {cursor} = frame;
			if (last !== undefined && !(frame.isAtDirectory && goesBefore(cursor.path, last.path))) {
				frame.held.pop();
				return this.#arrive(this.#list.cursor(last.page, last.position));
			}
			if (!frame.isAtDirectory) {
				this.#frames.pop();
				return false;
			}
			const {page, position, path} = cursor;
			frame.held.push({page, position, path: path.slice()});
			frame.isAtDirectory = false;
		}
	}

	/** Moves on to an entry right in the directory, past what is deeper; false after the last. */
	#step(frame: Frame): boolean {
		let cursor: Cursor | undefined = frame.cursor;
		if (!frame.isAhead && !cursor.next()) return false;
		frame.isAhead = false;
		while (cursor !== undefined) {
			const {path}: Cursor = cursor;
			if (frame.end !== undefined && comparePaths(path, frame.end) >= 0) return false;
			frame.cursor = cursor;
			const cut = path.indexOf(slash, frame.nameOffset);
			if (cut < 0) return true;
			cursor = this.#passTo(cursor, ended(path.subarray(0, cut), slash + 1));
		}
		return false;
	}

	/** Moves to the first entry at `bound` or after it: over pages by the index, not one by one. */
	#passTo(cursor: Cursor, bound: Uint8Array): Cursor | undefined {
		const list = this.#list;
		for (;;) {
			const {nextPage} = cursor;
			const after = nextPage === undefined ? undefined : list.pageAfter(nextPage);
			if (after !== undefined && comparePaths(list.firstPath(after), bound) <= 0) {
				return list.seek(bound);
			}
			if (!cursor.next()) return undefined;
			if (comparePaths(cursor.path, bound) >= 0) return cursor;
		}
	}
}

function ended(path: Uint8Array, octet: number): Uint8Array {
	const longer = new Uint8Array(path.length + 1);
	longer.set(path);
	longer[path.length] = octet;
	return longer;
}

/** Of directories `held` and a later `path`: whether `path/` is before `held/`. */
function goesBefore(path: Uint8Array, held: Uint8Array): boolean {
	const next = path[held.length];
	return next !== undefined && next < slash && isWithin(path.subarray(0, held.length), held);
}
