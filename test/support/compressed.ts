/** Compressed forms of a file as objects, as a source answers them. */
import {compression} from '../../native-free/compression.ts';
import {leafSize} from '../../src/limit.ts';
import {leafCount} from '../../src/snapshot/merkle.ts';
import {
	compressedGroupCount,
	compressedGroupSize,
	formAt,
	savedMin,
	sizeAt,
} from '../../src/wire/compressed.ts';

export type CompressedObjects = {
	readonly sizes: Uint8Array;
	/** All addresses; zeros where nothing is. */
	readonly leaves: Uint8Array;
};

export function compressedObjects(content: Uint8Array, form: number): CompressedObjects {
	const {codec, level} = formAt(form)!;
	const count = leafCount(content.length);
	const sizes = new Uint8Array(2 * count);
	const leaves = new Uint8Array(count * leafSize);
	let at = 0;
	for (let index = 0; index < count; index++) {
		if (index % compressedGroupCount === 0) {
			at = (index / compressedGroupCount) * compressedGroupSize;
		}
		const leaf = content.subarray(index * leafSize, (index + 1) * leafSize);
		const made = compression.compress(codec, level, leaf);
		if (made.length > leaf.length * (1 - savedMin)) continue;
		leaves.set(made, at);
		at += made.length;
		sizes.set([made.length >> 8, made.length & 0xff], 2 * index);
	}
	return {sizes, leaves};
}

/** The one leaf of a small file. */
export function trimmed(sizes: Uint8Array, leaves: Uint8Array): Uint8Array {
	return leaves.subarray(0, sizeAt(sizes, 0));
}
