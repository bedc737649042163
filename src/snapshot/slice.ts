/**
 * Which part of a list is meant: a path, all below it, the directories above it, and entries
 * elsewhere that have the content of hard links in it. README.md §5.
 */
import {pathSizeMax} from '../limit.ts';
import {Reader, Writer} from '../wire/codec.ts';
import {comparePaths, equalOctets, isValidPath, isWithin, joinPath, splitPath} from './path.ts';

const magic = new TextEncoder().encode('shoal slice 1\0');
const slash = 0x2f;

export class Slice {
	readonly path: Uint8Array;
	/** First names of hard links that are not at `path` or below it, in order. */
	readonly outside: readonly Uint8Array[];
	/** Entries that are wanted by their very path, in order. */
	readonly #single: readonly Uint8Array[];
	/** What is below has paths from here on and before there. */
	readonly #start: Uint8Array;
	readonly #end: Uint8Array;

	/** `path` is not empty; `outside` is in order, each once. */
	constructor(path: Uint8Array, outside: readonly Uint8Array[] = []) {
		this.path = path;
		this.outside = outside;
		this.#single = [...chainOf(path), ...outside].sort(comparePaths);
		this.#start = joinPath(path, new Uint8Array(0));
		this.#end = this.#start.slice();
		this.#end[path.length] = slash + 1;
	}

	/** Whether a part of the list with paths from `first` on and before `bound` has any of it. */
	covers(first: Uint8Array, bound: Uint8Array | undefined): boolean {
		const isBefore = (path: Uint8Array): boolean =>
			bound === undefined || comparePaths(path, bound) < 0;
		if (comparePaths(first, this.#end) < 0 && isBefore(this.#start)) return true;
		let low = 0;
		let high = this.#single.length;
		while (low < high) {
			const middle = (low + high) >>> 1;
			if (comparePaths(this.#single[middle]!, first) < 0) low = middle + 1;
			else high = middle;
		}
		return low < this.#single.length && isBefore(this.#single[low]!);
	}

	/** Whether the entry at `path` is at the slice's own path or below it. */
	holds(path: Uint8Array): boolean {
		return isWithin(path, this.path);
	}

	/** The octets that stand before those of the nodes where a slice is kept. */
	encode(): Uint8Array {
		const sizes = this.outside.map(({length}) => length + 8);
		const size = sizes.reduce((sum, each) => sum + each, magic.length + this.path.length + 16);
		const to = new Writer(new Uint8Array(size));
		to.put(magic);
		to.opaque(this.path);
		to.varint(this.outside.length);
		for (const path of this.outside) to.opaque(path);
		return to.written();
	}

	/** Undefined if `bytes` do not begin as a slice; then they may be a whole list. */
	static read(bytes: Uint8Array): {slice: Slice; nodes: Uint8Array} | undefined {
		const from = new Reader(bytes);
		if (!equalOctets(from.take(magic.length), magic)) return undefined;
		const path = from.opaque(pathSizeMax).slice();
		const count = from.varint();
		const outside: Uint8Array[] = [];
		while (outside.length < count && !from.failed) outside.push(from.opaque(pathSizeMax).slice());
		if (from.failed || path.length === 0 || !isValidPath(path)) return undefined;
		return {slice: new Slice(path, outside), nodes: bytes.subarray(from.offset)};
	}
}

/** A path and those of all directories above it, the root first. */
function chainOf(path: Uint8Array): Uint8Array[] {
	const chain = [path.subarray(0, 0)];
	let end = -1;
	for (const name of splitPath(path)) {
		end += 1 + name.length;
		chain.push(path.subarray(0, end));
	}
	return chain;
}
