/**
 * Puts the parts of a scan together: all entries of a tree in order of the octets of their whole
 * paths. Each directory's entries come sorted by name, so nothing is compared but a directory with
 * the names that follow it: `a`, `a!`, `a/b` is the order, because `!` is less than `/`.
 */
import {assert} from '../assert.ts';
import {entryType} from '../snapshot/entry.ts';
import {notListed, type ScanPart, type ScanProblem} from './scan.ts';
import {ColumnsBuilder, copyEntries, makeColumns, type ScanColumns} from './scan-columns.ts';

const slash = 0x2f;

/** Entries between two turns that others may take: about two milliseconds of copying. */
const entriesPerTurn = 8192;

/** Some entries, the first ones of columns that are used again: valid until the next are made. */
export type Stretch = {readonly columns: ScanColumns; readonly count: number};

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

	/** All entries in order, so many at a time that what they are in stays in the cache. */
	stretches(size = entriesPerTurn): Generator<Stretch> {
		return stretchesOf([{columns: this.columns, start: 0, end: this.count}], size);
	}

	/** A view: where a symlink points, else empty. */
	target(index: number): Uint8Array {
		const {targets, targetOffsets} = this.columns;
		return targets.subarray(targetOffsets[index]!, targetOffsets[index + 1]!);
	}
}

/** Where a directory's entries are that were listed by a later job. */
type Place = {readonly part: ScanPart; readonly block: number};

/** Collects the parts, in any order, and remembers which directory is where. */
export class TableBuilder {
	readonly #root: ScanPart;
	readonly #places = new Map<ScanPart, Map<number, Place>>();
	readonly #problems: ScanProblem[] = [];
	#count = 0;
	#fileCount = 0;
	#pathsSize = 0;
	#targetsSize = 0;

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
		const {pathOffsets, targetOffsets, type} = part.columns;
		for (const each of type) if (each === entryType.file) this.#fileCount++;
		const count = pathOffsets.length - 1;
		this.#count += count;
		this.#pathsSize += pathOffsets[count]!;
		this.#targetsSize += targetOffsets[count]!;
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

	/** Those of the table, before it is made. */
	stretches(size = entriesPerTurn): Generator<Stretch> {
		return stretchesOf(this.#runs(), size);
	}

	/** Yields now and then, so that a large tree does not hold the thread. */
	*finish(): Generator<void, ScanTable> {
		const columns = makeColumns(this.#count, this.#pathsSize, this.#targetsSize);
		let at = 0;
		let turn = 0;
		for (const {columns: from, start, end} of this.#runs()) {
			copyEntries(from, start, end - start, columns, at);
			at += end - start;
			if (at - turn >= entriesPerTurn) {
				turn = at;
				yield;
			}
		}
		assert(at === this.#count, 'every entry has its place in the order');
		return new ScanTable(columns, this.#problems);
	}

	/** Stretches of parts that, one after another, are all entries in order. */
	*#runs(): Generator<Run> {
		const open = [new Block(this.#root, 0, this.#root.entryBlock.length)];
		while (open.length > 0) {
			const block = open[open.length - 1]!;
			const start = block.at;
			const directory = block.advance();
			if (block.at > start) yield {columns: block.part.columns, start, end: block.at};
			if (directory === undefined) {
				open.pop();
				continue;
			}
			const below = this.#below(block.part, directory);
			if (below !== undefined) open.push(below);
		}
	}

	#below(part: ScanPart, entry: number): Block | undefined {
		const own = part.entryBlock[entry]!;
		const place = own === notListed ? this.#places.get(part)?.get(entry) : {part, block: own};
		if (place === undefined) return undefined;
		const {blockOffsets} = place.part;
		return new Block(place.part, blockOffsets[place.block]!, blockOffsets[place.block + 1]!);
	}
}

type Run = {readonly columns: ScanColumns; readonly start: number; readonly end: number};

function* stretchesOf(runs: Iterable<Run>, size: number): Generator<Stretch> {
	const some = new ColumnsBuilder(size);
	for (const {columns, start, end} of runs) {
		for (let at = start; at < end; ) {
			const count = Math.min(end - at, size - some.count);
			some.addFrom(columns, at, count);
			at += count;
			if (some.count < size) continue;
			yield some;
			some.clear();
		}
	}
	if (some.count > 0) yield some;
}

/** The entries of one directory on their way out, and the directories among them that wait. */
class Block {
	readonly part: ScanPart;
	/** The first entry that is not out yet. */
	at: number;
	readonly #end: number;
	/** Directories that are out and whose entries are not: each one begins the name of the next. */
	readonly #waiting: number[] = [];

	constructor(part: ScanPart, start: number, end: number) {
		this.part = part;
		this.at = start;
		this.#end = end;
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
