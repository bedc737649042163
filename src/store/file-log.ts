/**
 * Everything that reading a file once has told, kept: digest, leaf hashes, block sums. An append-only
 * log of records; what was cut off by a crash is cut away, what is damaged ends the log there.
 *
 * A record names its file by device and inode, not by path: when those, size and both times are
 * what they were, it is that file's content, wherever it has been moved to.
 */

import {digestSize} from '../limit.ts';
import type {FileHandle, StatIdentity, TreeIo} from '../platform/tree.ts';
import {crc32} from './crc32.ts';
import {type FileRow, FileTable} from './file-table.ts';
import type {StateDir} from './state-dir.ts';

export type FileRecord = {
	readonly stat: StatIdentity;
	/** Unix milliseconds before its first octet was read. */
	readonly hashedAtMs: number;
	readonly digest: Uint8Array;
	/** The leaves object and the sums object; empty where the file has none. */
	readonly leaves: Uint8Array;
	readonly sums: Uint8Array;
};

const encoder = new TextEncoder();
const logName = 'files.log';
const magic = encoder.encode('shoal files 1\n\0\0');

/** crc, body crc, ino, dev, size, mtime, ctime, hashed at, leaves size, sums size, digest. */
const headSize = 4 + 4 + 8 + 8 + 8 + 8 + 4 + 8 + 4 + 8 + 8 + 8 + digestSize;

/** Octets of heads read at once: a body larger than that is skipped over. */
const windowSize = 256 * 1024;

/** Octets gathered before they are written. */
const pendingMax = 1024 * 1024;

/** A log is written anew when more than half of so many records are superseded. */
const compactAt = 1024;

export class FileLog {
	readonly #state: StateDir;
	readonly #tree: TreeIo;
	#file: FileHandle | undefined;
	#table = new FileTable();
	/** Where the next record goes. */
	#end = 0;
	#pending: Uint8Array[] = [];
	#pendingSize = 0;

	private constructor(state: StateDir) {
		this.#state = state;
		this.#tree = state.platform.tree;
	}

	/** For writing, under the state directory's lock; made when missing. */
	static open(state: StateDir): FileLog {
		const log = new FileLog(state);
		if (!log.#openFile()) log.#create();
		log.#tree.truncate(log.#file!, log.#end);
		const {count, deadCount} = log.#table;
		if (count >= compactAt && deadCount * 2 > count) log.#compact();
		return log;
	}

	/** For reading only, while another process may write. Empty where there is none. */
	static openRead(state: StateDir): FileLog {
		const log = new FileLog(state);
		log.#openFile();
		return log;
	}

	/** Files known. */
	get count(): number {
		return this.#table.count - this.#table.deadCount;
	}

	/**
	 * The content digest of a file that has not changed since it was hashed: a view, valid until
	 * the next `append`. Undefined: it must be read (again).
	 */
	lookup(stat: StatIdentity): Uint8Array | undefined {
		const row = this.#table.findFile(stat);
		return row >= 0 && this.#table.isTrusted(row, stat) ? this.#table.digest(row) : undefined;
	}

	/** The leaves object of a content; undefined when it is not here, or damaged. */
	readLeaves(digest: Uint8Array): Uint8Array | undefined {
		return this.#readBody(digest, ({leavesSize}) => [0, leavesSize]);
	}

	/** The sums object of a content; undefined when it is not here, or damaged. */
	readSums(digest: Uint8Array): Uint8Array | undefined {
		return this.#readBody(digest, ({leavesSize, sumsSize}) => [leavesSize, sumsSize]);
	}

	/** On disk only after `sync`. */
	append({stat, hashedAtMs, digest, leaves, sums}: FileRecord): void {
		const record = new Uint8Array(headSize + leaves.length + sums.length);
		record.set(leaves, headSize);
		record.set(sums, headSize + leaves.length);
		const bodyCrc = crc32(record.subarray(headSize));
		const row: FileRow = {
			stat,
			hashedAtMs,
			bodyOffset: this.#end + headSize,
			leavesSize: leaves.length,
			sumsSize: sums.length,
			bodyCrc,
		};
		encodeHead(record, row, digest);
		this.#table.add(row, digest);
		this.#end += record.length;
		this.#pending.push(record);
		this.#pendingSize += record.length;
		if (this.#pendingSize >= pendingMax) this.#flush();
	}

	/** All that was appended is on the disk when it returns. */
	sync(): void {
		this.#flush();
		this.#tree.sync(this.#file!);
	}

	/** Takes in what another process has appended, or a log written anew. */
	refresh(): void {
		const {tree} = this.#state.platform;
		const now = tree.stat(this.#state.handle, encoder.encode(logName));
		const ours = this.#file && tree.statFile(this.#file);
		if (now !== undefined && now.ino === ours?.ino) {
			this.#load();
			return;
		}
		this.#closeFile();
		this.#table = new FileTable();
		this.#openFile();
	}

	close(): void {
		if (this.#pendingSize > 0) this.#flush();
		this.#closeFile();
	}

	/** False when there is none, or one of another form. */
	#openFile(): boolean {
		this.#file = this.#tree.openWrite(this.#state.handle, encoder.encode(logName));
		this.#end = magic.length;
		if (this.#file === undefined) return false;
		const start = new Uint8Array(magic.length);
		this.#tree.read(this.#file, start, 0);
		if (magic.every((octet, index) => start[index] === octet)) {
			this.#load();
			return true;
		}
		this.#closeFile();
		return false;
	}

	#closeFile(): void {
		if (this.#file !== undefined) this.#tree.closeFile(this.#file);
		this.#file = undefined;
	}

	/** Reads heads from `#end` on, until the end or the first that is not whole. */
	#load(): void {
		const file = this.#file!;
		const {size} = this.#tree.statFile(file);
		let window = new Uint8Array(0);
		let windowOffset = 0;
		while (this.#end + headSize <= size) {
			if (this.#end < windowOffset || this.#end + headSize > windowOffset + window.length) {
				windowOffset = this.#end;
				window = new Uint8Array(Math.min(windowSize, size - windowOffset));
				this.#tree.read(file, window, windowOffset);
			}
			const at = this.#end - windowOffset;
			const head = window.subarray(at, at + headSize);
			const row = decodeHead(head, this.#end + headSize);
			if (row === undefined) return;
			const end = row.bodyOffset + row.leavesSize + row.sumsSize;
			if (end > size) return;
			this.#table.add(row, head.subarray(headSize - digestSize));
			this.#end = end;
		}
	}

	#flush(): void {
		const octets = new Uint8Array(this.#pendingSize);
		let at = 0;
		for (const record of this.#pending) {
			octets.set(record, at);
			at += record.length;
		}
		this.#tree.write(this.#file!, octets, this.#end - this.#pendingSize);
		this.#pending = [];
		this.#pendingSize = 0;
	}

	#create(): void {
		this.#state.writeFile(logName, magic);
		this.#openFile();
	}

	/** Writes the live records to a new log that takes the place of this one. */
	#compact(): void {
		const old = this.#table;
		const records: Uint8Array[] = [magic];
		for (const number of old.live()) {
			const row = old.row(number);
			const record = new Uint8Array(headSize + row.leavesSize + row.sumsSize);
			this.#tree.read(this.#file!, record, row.bodyOffset - headSize);
			records.push(record);
		}
		this.#state.writeFile(logName, ...records);
		this.#closeFile();
		this.#table = new FileTable();
		this.#openFile();
	}

	#readBody(
		digest: Uint8Array,
		part: (row: FileRow) => readonly [start: number, size: number],
	): Uint8Array | undefined {
		const number = this.#table.findDigest(digest);
		if (number < 0 || this.#file === undefined) return undefined;
		const row = this.#table.row(number);
		const [start, size] = part(row);
		if (size === 0) return undefined;
		if (row.bodyOffset + row.leavesSize + row.sumsSize > this.#end - this.#pendingSize) {
			this.#flush();
		}
		const body = new Uint8Array(row.leavesSize + row.sumsSize);
		this.#tree.read(this.#file, body, row.bodyOffset);
		return crc32(body) === row.bodyCrc ? body.subarray(start, start + size) : undefined;
	}
}

function encodeHead(to: Uint8Array, row: FileRow, digest: Uint8Array): void {
	const view = new DataView(to.buffer, to.byteOffset, headSize);
	const {stat} = row;
	view.setUint32(4, row.bodyCrc);
	view.setBigUint64(8, stat.ino);
	view.setBigUint64(16, stat.dev);
	view.setFloat64(24, stat.size);
	view.setFloat64(32, stat.mtimeSec);
	view.setUint32(40, stat.mtimeNsec);
	view.setFloat64(44, stat.ctimeSec);
	view.setUint32(52, stat.ctimeNsec);
	view.setFloat64(56, row.hashedAtMs);
	view.setFloat64(64, row.leavesSize);
	view.setFloat64(72, row.sumsSize);
	to.set(digest, headSize - digestSize);
	view.setUint32(0, crc32(to.subarray(4, headSize)));
}

/** Undefined when it is not whole. */
function decodeHead(from: Uint8Array, bodyOffset: number): FileRow | undefined {
	const view = new DataView(from.buffer, from.byteOffset, headSize);
	if (view.getUint32(0) !== crc32(from.subarray(4))) return undefined;
	return {
		stat: {
			ino: view.getBigUint64(8),
			dev: view.getBigUint64(16),
			size: view.getFloat64(24),
			mtimeSec: view.getFloat64(32),
			mtimeNsec: view.getUint32(40),
			ctimeSec: view.getFloat64(44),
			ctimeNsec: view.getUint32(52),
		},
		hashedAtMs: view.getFloat64(56),
		bodyOffset,
		leavesSize: view.getFloat64(64),
		sumsSize: view.getFloat64(72),
		bodyCrc: view.getUint32(4),
	};
}
