/** Makes compressed contents of a tree that is served, and keeps them in its state directory. */
import type {Platform} from '../platform/platform.ts';
import type {Pool} from '../pool/pool.ts';
import {Compressor} from '../source/compressor.ts';
import type {CompressedStore} from '../store/compressed-store.ts';
import {compress} from '../task/compress.ts';
import type {OpenedTree} from './opened-tree.ts';

export class Compressing {
	readonly compressor: Compressor;
	/** Opened when the first receiver asks for something compressed. */
	#opened: {readonly store: CompressedStore | undefined} | undefined;

	constructor({compression}: Platform, tree: OpenedTree, pool: Pool) {
		const opened = () => {
			this.#opened ??= {store: tree.compressedStore()};
			return this.#opened.store;
		};
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
