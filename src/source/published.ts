/**
 * One snapshot as its module offers it: the list, the diffs that lead to it, its signed statement,
 * and for every want how large each of its objects is. All of it is in memory, so that answering
 * costs no disk; only file contents, leaf hashes and sums are read when they are wanted.
 */

import {wantEntriesMax} from '../limit.ts';
import type {Sha256} from '../platform/crypto.ts';
import type {Diff} from '../session/initiator.ts';
import type {Head} from '../session/statement.ts';
import type {List} from '../snapshot/list.ts';
import {objectKindMax} from '../wire/compressed.ts';
import {type ObjectKind, objectKind, refuseCode} from '../wire/frame.ts';
import {type KnownStats, PageTables} from './page-table.ts';

/** What a want asks for, without its number. wire/README.md §5. */
export type Wanted = {
	readonly kind: number;
	readonly page: number;
	readonly position: number;
	readonly count: number;
	readonly offset: number;
	readonly length: number;
};

export class Published {
	readonly list: List;
	readonly tables: PageTables;
	/** Newest first: the k-th leads from the k-th predecessor's predecessor to it. */
	readonly diffs: readonly Uint8Array[];
	/** The diffs as a statement's frame names them. */
	readonly diffNames: readonly Diff[];
	/** Sequence of the k-th predecessor: the snapshot that the k-th diff starts from. */
	readonly predecessors: readonly number[];
	#head: Head;
	#statement: Uint8Array;

	constructor(options: {
		list: List;
		head: Head;
		statement: Uint8Array;
		diffs: readonly Uint8Array[];
		predecessors: readonly number[];
		sha256: Sha256;
		/** Of files that are not as the list says in all. */
		stats?: KnownStats | undefined;
	}) {
		this.list = options.list;
		this.#head = options.head;
		this.#statement = options.statement;
		this.diffs = options.diffs;
		this.predecessors = options.predecessors;
		this.diffNames = options.diffs.map((diff, index) => ({
			sequence: options.predecessors[index]!,
			size: diff.length,
			digest: options.sha256(diff),
		}));
		this.tables = new PageTables(options.list, options.stats);
	}

	get head(): Head {
		return this.#head;
	}

	/** `head`, signed. */
	get statement(): Uint8Array {
		return this.#statement;
	}

	/** The same snapshot under a newer signature. */
	sign({head, statement}: {head: Head; statement: Uint8Array}): void {
		this.#head = head;
		this.#statement = statement;
	}

	/**
	 * Octets of each object of a want, or a refuseCode. The want comes from a peer: whatever it
	 * says, the answer is bounded and nothing is read.
	 */
	resolve(want: Wanted): {sizes: Float64Array} | number {
		if (want.length === 0 || want.count === 0) return refuseCode.invalid;
		if (want.count === 1) {
			const size = this.#sizeOf(want);
			if (size === undefined || want.offset + want.length > size) return refuseCode.invalid;
			return {sizes: Float64Array.of(size)};
		}
		const isPerEntry = want.kind >= objectKind.content && want.kind <= objectKindMax;
		if (!isPerEntry || want.count > wantEntriesMax || want.offset !== 0) {
			return refuseCode.invalid;
		}
		const table = this.tables.get(want.page);
		if (table === undefined || want.position + want.count > table.count) {
			return refuseCode.invalid;
		}
		const sizes = new Float64Array(want.count);
		let total = 0;
		for (let index = 0; index < want.count; index++) {
			sizes[index] = table.objectSize(want.kind as ObjectKind, want.position + index);
			total += sizes[index]!;
		}
		return total === want.length ? {sizes} : refuseCode.invalid;
	}

	/** Octets of an object that is held in memory; undefined for those of files. */
	inMemory(kind: number, page: number, position: number): Uint8Array | undefined {
		if (kind === objectKind.list) return this.list.bytes;
		if (kind === objectKind.node) return this.list.node(position, page);
		return kind === objectKind.diff ? this.diffs[page] : undefined;
	}

	/** Content digest of the entry; empty if it has none. */
	digestOf(page: number, position: number): Uint8Array {
		const cursor = this.list.cursor(page, position);
		return cursor.next() ? cursor.digest : new Uint8Array(0);
	}

	/**
	 * Objects to send along with an answer, by their number in it, as far as there is room: what
	 * leads from the snapshot that the asker has to this one, else the list itself.
	 */
	earlyFor(sequence: number): readonly (Uint8Array | undefined)[] {
		if (sequence === this.head.sequence) return [];
		const steps = this.predecessors.indexOf(sequence);
		if (steps >= 0) return [undefined, ...this.diffs.slice(0, steps + 1)];
		return [this.list.bytes];
	}

	#sizeOf(want: Wanted): number | undefined {
		if (want.kind < objectKind.content) {
			return this.inMemory(want.kind, want.page, want.position)?.length;
		}
		if (want.kind > objectKindMax) return undefined;
		const table = this.tables.get(want.page);
		if (table === undefined || want.position >= table.count) return undefined;
		return table.objectSize(want.kind as ObjectKind, want.position);
	}
}
