/**
 * Reads what EntryWriter writes, and is itself the entry it stands at: no object per entry, octet
 * fields made only when asked for. It takes nothing but the one canonical form, checks every
 * bound, and on anything else sets `failed` and stops; it never throws on input. Paths come out
 * valid and ascending; what entries say of each other (parents, links) is the validator's.
 */
import {digestSize, pathSizeMax} from '../limit.ts';
import {type EntryType, type EntryView, entryType} from './entry.ts';
import {
	deviceMajorMax,
	deviceMinorEnd,
	formFlag,
	hasDigest,
	linkCountMax,
	mtimeSecMax,
	nsecEnd,
} from './entry-form.ts';
import {extendPathHash, pathHashSeed} from './page-rule.ts';
import {isValidName, isValidPath} from './path.ts';
import {hasZero, RowTable} from './row-table.ts';

const slash = 0x2f;
const none = new Uint8Array(0);

export class EntryReader implements EntryView {
	bytes: Uint8Array = none;
	offset = 0;
	end = 0;
	failed = false;

	type: EntryType = entryType.file;
	/** Which fields it has: bits of `formFlag`. */
	form = 0;
	size = 0;
	mtimeSec = 0;
	mtimeNsec = 0;
	linkCount = 1;
	device = 0;
	/** Octets of the path, and how many of them are as in the entry before. */
	pathSize = 0;
	shared = 0;

	readonly #emptyDigest: Uint8Array;
	readonly #path = new Uint8Array(pathSizeMax);
	readonly #link = new Uint8Array(pathSizeMax);
	#linkSize = 0;
	/** For each prefix of the path its hash, and where its last component begins. */
	readonly #hashes = new Int32Array(pathSizeMax + 1);
	readonly #starts = new Uint16Array(pathSizeMax + 1);
	#started = false;
	#pageStart = true;
	readonly #rows = new RowTable();
	/** The row of form, mode and owners, of those of the page. */
	row = 0;
	/** Where the page began, and what follows the seconds of the entry's time. */
	start = 0;
	tailOffset = 0;
	/** Places in `bytes`; 0 where there is none, since an entry begins with its path. */
	#targetOffset = 0;
	#targetSize = 0;
	#xattrOffset = 0;
	#digestOffset = 0;
	#flatOffset = 0;

	/** `emptyDigest`: of the empty file, which is not written. */
	constructor(emptyDigest: Uint8Array) {
		this.#emptyDigest = emptyDigest;
		this.#hashes[0] = pathHashSeed;
	}

	/** Stands before the first entry of a page in `bytes[offset, end)`. */
	open(bytes: Uint8Array, offset: number, end: number): void {
		this.bytes = bytes;
		this.start = this.offset = offset;
		this.end = end;
		this.failed = false;
		this.#pageStart = true;
		this.mtimeSec = 0;
		this.#rows.clear();
	}

	/** Takes the next entry; false at the end of the octets, or when they are wrong (`failed`). */
	next(): boolean {
		if (this.offset >= this.end) return false;
		return this.readPath() && this.readFields();
	}

	readPath(): boolean {
		let shared = this.varint();
		const size = this.varint();
		const offset = this.skip(size);
		if (this.failed || shared > this.pathSize || shared + size > pathSizeMax) return this.#fail();
		if (!this.#pageStart) return this.#takePath(offset, shared, size);
		if (shared !== 0) return this.#fail();
		const most = Math.min(size, this.pathSize);
		while (shared < most && this.bytes[offset + shared] === this.#path[shared]) shared++;
		this.#pageStart = false;
		return this.#takePath(offset + shared, shared, size - shared);
	}

	/** The path is now `shared` octets of the one before and `size` octets at `offset`. */
	#takePath(offset: number, shared: number, size: number): boolean {
		const {bytes} = this;
		const path = this.#path;
		if (size === 0) {
			if (this.#started || shared !== 0) return this.#fail();
		} else if (shared < this.pathSize && bytes[offset]! <= path[shared]!) {
			return this.#fail();
		}
		this.#started = true;
		const hashes = this.#hashes;
		const starts = this.#starts;
		let hash = hashes[shared]!;
		let start = starts[shared]!;
		const end = shared + size;
		for (let at = shared, from = offset; at < end; ) {
			const octet = bytes[from++]!;
			path[at] = octet;
			if (octet <= slash) {
				if (octet === 0) return this.#fail();
				if (octet === slash) {
					if (!isValidName(path, start, at)) return this.#fail();
					start = at + 1;
				}
			}
			hash = extendPathHash(hash, octet);
			hashes[++at] = hash;
			starts[at] = start;
		}
		if (end > 0 && !isValidName(path, start, end)) return this.#fail();
		this.shared = shared;
		this.pathSize = end;
		return true;
	}

	/** Takes a valid path from elsewhere for the one before, or for the entry's own. */
	setPath(path: Uint8Array): void {
		this.#pageStart = false;
		this.#started = true;
		let hash = pathHashSeed;
		let start = 0;
		for (let at = 0; at < path.length; ) {
			const octet = path[at]!;
			this.#path[at] = octet;
			if (octet === slash) start = at + 1;
			hash = extendPathHash(hash, octet);
			this.#hashes[++at] = hash;
			this.#starts[at] = start;
		}
		this.pathSize = path.length;
		this.shared = 0;
	}

	/** Takes what follows the path. */
	readFields(): boolean {
		const row = this.varint();
		const rows = this.#rows;
		if (row > rows.count || this.failed) return this.#fail();
		if (row === rows.count && !rows.read(this)) return this.#fail();
		this.row = row;
		const type = rows.types[row]!;
		const form = rows.forms[row]!;
		this.type = type;
		this.form = form;
		const zigzag = this.varint();
		const half = Math.floor(zigzag / 2);
		const sec = this.mtimeSec + (zigzag % 2 === 0 ? half : -half - 1);
		this.mtimeSec = sec;
		this.tailOffset = this.offset;
		this.mtimeNsec = this.varint();
		if (sec > mtimeSecMax || sec < -mtimeSecMax || this.mtimeNsec >= nsecEnd) return this.#fail();
		this.size = type === entryType.file ? this.varint() : 0;
		this.#targetSize = this.#linkSize = this.#xattrOffset = this.device = 0;
		this.linkCount = 1;
		if (type >= entryType.symlink && !this.#readSpecial(type)) return this.#fail();
		if (form !== 0 && !this.#readForm(form)) return this.#fail();
		this.#digestOffset = this.#flatOffset = 0;
		if (hasDigest(type, form, this.size)) {
			this.#digestOffset = this.skip(digestSize);
			if (form & formFlag.flat) this.#flatOffset = this.skip(digestSize);
		}
		return !this.failed;
	}

	#readSpecial(type: EntryType): boolean {
		if (type === entryType.symlink) {
			const size = this.varint();
			if (size === 0 || size > pathSizeMax) return false;
			this.#targetSize = size;
			this.#targetOffset = this.skip(size);
			return !this.failed && !hasZero(this.bytes, this.#targetOffset, size);
		}
		if (type === entryType.blockDevice || type === entryType.charDevice) {
			const major = this.varint();
			const minor = this.varint();
			if (major > deviceMajorMax || minor >= deviceMinorEnd) return false;
			this.device = major * deviceMinorEnd + minor;
		}
		return true;
	}

	#readForm(form: number): boolean {
		if (form & formFlag.further && !this.#readLink()) return false;
		if (form & formFlag.first) {
			this.linkCount = this.varint();
			if (this.linkCount < 2 || this.linkCount > linkCountMax) return false;
		}
		if (form & formFlag.xattr) this.#xattrOffset = this.skip(digestSize);
		return true;
	}

	/** A first path shares as much as can be with the entry's own, and is before it. */
	#readLink(): boolean {
		const shared = this.varint();
		const size = this.varint();
		const offset = this.skip(size);
		if (this.failed || shared >= this.pathSize || shared + size > pathSizeMax) return false;
		if (size === 0 ? shared === 0 : this.bytes[offset]! >= this.#path[shared]!) return false;
		this.#link.set(this.#path.subarray(0, shared));
		this.#link.set(this.bytes.subarray(offset, offset + size), shared);
		this.#linkSize = shared + size;
		return isValidPath(this.link);
	}

	/** Shortest form only, at most 2^53 - 1: as in wire/README.md. */
	varint(): number {
		const {bytes, offset} = this;
		const left = this.end - offset;
		if (left < 1) return this.#failNumber();
		const first = bytes[offset]!;
		if (first < 0x40) {
			this.offset = offset + 1;
			return first;
		}
		if (first < 0x80) {
			if (left < 2) return this.#failNumber();
			this.offset = offset + 2;
			const value = ((first & 0x3f) << 8) | bytes[offset + 1]!;
			return value < 0x40 ? this.#failNumber() : value;
		}
		if (first < 0xc0) {
			if (left < 4) return this.#failNumber();
			this.offset = offset + 4;
			const value = read32(bytes, offset) & 0x3fff_ffff;
			return value < 0x4000 ? this.#failNumber() : value;
		}
		if (left < 8) return this.#failNumber();
		this.offset = offset + 8;
		const high = read32(bytes, offset) & 0x3fff_ffff;
		const value = high * 0x1_0000_0000 + (read32(bytes, offset + 4) >>> 0);
		if (value < 0x4000_0000 || value > Number.MAX_SAFE_INTEGER) return this.#failNumber();
		return value;
	}

	/** Passes over octets and answers where they begin. */
	skip(size: number): number {
		const {offset} = this;
		if (size > this.end - offset) this.#fail();
		else this.offset = offset + size;
		return offset;
	}

	#fail(): false {
		this.failed = true;
		this.offset = this.end;
		return false;
	}

	#failNumber(): number {
		this.#fail();
		return 0;
	}

	get path(): Uint8Array {
		return this.#path.subarray(0, this.pathSize);
	}

	get pathHash(): number {
		return this.#hashes[this.pathSize]!;
	}

	/** Size of the path of the directory that holds the entry; 0 for the root's own. */
	get parentSize(): number {
		const start = this.#starts[this.pathSize]!;
		return start === 0 ? 0 : start - 1;
	}

	/** Octets that the entry adds to what can be fetched. */
	get contentSize(): number {
		const isFetched = (this.form & (formFlag.further | formFlag.unread)) === 0;
		return this.type === entryType.file && isFetched ? this.size : 0;
	}

	get mode(): number {
		return this.#rows.modes[this.row]!;
	}

	get uid(): number {
		return this.#rows.uids[this.row]!;
	}

	get gid(): number {
		return this.#rows.gids[this.row]!;
	}

	get owner(): Uint8Array {
		return this.#rows.owner(this.row, this.bytes);
	}

	get group(): Uint8Array {
		return this.#rows.group(this.row, this.bytes);
	}

	/** Mode, owner and group as they stand in the row: a view. */
	get ownership(): Uint8Array {
		return this.#rows.ownership(this.row, this.bytes);
	}

	get target(): Uint8Array {
		if (this.#targetSize === 0) return none;
		return this.bytes.subarray(this.#targetOffset, this.#targetOffset + this.#targetSize);
	}

	get link(): Uint8Array {
		return this.#linkSize === 0 ? none : this.#link.subarray(0, this.#linkSize);
	}

	get unread(): boolean {
		return (this.form & formFlag.unread) !== 0;
	}

	get sparse(): boolean {
		return (this.form & formFlag.sparse) !== 0;
	}

	get xattr(): Uint8Array {
		return this.#digestAt(this.#xattrOffset);
	}

	get digest(): Uint8Array {
		if (this.#digestOffset !== 0) return this.#digestAt(this.#digestOffset);
		return hasDigest(this.type, this.form, 1) ? this.#emptyDigest : none;
	}

	get flatDigest(): Uint8Array {
		if (this.#flatOffset !== 0) return this.#digestAt(this.#flatOffset);
		return this.form & formFlag.flat ? this.#emptyDigest : none;
	}

	#digestAt(offset: number): Uint8Array {
		return offset === 0 ? none : this.bytes.subarray(offset, offset + digestSize);
	}

	/** Order of the two paths: negative, zero or positive. */
	comparePath(other: EntryReader): number {
		const most = Math.min(this.pathSize, other.pathSize);
		for (let at = 0; at < most; at++) {
			const difference = this.#path[at]! - other.#path[at]!;
			if (difference !== 0) return difference;
		}
		return this.pathSize - other.pathSize;
	}

	/** Whether all but the paths of two entries is the same. */
	isSame(other: EntryReader): boolean {
		return (
			this.mtimeNsec === other.mtimeNsec &&
			this.mtimeSec === other.mtimeSec &&
			this.size === other.size &&
			this.linkCount === other.linkCount &&
			this.device === other.device &&
			this.#rows.isSame(this.row, this.bytes, other.#rows, other.row, other.bytes) &&
			this.#isSameAt(this.#digestOffset, other, other.#digestOffset, digestSize) &&
			this.#isSameAt(this.#flatOffset, other, other.#flatOffset, digestSize) &&
			this.#isSameAt(this.#xattrOffset, other, other.#xattrOffset, digestSize) &&
			this.#targetSize === other.#targetSize &&
			this.#isSameAt(this.#targetOffset, other, other.#targetOffset, this.#targetSize) &&
			this.#isSameLink(other)
		);
	}

	/** Same form and size: both places are 0, or neither is. */
	#isSameAt(offset: number, other: EntryReader, otherOffset: number, size: number): boolean {
		if (offset === 0 || otherOffset === 0) return true;
		for (let at = 0; at < size; at++) {
			if (this.bytes[offset + at] !== other.bytes[otherOffset + at]) return false;
		}
		return true;
	}

	#isSameLink(other: EntryReader): boolean {
		if (this.#linkSize !== other.#linkSize) return false;
		for (let at = 0; at < this.#linkSize; at++) {
			if (this.#link[at] !== other.#link[at]) return false;
		}
		return true;
	}
}

function read32(bytes: Uint8Array, offset: number): number {
	return (
		(bytes[offset]! << 24) |
		(bytes[offset + 1]! << 16) |
		(bytes[offset + 2]! << 8) |
		bytes[offset + 3]!
	);
}
