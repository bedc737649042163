/**
 * Puts the parts of a scan together: all entries of a tree in order of the octets of their whole
 * paths. Each directory's entries come sorted by name, so nothing is compared but a directory with
 * the names that follow it: `a`, `a!`, `a/b` is the order, because `!` is less than `/`.
 */
import {assert} from '../assert.ts';
import {concatenate} from '../concatenate.ts';
import {digestSize} from '../limit.ts';
import {entryType} from '../snapshot/entry.ts';
import {blockFlag} from './block-digest.ts';
import {notListed, type ScanPart, type ScanProblem} from './scan.ts';
import {copyEntries, makeColumns, type ScanColumns} from './scan-columns.ts';

const slash = 0x2f;

/** Entries between two turns that others may take: about two milliseconds of copying. */
const entriesPerTurn = 8192;

export class ScanTable {
	readonly columns: ScanColumns;
	/** What could not be looked at, in no order. */
	readonly problems: readonly ScanProblem[];

	constructor(columns: ScanColumns, problems: readonly ScanProblem[]) {
		this.columns = columns;
		this.problems = problems;
	}

	/** Entries, the root directory with its empty path included: it is the first. */
	get count(): number {
		return this.columns.type.length;
	}

	/** A view. */
	path(index: number): Uint8Array {
		const {paths, pathOffsets} = this.columns;
		return paths.subarray(pathOffsets[index]!, pathOffsets[index + 1]!);
	}

	/** A view: where a symlink points, else empty. */
	target(index: number): Uint8Array {
		const {targets, targetOffsets} = this.columns;
		return targets.subarray(targetOffsets[index]!, targetOffsets[index + 1]!);
	}
}

/** So many entries, one after another, that are all as they were, or are all of the table. */
export type Segment = {
	readonly isAsBefore: boolean;
	count: number;
	/** Path of the first one: a view. */
	readonly first: Uint8Array;
};

/** Where a directory's entries are that were listed by a later job. */
type Place = {readonly part: ScanPart; readonly block: number};

/** Collects the parts, in any order, and remembers which directory is where. */
export class TableBuilder {
	readonly #root: ScanPart;
	readonly #parts: ScanPart[] = [];
	readonly #places = new Map<ScanPart, Map<number, Place>>();
	readonly #problems: ScanProblem[] = [];
	/** Numbers of owners and groups. */
	readonly users = new Set<number>();
	readonly groups = new Set<number>();
	#count = 0;
	#fileCount = 0;
	/** Found when it is first asked for, after all that it depends on. */
	#order: readonly Run[] | undefined;

	/** `root` holds what the scan begins at, in order: the root directory alone, or parts. */
	constructor(root: ScanPart) {
		this.#root = root;
		this.add(root);
	}

	get count(): number {
		return this.#count;
	}

	/** Regular files. */
	get fileCount(): number {
		return this.#fileCount;
	}

	/** What could not be looked at, in no order. */
	get problems(): readonly ScanProblem[] {
		return this.#problems;
	}

	add(part: ScanPart): void {
		const {type, uid, gid} = part.columns;
		for (const each of type) if (each === entryType.file) this.#fileCount++;
		addNumbers(uid, this.users);
		addNumbers(gid, this.groups);
		this.#count += type.length;
		this.#parts.push(part);
		for (const problem of part.problems) this.#problems.push(problem);
	}

	/** Directory `entry` of `part` was the directory number `given` of the job that made `by`. */
	listed(part: ScanPart, entry: number, by: ScanPart, given: number): void {
		if (by.givenUnread[given] === 1) part.columns.unread[entry] = 1;
		const block = by.givenBlock[given]!;
		if (block === notListed) return;
		let places = this.#places.get(part);
		if (places === undefined) {
			places = new Map();
			this.#places.set(part, places);
		}
		places.set(entry, {part: by, block});
	}

	/**
	 * Notes which directories are as they were, by their digests; answers whether all are. Links go
	 * from one to another, so unless all are, a directory with linked files counts as another one.
	 */
	compare(known: {has(digests: Uint8Array, offset: number): boolean}): boolean {
		let isSame = true;
		this.#order = undefined;
		for (const {blockDigests, blockFlags} of this.#parts) {
			for (let block = 0; block < blockFlags.length; block++) {
				if (!known.has(blockDigests, block * digestSize)) isSame = false;
				else if ((blockFlags[block]! & blockFlag.linked) === 0) {
					blockFlags[block]! |= blockFlag.asBefore;
				}
			}
		}
		return isSame;
	}

	/** Takes no directory for one that is as it was. */
	forget(): void {
		this.#order = undefined;
		for (const {blockFlags} of this.#parts) {
			for (let block = 0; block < blockFlags.length; block++) {
				blockFlags[block]! &= ~blockFlag.asBefore;
			}
		}
	}

	/** Entries of directories that are not as they were. */
	get changedCount(): number {
		let count = 0;
		for (const {blockFlags, blockOffsets} of this.#parts) {
			for (let block = 0; block < blockFlags.length; block++) {
				if (blockFlags[block]! & blockFlag.asBefore) continue;
				count += blockOffsets[block + 1]! - blockOffsets[block]!;
			}
		}
		return count;
	}

	/**
	 * All entries but those of directories that are as they were. Yields now and then, so that a
	 * large tree does not hold the thread.
	 */
	*finish(): Generator<void, ScanTable> {
		const runs = this.#runs().filter(isChanged);
		let [count, pathsSize, targetsSize] = [0, 0, 0];
		for (const {part, start, end} of runs) {
			const {pathOffsets, targetOffsets} = part.columns;
			count += end - start;
			pathsSize += pathOffsets[end]! - pathOffsets[start]!;
			targetsSize += targetOffsets[end]! - targetOffsets[start]!;
		}
		assert(count === this.changedCount, 'every entry has its place in the order');
		const columns = makeColumns(count, pathsSize, targetsSize);
		let at = 0;
		let turn = 0;
		for (const {part, start, end} of runs) {
			copyEntries(part.columns, start, end - start, columns, at);
			at += end - start;
			if (at - turn >= entriesPerTurn) {
				turn = at;
				yield;
			}
		}
		return new ScanTable(columns, this.#problems);
	}

	/** All entries in order: those of the table, and between them those that are as they were. */
	*segments(): Generator<Segment> {
		let last: Segment | undefined;
		let lastStretch = 0;
		for (const run of this.#runs()) {
			const {part, start, end, stretch} = run;
			const isAsBefore = !isChanged(run);
			const isJoined = !isAsBefore || stretch === lastStretch;
			if (last?.isAsBefore === isAsBefore && isJoined) {
				last.count += end - start;
			} else {
				if (last !== undefined) yield last;
				const {paths, pathOffsets} = part.columns;
				const first = paths.subarray(pathOffsets[start]!, pathOffsets[start + 1]!);
				last = {isAsBefore, count: end - start, first};
			}
			lastStretch = stretch;
		}
		if (last !== undefined) yield last;
	}

	/**
	 * The digests of directories. Without those with an entry of the table of which `isUncertain`
	 * says that it may be listed otherwise another time.
	 */
	digests(isUncertain: (entry: number) => boolean): Uint8Array {
		let entry = 0;
		for (const run of this.#runs()) {
			if (!isChanged(run)) continue;
			const {part, block, start, end} = run;
			for (let left = end - start; left > 0; left--) {
				if (isUncertain(entry++)) part.blockFlags[block]! |= blockFlag.uncertain;
			}
		}
		const digests: Uint8Array[] = [];
		for (const {blockDigests, blockFlags} of this.#parts) {
			for (let block = 0; block < blockFlags.length; block++) {
				if (blockFlags[block]! & blockFlag.uncertain) continue;
				digests.push(blockDigests.subarray(block * digestSize, (block + 1) * digestSize));
			}
		}
		return concatenate(digests);
	}

	/** What, one after another, is all entries in order. */
	#runs(): readonly Run[] {
		this.#order ??= this.#findOrder();
		return this.#order;
	}

	#findOrder(): Run[] {
		const runs: Run[] = [];
		const open = [new Block(this.#root, 0)];
		// What was in a directory that is not as it was may have stood anywhere while that is open.
		let changedCount = 0;
		let stretch = 1;
		for (let isNew = true; open.length > 0; ) {
			const block = open[open.length - 1]!;
			const isOther = !isBlockAsBefore(block.part, block.block);
			if (isNew && isOther) {
				changedCount++;
				stretch++;
			}
			const start = block.at;
			const directory = block.advance();
			if (changedCount > 0) stretch++;
			if (block.at > start) {
				runs.push({part: block.part, block: block.block, start, end: block.at, stretch});
			}
			const below = directory === undefined ? undefined : this.#below(block.part, directory);
			isNew = below !== undefined;
			if (below !== undefined) open.push(below);
			if (directory !== undefined) continue;
			open.pop();
			if (!isOther) continue;
			changedCount--;
			stretch++;
		}
		return runs;
	}

	#below(part: ScanPart, entry: number): Block | undefined {
		const own = part.entryBlock[entry]!;
		const place = own === notListed ? this.#places.get(part)?.get(entry) : {part, block: own};
		if (place === undefined) return undefined;
		return new Block(place.part, place.block);
	}
}

/** Entries of one block that follow one another in the order of the table. */
type Run = {
	readonly part: ScanPart;
	readonly block: number;
	readonly start: number;
	readonly end: number;
	/** Nothing can have been, or have gone, between two runs of the same stretch. */
	readonly stretch: number;
};

/** The entries of one directory on their way out, and the directories among them that wait. */
class Block {
	readonly part: ScanPart;
	readonly block: number;
	/** The first entry that is not out yet. */
	at: number;
	readonly #end: number;
	/** Directories that are out and whose entries are not: each one begins the name of the next. */
	readonly #waiting: number[] = [];

	constructor(part: ScanPart, block: number) {
		this.part = part;
		this.block = block;
		this.at = part.blockOffsets[block]!;
		this.#end = part.blockOffsets[block + 1]!;
	}

	/** Goes on to where the entries of a directory belong, and answers it: undefined at the end. */
	advance(): number | undefined {
		const {type} = this.part.columns;
		for (; this.at < this.#end; this.at++) {
			const waiting = this.#waiting[this.#waiting.length - 1];
			if (waiting !== undefined && !this.#isBetween(waiting, this.at)) return this.#waiting.pop();
			if (type[this.at] === entryType.directory) this.#waiting.push(this.at);
		}
		return this.#waiting.pop();
	}

	/** Whether `entry`, which follows `directory` by name, comes before what is in it. */
	#isBetween(directory: number, entry: number): boolean {
		const {paths, pathOffsets} = this.part.columns;
		const a = pathOffsets[directory]!;
		const b = pathOffsets[entry]!;
		const size = pathOffsets[directory + 1]! - a;
		if (pathOffsets[entry + 1]! - b <= size || paths[b + size]! > slash) return false;
		for (let index = size - 1; index >= 0; index--) {
			if (paths[a + index] !== paths[b + index]) return false;
		}
		return true;
	}
}

const isChanged = ({part, block}: Run): boolean => !isBlockAsBefore(part, block);

function isBlockAsBefore({blockFlags}: ScanPart, block: number): boolean {
	return (blockFlags[block]! & blockFlag.asBefore) !== 0;
}

/** Most stand in runs. */
function addNumbers(numbers: Uint32Array, to: Set<number>): void {
	for (let index = 0; index < numbers.length; index++) {
		if (index === 0 || numbers[index] !== numbers[index - 1]) to.add(numbers[index]!);
	}
}
