/**
 * Fetches a list, or a slice of one, by descent from its root: each node is verified by the hash
 * in the node above, in any order, and what an older list holds already is copied. It checks what
 * it must to stay within the announced size; whether what came is valid, `List.open` says.
 */
import {assert} from '../assert.ts';
import {concatenate} from '../concatenate.ts';
import type {Sha256} from '../platform/crypto.ts';
import {EntryReader} from './entry-reader.ts';
import {decodeHeader, headerSize} from './header.ts';
import {type List, topLevel} from './list.ts';
import {NodeTable, nodePrefix, pagePrefix, readNode, rootPrefix} from './node-table.ts';
import {comparePaths, equalOctets, isWithin} from './path.ts';
import {Slice} from './slice.ts';

/** A node to ask for, as a want of kind `node` names it: its level and its first page. */
export type NodeWant = {readonly level: number; readonly page: number; readonly size: number};

export type ListFetchOptions = {
	/** From the signed HEAD: root, octets of header and top node, octets of the list. */
	readonly root: Uint8Array;
	readonly topSize: number;
	readonly size: number;
	readonly sha256: Sha256;
	/** Nodes that are in it are copied, not asked for. */
	readonly known?: List | undefined;
	/** Only this path, what is below it, and what these need; not empty. */
	readonly path?: Uint8Array | undefined;
};

type Node = NodeWant & {
	readonly hash: Uint8Array;
	readonly entryCount: number;
	readonly pageCount: number;
	/** Paths in it are from `first` on, and before `bound` if there is one. */
	readonly first: Uint8Array;
	readonly bound: Uint8Array | undefined;
};

export class ListFetch {
	readonly #options: ListFetchOptions;
	readonly #known = new Map<string, Uint8Array>();
	readonly #wanted: Node[] = [];
	/** Asked for and not here, by level and page. */
	readonly #asked = new Map<string, Node>();
	/** What is here, by level: octets by first page. Level `topLevel` is the top with header. */
	readonly #nodes = new Map<number, Map<number, Uint8Array>>();
	/** Octets of all nodes that are known to exist. */
	#foundSize: number;
	#levels = 0;
	#problem: string | undefined;
	readonly #top: Node;
	#slice: Slice | undefined;
	/** The pages of the slice have told which entries outside it they need. */
	#isExtended: boolean;

	constructor(options: ListFetchOptions) {
		const {root, topSize, size, known, path} = options;
		this.#options = options;
		this.#foundSize = topSize;
		known?.eachNode((hash, level, index) => {
			this.#known.set(keyOf(hash), known.nodeAt(level, index));
		});
		if (topSize <= headerSize || topSize > size) this.#problem = 'its sizes are impossible';
		const counts = {entryCount: 0, pageCount: 0};
		const [first, bound] = [new Uint8Array(0), undefined];
		this.#top = {level: topLevel, page: 0, size: topSize, hash: root, ...counts, first, bound};
		this.#wanted.push(this.#top);
		this.#slice = path === undefined ? undefined : new Slice(path);
		this.#isExtended = path === undefined;
	}

	/** What `finish` answers the nodes of; undefined: the whole list. Only when `done`. */
	get slice(): Slice | undefined {
		return this.#slice;
	}

	/** What is wrong with nodes that hash right: the list can never be valid. */
	get problem(): string | undefined {
		return this.#problem;
	}

	/** Whether all octets are here. */
	get done(): boolean {
		return this.#isHere();
	}

	/** The next node to ask for; each once, again only after it came wrong or was given up. */
	pollWant(): NodeWant | undefined {
		if (this.#problem !== undefined) return undefined;
		const node = this.#wanted.pop();
		if (node === undefined) return undefined;
		this.#asked.set(nameOf(node.level, node.page), node);
		return {level: node.level, page: node.page, size: node.size};
	}

	/** The node will not come from where it was asked for: it is wanted again. */
	giveUp(level: number, page: number): void {
		const node = this.#takeAsked(level, page);
		if (node !== undefined) this.#wanted.push(node);
	}

	/** False when the octets are not the node: it is wanted again. Keeps no view of `bytes`. */
	handleNode(level: number, page: number, bytes: Uint8Array): boolean {
		const node = this.#takeAsked(level, page);
		if (node === undefined) return true;
		if (bytes.length !== node.size || !equalOctets(this.#hash(level, bytes), node.hash)) {
			this.#wanted.push(node);
			return false;
		}
		this.#accept(node, bytes.slice());
		return true;
	}

	/** The octets, for `List.open`; only when `done`. */
	finish(): Uint8Array {
		assert(this.done, 'all nodes are here');
		const parts = [...this.#level(topLevel)];
		for (let level = this.#levels - 1; level >= 0; level--) parts.push(...this.#level(level));
		return concatenate(parts);
	}

	#takeAsked(level: number, page: number): Node | undefined {
		const name = nameOf(level, page);
		const node = this.#asked.get(name);
		this.#asked.delete(name);
		return node;
	}

	#hash(level: number, bytes: Uint8Array): Uint8Array {
		const prefix = level === topLevel ? rootPrefix : level === 0 ? pagePrefix : nodePrefix;
		return this.#options.sha256(prefix, bytes);
	}

	#accept(node: Node, bytes: Uint8Array): void {
		this.#descend(node, bytes);
		if (this.#isHere() && !this.#isExtended) this.#extend();
		if (this.#slice !== undefined || !this.#isHere()) return;
		if (this.#foundSize !== this.#options.size) this.#problem ??= 'its size is not as announced';
	}

	#isHere(): boolean {
		return this.#wanted.length === 0 && this.#asked.size === 0 && this.#problem === undefined;
	}

	/** Takes a verified node, and those below it that are known; the others are wanted. */
	#descend(first: Node, octets: Uint8Array): void {
		const accepted: [Node, Uint8Array][] = [[first, octets]];
		for (let next = accepted.pop(); next !== undefined; next = accepted.pop()) {
			const [node, bytes] = next;
			const nodes = this.#nodes.get(node.level) ?? new Map<number, Uint8Array>();
			const isNew = !nodes.has(node.page);
			this.#nodes.set(node.level, nodes.set(node.page, bytes));
			for (const child of node.level === 0 ? [] : this.#children(node, bytes, isNew)) {
				if (this.#slice?.covers(child.first, child.bound) === false) continue;
				const here = this.#nodes.get(child.level)?.get(child.page);
				const known = here ?? this.#known.get(keyOf(child.hash));
				if (known === undefined || known.length !== child.size) this.#wanted.push(child);
				else accepted.push([child, known]);
			}
		}
	}

	/** All is here but the first names of hard links of which the slice has only further ones. */
	#extend(): void {
		this.#isExtended = true;
		const {path} = this.#slice!;
		const outside = firstNamesOutside(path, this.#level(0), this.#options.sha256);
		if (outside.length === 0) return;
		this.#slice = new Slice(path, outside);
		this.#descend(this.#top, this.#nodes.get(topLevel)!.get(0)!);
	}

	/** What is below a node; `isNew` when its children were not counted before. */
	#children(node: Node, bytes: Uint8Array, isNew: boolean): Node[] {
		const isTop = node.level === topLevel;
		const header = isTop ? decodeHeader(bytes) : undefined;
		if (isTop && header?.topNodeSize !== bytes.length - headerSize) {
			return this.#fail('it does not begin as a list of this version');
		}
		if (header !== undefined) this.#levels = header.levels;
		const level = header?.levels ?? node.level;
		const {entryCount, pageCount} = header ?? node;
		const table = new NodeTable();
		const read = readNode(bytes, isTop ? headerSize : 0, bytes.length, level, table);
		if (read === undefined || read.entryCount !== entryCount || read.pageCount !== pageCount) {
			return this.#fail(`an index node of level ${level} is wrong`);
		}
		const children: Node[] = [];
		let page = node.page;
		for (let index = 0; index < table.count; index++) {
			children.push({
				level: level - 1,
				page,
				size: table.sizes[index]!,
				hash: table.hash(index),
				entryCount: table.entryCounts[index]!,
				pageCount: table.pageCounts[index]!,
				first: table.key(index),
				bound: index + 1 < table.count ? table.key(index + 1) : node.bound,
			});
			page += table.pageCounts[index]!;
			if (isNew) this.#foundSize += table.sizes[index]!;
		}
		if (this.#foundSize > this.#options.size) return this.#fail('it is larger than announced');
		return children.reverse();
	}

	#fail(problem: string): Node[] {
		this.#problem ??= problem;
		return [];
	}

	#level(level: number): Uint8Array[] {
		const nodes = [...(this.#nodes.get(level) ?? [])];
		return nodes.sort(([a], [b]) => a - b).map(([, bytes]) => bytes);
	}
}

/**
 * First names, outside `path`, of hard links that have further names at `path` or below it, in
 * order, each once. Pages that are malformed tell nothing: the list will be refused.
 */
function firstNamesOutside(
	path: Uint8Array,
	pages: readonly Uint8Array[],
	sha256: Sha256,
): Uint8Array[] {
	const reader = new EntryReader(sha256());
	const names = new Map<string, Uint8Array>();
	for (const page of pages) {
		reader.open(page, 0, page.length);
		while (reader.next()) {
			const {link} = reader;
			if (link.length === 0 || !isWithin(reader.path, path) || isWithin(link, path)) continue;
			names.set(keyOf(link), link.slice());
		}
	}
	return [...names.values()].sort(comparePaths);
}

function nameOf(level: number, page: number): string {
	return `${level}:${page}`;
}

function keyOf(hash: Uint8Array): string {
	return String.fromCharCode(...hash);
}
