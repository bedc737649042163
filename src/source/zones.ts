/**
 * The parts of a list that are looked at anew: single paths, and paths with all below them. In
 * order of octets what is below a path does not follow it at once (`a`, `a!`, `a/b`), so each part
 * is one point or one range of that order, and they are passed as a list is.
 */
import {comparePaths} from '../snapshot/path.ts';

type Part = {readonly start: Uint8Array; readonly isRange: boolean};

export class Zones {
	readonly #parts: readonly Part[];

	/** No path of either is below one of `whole`, or twice here. */
	constructor(single: Iterable<Uint8Array>, whole: Iterable<Uint8Array>) {
		const parts: Part[] = [];
		for (const path of single) parts.push({start: path, isRange: false});
		for (const path of whole) {
			const below = new Uint8Array(path.length + 1);
			below.set(path);
			below[path.length] = 0x2f;
			parts.push({start: path, isRange: false}, {start: below, isRange: true});
		}
		this.#parts = parts.sort((a, b) => comparePaths(a.start, b.start));
	}

	walk(): ZoneWalk {
		return new ZoneWalk(this.#parts);
	}
}

/** Is asked about paths in their order. */
export class ZoneWalk {
	readonly #parts: readonly Part[];
	#next = 0;

	constructor(parts: readonly Part[]) {
		this.#parts = parts;
	}

	covers(path: Uint8Array): boolean {
		const part = this.#partAt(path);
		return part !== undefined && reaches(part, path);
	}

	/** Whether nothing from `first` on and before `end` is covered; no `end`: to the last. */
	isClear(first: Uint8Array, end: Uint8Array | undefined): boolean {
		const part = this.#partAt(first);
		if (part === undefined) return true;
		return end !== undefined && !reaches(part, first) && comparePaths(part.start, end) >= 0;
	}

	/** The first part that does not end before `path`. */
	#partAt(path: Uint8Array): Part | undefined {
		for (; this.#next < this.#parts.length; this.#next++) {
			const part = this.#parts[this.#next]!;
			if (comparePaths(part.start, path) >= 0 || reaches(part, path)) return part;
		}
		return undefined;
	}
}

function reaches({start, isRange}: Part, path: Uint8Array): boolean {
	if (path.length < start.length || (!isRange && path.length > start.length)) return false;
	for (let at = start.length - 1; at >= 0; at--) if (start[at] !== path[at]) return false;
	return true;
}
