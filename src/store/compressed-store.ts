/**
 * Compressed contents, kept from run to run: a cache of bounded size. Records are appended to
 * segments; when all are full, the oldest segment goes with all that is in it. A segment belongs to
 * the process that made it: another one reads what was there when it began, and no more. What is
 * cut off or damaged is made again.
 */
import {ShoalError} from '../error.ts';
import type {DirHandle, FileHandle, TreeIo} from '../platform/tree.ts';
import {Reader, Writer} from '../wire/codec.ts';
import {crc32} from './crc32.ts';
import type {StateDir} from './state-dir.ts';

const encoder = new TextEncoder();
const directoryName = encoder.encode('compressed');
const magic = 'shoal compressed 1\n';

export type CompressedStoreOptions = {
	readonly state: StateDir;
	/** What the codecs are: of others, octets could differ from those that are promised. */
	readonly version: string;
	/** Octets that are kept in all. */
	readonly sizeMax?: number;
};

const sizeMaxDefault = 1 << 30;
/** Of the whole, a segment is so much: that is what goes at a time. */
const segmentCount = 16;
/** Records of a segment: some 200 octets of memory for each. */
const recordsMax = 8192;
/** Before each record: CRC-32 of what follows, length of its key and of its octets. */
const headerSize = 10;

type Segment = {
	readonly number: number;
	readonly file: FileHandle;
	size: number;
	readonly keys: string[];
};

type Place = {readonly segment: Segment; readonly offset: number; readonly length: number};

export class CompressedStore {
	readonly #tree: TreeIo;
	readonly #dir: DirHandle;
	readonly #header: Uint8Array;
	readonly #sizeMax: number;
	readonly #places = new Map<string, Place>();
	/** Oldest first. */
	#segments: Segment[] = [];
	/** The one that is written to. */
	#open: Segment | undefined;
	#isFailed = false;

	private constructor(tree: TreeIo, dir: DirHandle, version: string, sizeMax: number) {
		this.#tree = tree;
		this.#dir = dir;
		this.#header = encoder.encode(`${magic}${version}\n`);
		this.#sizeMax = sizeMax;
	}

	/** Undefined: it cannot be kept here, and is kept in memory alone. */
	static open({state, version, sizeMax}: CompressedStoreOptions): CompressedStore | undefined {
		const {tree} = state.platform;
		try {
			let dir = tree.openDir(state.handle, directoryName);
			if (dir === undefined) {
				tree.makeDir(state.handle, directoryName, 0o700);
				dir = tree.openDir(state.handle, directoryName);
			}
			if (dir === undefined) return undefined;
			const store = new CompressedStore(tree, dir, version, sizeMax ?? sizeMaxDefault);
			store.#load();
			return store;
		} catch (error) {
			if (!(error instanceof ShoalError)) throw error;
			return undefined;
		}
	}

	get(key: string): Uint8Array | undefined {
		const place = this.#places.get(key);
		if (place === undefined) return undefined;
		const octets = new Uint8Array(headerSize + place.length);
		try {
			const size = this.#tree.read(place.segment.file, octets, place.offset);
			if (size === octets.length && isWhole(octets)) {
				return octets.subarray(headerSize + 2 * key.length);
			}
		} catch (error) {
			if (!(error instanceof ShoalError)) throw error;
		}
		this.#places.delete(key);
		return undefined;
	}

	/** Where there is no room, or the disk fails, nothing is kept from then on. */
	set(key: string, record: Uint8Array): void {
		if (this.#isFailed || this.#places.has(key)) return;
		const octets = frame(key, record);
		if (octets.length > this.#segmentMax) return;
		try {
			const segment = this.#roomFor(octets.length);
			this.#tree.write(segment.file, octets, segment.size);
			this.#note(segment, key, segment.size, octets.length - headerSize);
			segment.size += octets.length;
		} catch (error) {
			if (!(error instanceof ShoalError)) throw error;
			this.#isFailed = true;
		}
	}

	close(): void {
		for (const {file} of this.#segments) this.#tree.closeFile(file);
		this.#segments = [];
		this.#places.clear();
		this.#tree.closeDir(this.#dir);
	}

	get #segmentMax(): number {
		return Math.floor(this.#sizeMax / segmentCount);
	}

	#roomFor(size: number): Segment {
		const open = this.#open;
		if (open !== undefined) {
			const hasRoom = open.size + size <= this.#segmentMax && open.keys.length < recordsMax;
			if (hasRoom) return open;
		}
		while (this.#segments.length >= segmentCount) this.#dropOldest();
		const number = this.#nextNumber();
		const file = this.#tree.create(this.#dir, encoder.encode(`${number}`), 0o600);
		this.#tree.write(file, this.#header, 0);
		this.#open = {number, file, size: this.#header.length, keys: []};
		this.#segments.push(this.#open);
		return this.#open;
	}

	/** Another process may have made some since. */
	#nextNumber(): number {
		return 1 + this.#numbers().reduce((most, each) => Math.max(most, each), 0);
	}

	#numbers(): number[] {
		const names = this.#tree.list(this.#dir).map(name => new TextDecoder().decode(name));
		return names.filter(name => /^[1-9]\d{0,14}$/.test(name)).map(Number);
	}

	#dropOldest(): void {
		const oldest = this.#segments.shift()!;
		for (const key of oldest.keys) {
			if (this.#places.get(key)?.segment === oldest) this.#places.delete(key);
		}
		this.#tree.closeFile(oldest.file);
		this.#tree.unlink(this.#dir, encoder.encode(`${oldest.number}`));
	}

	#load(): void {
		const numbers = this.#numbers().sort((a, b) => a - b);
		for (const number of numbers) {
			const name = encoder.encode(`${number}`);
			const file = this.#tree.openRead(this.#dir, name);
			if (file === undefined) continue;
			const segment: Segment = {number, file, size: this.#tree.statFile(file).size, keys: []};
			if (this.#scan(segment)) {
				this.#segments.push(segment);
			} else {
				this.#tree.closeFile(file);
				this.#tree.unlink(this.#dir, name);
			}
		}
		while (this.#segments.length > segmentCount) this.#dropOldest();
	}

	/** Notes the records of a segment up to the first that is not whole; false: none is of use. */
	#scan(segment: Segment): boolean {
		const {file, size} = segment;
		const header = new Uint8Array(this.#header.length);
		this.#tree.read(file, header, 0);
		if (!header.every((octet, index) => octet === this.#header[index])) return false;
		const head = new Uint8Array(headerSize + 2 * keyMax);
		for (let at = header.length; at + headerSize <= size; ) {
			const read = this.#tree.read(file, head, at);
			const from = new Reader(head.subarray(4, read));
			const count = from.u16();
			const length = from.u32();
			if (count > keyMax || at + headerSize + length > size) break;
			let key = '';
			for (let index = 0; index < count; index++) {
				key += String.fromCharCode(from.u16());
			}
			if (from.failed || length < 2 * count) break;
			this.#note(segment, key, at, length);
			at += headerSize + length;
		}
		return segment.keys.length > 0;
	}

	#note(segment: Segment, key: string, offset: number, length: number): void {
		segment.keys.push(key);
		this.#places.set(key, {segment, offset, length});
	}
}

/** Digest, form and group. */
const keyMax = 64;

function frame(key: string, record: Uint8Array): Uint8Array {
	const octets = new Uint8Array(headerSize + 2 * key.length + record.length);
	const to = new Writer(octets.subarray(4));
	to.u8(key.length >> 8);
	to.u8(key.length);
	to.u32(2 * key.length + record.length);
	for (let index = 0; index < key.length; index++) {
		to.u8(key.charCodeAt(index) >> 8);
		to.u8(key.charCodeAt(index));
	}
	to.put(record);
	new Writer(octets).u32(crc32(octets.subarray(4)));
	return octets;
}

function isWhole(octets: Uint8Array): boolean {
	return new Reader(octets).u32() === crc32(octets.subarray(4));
}
