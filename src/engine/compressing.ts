/** Makes compressed contents and patches of a tree that is served, and keeps the former. */
import type {Platform} from '../platform/platform.ts';
import type {Pool} from '../pool/pool.ts';
import {Compressor} from '../source/compressor.ts';
import {Patcher} from '../source/patcher.ts';
import type {CompressedStore} from '../store/compressed-store.ts';
import {compress} from '../task/compress.ts';
import {makePatches} from '../task/patch.ts';
import type {OpenedTree} from './opened-tree.ts';

export class Compressing {
	readonly compressor: Compressor;
	readonly patcher: Patcher;
	/** Opened when the first receiver asks for something compressed. */
	#opened: {readonly store: CompressedStore | undefined} | undefined;

	constructor({compression}: Platform, tree: OpenedTree, pool: Pool) {
		const opened = () => {
			this.#opened ??= {store: tree.compressedStore()};
			return this.#opened.store;
		};
		this.patcher = new Patcher({run: (input, order) => pool.run(makePatches, input, order)});
		this.compressor = new Compressor({
			has: codec => compression.has(codec),
			run: (input, order) => pool.run(compress, input, order),
			store: {
				get: key => opened()?.get(key),
				set: (key, record) => opened()?.set(key, record),
			},
		});
	}

	close(): void {
		this.#opened?.store?.close();
	}
}
