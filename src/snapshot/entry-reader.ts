/**
 * Reads what EntryWriter writes, into its own fields: no object per entry. It takes nothing but
 * the one canonical form, checks every bound, and on anything else sets `failed` and stops; it
 * never throws on input. Paths come out valid and ascending; what entries say of each other
 * (parents, links) is the validator's.
 */
import {digestSize, pathSizeMax} from '../limit.ts';
import {type EntryType, entryType} from './entry.ts';
import {
	deviceMajorMax,
	deviceMinorEnd,
	formFlag,
	hasDigest,
	idMax,
	isValidForm,
	linkCountMax,
	modeMax,
	mtimeSecMax,
	nsecEnd,
	ownerSizeMax,
} from './entry-form.ts';
import {extendPathHash, pathHashSeed} from './page-rule.ts';
import {isValidName, isValidPath} from './path.ts';

const slash = 0x2f;
const none = new Uint8Array(0);

export class EntryReader {
	bytes: Uint8Array = none;
	offset = 0;
	end = 0;
	failed = false;

	/** The entry's path is `path[0, pathSize)`; it shares `shared` octets with the one before. */
	readonly path = new Uint8Array(pathSizeMax);
	pathSize = 0;
	shared = 0;
	type: EntryType = entryType.file;
	form = 0;
	size = 0;
	mtimeSec = 0;
	mtimeNsec = 0;
	linkCount = 1;
	device = 0;
	/** The first path of a further name is `link[0, linkSize)`. */
	readonly link = new Uint8Array(pathSizeMax);
	linkSize = 0;
	/** Places in `bytes`; 0 where there is none (no field begins there). */
	targetOffset = 0;
	targetSize = 0;
	xattrOffset = 0;
	digestOffset = 0;
	flatOffset = 0;
	row = 0;

	readonly #hashes = new Int32Array(pathSizeMax + 1);
	/** For each prefix of the path, where its last component begins. */
	readonly #starts = new Uint16Array(pathSizeMax + 1);
	#started = false;
	#pageStart = true;
	#rowCount = 0;
	readonly #rowKeys = new Set<string>();
	readonly #rowOffset: number[] = [];
	readonly #rowEnd: number[] = [];
	readonly #rowType: number[] = [];
	readonly #rowForm: number[] = [];
	readonly #rowMode: number[] = [];
	readonly #rowUid: number[] = [];
	readonly #rowGid: number[] = [];
	readonly #ownerOffset: number[] = [];
	readonly #groupOffset: number[] = [];

	constructor() {
		this.#hashes[0] = pathHashSeed;
	}

	get mode(): number {
		return this.#rowMode[this.row]!;
	}

	get uid(): number {
		return this.#rowUid[this.row]!;
	}

	get gid(): number {
		return this.#rowGid[this.row]!;
	}

	/** Name of the owner: a view. */
	get owner(): Uint8Array {
		const start = this.#ownerOffset[this.row]!;
		return this.bytes.subarray(start + ownerPrefix(this.bytes, start), this.#groupOffset[this.row]);
	}

	get group(): Uint8Array {
		const start = this.#groupOffset[this.row]!;
		return this.bytes.subarray(start + ownerPrefix(this.bytes, start), this.#rowEnd[this.row]);
	}

	/** Mode, owner and group as they stand in the row: a view. */
	get ownership(): Uint8Array {
		return this.bytes.subarray(this.#rowOffset[this.row]! + 2, this.#rowEnd[this.row]);
	}

	get pathHash(): number {
		return this.#hashes[this.pathSize]!;
	}

	/** Size of the path of the directory that holds the entry; 0 for the root's own. */
	get parentSize(): number {
		const start = this.#starts[this.pathSize]!;
		return start === 0 ? 0 : start - 1;
	}

	/** Stands before the first entry of a page in `bytes[offset, end)`. */
	open(bytes: Uint8Array, offset: number, end: number): void {
		this.bytes = bytes;
		this.offset = offset;
		this.end = end;
		this.failed = false;
		this.#pageStart = true;
		this.mtimeSec = 0;
		this.#rowCount = 0;
		this.#rowKeys.clear();
	}

	/** Takes the next entry; false at the end of the octets, or when they are wrong (`failed`). */
	next(): boolean {
		if (this.offset >= this.end) return false;
		return this.readPath() && this.readFields();
	}

	readPath(): boolean {
		let shared = this.varint();
		const size = this.varint();
		if (this.failed || size > this.end - this.offset) return this.fail();
		if (shared > this.pathSize || shared + size > pathSizeMax) return this.fail();
		const {bytes, offset, path} = this;
		if (this.#pageStart) {
			if (shared !== 0) return this.fail();
			const most = Math.min(size, this.pathSize);
			while (shared < most && bytes[offset + shared] === path[shared]) shared++;
			this.#pageStart = false;
			this.offset = offset + size;
			return this.#takePath(offset + shared, shared, size - shared);
		}
		this.offset = offset + size;
		return this.#takePath(offset, shared, size);
	}

	/** The path is now `shared` octets of the one before and `size` octets at `offset`. */
	#takePath(offset: number, shared: number, size: number): boolean {
		const {bytes, path} = this;
		if (size === 0) {
			if (this.#started || shared !== 0) return this.fail();
		} else if (shared < this.pathSize && bytes[offset]! <= path[shared]!) {
			return this.fail();
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
				if (octet === 0) return this.fail();
				if (octet === slash) {
					if (!isValidName(path, start, at)) return this.fail();
					start = at + 1;
				}
			}
			hash = extendPathHash(hash, octet);
			hashes[++at] = hash;
			starts[at] = start;
		}
		if (end > 0 && !isValidName(path, start, end)) return this.fail();
		this.shared = shared;
		this.pathSize = end;
		return true;
	}

	/** Takes a valid path from elsewhere for the one before, or for the entry's own. */
	setPath(path: Uint8Array, size: number = path.length): void {
		this.#pageStart = false;
		this.#started = true;
		let hash = pathHashSeed;
		let start = 0;
		for (let at = 0; at < size; ) {
			const octet = path[at]!;
			this.path[at] = octet;
			if (octet === slash) start = at + 1;
			hash = extendPathHash(hash, octet);
			this.#hashes[++at] = hash;
			this.#starts[at] = start;
		}
		this.pathSize = size;
		this.shared = 0;
	}

	/** Takes what follows the path. */
	readFields(): boolean {
		const row = this.varint();
		if (row > this.#rowCount || this.failed) return this.fail();
		if (row === this.#rowCount && !this.#readRow()) return this.fail();
		this.row = row;
		const type = this.#rowType[row]! as EntryType;
		const form = this.#rowForm[row]!;
		this.type = type;
		this.form = form;
		const zigzag = this.varint();
		const half = Math.floor(zigzag / 2);
		const sec = this.mtimeSec + (zigzag % 2 === 0 ? half : -half - 1);
		this.mtimeSec = sec;
		this.mtimeNsec = this.varint();
		if (sec > mtimeSecMax || sec < -mtimeSecMax || this.mtimeNsec >= nsecEnd) return this.fail();
		this.size = type === entryType.file ? this.varint() : 0;
		this.targetSize = this.linkSize = this.device = this.xattrOffset = 0;
		this.linkCount = 1;
		if (type >= entryType.symlink && !this.#readSpecial(type)) return this.fail();
		if (form !== 0 && !this.#readForm(form)) return this.fail();
		this.digestOffset = this.flatOffset = 0;
		if (hasDigest(type, form, this.size)) {
			this.digestOffset = this.#skip(digestSize);
			if (form & formFlag.flat) this.flatOffset = this.#skip(digestSize);
		}
		return !this.failed;
	}

	#readSpecial(type: EntryType): boolean {
		if (type === entryType.symlink) {
			const size = this.varint();
			if (size === 0 || size > pathSizeMax) return false;
			this.targetSize = size;
			this.targetOffset = this.#skip(size);
			return !this.failed && !hasZero(this.bytes, this.targetOffset, size);
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
		if (form & formFlag.xattr) this.xattrOffset = this.#skip(digestSize);
		return true;
	}

	/** A first path shares as much as can be with the entry's own, and is before it. */
	#readLink(): boolean {
		const shared = this.varint();
		const size = this.varint();
		const offset = this.#skip(size);
		if (this.failed || shared >= this.pathSize || shared + size > pathSizeMax) return false;
		if (size === 0 ? shared === 0 : this.bytes[offset]! >= this.path[shared]!) return false;
		this.link.set(this.path.subarray(0, shared));
		this.link.set(this.bytes.subarray(offset, offset + size), shared);
		this.linkSize = shared + size;
		return isValidPath(this.link.subarray(0, this.linkSize));
	}

	/** A row stands where it is first used; no two of a page are equal. */
	#readRow(): boolean {
		const {bytes, offset} = this;
		if (this.end - offset < 4) return false;
		this.offset += 4;
		const row = this.#rowCount;
		const mode = (bytes[offset + 2]! << 8) | bytes[offset + 3]!;
		if (!isValidForm(bytes[offset]!, bytes[offset + 1]!) || mode > modeMax) return false;
		const uid = this.varint();
		const gid = this.varint();
		if (uid > idMax || gid > idMax) return false;
		this.#ownerOffset[row] = this.offset;
		if (!this.#skipName()) return false;
		this.#groupOffset[row] = this.offset;
		if (!this.#skipName()) return false;
		const key = String.fromCharCode(...bytes.subarray(offset, this.offset));
		if (this.#rowKeys.has(key)) return false;
		this.#rowKeys.add(key);
		this.#rowOffset[row] = offset;
		this.#rowEnd[row] = this.offset;
		this.#rowType[row] = bytes[offset]!;
		this.#rowForm[row] = bytes[offset + 1]!;
		this.#rowMode[row] = mode;
		this.#rowUid[row] = uid;
		this.#rowGid[row] = gid;
		this.#rowCount = row + 1;
		return true;
	}

	#skipName(): boolean {
		const size = this.varint();
		if (size > ownerSizeMax) return false;
		const offset = this.#skip(size);
		return !this.failed && !hasZero(this.bytes, offset, size);
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

	#skip(size: number): number {
		const {offset} = this;
		if (size > this.end - offset) this.fail();
		else this.offset = offset + size;
		return offset;
	}

	fail(): false {
		this.failed = true;
		this.offset = this.end;
		return false;
	}

	#failNumber(): number {
		this.fail();
		return 0;
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

function hasZero(bytes: Uint8Array, offset: number, size: number): boolean {
	for (let at = offset; at < offset + size; at++) if (bytes[at] === 0) return true;
	return false;
}

/** Octets that the length of a name at `offset` takes: it is below 16,384. */
function ownerPrefix(bytes: Uint8Array, offset: number): number {
	return bytes[offset]! < 0x40 ? 1 : 2;
}
