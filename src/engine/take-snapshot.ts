/** `shoal snapshot`: one snapshot of one tree, and what was found on the way. */
import platform from '#platform';
import {ShoalError} from '../error.ts';
import {toHex} from '../hex.ts';
import type {SnapshotResult} from './event.ts';
import {makePool} from './make-pool.ts';
import {OpenedTree} from './opened-tree.ts';
import type {SnapshotOptions} from './options.ts';
import {Problems} from './problems.ts';
import {openRun} from './run-task.ts';

/**
 * Looks at a tree, hashes what changed since the last time, and saves list, sums and difference.
 * @throws ShoalError TREE_MISSING, STORE_*, INTERRUPTED
 */
export async function takeSnapshot(options: SnapshotOptions): Promise<SnapshotResult> {
	const startedAt = platform.clock.now();
	const problems = new Problems(options.on);
	const {scheduler, task} = openRun(options, platform.clock, {
		kind: 'snapshot',
		owner: options.directory,
	});
	const pool = makePool(platform, scheduler, options.threads);
	let opened: OpenedTree | undefined;
	try {
		opened = OpenedTree.open(platform, options);
		const taken = await task.lasting(() => opened!.take(pool, task, options));
		const isPart = options.changed?.every(path => path.length > 0) ?? false;
		if (isPart && taken.whole) {
			const text =
				'all of the tree was looked at: there is no list yet that changes could be made to';
			options.on?.({event: 'remark', text});
		}
		for (const {code, message, path} of taken.problems) problems.add(code, message, path);
		if (options.output !== undefined) writeOut(options.output, taken.bytes);
		const {header, saved, changed, fileCount, filesHashed, bytesHashed} = taken;
		return {
			ok: problems.exit === 0,
			exit: problems.exit,
			snapshot: toHex(saved.root),
			sequence: saved.sequence,
			entries: header.entryCount,
			files: fileCount,
			bytesTotal: header.contentBytes,
			filesHashed,
			bytesHashed,
			changed,
			elapsedMs: Math.round((platform.clock.now() - startedAt) / 1000),
			errorCount: problems.count,
			errors: problems.kept,
		};
	} catch (error) {
		if (task.state !== 'aborted') throw error;
		throw new ShoalError('INTERRUPTED', 'stopped; what was hashed so far is kept');
	} finally {
		await pool.close();
		opened?.close();
	}
}

/** Replaces the file as a whole. */
function writeOut(path: string, octets: Uint8Array): void {
	const {tree} = platform;
	const encoder = new TextEncoder();
	const cut = path.lastIndexOf('/');
	const name = path.slice(cut + 1);
	const dir = tree.openRoot(cut < 0 ? '.' : path.slice(0, cut) || '/');
	try {
		const temporary = encoder.encode(`.${name}.new`);
		tree.unlink(dir, temporary);
		const file = tree.create(dir, temporary, 0o644);
		try {
			tree.write(file, octets, 0);
		} finally {
			tree.closeFile(file);
		}
		tree.rename(dir, temporary, dir, encoder.encode(name));
	} finally {
		tree.closeDir(dir);
	}
}
