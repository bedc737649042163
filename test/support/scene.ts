/** Two directories, a source's and a destination's, for a test of pulls between them. */
import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import type {Pool} from '../../src/pool/pool.ts';
import {openPool} from './pool.ts';
import {Prng} from './prng.ts';
import {type Pulled, type PullTree, pullTree} from './pull-tree.ts';
import {tempDirectory} from './temp-directory.ts';
import {TreeSource} from './tree-source.ts';

export class Scene {
	readonly prng: Prng;
	readonly pool: Pool;
	/** Holds `from`, an empty directory, and `to`, which does not exist. */
	readonly base: string;
	readonly from: string;
	readonly to: string;

	constructor(t: ExecutionContext, seed: number, threadCount = 2) {
		this.base = tempDirectory(t);
		this.from = join(this.base, 'from');
		this.to = join(this.base, 'to');
		this.prng = new Prng(seed);
		this.pool = openPool(t, threadCount);
		mkdirSync(this.from);
	}

	/** Writes a file of the source, with the directories above it. */
	write(path: string, content: string | Uint8Array): void {
		const full = join(this.from, path);
		mkdirSync(join(full, '..'), {recursive: true});
		writeFileSync(full, content);
	}

	/** Writes files of these sizes, named by them, with octets that never come again. */
	writeSizes(...sizes: number[]): void {
		for (const size of sizes) this.write(`file ${size}`, this.prng.bytes(size));
	}

	source(): Promise<TreeSource> {
		return TreeSource.of(this.pool, this.from);
	}

	/** A pull of the source as it is now. */
	async pull(more: Partial<PullTree> = {}): Promise<Pulled> {
		const {pool, to: destination} = this;
		return pullTree({pool, source: await this.source(), destination, ...more});
	}
}
