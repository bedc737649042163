/**
 * The nodes of one level of a list, in order, as flat columns: what the nodes above say of them.
 * `writeNodes` makes the level above, `readNode` reads one node of it back. README.md §4.
 */
import {digestSize, pageSizeMax, pathSizeMax} from '../limit.ts';
import type {Sha256} from '../platform/crypto.ts';
import {Reader, Writer} from '../wire/codec.ts';
import {endsNode, pathHash} from './page-rule.ts';
import {sharedSize} from './path.ts';

export const pagePrefix = Uint8Array.of(0x02);
export const nodePrefix = Uint8Array.of(0x03);
export const rootPrefix = Uint8Array.of(0x04);

/** First capacity of a column; it doubles. */
const firstCapacity = 16;

export class NodeTable {
	count = 0;
	hashes = new Uint8Array(firstCapacity * digestSize);
	/** Octets of each node, at most `pageSizeMax`. */
	sizes = new Uint32Array(firstCapacity);
	entryCounts = new Float64Array(firstCapacity);
	pageCounts = new Float64Array(firstCapacity);
	/** First paths, one after another; path n ends at `keyEnds[n]`. */
	keys = new Uint8Array(firstCapacity * 64);
	keyEnds = new Float64Array(firstCapacity);

	/** A node whose first path is `key[0, keySize)`. */
	push(
		key: Uint8Array,
		keySize: number,
		hash: Uint8Array,
		size: number,
		entryCount: number,
		pageCount: number,
	): void {
		const {count} = this;
		const keyStart = this.keyStart(count);
		this.#reserve(keyStart + keySize);
		this.keys.set(key.subarray(0, keySize), keyStart);
		this.keyEnds[count] = keyStart + keySize;
		this.hashes.set(hash, count * digestSize);
		this.sizes[count] = size;
		this.entryCounts[count] = entryCount;
		this.pageCounts[count] = pageCount;
		this.count++;
	}

	keyStart(index: number): number {
		return index === 0 ? 0 : this.keyEnds[index - 1]!;
	}

	/** First path of a node: a view. */
	key(index: number): Uint8Array {
		return this.keys.subarray(this.keyStart(index), this.keyEnds[index]);
	}

	/** Hash of a node: a view. */
	hash(index: number): Uint8Array {
		return this.hashes.subarray(index * digestSize, (index + 1) * digestSize);
	}

	#reserve(keysSize: number): void {
		if (keysSize > this.keys.length) {
			this.keys = grown(this.keys, new Uint8Array(Math.max(keysSize, this.keys.length * 2)));
		}
		const {count} = this;
		if (count < this.sizes.length) return;
		const capacity = count * 2;
		this.hashes = grown(this.hashes, new Uint8Array(capacity * digestSize));
		this.sizes = grown(this.sizes, new Uint32Array(capacity));
		this.entryCounts = grown(this.entryCounts, new Float64Array(capacity));
		this.pageCounts = grown(this.pageCounts, new Float64Array(capacity));
		this.keyEnds = grown(this.keyEnds, new Float64Array(capacity));
	}
}

function grown<T extends Uint8Array | Uint32Array | Float64Array>(from: T, to: T): T {
	to.set(from);
	return to;
}

export type NodeLevel = {
	/** The nodes of the level, one after another. */
	readonly bytes: Uint8Array;
	readonly table: NodeTable;
};

/** The nodes of `level` above those of `below`. */
export function writeNodes(sha256: Sha256, level: number, below: NodeTable): NodeLevel {
	const childSizeMax = digestSize + 2 * 4 + 3 * 8;
	const bytes = new Uint8Array(below.keyStart(below.count) + below.count * childSizeMax);
	const to = new Writer(bytes);
	const table = new NodeTable();
	let first = 0;
	let start = 0;
	let entryCount = 0;
	let pageCount = 0;
	for (let child = 0; child < below.count; child++) {
		const key = below.key(child);
		writeChild(to, below, child, key, child === first ? 0 : sharedSize(below.key(child - 1), key));
		entryCount += below.entryCounts[child]!;
		pageCount += below.pageCounts[child]!;
		const size = to.offset - start;
		const ends = endsNode(level, pathHash(key), size, child + 1 - first);
		if (!ends && child + 1 < below.count) continue;
		const hash = sha256(nodePrefix, bytes.subarray(start, to.offset));
		const firstKey = below.key(first);
		table.push(firstKey, firstKey.length, hash, size, entryCount, pageCount);
		first = child + 1;
		start = to.offset;
		entryCount = pageCount = 0;
	}
	return {bytes: to.written(), table};
}

function writeChild(
	to: Writer,
	table: NodeTable,
	child: number,
	key: Uint8Array,
	shared: number,
): void {
	to.varint(shared);
	to.opaque(key.subarray(shared));
	to.put(table.hash(child));
	to.varint(table.sizes[child]!);
	to.varint(table.entryCounts[child]!);
	to.varint(table.pageCounts[child]!);
}

/** A node's children were read; `ends`: the last of them would end a node of its level. */
export type NodeRead = {
	readonly childCount: number;
	readonly entryCount: number;
	readonly pageCount: number;
	readonly ends: boolean;
};

/**
 * Reads the children of a node of `level` in `bytes[offset, end)` onto the end of `below`.
 * Undefined if they are not as `writeNodes` would write them; `below` is then worthless.
 */
export function readNode(
	bytes: Uint8Array,
	offset: number,
	end: number,
	level: number,
	below: NodeTable,
): NodeRead | undefined {
	const from = new Reader(bytes, offset, end);
	const key = new Uint8Array(pathSizeMax);
	let keySize = 0;
	let childCount = 0;
	let entryCount = 0;
	let pageCount = 0;
	let ends = false;
	while (from.left > 0) {
		const shared = from.varint();
		const rest = from.opaque(pathSizeMax);
		if (from.failed || ends || shared > keySize || shared + rest.length > pathSizeMax) {
			return undefined;
		}
		if (childCount === 0 ? shared !== 0 : !isAfter(key, keySize, shared, rest)) return undefined;
		key.set(rest, shared);
		keySize = shared + rest.length;
		const hash = from.take(digestSize);
		const size = from.varint();
		const entries = from.varint();
		const pages = from.varint();
		if (from.failed || size === 0 || size > pageSizeMax || pages === 0) return undefined;
		if (entries < pages || (level === 1 && pages !== 1)) return undefined;
		below.push(key, keySize, hash, size, entries, pages);
		childCount++;
		entryCount += entries;
		pageCount += pages;
		if (!Number.isSafeInteger(entryCount)) return undefined;
		ends = endsNode(level, pathHash(key, 0, keySize), from.offset - offset, childCount);
	}
	return from.failed || childCount === 0 ? undefined : {childCount, entryCount, pageCount, ends};
}

function isAfter(key: Uint8Array, keySize: number, shared: number, rest: Uint8Array): boolean {
	return rest.length > 0 && (shared === keySize || rest[0]! > key[shared]!);
}
