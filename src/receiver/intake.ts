/**
 * Takes octets as they arrive, in any order, to the leaves they belong to. A leaf that is whole is
 * proven and written; what is incomplete is written anyway once nothing more came for it for a few
 * milliseconds, so nothing waits for a datagram that was lost, and memory holds little.
 */
import {assert} from '../assert.ts';
import {digestSize, fileSizeMax, leafSize} from '../limit.ts';
import type {Clock} from '../platform/clock.ts';
import type {Sha256} from '../platform/crypto.ts';
import {LeavesVerifier} from '../snapshot/leaves-verifier.ts';
import {leafCount, leafLength} from '../snapshot/merkle.ts';
import {equalOctets} from '../snapshot/path.ts';
import type {ChangeTable} from '../task/change-table.ts';
import {stageOp} from '../task/stage.ts';
import {later, millis} from '../unit.ts';
import type {LeafPart} from '../wire/patch.ts';
import {HeldLeaves} from './held-leaves.ts';
import {
	addPatch,
	isWhole,
	type LargeFile,
	leafState,
	type OpenLeaf,
	openLeaf,
} from './open-leaf.ts';
import type {StageWriter} from './stage-writer.ts';

export type IntakeOptions = {
	readonly table: ChangeTable;
	readonly writer: StageWriter;
	readonly clock: Clock;
	readonly sha256: Sha256;
	/** The staged file of `row` is whole, proven and has its attributes. */
	readonly onStaged: (row: number) => void;
	/** Ask again: octets that proved wrong. */
	readonly onWanted: (row: number, kind: 'content' | 'leaves', at: number, size: number) => void;
	/** The leaf hashes of `row`, all of them proven. */
	readonly onLeaves: (row: number, leaves: Uint8Array) => void;
	/** A leaf, or a stretch of leaf hashes, was not what the digest says. */
	readonly onBad: (
		row: number,
		kind: 'content' | 'leaves',
		offset: number,
		size: number,
		isCompressed: boolean,
	) => void;
	/**
	 * Of what an earlier run left of a row's content so much is right; the rest is missing: pairs
	 * of start and end, rising.
	 */
	readonly onResumed: (row: number, octets: number, missing: Float64Array) => void;
	/** Octets that need no writing: duplicates, leaf hashes. */
	readonly onDropped: (octets: number) => void;
};

/** Without octets for so long, an incomplete leaf is written as far as it came. */
const quiet = millis(5);

/**
 * Memory of incomplete leaves. A source that sends a little of each of many files would fill it:
 * then all of them are written as far as they came.
 */
const openSizeMax = 32 << 20;

/** Leaves' memory that is kept: 4 MiB. */
const spareMax = 64;

const none = new Uint8Array(0);

export class Intake {
	readonly #options: IntakeOptions;
	readonly #open = new Map<number, OpenLeaf>();
	readonly #large = new Map<number, LargeFile>();
	readonly #held = new HeldLeaves();
	/** Of each row: nothing more is taken for it. */
	readonly #closed: Uint8Array;
	#openSize = 0;
	/** Memory of whole leaves that is free. */
	readonly #spare: Uint8Array[] = [];
	#cancelTimer: (() => void) | undefined;

	constructor(options: IntakeOptions) {
		this.#options = options;
		this.#closed = new Uint8Array(options.table.count);
	}

	/**
	 * Rows of large files that are under way, with which leaves are proven: for the next run. Of
	 * what an earlier run left and was not yet compared, nothing is known.
	 */
	*partial(): Generator<{row: number; verified: Uint8Array}> {
		for (const [row, {state, prior}] of this.#large) {
			if (this.#closed[row] === 1 || prior !== undefined) continue;
			yield {row, verified: state.map(each => (each === leafState.verified ? 1 : 0))};
		}
	}

	/**
	 * An earlier run left leaves with these hashes. They are compared when the leaves object has
	 * come; what is not right is then wanted.
	 */
	resume(row: number, prior: Uint8Array): void {
		this.#file(row).prior = prior;
	}

	/** Octets of the leaves object. */
	leaves(row: number, offset: number, data: Uint8Array): void {
		this.#options.onDropped(data.length);
		if (this.#closed[row] === 1) return;
		const file = this.#file(row);
		if (!file.leaves.add(offset, data)) {
			let isTold = false;
			for (let bad = file.leaves.pollBad(); bad !== undefined; bad = file.leaves.pollBad()) {
				if (!isTold) this.#options.onBad(row, 'leaves', bad.offset, bad.length, false);
				isTold = true;
				this.#options.onWanted(row, 'leaves', bad.offset, bad.length);
			}
		}
		const proven = file.isTold ? undefined : file.leaves.bytes();
		if (proven !== undefined) {
			file.isTold = true;
			this.#options.onLeaves(row, proven);
		}
		for (const leaf of [...file.waiting]) this.#complete(leaf);
		const size = this.#options.table.columns.size[row]!;
		const isKnown = (index: number): boolean => file.leaves.leaf(index) !== undefined;
		for (const [index, leaf] of this.#held.take(row, isKnown)) {
			if (leaf !== undefined) this.compressed(row, index, leaf.form, leaf.octets);
			else this.#options.onWanted(row, 'content', index * leafSize, leafLength(size, index));
		}
		if (file.leaves.done && file.prior !== undefined) this.#comparePrior(row, file);
	}

	/** Octets of the content of `row`: `data` is borrowed. */
	content(row: number, offset: number, data: Uint8Array): void {
		const size = this.#options.table.columns.size[row]!;
		assert(offset + data.length <= size, 'within the file');
		let at = 0;
		while (at < data.length) {
			const index = Math.floor((offset + at) / leafSize);
			const end = Math.min(data.length, (index + 1) * leafSize - offset);
			this.#leafOctets(row, index, offset + at - index * leafSize, data.subarray(at, end));
			at = end;
		}
	}

	/** A whole leaf in a compressed form; `octets` are the intake's from now on. */
	compressed(row: number, index: number, form: number, octets: Uint8Array): void {
		const size = this.#options.table.columns.size[row]!;
		const isOver = this.#closed[row] === 1 || this.#isTaken(row, size, index);
		// Parts of it that came plain are being written: the rest of it comes plain as well.
		if (isOver || this.#open.has(row * leavesMax + index)) {
			this.#options.onDropped(octets.length);
			return;
		}
		const hash = this.#hashOf(row, size, index);
		if (hash === undefined) {
			this.#options.onDropped(this.#held.add(row, index, {form, octets}));
			return;
		}
		this.#mark(row, index, leafState.closing);
		this.#options.writer.write({
			row,
			kind: stageOp.compressed,
			offset: index * leafSize,
			data: octets,
			length: leafLength(size, index),
			form,
			hash,
			finishes: size <= leafSize,
			settled: isGood => this.#proven(row, index, isGood, false, true),
		});
	}

	/** A whole patch; `octets` are the intake's from now on. */
	patched(row: number, {leaf: index, lacked}: LeafPart, octets: Uint8Array): void {
		const size = this.#options.table.columns.size[row]!;
		if (this.#closed[row] === 1 || this.#isTaken(row, size, index)) {
			this.#options.onDropped(octets.length);
			return;
		}
		const leaf = this.#leafAt(row, index, leafLength(size, index));
		this.#options.onDropped(addPatch(leaf, {lacked, data: octets}));
		if (isWhole(leaf)) this.#complete(leaf);
	}

	/**
	 * Octets [from, to) of the row's file were copied into staging. Leaves among them that were
	 * hashed on the way need not be read back.
	 */
	copied(row: number, from: number, to: number, hashes: ReadonlyMap<number, Uint8Array>): void {
		const size = this.#options.table.columns.size[row]!;
		for (let at = from; at < to; ) {
			const index = Math.floor(at / leafSize);
			const start = index * leafSize;
			const end = Math.min(to, start + leafSize);
			if (this.#closed[row] === 0 && !this.#isTaken(row, size, index)) {
				const leaf = this.#leafAt(row, index, leafLength(size, index));
				leaf.isCopied = true;
				// Octets that came otherwise are written over what was hashed.
				leaf.hash = leaf.have.total === 0 ? hashes.get(index) : undefined;
				leaf.have.add(at - start, end - start);
				if (isWhole(leaf)) this.#complete(leaf);
			}
			at = end;
		}
	}

	/** Nothing more is taken for this row; what is open of it is dropped. */
	close(row: number): void {
		this.#closed[row] = 1;
		for (const [key, leaf] of this.#open) {
			if (leaf.row !== row) continue;
			this.#options.onDropped(leaf.memory.total + (leaf.patch?.data.length ?? 0));
			this.#release(leaf);
			this.#open.delete(key);
		}
		this.#options.onDropped(this.#held.close(row));
		this.#large.delete(row);
	}

	/** Writes all that is held in memory. */
	flush(): void {
		for (const leaf of this.#open.values()) this.#writeParts(leaf);
	}

	stop(): void {
		this.#cancelTimer?.();
		this.#cancelTimer = undefined;
	}

	#leafOctets(row: number, index: number, from: number, data: Uint8Array): void {
		const {onDropped, table, clock} = this.#options;
		const size = table.columns.size[row]!;
		if (this.#closed[row] === 1 || this.#isTaken(row, size, index)) {
			onDropped(data.length);
			return;
		}
		const length = leafLength(size, index);
		if (data.length === length && !this.#open.has(row * leavesMax + index)) {
			const hash = this.#hashOf(row, size, index);
			if (hash !== undefined) {
				this.#writeWhole(row, index, data, hash);
				return;
			}
		}
		const leaf = this.#leafAt(row, index, length);
		leaf.touched = clock.now();
		const added = this.#keep(leaf, from, data);
		if (added < data.length) onDropped(data.length - added);
		if (isWhole(leaf)) this.#complete(leaf);
		if (this.#openSize > openSizeMax) this.flush();
		if (leaf.memory.total > 0) this.#arm();
	}

	/** Copies what is new of `data`; answers how much that is. */
	#keep(leaf: OpenLeaf, from: number, data: Uint8Array): number {
		const {have, memory, length} = leaf;
		const to = from + data.length;
		let added = 0;
		for (let at = have.nextGap(from); at < to; at = have.nextGap(at)) {
			const end = Math.min(to, have.nextMember(at));
			if (leaf.buffer === undefined) {
				leaf.buffer = this.#bufferOf(length);
				this.#openSize += length;
			}
			leaf.buffer.set(data.subarray(at - from, end - from), at);
			memory.add(at, end);
			added += have.add(at, end);
		}
		return added;
	}

	/** All octets of the leaf are here, in memory or in the staged file. */
	#complete(leaf: OpenLeaf): void {
		const {row, index, length} = leaf;
		const file = this.#large.get(row);
		const hash = this.#hashOf(row, this.#options.table.columns.size[row]!, index);
		if (hash === undefined) {
			file?.waiting.add(leaf);
			return;
		}
		file?.waiting.delete(leaf);
		if (leaf.memory.total === leaf.have.total) {
			this.#open.delete(row * leavesMax + index);
			const data = leaf.buffer!;
			this.#release(leaf);
			this.#writeWhole(row, index, data, hash);
			return;
		}
		// What was written in parts is read back, once all parts are on disk.
		this.#writeParts(leaf);
		if (leaf.pendingWrites > 0) return;
		this.#open.delete(row * leavesMax + index);
		this.#mark(row, index, leafState.closing);
		if (file !== undefined && leaf.hash !== undefined) {
			this.#proven(row, index, equalOctets(leaf.hash, hash), true);
			return;
		}
		this.#options.writer.write({
			row,
			offset: leaf.start,
			length,
			hash,
			finishes: file === undefined,
			kind: leaf.patch === undefined ? stageOp.check : stageOp.patch,
			data: none,
			...leaf.patch,
			settled: isGood => this.#proven(row, index, isGood, leaf.isCopied),
		});
	}

	#writeWhole(row: number, index: number, data: Uint8Array, hash: Uint8Array): void {
		this.#mark(row, index, leafState.closing);
		this.#options.writer.write({
			row,
			kind: stageOp.leaf,
			offset: index * leafSize,
			data,
			length: data.length,
			hash,
			finishes: this.#options.table.columns.size[row]! <= leafSize,
			settled: isGood => this.#proven(row, index, isGood),
		});
	}

	/** Moves what is in memory of an incomplete leaf to the staged file. */
	#writeParts(leaf: OpenLeaf): void {
		const {row, start, buffer, memory} = leaf;
		if (buffer === undefined) return;
		for (let index = 0; index < memory.count; index++) {
			const from = memory.from(index);
			const to = memory.to(index);
			leaf.pendingWrites++;
			this.#options.writer.write({
				row,
				kind: stageOp.part,
				offset: start + from,
				data: buffer.subarray(from, to),
				length: to - from,
				hash: none,
				finishes: false,
				settled: () => {
					leaf.pendingWrites--;
					if (this.#isOpen(leaf) && leaf.pendingWrites === 0 && isWhole(leaf)) {
						this.#complete(leaf);
					}
				},
			});
		}
		this.#release(leaf);
	}

	#proven(
		row: number,
		index: number,
		isGood: boolean,
		isCopied = false,
		isCompressed = false,
	): void {
		if (this.#closed[row] === 1) return;
		const {table, onStaged, onBad, onWanted, writer} = this.#options;
		const size = table.columns.size[row]!;
		if (!isGood) {
			this.#mark(row, index, leafState.wanted);
			const [offset, length] = [index * leafSize, leafLength(size, index)];
			if (!isCopied) onBad(row, 'content', offset, length, isCompressed);
			if (this.#closed[row] === 1) return;
			onWanted(row, 'content', offset, length);
			return;
		}
		const file = this.#large.get(row);
		if (file === undefined) {
			this.#closed[row] = 1;
			onStaged(row);
			return;
		}
		file.state[index] = leafState.verified;
		file.left--;
		if (file.left > 0) return;
		this.#closed[row] = 1;
		this.#large.delete(row);
		writer.finish(row, () => onStaged(row));
	}

	/** The leaves object has come: what the earlier run left is right or wanted. */
	#comparePrior(row: number, file: LargeFile): void {
		const prior = file.prior!;
		const size = this.#options.table.columns.size[row]!;
		file.prior = undefined;
		const missing: number[] = [];
		let octets = 0;
		for (let index = 0; index < file.state.length; index++) {
			const had = prior.subarray(index * digestSize, (index + 1) * digestSize);
			const [start, length] = [index * leafSize, leafLength(size, index)];
			if (file.state[index] === leafState.wanted && equalOctets(had, file.leaves.leaf(index)!)) {
				octets += length;
				this.#mark(row, index, leafState.closing);
				this.#proven(row, index, true);
			} else if (missing.at(-1) === start) {
				missing[missing.length - 1] = start + length;
			} else {
				missing.push(start, start + length);
			}
		}
		this.#options.onResumed(row, octets, Float64Array.from(missing));
	}

	#file(row: number): LargeFile {
		const known = this.#large.get(row);
		if (known !== undefined) return known;
		const {table, sha256} = this.#options;
		const size = table.columns.size[row]!;
		const count = leafCount(size);
		assert(count > 1, 'a file of several leaves');
		const file: LargeFile = {
			leaves: new LeavesVerifier(sha256, size, table.digest(row)),
			state: new Uint8Array(count),
			left: count,
			waiting: new Set(),
			prior: undefined,
			isTold: false,
		};
		this.#large.set(row, file);
		return file;
	}

	#hashOf(row: number, size: number, index: number): Uint8Array | undefined {
		return size <= leafSize ? this.#options.table.digest(row) : this.#file(row).leaves.leaf(index);
	}

	/** Whether nothing more is needed of this leaf. */
	#isTaken(row: number, size: number, index: number): boolean {
		const state = size <= leafSize ? this.#small.get(row) : this.#file(row).state[index];
		return state === leafState.closing || state === leafState.verified;
	}

	/** One-leaf files whose leaf is on its way to the disk. */
	readonly #small = new Map<number, number>();

	#mark(row: number, index: number, state: number): void {
		const file = this.#large.get(row);
		if (file !== undefined) file.state[index] = state;
		else if (state === leafState.wanted) this.#small.delete(row);
		else this.#small.set(row, state);
	}

	#leafAt(row: number, index: number, length: number): OpenLeaf {
		const key = row * leavesMax + index;
		const known = this.#open.get(key);
		if (known !== undefined) return known;
		const leaf = openLeaf(row, index, length, this.#options.clock.now());
		this.#open.set(key, leaf);
		return leaf;
	}

	#isOpen(leaf: OpenLeaf): boolean {
		return this.#open.get(leaf.row * leavesMax + leaf.index) === leaf;
	}

	/** Whole leaves' memory is used again: as garbage it would be as much as all that comes. */
	#bufferOf(length: number): Uint8Array {
		const spare = length === leafSize ? this.#spare.pop() : undefined;
		return spare ?? new Uint8Array(length);
	}

	/** The octets stay as they are until the next leaf is opened. */
	#release(leaf: OpenLeaf): void {
		const {buffer, length} = leaf;
		if (buffer !== undefined) this.#openSize -= length;
		if (buffer?.length === leafSize && this.#spare.length < spareMax) this.#spare.push(buffer);
		leaf.buffer = undefined;
		leaf.memory.clear();
	}

	#arm(): void {
		const {clock} = this.#options;
		this.#cancelTimer ??= clock.at(later(clock.now(), quiet), () => this.#tick());
	}

	#tick(): void {
		this.#cancelTimer = undefined;
		const now = this.#options.clock.now();
		let holdsAny = false;
		for (const leaf of this.#open.values()) {
			if (leaf.buffer === undefined) continue;
			if (later(leaf.touched, quiet) <= now) this.#writeParts(leaf);
			else holdsAny = true;
		}
		if (holdsAny) this.#arm();
	}
}

/** Row and leaf make one number: of a list's ten million rows none has more leaves. */
const leavesMax = fileSizeMax / leafSize;
