/** Looking at a tree of small files, warm in the cache, on the calling thread and on two others. */
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import platform from '#platform';
import {Pool} from '../../src/pool/pool.ts';
import {scanTree} from '../../src/pool/scan-tree.ts';
import type {Kernel} from '../harness.ts';

const perDirectory = 100;

function makeTree(fileCount: number): string {
	const root = mkdtempSync(join(tmpdir(), 'shoal-'));
	for (let index = 0; index < fileCount; index++) {
		const directory = join(root, `d${Math.floor(index / perDirectory)}`);
		if (index % perDirectory === 0) mkdirSync(directory);
		writeFileSync(join(directory, `f${index}`), 'content');
	}
	return root;
}

function scan(threadCount: number): Kernel {
	return {
		name: `tree/scan-${threadCount}`,
		unit: 'entries',
		prepare: smoke => {
			const fileCount = smoke ? 200 : 50_000;
			const root = makeTree(fileCount);
			const {tree, crypto, clock, threads} = platform;
			const context = {tree, crypto, sha256: crypto.sha256, clock};
			const pool = new Pool({threads, threadCount, context});
			return {
				amount: 1 + fileCount + Math.ceil(fileCount / perDirectory),
				run: async () => (await scanTree(pool, root)).count,
				close: async () => {
					await pool.close();
					rmSync(root, {recursive: true});
				},
			};
		},
	};
}

export const scanKernels: readonly Kernel[] = [scan(0), scan(2)];
