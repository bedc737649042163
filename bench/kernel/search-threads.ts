/** A search of one file that has nothing of another, with no thread, one and two of the pool. */
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import platform from '#platform';
import {Delta} from '../../src/delta/delta.ts';
import {Pool} from '../../src/pool/pool.ts';
import {match} from '../../src/task/match.ts';
import {Prng} from '../../test/support/prng.ts';
import {makeSums} from '../../test/support/run-delta.ts';
import {benchSeed, type Kernel} from '../harness.ts';

function search(threadCount: number): Kernel {
	return {
		name: `kernel/search-threads-${threadCount}`,
		unit: 'octets',
		prepare: smoke => {
			const size = smoke ? 100_000 : 128 << 20;
			const prng = new Prng(benchSeed);
			const sums = makeSums(prng.bytes(size), prng.bytes(16));
			const directory = mkdtempSync(join(tmpdir(), 'shoal-'));
			writeFileSync(join(directory, 'basis'), prng.bytes(size));
			const {tree, crypto, clock, threads, openSearchMemory} = platform;
			const context = {tree, crypto, sha256: crypto.sha256, clock, openSearchMemory};
			const pool = new Pool({threads, threadCount, context});
			const root = tree.openRoot(directory);
			const basis = tree.openRead(root, Buffer.from('basis'))!;
			return {
				amount: size,
				run: async () => {
					const delta = new Delta({size, basisSizes: [size]});
					const {offset, length} = delta.pollWant()!;
					delta.handleBlock(offset, sums.subarray(offset, offset + length));
					delta.handleDone();
					const jobs: Promise<number>[] = [];
					for (let next = delta.pollSearch(); next !== undefined; next = delta.pollSearch()) {
						const job = pool.run(match, {search: next, bases: [basis]});
						jobs.push(job.then(({statistics}) => statistics.searched));
					}
					return (await Promise.all(jobs)).reduce((sum, searched) => sum + searched, 0);
				},
				close: async () => {
					await pool.close();
					tree.closeFile(basis);
					tree.closeDir(root);
					rmSync(directory, {recursive: true});
				},
			};
		},
	};
}

export const searchThreadKernels: readonly Kernel[] = [search(0), search(1), search(2)];
