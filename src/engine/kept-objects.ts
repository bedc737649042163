/**
 * Leaf hashes and sums of a tree's files: as hashing or a pull has left them in a log, and what of
 * them is missing there, or damaged, made of the file itself when it is first wanted.
 */
import {ShoalError} from '../error.ts';
import type {Platform} from '../platform/platform.ts';
import type {Pool} from '../pool/pool.ts';
import type {List} from '../snapshot/list.ts';
import {type KnownObjects, ObjectMaker} from '../source/object-maker.ts';
import type {FileLog} from '../store/file-log.ts';
import {MadeObjects} from '../store/made-objects.ts';
import {type HashedFile, hashJoin} from '../task/hash.ts';
import {sum} from '../task/sum.ts';
import type {OpenedTree} from './opened-tree.ts';

export class KeptObjects implements KnownObjects {
	readonly maker: ObjectMaker;
	readonly #log: FileLog;
	readonly #made: MadeObjects;

	constructor({crypto}: Platform, pool: Pool, tree: OpenedTree, log: FileLog) {
		this.#log = log;
		this.#made = new MadeObjects(tree.state);
		this.maker = new ObjectMaker({
			known: this,
			sum: (input, order) => pool.run(sum, input, order),
			join: (input, order) => pool.run(hashJoin, input, order),
			random: into => crypto.random(into),
			parallelMax: 2 * Math.max(1, pool.threadCount),
		});
	}

	leaves(digest: Uint8Array): Uint8Array | undefined {
		const read = readable(() => this.#log.readLeaves(digest));
		return read ?? readable(() => this.#made.leaves(digest));
	}

	sums(digest: Uint8Array): Uint8Array | undefined {
		const read = readable(() => this.#log.readSums(digest));
		return read ?? readable(() => this.#made.sums(digest));
	}

	keep(size: number, file: HashedFile): void {
		this.#made.keep(size, file);
	}

	/** Only what the list has is worth keeping. */
	forgetAbsent(list: List): void {
		this.#made.forgetAbsent(list);
	}

	close(): void {
		this.maker.close();
		this.#made.close();
	}
}

/** What stands on a bad sector is not there. */
function readable(read: () => Uint8Array | undefined): Uint8Array | undefined {
	try {
		return read();
	} catch (error) {
		if (error instanceof ShoalError) return undefined;
		throw error;
	}
}
