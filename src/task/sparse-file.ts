/** Writes files that have holes: where nothing but zeros would be written, nothing is. */
import {holeSize} from '../limit.ts';
import type {FileHandle, TreeIo} from '../platform/tree.ts';

/**
 * Writes `octets` at `offset` of a file that will have `size` octets, but for what of a block is
 * all zeros, where the file reads as zeros already: what an earlier run left may be anything.
 */
export function writeSparse(
	tree: TreeIo,
	file: FileHandle,
	octets: Uint8Array,
	offset: number,
	size: number,
): void {
	const ends = (at: number): number =>
		Math.min(octets.length, at + holeSize - ((offset + at) % holeSize));
	let written = 0;
	for (let at = 0; at < octets.length; ) {
		const start = at;
		while (at < octets.length && isZero(octets, at, ends(at))) at = ends(at);
		if (at === start) {
			at = ends(at);
		} else if (readsAsZeros(tree, file, offset + start, at - start)) {
			if (start > written) tree.write(file, octets.subarray(written, start), offset + written);
			// At once, so that whoever reads the file next sees that these octets are there.
			if (tree.statFile(file).size < offset + at) tree.truncate(file, size);
			written = at;
		}
	}
	if (octets.length > written) tree.write(file, octets.subarray(written), offset + written);
}

function readsAsZeros(tree: TreeIo, file: FileHandle, offset: number, length: number): boolean {
	const there = new Uint8Array(length);
	return isZero(there, 0, tree.read(file, there, offset));
}

function isZero(octets: Uint8Array, from: number, to: number): boolean {
	for (let at = from; at < to; at++) if (octets[at] !== 0) return false;
	return true;
}
