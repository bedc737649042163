/** Fetches slices by their nodes, without a network. */
import {sha256} from '../../native-free/digest.ts';
import {decodeHeader, headerSize} from '../../src/snapshot/header.ts';
import {List, type ListProblem} from '../../src/snapshot/list.ts';
import {ListFetch} from '../../src/snapshot/list-fetch.ts';
import {NodeTable, readNode, rootPrefix} from '../../src/snapshot/node-table.ts';
import type {Prng} from './prng.ts';

/** What a source has of a list, valid or not. */
export type Nodes = {
	readonly root: Uint8Array;
	readonly topSize: number;
	readonly size: number;
	node(level: number, page: number): Uint8Array | undefined;
};

export const nodesOf = (list: List): Nodes => ({
	root: list.root,
	topSize: list.topSize,
	size: list.bytes.length,
	node: (level, page) => list.node(level, page),
});

/** Of a list of one level, whose hashes are right and whose entries may be anything. */
export function nodesOfOctets(bytes: Uint8Array): Nodes {
	const header = decodeHeader(bytes);
	if (header?.levels !== 1) throw new Error('a list of one level');
	const topSize = headerSize + header.topNodeSize;
	const table = new NodeTable();
	readNode(bytes, headerSize, topSize, 1, table);
	const starts = [topSize];
	for (let page = 0; page < table.count; page++) starts.push(starts[page]! + table.sizes[page]!);
	const top = bytes.subarray(0, topSize);
	return {
		root: sha256(rootPrefix, top),
		topSize,
		size: bytes.length,
		node: (level, page) => (level === 0 ? bytes.subarray(starts[page], starts[page + 1]) : top),
	};
}

export type FetchedSlice = {
	readonly list: List | ListProblem;
	/** Octets of the nodes that were asked for. */
	readonly octets: number;
	readonly fetch: ListFetch;
};

/** The slice of `path`, its nodes in an order of the seed's choosing. */
export function fetchSlice(
	source: Nodes,
	path: Uint8Array,
	prng: Prng,
	known?: List,
): FetchedSlice {
	const {root, topSize, size} = source;
	const fetch = new ListFetch({root, topSize, size, sha256, path, known});
	const open: {level: number; page: number; size: number}[] = [];
	for (let octets = 0; ; ) {
		for (let want = fetch.pollWant(); want !== undefined; want = fetch.pollWant()) open.push(want);
		if (open.length === 0) {
			const {problem} = fetch;
			if (problem !== undefined) return {list: {problem}, octets, fetch};
			return {list: List.open(fetch.finish(), sha256, fetch.slice), octets, fetch};
		}
		const [want] = open.splice(prng.below(open.length), 1) as [(typeof open)[0]];
		octets += want.size;
		fetch.handleNode(want.level, want.page, source.node(want.level, want.page)!);
	}
}
