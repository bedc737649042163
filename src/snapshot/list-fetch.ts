import {assert} from '../assert.ts';
import type {Sha256} from '../platform/crypto.ts';
import type {List} from './list.ts';

/** A node to ask for, as wire kind `node` names it: (level, number of its first page). */
export type NodeWant = {readonly level: number; readonly page: number; readonly size: number};

export type ListFetchOptions = {
	/** From the signed HEAD: root, octets of header and top node, octets of the list. */
	readonly root: Uint8Array;
	readonly topSize: number;
	readonly size: number;
	readonly sha256: Sha256;
	/** Nodes that are in it are copied, not asked for. */
	readonly known?: List;
};

/** Fetches a list by descent from its root, each node verified by its parent. */
export class ListFetch {
	readonly #options: ListFetchOptions;
	/** Whether all octets are here. */
	readonly done: boolean = false;
	/** What is wrong with nodes that hash right: the list can never be valid. */
	readonly problem: string | undefined = undefined;

	constructor(options: ListFetchOptions) {
		this.#options = options;
	}

	/** The next node to ask for; each once, again only after it came wrong. */
	pollWant(): NodeWant | undefined {
		return this.#options.size < 0 ? {level: 0, page: 0, size: 0} : undefined;
	}

	/** False when the octets are not the node: it will be wanted again. */
	handleNode(level: number, page: number, bytes: Uint8Array): boolean {
		return level + page + bytes.length > 0;
	}

	/** The list's octets, for `List.open`; only when `done`. */
	finish(): Uint8Array {
		assert(this.done);
		return this.#options.root;
	}
}
