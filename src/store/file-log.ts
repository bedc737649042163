/**
 * Everything that reading a file once has told, kept: digest, leaf hashes, block sums. `files.log`
 * is append-only: a header that names the data file, then records of one size. Leaf hashes and
 * sums stand in the data file, so that opening the log reads the records alone. Both are a cache:
 * what a crash cut off is cut away, what is damaged ends the log there, and is hashed again. After
 * a loss of power records may be there without data: those that were not synced are checked.
 */
import {assert} from '../assert.ts';
import type {FileHandle, StatIdentity, TreeIo} from '../platform/tree.ts';
import type {Cursor} from '../snapshot/cursor.ts';
import {leavesSize} from '../snapshot/merkle.ts';
import {baseName} from '../snapshot/path.ts';
import {crc32} from './crc32.ts';
import {FileTable, recordSize} from './file-table.ts';
import {ObjectCache} from './object-cache.ts';
import type {StateDir} from './state-dir.ts';

export type KnownContent = {
	readonly digest: Uint8Array;
	/** The leaves object and the sums object; empty where the file has none. */
	readonly leaves: Uint8Array;
	readonly sums: Uint8Array;
};

export type FileRecord = KnownContent & {
	readonly path: Uint8Array;
	readonly stat: StatIdentity;
	/** Unix milliseconds before its first octet was read. */
	readonly hashedAtMs: number;
};

const encoder = new TextEncoder();
/** The log of the files of a tree that is hashed here. */
const ownName = 'files';
const magic = encoder.encode('shoal files 2\n');
/**
 * The magic, how many records were on the disk with their data when that was written, and the
 * generation: the number in the data file's name.
 */
const headerSize = 32;
const syncedOffset = headerSize - 16;
const generationOffset = headerSize - 8;

/** Octets gathered before they are written. */
const pendingMax = 1 << 20;
/** Octets after which all is synced: a loss of power costs no more work, nor does checking it. */
const unsyncedMax = 64 << 20;
/** Octets of data copied at once. */
const copySize = 1 << 20;
/** Records read at once: 8 MiB. */
const readCount = 1 << 16;
/** Openings that a writer may get in the way of; where there is no log, all are in vain. */
const triesMax = 3;
/** A log of fewer records is not worth writing anew. */
const compactMin = 1024;

export class FileLog {
	readonly #state: StateDir;
	readonly #tree: TreeIo;
	readonly #writing: boolean;
	/** Of its files: `NAME.log` and `NAME.N.data`. */
	readonly #name: string;
	#log: FileHandle | undefined;
	#data: FileHandle | undefined;
	#generation = 0;
	#table = new FileTable();
	/** Records on the disk; those after them, and `#pending`, are not yet written. */
	#writtenCount = 0;
	#dataEnd = 0;
	#pending: Uint8Array[] = [];
	#pendingSize = 0;
	#unsyncedSize = 0;
	/** By their offset in the data file. */
	readonly #objects = new ObjectCache();

	private constructor(state: StateDir, name: string, writing: boolean) {
		this.#state = state;
		this.#name = name;
		this.#tree = state.platform.tree;
		this.#writing = writing;
	}

	/** For writing, under the state directory's lock; made when missing. */
	static open(state: StateDir, name = ownName): FileLog {
		const log = new FileLog(state, name, true);
		if (!log.#open()) log.#create();
		else log.#checkUnsynced();
		log.#tree.truncate(log.#log!, headerSize + log.#table.count * recordSize);
		log.#tree.truncate(log.#data!, log.#dataEnd);
		log.#removeOthers();
		// That of a tree is written anew after a look at the tree, which tells more.
		if (name !== ownName) log.#forgetDead();
		return log;
	}

	/** For reading only, while another process may write. Empty where there is none. */
	static openRead(state: StateDir, name = ownName): FileLog {
		const log = new FileLog(state, name, false);
		log.#reopen();
		return log;
	}

	/** Records of the log, by its size alone: without loading it. */
	static recordCount(state: StateDir, name = ownName): number {
		const size = state.sizeOf(`${name}.log`) ?? headerSize;
		return Math.max(0, Math.floor((size - headerSize) / recordSize));
	}

	/** Files known. */
	get count(): number {
		return this.#table.count - this.#table.deadCount;
	}

	/** Another one whenever records were added, or some are gone. */
	get extent(): string {
		return `${this.#generation} ${this.#table.count}`;
	}

	/**
	 * The content digest of a file that has not changed since it was hashed: a view, valid until
	 * the next `append`. Undefined: it must be read (again).
	 */
	lookup(path: Uint8Array, stat: StatIdentity): Uint8Array | undefined {
		const row = this.#table.find(stat, baseName(path));
		return row < 0 ? undefined : this.#table.digest(row);
	}

	/** The leaves object of a content; undefined when it is not here, or damaged. */
	readLeaves(digest: Uint8Array): Uint8Array | undefined {
		const row = this.#table.findDigest(digest);
		if (row < 0) return undefined;
		const {dataOffset, leavesSize: size} = this.#table.data(row);
		return this.#readData(dataOffset, size, this.#table.leavesCheck(row));
	}

	/** The sums object of a content; undefined when it is not here, or damaged. */
	readSums(digest: Uint8Array): Uint8Array | undefined {
		const row = this.#table.findDigest(digest);
		if (row < 0) return undefined;
		const {dataOffset, leavesSize: before, sumsSize} = this.#table.data(row);
		return this.#readData(dataOffset + before, sumsSize, this.#table.sumsCheck(row));
	}

	/** Takes a file that was hashed. On the disk only after `sync`. */
	append({path, stat, hashedAtMs, digest, leaves, sums}: FileRecord): void {
		assert(this.#writing && leaves.length === leavesSize(stat.size), 'all leaves of the file');
		this.#table.add({
			stat,
			name: baseName(path),
			hashedAtMs,
			digest,
			dataOffset: this.#dataEnd,
			leavesSize: leaves.length,
			leavesCheck: crc32(leaves),
			sumsSize: sums.length,
			sumsCheck: crc32(sums),
		});
		this.#dataEnd += leaves.length + sums.length;
		this.#pendingSize += leaves.length + sums.length + recordSize;
		for (const part of [leaves, sums]) if (part.length > 0) this.#pending.push(part.slice());
		if (this.#pendingSize >= pendingMax) this.flush();
	}

	/** Takes what is known of a content of `size` octets, whichever files have it. */
	appendContent(size: number, {digest, leaves, sums}: KnownContent): void {
		const times = {mtimeSec: 0, mtimeNsec: 0, ctimeSec: 0, ctimeNsec: 0};
		// What it is known by is its content: that stands for the file.
		const ino = new DataView(digest.buffer, digest.byteOffset).getBigUint64(0);
		const stat = {size, ino, dev: 0n, ...times};
		this.append({path: new Uint8Array(0), stat, hashedAtMs: 0, digest, leaves, sums});
	}

	/** All that was appended outlives this process when it returns; to outlive the system: `sync`. */
	flush(): void {
		this.#flush();
		if (this.#unsyncedSize >= unsyncedMax) this.sync();
	}

	/**
	 * Takes the word of somebody that a file has this content, if it was hashed before, here or
	 * under another name: false if it was not. Its stat need not be the one it was hashed with.
	 */
	adopt(path: Uint8Array, stat: StatIdentity, digest: Uint8Array): boolean {
		return this.#table.adopt(stat, baseName(path), digest);
	}

	/** All that was appended is on the disk when it returns: data before the records that name it. */
	sync(): void {
		this.#flushData();
		this.#tree.sync(this.#data!);
		this.#flush();
		this.#tree.sync(this.#log!);
		this.#tree.write(this.#log!, float64(this.#table.count), syncedOffset);
		this.#unsyncedSize = 0;
	}

	/**
	 * After a scan of the whole tree: what was neither looked up nor appended since the one before
	 * is of files that are gone. Writes the log anew when that is most of it.
	 */
	forgetUnused(): void {
		const {count, liveUsedMin} = this.#table;
		if (liveUsedMin * 2 < count && count >= compactMin) {
			const rows = this.#table.live('used');
			if (rows.length * 2 < count) {
				this.#compact(rows);
				return;
			}
		}
		this.#table.clearUsed();
	}

	/**
	 * After a look at a part of the tree: records of contents that the list does not have are of
	 * files that are gone. The list is only read when there are many more records than entries.
	 */
	forgetAbsent(list: {readonly entryCount: number; cursor(): Cursor}): void {
		const {count} = this.#table;
		if (count < 2 * list.entryCount + compactMin) return;
		for (const cursor = list.cursor(); cursor.next(); ) {
			if (cursor.digest.length > 0) this.#table.use(cursor.digest);
		}
		const rows = this.#table.live('content');
		if (rows.length < count) this.#compact(rows);
	}

	/** Writes the log anew when most records have been followed by others of the same file. */
	#forgetDead(): void {
		const {count, deadCount} = this.#table;
		if (deadCount * 2 > count && count >= compactMin) this.#compact(this.#table.live());
	}

	/** Takes in what another process has appended, or a log written anew. */
	refresh(): void {
		const now = this.#tree.stat(this.#state.handle, encoder.encode(this.#logName));
		const ours = this.#log && this.#tree.statFile(this.#log);
		if (this.#data !== undefined && now !== undefined && now.ino === ours?.ino) {
			this.#load();
			return;
		}
		this.#reopen();
	}

	/** A data file may go, with the log that named it, between the two openings. */
	#reopen(): void {
		for (let tries = 0; tries < triesMax; tries++) {
			this.#closeFiles();
			if (this.#open()) return;
		}
	}

	close(): void {
		try {
			if (this.#table.count > this.#writtenCount) this.#flush();
		} finally {
			this.#closeFiles();
		}
	}

	/** Closes it without what has not been written, as after a failure to write it. */
	discard(): void {
		this.#closeFiles();
	}

	/** False when there is none, or one of another form. */
	#open(): boolean {
		this.#log = this.#openFile(this.#logName);
		if (this.#log === undefined) return false;
		const header = new Uint8Array(headerSize);
		const size = this.#tree.read(this.#log, header, 0);
		if (size === headerSize && magic.every((octet, index) => header[index] === octet)) {
			this.#generation = new DataView(header.buffer).getFloat64(generationOffset);
			this.#data = this.#openFile(this.#dataName(this.#generation));
			if (this.#data !== undefined) {
				this.#load();
				return true;
			}
		}
		this.#closeFiles();
		return false;
	}

	#openFile(name: string): FileHandle | undefined {
		const octets = encoder.encode(name);
		const {handle} = this.#state;
		return this.#writing
			? this.#tree.openWrite(handle, octets)
			: this.#tree.openRead(handle, octets);
	}

	#closeFiles(): void {
		for (const file of [this.#log, this.#data]) if (file !== undefined) this.#tree.closeFile(file);
		this.#log = undefined;
		this.#data = undefined;
		this.#table = new FileTable();
		this.#writtenCount = 0;
		this.#dataEnd = 0;
		this.#pending = [];
		this.#pendingSize = 0;
		this.#objects.clear();
	}

	/** Takes records from the disk on, until the end or the first that is not whole. */
	#load(): void {
		const table = this.#table;
		const dataSize = this.#tree.statFile(this.#data!).size;
		const logSize = this.#tree.statFile(this.#log!).size;
		const count = Math.floor((logSize - headerSize) / recordSize);
		table.room(Math.max(0, count - table.count));
		for (let isWhole = true; isWhole && table.count < count; ) {
			const some = Math.min(readCount, count - table.count);
			const read = this.#tree.read(
				this.#log!,
				table.room(some),
				headerSize + table.count * recordSize,
			);
			for (let left = Math.floor(read / recordSize); left > 0; left--) {
				const end = table.dataEnd();
				isWhole = end <= dataSize && table.take();
				if (!isWhole) break;
				this.#dataEnd = Math.max(this.#dataEnd, end);
			}
			if (read < some * recordSize) break;
		}
		this.#writtenCount = table.count;
	}

	#flush(): void {
		this.#flushData();
		const records = this.#table.bytes(this.#writtenCount);
		this.#tree.write(this.#log!, records, headerSize + this.#writtenCount * recordSize);
		this.#writtenCount = this.#table.count;
		this.#unsyncedSize += this.#pendingSize;
		this.#pendingSize = 0;
	}

	/** Ends the log before the first record that may have come to the disk without its data. */
	#checkUnsynced(): void {
		const octets = new Uint8Array(8);
		this.#tree.read(this.#log!, octets, syncedOffset);
		const synced = new DataView(octets.buffer).getFloat64(0);
		const from = synced >= 0 && synced <= this.#table.count ? synced : 0;
		for (let row = from; row < this.#table.count; row++) {
			if (this.#hasData(row)) continue;
			this.#tree.truncate(this.#log!, headerSize + row * recordSize);
			this.#reopen();
			return;
		}
	}

	#hasData(row: number): boolean {
		const {dataOffset, leavesSize: leaves, sumsSize: sums} = this.#table.data(row);
		const octets = new Uint8Array(leaves + sums);
		if (this.#tree.read(this.#data!, octets, dataOffset) < octets.length) return false;
		const [leavesCheck, sumsCheck] = [this.#table.leavesCheck(row), this.#table.sumsCheck(row)];
		return (
			crc32(octets.subarray(0, leaves)) === leavesCheck &&
			crc32(octets.subarray(leaves)) === sumsCheck
		);
	}

	#flushData(): void {
		const size = this.#pending.reduce((sum, part) => sum + part.length, 0);
		const octets = new Uint8Array(size);
		let at = 0;
		for (const part of this.#pending) {
			octets.set(part, at);
			at += part.length;
		}
		if (size > 0) this.#tree.write(this.#data!, octets, this.#dataEnd - size);
		this.#pending = [];
	}

	/** Octets of the data file, checked. None for an object of no octets. */
	#readData(offset: number, size: number, check: number): Uint8Array | undefined {
		if (size === 0 || this.#data === undefined) return undefined;
		const known = this.#objects.get(offset);
		if (known !== undefined) return known;
		if (this.#pending.length > 0) this.#flushData();
		const octets = new Uint8Array(size);
		const read = this.#tree.read(this.#data, octets, offset);
		if (read < size || crc32(octets) !== check) return undefined;
		this.#objects.set(offset, octets);
		return octets;
	}

	#create(): void {
		this.#closeFiles();
		this.#begin(1 + Math.max(0, ...this.#generations()), new FileTable(), () => undefined);
	}

	/** Writes these rows to a new log that takes the place of this one in one step. */
	#compact(rows: Uint32Array): void {
		this.#flush();
		const old = this.#data!;
		const table = this.#table.pick(rows);
		this.#begin(this.#generation + 1, table, to => {
			let end = 0;
			for (let row = 0; row < table.count; row++) {
				const {dataOffset, leavesSize: leaves, sumsSize: sums} = table.data(row);
				this.#copy(old, dataOffset, to, end, leaves + sums);
				table.move(row, end);
				end += leaves + sums;
			}
		});
	}

	#copy(
		from: FileHandle,
		fromOffset: number,
		to: FileHandle,
		toOffset: number,
		size: number,
	): void {
		for (let at = 0; at < size; at += copySize) {
			const octets = new Uint8Array(Math.min(copySize, size - at));
			const read = this.#tree.read(from, octets, fromOffset + at);
			this.#tree.write(to, octets.subarray(0, read), toOffset + at);
		}
	}

	/** Makes the files of a generation, data first: it counts once its log has taken its name. */
	#begin(generation: number, table: FileTable, fill: (data: FileHandle) => void): void {
		const name = encoder.encode(this.#dataName(generation));
		this.#tree.unlink(this.#state.handle, name);
		const data = this.#tree.create(this.#state.handle, name, 0o600);
		try {
			fill(data);
			this.#tree.sync(data);
		} finally {
			this.#tree.closeFile(data);
		}
		const header = new Uint8Array(headerSize);
		header.set(magic);
		header.set(float64(table.count), syncedOffset);
		header.set(float64(generation), generationOffset);
		this.#state.writeFile(this.#logName, header, table.bytes(0));
		this.#closeFiles();
		assert(this.#open(), 'a log that was just written');
		this.#removeOthers();
	}

	/** Removes data files that no log names: of a crash, or of the log before. */
	#removeOthers(): void {
		for (const generation of this.#generations()) {
			if (generation === this.#generation) continue;
			this.#tree.unlink(this.#state.handle, encoder.encode(this.#dataName(generation)));
		}
	}

	#generations(): number[] {
		return this.#tree
			.list(this.#state.handle)
			.map(octets => /^(\w+)\.([1-9]\d{0,14})\.data$/.exec(new TextDecoder().decode(octets)))
			.filter(found => found?.[1] === this.#name)
			.map(found => Number(found![2]));
	}

	get #logName(): string {
		return `${this.#name}.log`;
	}

	#dataName(generation: number): string {
		return `${this.#name}.${generation}.data`;
	}
}

/** Whatever the machine's order of octets. */
function float64(value: number): Uint8Array {
	const octets = new Uint8Array(8);
	new DataView(octets.buffer).setFloat64(0, value);
	return octets;
}
