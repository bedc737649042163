/**
 * Makes the sums of a file, or of a part of one, while its octets pass by once. A large file is
 * summed in parts by several threads; `joinSums` puts them together.
 */
import {assert} from '../assert.ts';
import type {OpenSearchMemory, SearchMemory} from '../platform/search-memory.ts';
import {PlainMemory} from './plain-memory.ts';
import {partSize, type SumsShape, sumsShape} from './shape.ts';
import {chunkRow, type SumKeys, sumKeys, treeRow} from './sum-keys.ts';
import {writeRecord, writeSumsHeader} from './sums.ts';
import {power} from './weak-sum.ts';

/** Octets that are summed where they were copied to: a core has them at hand, at no cost. */
const pieceSizeMax = 1 << 16;

/** The records of `[start, end)` of a file: those of each level in turn, coarse to fine. */
export type SumsPart = {readonly start: number; readonly end: number; readonly records: Uint8Array};

export type SumsBuilderOptions = {
	/** Of the file: one that has sums (`sumsShape` is defined). */
	readonly size: number;
	/** 16 octets: HMAC of the source's secret and the file's digest, or random; kept in the sums. */
	readonly salt: Uint8Array;
	/** The part, the whole file if absent; bounds are multiples of `partSize` or the file's end. */
	readonly start?: number;
	readonly end?: number;
	/** Where the sums are made; the plain functions serve where this does not. */
	readonly openMemory?: OpenSearchMemory | undefined;
};

/** A block that is being summed from its children, by depth of these: [0] is made of chunks. */
type Node = {
	weak: number;
	high: number;
	low: number;
	length: number;
	childCount: number;
	readonly childCountMax: number;
	/** Octets of a whole child. */
	readonly childSize: number;
	/** Multiplier to the power of `childSize`. */
	readonly shift: number;
	/** Where the keys for its first child are. */
	readonly row: number;
};

export class SumsBuilder {
	readonly #shape: SumsShape;
	readonly #keys: SumKeys;
	readonly #start: number;
	readonly #end: number;
	readonly #records: Uint8Array;
	readonly #nodes: readonly Node[];
	readonly #levels: readonly {recordOffset: number}[];
	/** A chunk whose octets came in several pieces. */
	readonly #pending: Uint8Array;
	/** The keys of chunks, and from `#pieceAt` on the octets at hand. */
	readonly #memory: SearchMemory;
	readonly #pieceAt: number;
	readonly #pieceSize: number;
	#pendingSize = 0;
	#taken = 0;

	constructor({size, salt, start = 0, end = size, openMemory}: SumsBuilderOptions) {
		const shape = sumsShape(size);
		assert(shape !== undefined, 'a file of this size has no sums');
		const unit = partSize(shape);
		assert(start % unit === 0 && start < end, 'a part begins at a whole block');
		assert(end === size || (end % unit === 0 && end < size), 'a part ends at a whole block');
		this.#shape = shape;
		this.#keys = sumKeys(shape, salt);
		this.#start = start;
		this.#end = end;
		let recordCount = 0;
		for (const level of shape.levels) recordCount += Math.ceil((end - start) / level.blockSize);
		this.#records = new Uint8Array(recordCount * shape.recordSize);
		this.#nodes = this.#makeNodes();
		this.#levels = this.#layRecords();
		const {chunkSize, keys} = this.#keys;
		this.#pending = new Uint8Array(chunkSize);
		const chunkKeys = keys.subarray(chunkRow);
		this.#pieceAt = Math.ceil(chunkKeys.byteLength / 64) * 64;
		this.#pieceSize = Math.min(pieceSizeMax, Math.ceil((end - start) / chunkSize) * chunkSize);
		const memorySize = this.#pieceAt + this.#pieceSize;
		this.#memory = openMemory?.(memorySize) ?? new PlainMemory(memorySize);
		const {buffer, byteOffset} = this.#memory.octets;
		new Int32Array(buffer, byteOffset, chunkKeys.length).set(chunkKeys);
	}

	/** The next octets of the part, in any pieces. They are not kept. */
	update(octets: Uint8Array): void {
		this.#taken += octets.length;
		assert(this.#taken <= this.#end - this.#start, 'more octets than the part has');
		const {chunkSize} = this.#keys;
		let at = 0;
		if (this.#pendingSize > 0) {
			at = this.#fill(octets, 0);
			if (this.#pendingSize < chunkSize) return;
			this.#sum(this.#pending);
			this.#pendingSize = 0;
		}
		const whole = octets.length - ((octets.length - at) % chunkSize);
		while (at < whole) {
			const end = Math.min(at + this.#pieceSize, whole);
			this.#sum(octets.subarray(at, end));
			at = end;
		}
		this.#fill(octets, at);
	}

	/** Once, after the last octet. */
	finish(): SumsPart {
		assert(this.#taken === this.#end - this.#start, 'octets of the part are missing');
		if (this.#pendingSize > 0) {
			this.#sum(this.#pending.subarray(0, this.#pendingSize));
		}
		for (const [depth, node] of this.#nodes.entries()) {
			if (node.childCount > 0) this.#close(depth);
		}
		this.#memory.close();
		return {start: this.#start, end: this.#end, records: this.#records};
	}

	/** Takes octets to the pending chunk, up to its size; answers where the rest begins. */
	#fill(octets: Uint8Array, from: number): number {
		const to = Math.min(octets.length, from + this.#pending.length - this.#pendingSize);
		this.#pending.set(octets.subarray(from, to), this.#pendingSize);
		this.#pendingSize += to - from;
		return to;
	}

	/** Chunks, of which only the file's last may be short; at most a piece of them. */
	#sum(octets: Uint8Array): void {
		const {multiplier, chunkSize} = this.#keys;
		const memory = this.#memory;
		memory.octets.set(octets, this.#pieceAt);
		const last = this.#pieceAt + octets.length;
		for (let start = this.#pieceAt; start < last; start += chunkSize) {
			const end = Math.min(start + chunkSize, last);
			const weak = memory.weakSum(start, end, multiplier);
			this.#done(0, weak, memory.chunkSum(start, end, 0), end - start);
		}
	}

	/** A block of `length` octets at `depth` has its sums: into its record, and its parent's. */
	#done(depth: number, weak: number, strong: number, length: number): void {
		const level = this.#levels[depth]!;
		if (level.recordOffset >= 0) {
			writeRecord(this.#shape, this.#records, level.recordOffset, weak, strong);
			level.recordOffset += this.#shape.recordSize;
		}
		const node = this.#nodes[depth];
		if (node === undefined) return;
		const {multiplier, keys} = this.#keys;
		const shift = length === node.childSize ? node.shift : power(multiplier, length);
		const row = node.row + 4 * node.childCount;
		const first = strong & 0xffff;
		const second = strong >>> 16;
		node.weak = (Math.imul(node.weak, shift) + weak) | 0;
		node.high = (node.high + Math.imul(keys[row]! + first, keys[row + 1]! + second)) | 0;
		node.low = (node.low + Math.imul(keys[row + 2]! + first, keys[row + 3]! + second)) | 0;
		node.length += length;
		if (++node.childCount === node.childCountMax) this.#close(depth);
	}

	/** The node above `depth` has all its children. */
	#close(depth: number): void {
		const node = this.#nodes[depth]!;
		const {weak, length} = node;
		const strong = (node.high & 0xffff_0000) | (node.low >>> 16);
		this.#reset(node);
		this.#done(depth + 1, weak, strong, length);
	}

	#reset(node: Node): void {
		const {keys} = this.#keys;
		node.weak = 0;
		node.high = keys[node.row - 2]!;
		node.low = keys[node.row - 1]!;
		node.childCount = 0;
		node.length = 0;
	}

	/** By depth, the chunks first: where the next record of such blocks goes. */
	#layRecords(): {recordOffset: number}[] {
		const {fanOut, depthOfLevel} = this.#keys;
		const places = Array.from({length: fanOut.length + 1}, () => ({recordOffset: -1}));
		let offset = 0;
		for (const [index, level] of this.#shape.levels.entries()) {
			places[depthOfLevel[index]!]!.recordOffset = offset;
			const count = Math.ceil((this.#end - this.#start) / level.blockSize);
			offset += count * this.#shape.recordSize;
		}
		return places;
	}

	#makeNodes(): Node[] {
		const {multiplier, chunkSize, fanOut} = this.#keys;
		let childSize = chunkSize;
		return fanOut.map((childCountMax, index) => {
			const node = {
				weak: 0,
				high: 0,
				low: 0,
				length: 0,
				childCount: 0,
				childCountMax,
				childSize,
				shift: power(multiplier, childSize),
				row: treeRow(index + 1) + 2,
			};
			this.#reset(node);
			childSize *= childCountMax;
			return node;
		});
	}
}

/** The sums object of a file from its parts, which cover it without a gap, in any order. */
export function joinSums(size: number, salt: Uint8Array, parts: readonly SumsPart[]): Uint8Array {
	const shape = sumsShape(size);
	assert(shape !== undefined, 'a file of this size has no sums');
	const object = new Uint8Array(shape.objectSize);
	writeSumsHeader(shape, salt, object);
	let covered = 0;
	for (const {start, end, records} of parts) {
		covered += end - start;
		let from = 0;
		for (const level of shape.levels) {
			const count = Math.ceil((end - start) / level.blockSize);
			const to = from + count * shape.recordSize;
			const first = start / level.blockSize;
			object.set(records.subarray(from, to), level.offset + first * shape.recordSize);
			from = to;
		}
	}
	assert(covered === size, 'the parts do not cover the file');
	return object;
}
