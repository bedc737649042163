/**
 * Proves the pages of a list one by one while its octets come: a list begins with its top node, so
 * each node stands behind the one that has its hash. Nodes are taken in order; behind them a page
 * shows as soon as it is whole, whatever is missing before it. What pages say of each other is not
 * looked at: whether the list is valid, `List.open` says once it is whole.
 */
import type {Sha256} from '../platform/crypto.ts';
import {RangeSet} from '../transfer/range-set.ts';
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
	readonly #have = new RangeSet();
	/** Level of the nodes that come next, the nodes themselves, and how many of them have come. */
	#level = 0;
	#nodes: NodeTable | undefined;
	#count = 0;
	/** What those say of the level below. */
	#below = new NodeTable();
	/** Octets of nodes that are done with. */
	#offset = 0;
	/** Once all nodes are here: where each page begins, and the end of the last; which have shown. */
	#starts: Float64Array | undefined;
	#shown = new Uint8Array(0);
	#failed = false;

	constructor(options: ProvenPagesOptions) {
		this.#options = options;
	}

	/**
	 * Octets `[from, to)` of the list are in it now: shows the pages, as views, that are whole by
	 * them. After something that is wrong none shows any more.
	 */
	arrived(list: Uint8Array, from: number, to: number, show: (page: ProvenPage) => void): void {
		this.#have.add(from, to);
		if (this.#starts !== undefined) {
			this.#show(list, from, to, show);
			return;
		}
		this.#takeNodes(list, this.#have.nextGap(0));
		if (this.#starts !== undefined) this.#show(list, this.#offset, list.length, show);
	}

	/** Pages of which something is in `[from, to)`. */
	#show(list: Uint8Array, from: number, to: number, show: (page: ProvenPage) => void): void {
		const starts = this.#starts!;
		for (let page = pageAt(starts, from); !this.#failed; page++) {
			const start = starts[page]!;
			const end = starts[page + 1];
			if (end === undefined || start >= to) return;
			if (this.#shown[page] !== 0 || this.#have.missing(start, end) > 0) continue;
			const bytes = list.subarray(start, end);
			this.#shown[page] = 1;
			this.#failed = !this.#isProven(pagePrefix, bytes, page);
			if (!this.#failed) show({page, bytes});
		}
	}

	/** What the first `size` octets of the list have of its nodes. */
	#takeNodes(list: Uint8Array, size: number): void {
		if (this.#nodes === undefined) this.#takeTop(list, size);
		while (!this.#failed && this.#nodes !== undefined && this.#level > 0) {
			if (this.#count === this.#nodes.count) {
				this.#descend();
				continue;
			}
			const start = this.#offset;
			const end = start + this.#nodes.sizes[this.#count]!;
			if (end > size) return;
			this.#failed = !this.#isProven(nodePrefix, list.subarray(start, end), this.#count);
			this.#offset = end;
			this.#count++;
			this.#read(list, start, end);
		}
		if (this.#nodes !== undefined && !this.#failed) this.#placePages(this.#nodes);
	}

	#isProven(prefix: Uint8Array, bytes: Uint8Array, index: number): boolean {
		return equalOctets(this.#options.sha256(prefix, bytes), this.#nodes!.hash(index));
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

	/** Pages follow the last node, one behind the other. */
	#placePages({count, sizes}: NodeTable): void {
		const starts = new Float64Array(count + 1);
		starts[0] = this.#offset;
		for (let page = 0; page < count; page++) starts[page + 1] = starts[page]! + sizes[page]!;
		this.#starts = starts;
		this.#shown = new Uint8Array(count);
	}
}

/** The page that has an octet, or the first. */
function pageAt(starts: Float64Array, offset: number): number {
	let low = 0;
	let high = starts.length - 1;
	while (low < high) {
		const middle = (low + high + 1) >>> 1;
		if (starts[middle]! <= offset) low = middle;
		else high = middle - 1;
	}
	return low;
}
