/**
 * Writes entries one after another, each against the one before: a page, or the entries of a
 * diff. README.md §2 is the format, EntryReader the other half.
 */
import {assert} from '../assert.ts';
import {digestSize, pageSizeMax, pathSizeMax} from '../limit.ts';
import {type EntryView, entryType} from './entry.ts';
import {
	deviceMinorEnd,
	entryProblem,
	formFlag,
	formOf,
	hasDigest,
	isValidOwner,
} from './entry-form.ts';
import type {EntryReader} from './entry-reader.ts';
import {extendPathHash, itemSizeMax, pathHashSeed} from './page-rule.ts';
import {isValidPath} from './path.ts';

/** It doubles; a page and an entry fit. */
const firstCapacity = 2 * pageSizeMax;

export class EntryWriter {
	/** What has been written is `bytes[0, size)`; the buffer moves when it grows. */
	bytes: Uint8Array;
	size = 0;
	/** Of the last entry's path, and of each of its prefixes. */
	readonly #hashes = new Int32Array(pathSizeMax + 1);
	readonly #path = new Uint8Array(pathSizeMax);
	#pathSize = 0;
	#started = false;
	#pageStart = true;
	#mtimeSec = 0;
	/** Rows of the page so far: form and mode in one number, owners by number and name. */
	#rowCount = 0;
	#rowLast = 0;
	readonly #rowForm: number[] = [];
	readonly #rowUid: number[] = [];
	readonly #rowGid: number[] = [];
	readonly #rowOwner: Uint8Array[] = [];
	readonly #rowGroup: Uint8Array[] = [];
	/** Rows here by row of the page that entries are copied from, by one reader. */
	readonly #copiedRows: number[] = [];
	#copiedFrom: EntryReader | undefined;
	#copiedStart = 0;

	/** `size`: octets that are expected; there is room for more. */
	constructor(size = 0) {
		this.bytes = new Uint8Array(firstCapacity + size);
		this.#hashes[0] = pathHashSeed;
	}

	/** Hash of the last entry's path. */
	get pathHash(): number {
		return this.#hashes[this.#pathSize]!;
	}

	/** The last entry's path: a view. */
	get path(): Uint8Array {
		return this.#path.subarray(0, this.#pathSize);
	}

	/** The next entry stands by itself: it begins a page. */
	startPage(): void {
		this.#pageStart = true;
		this.#mtimeSec = 0;
		this.#rowCount = 0;
		this.#rowLast = 0;
		this.#copiedFrom = undefined;
	}

	/** Takes `path` for the one before, against which the next is written. */
	setPath(path: Uint8Array): void {
		this.#extendPath(path, 0);
	}

	/** Writes an entry; false, and nothing is written, if its path is not after the last. */
	add(entry: EntryView): boolean {
		const {path} = entry;
		const shared = this.#sharedWith(path);
		if (this.#started && !this.#isAfter(path, shared)) return false;
		assert(isValidPath(path), 'a valid path');
		this.#reserve();
		const from = this.#pageStart ? 0 : shared;
		this.varint(from);
		this.opaque(path.subarray(from));
		this.#extendPath(path, shared);
		this.#writeFields(entry);
		return true;
	}

	/** As `add` of the entry that `from` has read, from the same octets each time. */
	addCopy(from: EntryReader): boolean {
		const {path} = from;
		const shared = this.#sharedWith(path);
		if (this.#started && !this.#isAfter(path, shared)) return false;
		this.#reserve();
		const start = this.#pageStart ? 0 : shared;
		this.varint(start);
		this.varint(path.length - start);
		this.#putPart(path, start, path.length);
		this.#extendPath(path, shared);
		this.#copyRow(from);
		this.#writeMtime(from.mtimeSec);
		this.#putPart(from.bytes, from.tailOffset, from.offset);
		return true;
	}

	/** Writes an entry without its path, which the reader knows. */
	addFields(entry: EntryView): void {
		this.#reserve();
		this.setPath(entry.path);
		this.#writeFields(entry);
	}

	/** Copies a whole page; what comes next begins a page of its own. */
	addPage(page: Uint8Array): void {
		this.#reserve(page.length);
		this.bytes.set(page, this.size);
		this.size += page.length;
		this.#pathSize = 0;
		this.#started = false;
		this.startPage();
	}

	/** A number between entries. */
	addNumber(value: number): void {
		this.#reserve();
		this.varint(value);
	}

	#writeFields(entry: EntryView): void {
		const form = formOf(entry);
		const problem = entryProblem(entry, form);
		assert(problem === undefined, problem);
		const {type, size} = entry;
		this.#writeRow(entry, form);
		this.#writeMtime(entry.mtimeSec);
		this.varint(entry.mtimeNsec);
		if (type === entryType.file) this.varint(size);
		if (type === entryType.symlink) this.opaque(entry.target);
		if (type === entryType.blockDevice || type === entryType.charDevice) {
			this.varint(Math.floor(entry.device / deviceMinorEnd));
			this.varint(entry.device % deviceMinorEnd);
		}
		if (form & formFlag.further) this.#writeLink(entry.link);
		if (form & formFlag.first) this.varint(entry.linkCount);
		if (form & formFlag.xattr) this.#put(entry.xattr);
		if (!hasDigest(type, form, size)) return;
		this.#put(entry.digest);
		if (form & formFlag.flat) this.#put(entry.flatDigest);
	}

	#writeMtime(seconds: number): void {
		const delta = seconds - this.#mtimeSec;
		this.#mtimeSec = seconds;
		this.varint(delta >= 0 ? delta * 2 : -delta * 2 - 1);
	}

	#copyRow(from: EntryReader): void {
		if (from !== this.#copiedFrom || from.start !== this.#copiedStart) {
			this.#copiedFrom = from;
			this.#copiedStart = from.start;
			this.#copiedRows.length = 0;
		}
		const row = this.#copiedRows[from.row];
		if (row === undefined) {
			this.#writeRow(from, from.form);
			this.#copiedRows[from.row] = this.#rowLast;
		} else {
			this.varint(row);
			this.#rowLast = row;
		}
	}

	#writeRow(entry: EntryView, flags: number): void {
		const form = (entry.type << 20) | (flags << 12) | entry.mode;
		const row = this.#findRow(entry, form);
		this.varint(row);
		this.#rowLast = row;
		if (row < this.#rowCount) return;
		const owner = entry.owner.slice();
		const group = entry.group.slice();
		assert(isValidOwner(owner) && isValidOwner(group), 'an impossible owner or group');
		this.#rowCount = row + 1;
		this.#rowForm[row] = form;
		this.#rowUid[row] = entry.uid;
		this.#rowGid[row] = entry.gid;
		this.#rowOwner[row] = owner;
		this.#rowGroup[row] = group;
		this.bytes[this.size++] = entry.type;
		this.bytes[this.size++] = flags;
		this.bytes[this.size++] = entry.mode >>> 8;
		this.bytes[this.size++] = entry.mode & 0xff;
		this.varint(entry.uid);
		this.varint(entry.gid);
		this.opaque(owner);
		this.opaque(group);
	}

	/** The row that says the same, else the number of a new one. */
	#findRow(entry: EntryView, form: number): number {
		if (this.#isRow(this.#rowLast, entry, form)) return this.#rowLast;
		for (let row = 0; row < this.#rowCount; row++) {
			if (this.#isRow(row, entry, form)) return row;
		}
		return this.#rowCount;
	}

	#isRow(row: number, entry: EntryView, form: number): boolean {
		return (
			row < this.#rowCount &&
			this.#rowForm[row] === form &&
			this.#rowUid[row] === entry.uid &&
			this.#rowGid[row] === entry.gid &&
			isSame(this.#rowOwner[row]!, entry.owner) &&
			isSame(this.#rowGroup[row]!, entry.group)
		);
	}

	/** A further name's first path, against the entry's own path. */
	#writeLink(link: Uint8Array): void {
		const shared = this.#sharedWith(link);
		assert(isValidPath(link), 'a valid link');
		assert(shared < this.#pathSize, 'a link to an earlier path');
		assert(shared === link.length || link[shared]! < this.#path[shared]!, 'an earlier path');
		this.varint(shared);
		this.opaque(link.subarray(shared));
	}

	#sharedWith(path: Uint8Array): number {
		const size = Math.min(path.length, this.#pathSize);
		const before = this.#path;
		let shared = 0;
		while (shared < size && path[shared] === before[shared]) shared++;
		return shared;
	}

	#isAfter(path: Uint8Array, shared: number): boolean {
		if (shared === path.length) return false;
		return shared === this.#pathSize || path[shared]! > this.#path[shared]!;
	}

	#extendPath(path: Uint8Array, shared: number): void {
		const before = this.#path;
		const hashes = this.#hashes;
		let hash = hashes[shared]!;
		for (let index = shared; index < path.length; index++) {
			const octet = path[index]!;
			before[index] = octet;
			hash = extendPathHash(hash, octet);
			hashes[index + 1] = hash;
		}
		this.#pathSize = path.length;
		this.#started = true;
		this.#pageStart = false;
	}

	/** Octets as varints need them: 1, 2, 4 or 8, big-endian, the length in the first two bits. */
	varint(value: number): void {
		const {bytes} = this;
		if (value < 0x40) {
			bytes[this.size++] = value;
		} else if (value < 0x4000) {
			bytes[this.size++] = 0x40 | (value >>> 8);
			bytes[this.size++] = value;
		} else if (value < 0x4000_0000) {
			this.#put32(value | 0x8000_0000);
		} else {
			this.#put32(Math.floor(value / 0x1_0000_0000) | 0xc000_0000);
			this.#put32(value);
		}
	}

	#put32(value: number): void {
		const {bytes} = this;
		bytes[this.size++] = value >>> 24;
		bytes[this.size++] = value >>> 16;
		bytes[this.size++] = value >>> 8;
		bytes[this.size++] = value;
	}

	opaque(octets: Uint8Array): void {
		this.varint(octets.length);
		this.#put(octets);
	}

	/** A loop, since a call of `set` costs more than the copy of a short name. */
	#put(octets: Uint8Array): void {
		const {bytes} = this;
		let at = this.size;
		if (octets.length > digestSize) {
			bytes.set(octets, at);
			at += octets.length;
		} else {
			for (let index = 0; index < octets.length; index++) bytes[at++] = octets[index]!;
		}
		this.size = at;
	}

	/** As `#put`, a part of longer octets. */
	#putPart(octets: Uint8Array, start: number, end: number): void {
		if (end - start > 2 * digestSize) {
			this.#put(octets.subarray(start, end));
			return;
		}
		const {bytes} = this;
		let at = this.size;
		for (let index = start; index < end; index++) bytes[at++] = octets[index]!;
		this.size = at;
	}

	#reserve(size = itemSizeMax): void {
		if (this.size + size <= this.bytes.length) return;
		const grown = new Uint8Array(this.bytes.length * 2);
		grown.set(this.bytes.subarray(0, this.size));
		this.bytes = grown;
	}
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
	if (a.length !== b.length) return false;
	for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
	return true;
}
