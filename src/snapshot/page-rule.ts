/**
 * Where pages and index nodes end: chosen by a hash of a path, so that the same entries are cut
 * at the same places whatever stands elsewhere, and an insertion moves one page. README.md §3, §4.
 */
import {pageSizeMax, wantEntriesMax} from '../limit.ts';

/** FNV-1a's offset basis and prime for 32 bits. */
export const pathHashSeed = 0x811c9dc5 | 0;
const pathHashPrime = 0x01000193;

/** One entry in so many ends a page: at 50 to 75 octets an entry, about 16 KiB. */
const pageEntryMean = 256;
/** One child in so many ends an index node: at 70 to 110 octets a child, about 12 KiB. */
const nodeChildMean = 128;

/** More than any entry or child takes, so that what ends at `endSize` is below `pageSizeMax`. */
export const itemSizeMax = 16_384;
/** A page or node that has come to this size ends, whatever the hash says. */
const endSize = pageSizeMax - itemSizeMax;

/** The hash of a path with `octet` after it, from the hash of the path. */
export function extendPathHash(hash: number, octet: number): number {
	return Math.imul(hash ^ octet, pathHashPrime);
}

export function pathHash(path: Uint8Array, start = 0, end: number = path.length): number {
	let hash = pathHashSeed;
	for (let index = start; index < end; index++) hash = extendPathHash(hash, path[index]!);
	return hash;
}

/** Whether a page ends with the entry whose path hashes to `hash`, then `size` octets long. */
export function endsPage(hash: number, size: number, entryCount: number): boolean {
	return scatter(hash) % pageEntryMean === 0 || size >= endSize || entryCount >= wantEntriesMax - 1;
}

/**
 * Whether a node of `level` ends with the child whose first path hashes to `hash`, then `size`
 * octets long. A node has two children at least (the last of a level may have one), so that each
 * level has at most about half the nodes of the one below.
 */
export function endsNode(level: number, hash: number, size: number, childCount: number): boolean {
	if (childCount < 2) return false;
	const leveled = hash ^ Math.imul(level, 0x9e3779b9);
	return scatter(leveled) % nodeChildMean === 0 || size >= endSize;
}

/** The finalizer of MurmurHash3 for 32 bits: every bit of the hash comes to bear. */
function scatter(hash: number): number {
	let mixed = hash ^ (hash >>> 16);
	mixed = Math.imul(mixed, 0x85ebca6b);
	mixed ^= mixed >>> 13;
	mixed = Math.imul(mixed, 0xc2b2ae35);
	return (mixed ^ (mixed >>> 16)) >>> 0;
}
