/**
 * What turns one list into another, as an object that travels: about as large as the entries that
 * differ. README.md §6. Applying trusts nothing: what comes out is known by its root.
 */
import {concatenate} from '../concatenate.ts';
import {digestSize} from '../limit.ts';
import type {Sha256} from '../platform/crypto.ts';
import {Reader, Writer} from '../wire/codec.ts';
import type {Cursor} from './cursor.ts';
import type {EntryView} from './entry.ts';
import {EntryReader} from './entry-reader.ts';
import {EntryWriter} from './entry-writer.ts';
import type {List} from './list.ts';
import {ListBuilder} from './list-builder.ts';
import {ListChanges} from './list-changes.ts';
import {equalOctets, sharedSize} from './path.ts';

const magic = new TextEncoder().encode('shoal diff 1\0');
const formatId = 1;
const headerSize = magic.length + 1 + 2 * digestSize + 8;

/** The two low bits of an operation; keep and drop have a count above them. */
const operation = {keep: 0, drop: 1, change: 2, add: 3} as const;
const operationCount = 4;

/** What a diff says of itself. */
export type DiffHeader = {
	readonly from: Uint8Array;
	readonly to: Uint8Array;
	/** Octets of the list that it leads to. */
	readonly toSize: number;
};

/** What turns `from` into `to`. */
export function makeDiff(from: List, to: List): Uint8Array {
	const operations = new DiffWriter();
	const changes = new ListChanges(from, to);
	while (changes.next()) {
		const {kind, kept, after} = changes;
		operations.keep(kept);
		if (kind === 'removed') operations.drop();
		else if (kind === 'changed') operations.change(after);
		else operations.add(after, sharedWithLast(to, after));
	}
	return operations.finish(from.root, to);
}

/** Octets that an entry's path shares with that of the entry before it in the list. */
function sharedWithLast(list: List, entry: Cursor): number {
	if (entry.position > 0) return entry.shared;
	return sharedSize(list.lastPath(entry.page - 1), entry.path);
}

/** Takes operations in order. Joins runs, so that the same changes are the same octets. */
export class DiffWriter {
	readonly #writer = new EntryWriter();
	#kept = 0;
	#dropped = 0;

	keep(count: number): void {
		if (count === 0) return;
		this.#flushDropped();
		this.#kept += count;
	}

	drop(): void {
		this.#flushKept();
		this.#dropped++;
	}

	/** The fields of an entry of `to`, in the place of those that its path has in `from`. */
	change(entry: EntryView): void {
		this.#flush();
		this.#writer.addNumber(operation.change);
		this.#writer.addFields(entry);
	}

	/** The path shares `shared` octets with that of the entry before it in `to`. */
	add(entry: EntryView, shared: number): void {
		this.#flush();
		this.#writer.addNumber(operation.add);
		this.#writer.addNumber(shared);
		this.#writer.opaque(entry.path.subarray(shared));
		this.#writer.addFields(entry);
	}

	/** The diff from the list with the root `from`; what is left is kept anyway. */
	finish(from: Uint8Array, to: Pick<List, 'root' | 'bytes'>): Uint8Array {
		this.#flushDropped();
		const header = new Writer(new Uint8Array(headerSize));
		header.put(magic);
		header.u8(formatId);
		header.put(from);
		header.put(to.root);
		header.u32(Math.floor(to.bytes.length / 0x1_0000_0000));
		header.u32(to.bytes.length >>> 0);
		return concatenate([header.bytes, this.#writer.bytes.subarray(0, this.#writer.size)]);
	}

	#flush(): void {
		this.#flushKept();
		this.#flushDropped();
	}

	#flushKept(): void {
		if (this.#kept > 0) this.#writer.addNumber(this.#kept * operationCount + operation.keep);
		this.#kept = 0;
	}

	#flushDropped(): void {
		if (this.#dropped > 0) this.#writer.addNumber(this.#dropped * operationCount + operation.drop);
		this.#dropped = 0;
	}
}

/** Undefined unless `diff` begins as a diff of this version. */
export function readDiffHeader(diff: Uint8Array): DiffHeader | undefined {
	const from = new Reader(diff, 0, Math.min(diff.length, headerSize));
	if (!equalOctets(from.take(magic.length), magic) || from.u8() !== formatId) return undefined;
	const fromRoot = from.take(digestSize);
	const to = from.take(digestSize);
	const toSize = from.u32() * 0x1_0000_0000 + from.u32();
	return from.failed ? undefined : {from: fromRoot, to, toSize};
}

/**
 * The octets of the list that `diff` leads to; undefined if it is no diff from `from`, or cannot
 * be followed. The caller opens the list and compares its root with the one it wants.
 */
export function applyDiff(from: List, diff: Uint8Array, sha256: Sha256): Uint8Array | undefined {
	const header = readDiffHeader(diff);
	if (header === undefined || !equalOctets(header.from, from.root)) return undefined;
	const reader = new EntryReader(from.emptyDigest);
	reader.open(diff, headerSize, diff.length);
	const patch = new Patch(from, sha256, header.toSize);
	while (reader.offset < reader.end) {
		if (!patch.step(reader) || reader.failed) return undefined;
	}
	return reader.failed ? undefined : patch.finish();
}

/** Follows operations: `from` on one side, the list being built on the other. */
class Patch {
	readonly #from: List;
	readonly #cursor: Cursor;
	readonly #builder: ListBuilder;
	readonly #toSize: number;
	/** Entries of `from` not yet passed. */
	#left: number;
	/** A page of `from` that was copied last, whole: the path before an added one is in it. */
	#copiedPage: number | undefined;

	constructor(from: List, sha256: Sha256, toSize: number) {
		this.#from = from;
		this.#cursor = from.cursor();
		this.#builder = new ListBuilder(sha256);
		this.#toSize = toSize;
		this.#left = from.entryCount;
	}

	step(reader: EntryReader): boolean {
		const number = reader.varint();
		const kind = number % operationCount;
		const count = Math.floor(number / operationCount);
		if (reader.failed || this.#builder.size > this.#toSize) return false;
		if (kind === operation.keep || kind === operation.drop) {
			if (count === 0 || count > this.#left) return false;
			this.#left -= count;
			return kind === operation.keep ? this.#keep(count) : this.#drop(count);
		}
		if (count !== 0) return false;
		return kind === operation.change ? this.#change(reader) : this.#add(reader);
	}

	finish(): Uint8Array | undefined {
		if (!this.#keep(this.#left) || this.#builder.entryCount === 0) return undefined;
		const bytes = this.#builder.finish();
		return bytes.length === this.#toSize ? bytes : undefined;
	}

	#keep(count: number): boolean {
		const cursor = this.#cursor;
		for (let left = count; left > 0; ) {
			const page = cursor.nextPage;
			if (page !== undefined && left >= this.#from.pageEntryCount(page)) {
				if (this.#builder.tryAddPage(this.#from, page)) {
					cursor.skipPage();
					left -= this.#from.pageEntryCount(page);
					this.#copiedPage = page;
					continue;
				}
			}
			cursor.next();
			left--;
			this.#copiedPage = undefined;
			if (!this.#builder.tryAdd(cursor)) return false;
		}
		return true;
	}

	#drop(count: number): boolean {
		for (let left = count; left > 0; left--) this.#cursor.next();
		return true;
	}

	#change(reader: EntryReader): boolean {
		if (this.#left === 0) return false;
		this.#left--;
		this.#cursor.next();
		reader.setPath(this.#cursor.path);
		return reader.readFields() && this.#take(reader);
	}

	#add(reader: EntryReader): boolean {
		reader.setPath(this.#previousPath());
		return reader.readPath() && reader.readFields() && this.#take(reader);
	}

	#take(reader: EntryReader): boolean {
		this.#copiedPage = undefined;
		return this.#builder.tryAdd(reader);
	}

	#previousPath(): Uint8Array {
		if (this.#copiedPage === undefined) return this.#builder.path;
		return this.#from.lastPath(this.#copiedPage);
	}
}
