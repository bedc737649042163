/** Hashes what an earlier run left in staging, leaf by leaf: no name there is trusted. */
import {digestSize, leafSize} from '../limit.ts';
import type {DirHandle} from '../platform/tree.ts';
import {leafHash, leafLength} from '../snapshot/merkle.ts';
import {stagedName} from './staged-name.ts';
import {defineTask, type TaskContext} from './task.ts';

/** Stretches of leaves of staged files, one per item. */
export type StagedHashInput = {
	readonly staging: readonly DirHandle[];
	readonly device: Uint16Array;
	readonly copy: Uint32Array;
	readonly size: Float64Array;
	/** 32 octets each. */
	readonly digest: Uint8Array;
	readonly firstLeaf: Uint32Array;
	readonly leafCount: Uint32Array;
};

export type StagedHashOutput = {
	/** Leaves that were there whole, for each item: the first so many of its stretch. */
	readonly present: Uint32Array;
	/** Their hashes, item after item, `leafCount` places for each. */
	readonly hashes: Uint8Array;
	/** Size of each file now. */
	readonly size: Float64Array;
};

export const hashStaged = defineTask<StagedHashInput, StagedHashOutput>({
	name: 'hash-staged',
	run(input, context) {
		const count = input.size.length;
		let leaves = 0;
		for (let item = 0; item < count; item++) leaves += input.leafCount[item]!;
		const output = {
			present: new Uint32Array(count),
			hashes: new Uint8Array(leaves * digestSize),
			size: new Float64Array(count),
		};
		let at = 0;
		for (let item = 0; item < count && !context.aborted(); item++) {
			hashItem(input, item, output, at, context);
			at += input.leafCount[item]! * digestSize;
		}
		return output;
	},
	transfer: ({hashes}) => [hashes.buffer],
});

function hashItem(
	input: StagedHashInput,
	item: number,
	output: StagedHashOutput,
	at: number,
	{tree, sha256, aborted}: TaskContext,
): void {
	const dir = input.staging[input.device[item]!]!;
	const name = stagedName(input.digest.subarray(item * digestSize), input.copy[item]!);
	// A finished file has its own mode, which may keep its owner from reading it.
	if (tree.stat(dir, name) === undefined) return;
	tree.setMode(dir, name, 0o600);
	const file = tree.openRead(dir, name);
	if (file === undefined) return;
	try {
		const buffer = new Uint8Array(leafSize);
		const size = input.size[item]!;
		output.size[item] = tree.statFile(file).size;
		for (let leaf = 0; leaf < input.leafCount[item]! && !aborted(); leaf++) {
			const index = input.firstLeaf[item]! + leaf;
			const octets = buffer.subarray(0, leafLength(size, index));
			if (tree.read(file, octets, index * leafSize) < octets.length) break;
			output.hashes.set(leafHash(sha256, octets), at + leaf * digestSize);
			output.present[item]!++;
		}
	} finally {
		tree.closeFile(file);
	}
}
