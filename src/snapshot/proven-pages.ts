/**
 * Proves the pages of a list one by one while its octets come: a list begins with its top node, so
 * each node stands behind the one that has its hash. What pages say of each other is not looked at:
 * whether the list is valid, `List.open` says once it is whole.
 */
import type {Sha256} from '../platform/crypto.ts';
import {decodeHeader, headerSize} from './header.ts';
import {NodeTable, nodePrefix, pagePrefix, readNode, rootPrefix} from './node-table.ts';
import {equalOctets} from './path.ts';

export type ProvenPagesOptions = {
	/** From the signed HEAD: root, octets of header and top node. */
	readonly root: Uint8Array;
	readonly topSize: number;
	readonly sha256: Sha256;
};

export type ProvenPage = {readonly page: number; readonly bytes: Uint8Array};

export class ProvenPages {
	readonly #options: ProvenPagesOptions;
	/** Level of the nodes that come next, the nodes themselves, and how many of them have come. */
	#level = 0;
	#nodes: NodeTable | undefined;
	#count = 0;
	/** What those say of the level below. */
	#below = new NodeTable();
	/** Octets that are done with. */
	#offset = 0;
	#failed = false;

	constructor(options: ProvenPagesOptions) {
		this.#options = options;
	}

	/**
	 * The next page, when all of it is in the first `size` octets of the list: a view. Undefined: not
	 * yet, no more, or never, because something before it is wrong.
	 */
	next(list: Uint8Array, size: number): ProvenPage | undefined {
		if (this.#nodes === undefined) this.#takeTop(list, size);
		while (!this.#failed && this.#nodes !== undefined) {
			const index = this.#count;
			if (index === this.#nodes.count) {
				if (this.#level === 0) return undefined;
				this.#descend();
				continue;
			}
			const start = this.#offset;
			const end = start + this.#nodes.sizes[index]!;
			if (end > size) return undefined;
			const bytes = list.subarray(start, end);
			const prefix = this.#level === 0 ? pagePrefix : nodePrefix;
			const hash = this.#options.sha256(prefix, bytes);
			this.#failed = !equalOctets(hash, this.#nodes.hash(index));
			this.#offset = end;
			this.#count++;
			if (this.#level > 0) this.#read(list, start, end);
			else if (!this.#failed) return {page: index, bytes};
		}
		return undefined;
	}

	#takeTop(list: Uint8Array, size: number): void {
		const {root, topSize, sha256} = this.#options;
		if (topSize > size || topSize <= headerSize) return;
		const header = decodeHeader(list);
		const hash = sha256(rootPrefix, list.subarray(0, topSize));
		this.#failed = header === undefined || !equalOctets(hash, root);
		this.#level = header?.levels ?? 1;
		this.#nodes = new NodeTable();
		this.#offset = topSize;
		this.#read(list, headerSize, topSize);
	}

	/** The children of a node in `list[start, end)`. */
	#read(list: Uint8Array, start: number, end: number): void {
		const read = readNode(list, start, end, this.#level, this.#below);
		if (read === undefined) this.#failed = true;
	}

	#descend(): void {
		this.#level--;
		this.#nodes = this.#below;
		this.#below = new NodeTable();
		this.#count = 0;
	}
}
