/**
 * Content digests: the root of a SHA-256 Merkle tree over 64 KiB leaves, shaped and separated as
 * in RFC 9162 §2.1.1, so that a leaf can be verified by itself, in any order. The leaves object
 * (README.md §7) holds the leaf hashes, and above them the roots of aligned subtrees of 1,024, so
 * that each stretch of 1,024 hashes can be verified against its parent as it arrives.
 */
import {assert} from '../assert.ts';
import {digestSize, leafGroupCount, leafSize} from '../limit.ts';
import type {Sha256} from '../platform/crypto.ts';

const leafPrefix = Uint8Array.of(0x00);
const nodePrefix = Uint8Array.of(0x01);

/** Leaves of a file of `size` octets: none for an empty one. */
export function leafCount(size: number): number {
	return Math.ceil(size / leafSize);
}

/** Octets of leaf `index`: all leaves but the last are whole. */
export function leafLength(size: number, index: number): number {
	return Math.min(leafSize, size - index * leafSize);
}

/** Hash of the octets of one leaf. */
export function leafHash(sha256: Sha256, data: Uint8Array): Uint8Array {
	return sha256(leafPrefix, data);
}

/** Root over hashes of 32 octets each, one after another; over none it is SHA-256 of nothing. */
export function treeRoot(sha256: Sha256, hashes: Uint8Array): Uint8Array {
	assert(hashes.length % digestSize === 0, 'whole hashes');
	const count = hashes.length / digestSize;
	if (count === 0) return sha256();
	// Pairs are folded in place, level by level, an odd last one rising as it is: the same
	// tree as splitting at the largest power of two.
	const level = hashes.slice();
	for (let left = count; left > 1; left = Math.ceil(left / 2)) {
		for (let index = 0; index + 1 < left; index += 2) {
			const at = index * digestSize;
			const pair = level.subarray(at, at + 2 * digestSize);
			level.set(sha256(nodePrefix, pair), (index / 2) * digestSize);
		}
		if (left % 2 === 1) {
			const last = (left - 1) * digestSize;
			level.copyWithin(((left - 1) / 2) * digestSize, last, last + digestSize);
		}
	}
	return level.slice(0, digestSize);
}

/** The content digest of octets at hand. */
export function contentDigest(sha256: Sha256, content: Uint8Array): Uint8Array {
	return treeRoot(sha256, leafHashes(sha256, content));
}

/** The hashes of all leaves of octets at hand. */
export function leafHashes(sha256: Sha256, content: Uint8Array): Uint8Array {
	const hashes = new Uint8Array(leafCount(content.length) * digestSize);
	for (let index = 0; index * leafSize < content.length; index++) {
		const leaf = content.subarray(index * leafSize, (index + 1) * leafSize);
		hashes.set(leafHash(sha256, leaf), index * digestSize);
	}
	return hashes;
}

/** Hashes in each level of the leaves object, top first; none for a file of at most one leaf. */
export function leafLevels(size: number): number[] {
	const levels: number[] = [];
	let count = leafCount(size);
	if (count <= 1) return levels;
	for (; count > leafGroupCount; count = Math.ceil(count / leafGroupCount)) levels.unshift(count);
	levels.unshift(count);
	return levels;
}

/** Octets of the leaves object of a file of `size` octets: 0 when the digest says it all. */
export function leavesSize(size: number): number {
	let sum = 0;
	for (const count of leafLevels(size)) sum += count * digestSize;
	return sum;
}

/** The leaves object over all leaf hashes of a file. */
export function makeLeaves(sha256: Sha256, hashes: Uint8Array): Uint8Array {
	const groupSize = leafGroupCount * digestSize;
	const levels: Uint8Array[] = [];
	let level = hashes;
	if (level.length <= digestSize) return new Uint8Array(0);
	for (; level.length > groupSize; ) {
		levels.unshift(level);
		const above = new Uint8Array(Math.ceil(level.length / groupSize) * digestSize);
		for (let at = 0; at < level.length; at += groupSize) {
			const root = treeRoot(sha256, level.subarray(at, at + groupSize));
			above.set(root, (at / groupSize) * digestSize);
		}
		level = above;
	}
	levels.unshift(level);
	const leaves = new Uint8Array(levels.reduce((sum, each) => sum + each.length, 0));
	let at = 0;
	for (const each of levels) {
		leaves.set(each, at);
		at += each.length;
	}
	return leaves;
}
