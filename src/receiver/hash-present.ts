/** Hashes files of DEST to learn whether they already have what they should. */
import {digestSize} from '../limit.ts';
import type {DirHandle} from '../platform/tree.ts';
import {hashFiles} from '../pool/hash-files.ts';
import type {Pool} from '../pool/pool.ts';
import type {ActiveTask} from '../scheduler/active-task.ts';
import {hashStatus} from '../task/hash.ts';
import type {Present} from './present.ts';

export type HashPresentOptions = {
	readonly pool: Pool;
	readonly root: DirHandle;
	readonly present: Present;
	/** Which of its files, in their order. */
	readonly indexes: Uint32Array;
	readonly task: ActiveTask;
	/** Called for each file that could be read, with its index: the digest is a view. */
	readonly onDigest: (index: number, digest: Uint8Array) => void;
};

export async function hashPresent(options: HashPresentOptions): Promise<void> {
	const {pool, root, present, indexes, task, onDigest} = options;
	const {size} = present.stat;
	let total = 0;
	for (const index of indexes) total += size[index]!;
	await hashFiles(pool, root, present.toScan(), indexes, {
		...task.order,
		sums: false,
		onHashed({entries, status, digests}) {
			for (const [at, index] of entries.entries()) {
				// What cannot be read, or changes under our eyes, is fetched as if it differed.
				if (status[at] !== hashStatus.hashed) continue;
				onDigest(index, digests.subarray(at * digestSize, (at + 1) * digestSize));
			}
		},
		onProgress: octets => task.advance(octets, total),
	});
}
