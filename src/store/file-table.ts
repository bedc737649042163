/**
 * What the file log knows: its records as they stand in the log, 128 octets a file, found by file
 * (device and inode) or by content digest through two open-addressing tables of row numbers. A
 * million files take 145 MB and no object; the log is loaded by reading it.
 */
import {digestSize} from '../limit.ts';
import type {StatIdentity} from '../platform/tree.ts';

/** What a record says. Places and sizes are of the data file. */
export type FileRow = {
	readonly stat: StatIdentity;
	/** Last component of the path. */
	readonly name: Uint8Array;
	/** Unix milliseconds before its first octet was read. */
	readonly hashedAtMs: number;
	readonly digest: Uint8Array;
	/** Where the leaves object begins; the sums object follows it. */
	readonly dataOffset: number;
	readonly leavesSize: number;
	readonly leavesCheck: number;
	readonly sumsSize: number;
	readonly sumsCheck: number;
};

export const recordSize = 128;

/**
 * Places of the fields in a record, counted in words of four octets, doubles, and octets. They are
 * read through typed arrays, so a log that was copied from a machine of the other byte order is one
 * whose records are not whole.
 */
const recordWords = recordSize / 4;
const word = {
	check: 0,
	leavesCheck: 1,
	sumsCheck: 2,
	mtimeNsec: 3,
	ctimeNsec: 4,
	name: 5,
	/** Inode and device: two words each. */
	key: 6,
} as const;
const keyWords = 4;
const recordDoubles = recordSize / 8;
const double = {
	size: 5,
	mtimeSec: 6,
	ctimeSec: 7,
	hashedAtMs: 8,
	dataOffset: 9,
	leavesSize: 10,
	sumsSize: 11,
} as const;
const digestPlace = 96;

/** A file changed so shortly before it was hashed may have changed again unseen. */
const guardMs = 2000;

/** Rows at first: they double, and slots are at least twice the rows. */
const rowsAtFirst = 1024;

export class FileTable {
	/** Rows, superseded ones included. */
	count = 0;
	#bytes = new Uint8Array(rowsAtFirst * recordSize);
	#words = new Uint32Array(this.#bytes.buffer);
	#doubles = new Float64Array(this.#bytes.buffer);
	/** 1 + row; 0: free. */
	#byFile = new Uint32Array(rowsAtFirst * 2);
	#byDigest = new Uint32Array(rowsAtFirst * 2);
	/** Rows that each of them has: not every run asks for both, or for any. */
	#byFileCount = 0;
	#byDigestCount = 0;
	/** Rows that a later one of the same file has taken the place of, of those in `#byFile`. */
	#deadCount = 0;
	/** 1 where the row was asked for or added. */
	#used = new Uint8Array(rowsAtFirst);
	#usedCount = 0;
	/** Inode and device that are looked for, and the same as words. */
	readonly #wide = new BigUint64Array(2);
	readonly #key = new Uint32Array(this.#wide.buffer);

	/** Rows that a later one of the same file has taken the place of. */
	get deadCount(): number {
		this.#indexFiles();
		return this.#deadCount;
	}

	/** Records from row `from` on, as they stand in the log: a view. */
	bytes(from: number): Uint8Array {
		return this.#bytes.subarray(from * recordSize, this.count * recordSize);
	}

	/** Room for `count` more records, to be filled and then taken by `take`. */
	room(count: number): Uint8Array {
		this.#reserve(this.count + count);
		return this.#bytes.subarray(this.count * recordSize, (this.count + count) * recordSize);
	}

	/** Takes the record that stands in `room`; false if it is not whole. */
	take(): boolean {
		const row = this.count;
		if (this.#words[row * recordWords + word.check] !== this.#check(row)) return false;
		this.count++;
		return true;
	}

	/** Where the data of the record that stands in `room` ends. */
	dataEnd(row = this.count): number {
		const doubles = this.#doubles;
		const at = row * recordDoubles;
		return (
			doubles[at + double.dataOffset]! +
			doubles[at + double.leavesSize]! +
			doubles[at + double.sumsSize]!
		);
	}

	add(row: FileRow): void {
		this.#reserve(this.count + 1);
		const {stat} = row;
		const words = this.#words;
		const wordsAt = this.count * recordWords;
		words[wordsAt + word.leavesCheck] = row.leavesCheck;
		words[wordsAt + word.sumsCheck] = row.sumsCheck;
		words[wordsAt + word.mtimeNsec] = stat.mtimeNsec;
		words[wordsAt + word.ctimeNsec] = stat.ctimeNsec;
		words[wordsAt + word.name] = hashName(row.name);
		this.#setKey(stat);
		words.set(this.#key, wordsAt + word.key);
		const doubles = this.#doubles;
		const doublesAt = this.count * recordDoubles;
		doubles[doublesAt + double.size] = stat.size;
		doubles[doublesAt + double.mtimeSec] = stat.mtimeSec;
		doubles[doublesAt + double.ctimeSec] = stat.ctimeSec;
		doubles[doublesAt + double.hashedAtMs] = row.hashedAtMs;
		doubles[doublesAt + double.dataOffset] = row.dataOffset;
		doubles[doublesAt + double.leavesSize] = row.leavesSize;
		doubles[doublesAt + double.sumsSize] = row.sumsSize;
		this.#bytes.set(row.digest, this.count * recordSize + digestPlace);
		words[wordsAt + word.check] = this.#check(this.count);
		this.#use(this.count);
		this.count++;
	}

	/**
	 * Makes sure that a file has a row with a content which some row has; false if none has. The
	 * new row has no certainty of its own: whoever vouched for it is asked again.
	 */
	adopt(stat: StatIdentity, name: Uint8Array, digest: Uint8Array): boolean {
		const from = this.findDigest(digest);
		if (from < 0) return false;
		this.#indexFiles();
		this.#setKey(stat);
		const own = this.#findFile();
		if (own >= 0 && this.#hasDigest(own, digest, 0)) {
			this.#use(own);
			return true;
		}
		const [leavesCheck, sumsCheck] = [this.leavesCheck(from), this.sumsCheck(from)];
		const said = {stat, name, hashedAtMs: 0, digest, leavesCheck, sumsCheck};
		this.add({...said, ...this.data(from)});
		return true;
	}

	/** Moves the data of a row; its record changes with it. */
	move(row: number, dataOffset: number): void {
		this.#doubles[row * recordDoubles + double.dataOffset] = dataOffset;
		this.#words[row * recordWords + word.check] = this.#check(row);
	}

	/**
	 * The row of a file that is as it was when it was hashed, and was hashed long enough after its
	 * last change; -1: none. A name is held against it too, since some file systems make up inode
	 * numbers as they go; not the whole path, so that moving a directory costs nothing.
	 */
	find(stat: StatIdentity, name: Uint8Array): number {
		this.#indexFiles();
		this.#setKey(stat);
		const row = this.#findFile();
		if (row < 0) return -1;
		this.#use(row);
		return this.#isSame(row, stat, name) && this.#isCertain(row) ? row : -1;
	}

	/** A row with that content digest; -1: none. */
	findDigest(digest: Uint8Array): number {
		while (this.#byDigestCount < this.count) this.#indexDigest(this.#byDigestCount++);
		const slots = this.#byDigest;
		for (let at = hashDigest(digest, 0) & (slots.length - 1); ; at = next(at, slots)) {
			const row = slots[at]! - 1;
			if (row < 0 || this.#hasDigest(row, digest, 0)) return row;
		}
	}

	/** A view, valid until the next `add` or `room`. */
	digest(row: number): Uint8Array {
		const at = row * recordSize + digestPlace;
		return this.#bytes.subarray(at, at + digestSize);
	}

	data(row: number): Pick<FileRow, 'dataOffset' | 'leavesSize' | 'sumsSize'> {
		const doubles = this.#doubles;
		const at = row * recordDoubles;
		return {
			dataOffset: doubles[at + double.dataOffset]!,
			leavesSize: doubles[at + double.leavesSize]!,
			sumsSize: doubles[at + double.sumsSize]!,
		};
	}

	leavesCheck(row: number): number {
		return this.#words[row * recordWords + word.leavesCheck]!;
	}

	sumsCheck(row: number): number {
		return this.#words[row * recordWords + word.sumsCheck]!;
	}

	/** Somebody has this content still. */
	use(digest: Uint8Array): void {
		const row = this.findDigest(digest);
		if (row >= 0) this.#use(row);
	}

	/** At least so many rows are `live('used')`: those that were used may have died since. */
	get liveUsedMin(): number {
		return this.#usedCount - this.deadCount;
	}

	/**
	 * Rows that are the newest of their file; of these, if asked for, only those that were `used`
	 * (asked for or added), or whose `content` was.
	 */
	live(only?: 'used' | 'content'): Uint32Array {
		this.#indexFiles();
		const rows = new Uint32Array(this.count);
		let count = 0;
		for (let row = 0; row < this.count; row++) {
			const judged = only === 'content' ? this.findDigest(this.digest(row)) : row;
			if (only !== undefined && this.#used[judged] === 0) continue;
			this.#loadKey(row);
			if (this.#findFile() === row) rows[count++] = row;
		}
		return rows.subarray(0, count);
	}

	clearUsed(): void {
		this.#used.fill(0);
		this.#usedCount = 0;
	}

	/** A table of only these rows. */
	pick(rows: Uint32Array): FileTable {
		const picked = new FileTable();
		picked.#reserve(rows.length);
		for (const row of rows) {
			const at = row * recordSize;
			const record = this.#bytes.subarray(at, at + recordSize);
			picked.#bytes.set(record, picked.count * recordSize);
			if (this.#used[row] === 1) picked.#use(picked.count);
			picked.count++;
		}
		return picked;
	}

	#use(row: number): void {
		if (this.#used[row] === 1) return;
		this.#used[row] = 1;
		this.#usedCount++;
	}

	/** The newest row of the file whose inode and device stand in `#key`. */
	#findFile(): number {
		const slots = this.#byFile;
		for (let at = this.#hashKey() & (slots.length - 1); ; at = next(at, slots)) {
			const row = slots[at]! - 1;
			if (row < 0 || this.#isKey(row)) return row;
		}
	}

	#setKey({ino, dev}: StatIdentity): void {
		this.#wide[0] = ino;
		this.#wide[1] = dev;
	}

	#loadKey(row: number): void {
		const at = row * recordWords + word.key;
		for (let index = 0; index < keyWords; index++) this.#key[index] = this.#words[at + index]!;
	}

	#isKey(row: number): boolean {
		const at = row * recordWords + word.key;
		const words = this.#words;
		const key = this.#key;
		for (let index = 0; index < keyWords; index++) {
			if (words[at + index] !== key[index]) return false;
		}
		return true;
	}

	/** Inode numbers run on; the finalizer of MurmurHash3 scatters them. */
	#hashKey(): number {
		const key = this.#key;
		let hash = key[0]! ^ Math.imul(key[1]! ^ Math.imul(key[2]! ^ key[3]!, mix1), mix2);
		hash = Math.imul(hash ^ (hash >>> 16), mix1);
		hash = Math.imul(hash ^ (hash >>> 13), mix2);
		return hash ^ (hash >>> 16);
	}

	#isSame(row: number, stat: StatIdentity, name: Uint8Array): boolean {
		const words = this.#words;
		const doubles = this.#doubles;
		const wordsAt = row * recordWords;
		const doublesAt = row * recordDoubles;
		return (
			doubles[doublesAt + double.size] === stat.size &&
			doubles[doublesAt + double.mtimeSec] === stat.mtimeSec &&
			doubles[doublesAt + double.ctimeSec] === stat.ctimeSec &&
			words[wordsAt + word.mtimeNsec] === stat.mtimeNsec &&
			words[wordsAt + word.ctimeNsec] === stat.ctimeNsec &&
			words[wordsAt + word.name] === hashName(name)
		);
	}

	/**
	 * Whether no write can have come after the reading within one tick of the file system's clock.
	 * Every write sets both times to now: a ctime well before the reading tells of none, unless
	 * the file system has only mtime; an mtime well after it was set by hand, and a write would
	 * have undone that.
	 */
	#isCertain(row: number): boolean {
		const hashedAtMs = this.#doubles[row * recordDoubles + double.hashedAtMs]!;
		const changed = this.#timeMs(row, double.ctimeSec, word.ctimeNsec);
		const modified = this.#timeMs(row, double.mtimeSec, word.mtimeNsec);
		return changed + guardMs < hashedAtMs && Math.abs(modified - hashedAtMs) > guardMs;
	}

	#timeMs(row: number, sec: number, nsec: number): number {
		const seconds = this.#doubles[row * recordDoubles + sec]!;
		return seconds * 1000 + this.#words[row * recordWords + nsec]! / 1e6;
	}

	#hasDigest(row: number, digest: Uint8Array, offset: number): boolean {
		const at = row * recordSize + digestPlace;
		for (let index = 0; index < digestSize; index++) {
			if (this.#bytes[at + index] !== digest[offset + index]) return false;
		}
		return true;
	}

	#indexFiles(): void {
		while (this.#byFileCount < this.count) this.#index(this.#byFileCount++);
	}

	#index(row: number): void {
		this.#loadKey(row);
		const files = this.#byFile;
		let at = this.#hashKey() & (files.length - 1);
		while (files[at] !== 0 && !this.#isKey(files[at]! - 1)) at = next(at, files);
		if (files[at] !== 0) this.#deadCount++;
		files[at] = row + 1;
	}

	#indexDigest(row: number): void {
		const digests = this.#byDigest;
		const digestAt = row * recordSize + digestPlace;
		let at = hashDigest(this.#bytes, digestAt) & (digests.length - 1);
		while (digests[at] !== 0 && !this.#hasDigest(digests[at]! - 1, this.#bytes, digestAt)) {
			at = next(at, digests);
		}
		digests[at] = row + 1;
	}

	#reserve(rows: number): void {
		if (rows * recordSize <= this.#bytes.length) return;
		const capacity = Math.max(rows, this.count * 2);
		const bytes = new Uint8Array(capacity * recordSize);
		bytes.set(this.bytes(0));
		this.#bytes = bytes;
		this.#words = new Uint32Array(bytes.buffer);
		this.#doubles = new Float64Array(bytes.buffer);
		const used = new Uint8Array(capacity);
		used.set(this.#used);
		this.#used = used;
		const slotCount = 2 ** Math.ceil(Math.log2(capacity * 2));
		if (slotCount <= this.#byFile.length) return;
		this.#byFile = new Uint32Array(slotCount);
		this.#byDigest = new Uint32Array(slotCount);
		this.#byDigestCount = 0;
		this.#byFileCount = 0;
		this.#deadCount = 0;
	}

	/**
	 * Over all words of a record but the first: finds torn and rotten records, protects against
	 * nobody. A word at a time, since a table-driven CRC over each octet took most of the loading.
	 */
	#check(row: number): number {
		const words = this.#words;
		const end = (row + 1) * recordWords;
		let check = 0x5348_4f41;
		for (let at = row * recordWords + 1; at < end; at++) {
			check = Math.imul(check ^ words[at]!, 0x9e37_79b1);
			check ^= check >>> 15;
		}
		return check >>> 0;
	}
}

const mix1 = 0x85eb_ca6b;
const mix2 = 0xc2b2_ae35;

/** FNV-1a. */
function hashName(name: Uint8Array): number {
	let hash = 0x811c_9dc5;
	for (let index = 0; index < name.length; index++) {
		hash = Math.imul(hash ^ name[index]!, 0x0100_0193);
	}
	return hash >>> 0;
}

/** A digest is uniform: its first octets are as good as any hash. */
function hashDigest(bytes: Uint8Array, at: number): number {
	return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

function next(at: number, slots: Uint32Array): number {
	return (at + 1) & (slots.length - 1);
}
