/**
 * Takes a leaves object in pieces, in any order, and gives out leaf hashes that are proven: each
 * group of 1,024 hashes is held against the hash above it as soon as both are there. What proves
 * wrong is dropped and named, to be asked for again. Memory follows what arrived, never what a
 * size claims.
 */
import {assert} from '../assert.ts';
import {digestSize, leafGroupCount} from '../limit.ts';
import type {Sha256} from '../platform/crypto.ts';
import {leafCount, leafLevels, leavesSize, treeRoot} from './merkle.ts';
import {equalOctets} from './path.ts';

const groupSize = leafGroupCount * digestSize;

export type Stretch = {readonly offset: number; readonly length: number};

type Group = {
	readonly level: number;
	readonly index: number;
	readonly bytes: Uint8Array;
	/** What arrived: [from, to) pairs in order, joined where they touch. */
	arrived: number[];
	verified: boolean;
};

export class LeavesVerifier {
	readonly #sha256: Sha256;
	readonly #digest: Uint8Array;
	readonly #leafCount: number;
	/** Hashes in each level, top first, and where the level begins in the object. */
	readonly #levels: readonly number[];
	readonly #offsets: number[] = [];
	readonly #groups: Map<number, Group>[];
	readonly #bad: Stretch[] = [];
	readonly size: number;
	#verifiedSize = 0;

	/** For a file of `size` octets with this content digest. */
	constructor(sha256: Sha256, size: number, digest: Uint8Array) {
		assert(digest.length === digestSize);
		this.#sha256 = sha256;
		this.#digest = digest.slice();
		this.#leafCount = leafCount(size);
		this.#levels = leafLevels(size);
		this.#groups = this.#levels.map(() => new Map());
		this.size = leavesSize(size);
		let offset = 0;
		for (const count of this.#levels) {
			this.#offsets.push(offset);
			offset += count * digestSize;
		}
	}

	/** Whether every hash is here and proven. */
	get done(): boolean {
		return this.#verifiedSize === this.size;
	}

	/**
	 * Takes octets of the object at `offset`. False when something proved wrong, now or through
	 * these octets: `pollBad` names it. Octets outside the object are a bug of the caller.
	 */
	add(offset: number, bytes: Uint8Array): boolean {
		assert(offset >= 0 && offset + bytes.length <= this.size, 'within the leaves object');
		const before = this.#bad.length;
		let at = 0;
		while (at < bytes.length) {
			const group = this.#groupAt(offset + at);
			const start = this.#offsetOf(group);
			const from = offset + at - start;
			const length = Math.min(bytes.length - at, group.bytes.length - from);
			if (!group.verified) {
				group.bytes.set(bytes.subarray(at, at + length), from);
				group.arrived = join(group.arrived, from, from + length);
				if (isWhole(group)) this.#check(group);
			}
			at += length;
		}
		return this.#bad.length === before;
	}

	/** A stretch that proved wrong and must be asked for again; each is named once. */
	pollBad(): Stretch | undefined {
		return this.#bad.shift();
	}

	/** The proven hash of leaf `index`: a view; undefined while it is not proven. */
	leaf(index: number): Uint8Array | undefined {
		assert(index >= 0 && index < this.#leafCount, 'a leaf of the file');
		if (this.#leafCount === 1) return this.#digest;
		return this.#hash(this.#levels.length - 1, index);
	}

	/** The proven object as far as it goes, for keeping; undefined unless `done`. */
	bytes(): Uint8Array | undefined {
		if (!this.done) return undefined;
		const object = new Uint8Array(this.size);
		for (const groups of this.#groups) {
			for (const group of groups.values()) object.set(group.bytes, this.#offsetOf(group));
		}
		return object;
	}

	#hash(level: number, index: number): Uint8Array | undefined {
		const group = this.#groups[level]!.get(Math.floor(index / leafGroupCount));
		if (group === undefined || !group.verified) return undefined;
		const at = (index % leafGroupCount) * digestSize;
		return group.bytes.subarray(at, at + digestSize);
	}

	#check(group: Group): void {
		const {level, index} = group;
		const expected = level === 0 ? this.#digest : this.#hash(level - 1, index);
		if (expected === undefined) return;
		if (!equalOctets(treeRoot(this.#sha256, group.bytes), expected)) {
			this.#groups[level]!.delete(index);
			this.#bad.push({offset: this.#offsetOf(group), length: group.bytes.length});
			return;
		}
		group.verified = true;
		this.#verifiedSize += group.bytes.length;
		const below = this.#groups[level + 1];
		if (below === undefined) return;
		for (let child = 0; child < group.bytes.length / digestSize; child++) {
			const waiting = below.get(index * leafGroupCount + child);
			if (waiting !== undefined && isWhole(waiting)) this.#check(waiting);
		}
	}

	#groupAt(offset: number): Group {
		let level = this.#levels.length - 1;
		while (offset < this.#offsets[level]!) level--;
		const within = offset - this.#offsets[level]!;
		const index = Math.floor(within / groupSize);
		const known = this.#groups[level]!.get(index);
		if (known !== undefined) return known;
		const left = this.#levels[level]! * digestSize - index * groupSize;
		const bytes = new Uint8Array(Math.min(groupSize, left));
		const group = {level, index, bytes, arrived: [], verified: false};
		this.#groups[level]!.set(index, group);
		return group;
	}

	#offsetOf(group: Group): number {
		return this.#offsets[group.level]! + group.index * groupSize;
	}
}

function isWhole(group: Group): boolean {
	return group.arrived.length === 2 && group.arrived[1]! - group.arrived[0]! === group.bytes.length;
}

/** `ranges` with [from, to) in it. */
function join(ranges: readonly number[], from: number, to: number): number[] {
	const joined: number[] = [];
	let at = 0;
	for (; at < ranges.length && ranges[at + 1]! < from; at += 2) {
		joined.push(ranges[at]!, ranges[at + 1]!);
	}
	let [start, end] = [from, to];
	for (; at < ranges.length && ranges[at]! <= to; at += 2) {
		start = Math.min(start, ranges[at]!);
		end = Math.max(end, ranges[at + 1]!);
	}
	joined.push(start, end, ...ranges.slice(at));
	return joined;
}
