/**
 * Gets the list of a head in the cheapest way there is: what came with the answer, the diffs from a
 * list that is here, the pages that this list lacks, or the whole list at once; of a large list of
 * which a path is wanted, the slice that has it. Whatever the way, the octets must have the root
 * that was signed.
 */
import {ShoalError} from '../error.ts';
import type {Sha256} from '../platform/crypto.ts';
import type {Head} from '../session/statement.ts';
import {same} from '../session/statement.ts';
import {applyDiff} from '../snapshot/diff.ts';
import {List} from '../snapshot/list.ts';
import {ListFetch, type NodeWant} from '../snapshot/list-fetch.ts';
import {type ProvenPage, ProvenPages} from '../snapshot/proven-pages.ts';
import type {Slice} from '../snapshot/slice.ts';
import {RangeSet} from '../transfer/range-set.ts';
import type {FetchRequest, HeadDiff} from '../transfer/request.ts';
import {objectKind} from '../wire/frame.ts';
import type {Early} from './connection.ts';
import type {KnownList} from './supply.ts';

/** Fetches one range of an object of the list, whole; tells of its octets as they come. */
export type FetchObject = (request: FetchRequest, arrived?: ObjectArrived) => Promise<Uint8Array>;

/** `offset` is in the object; `data` is borrowed. */
export type ObjectArrived = (offset: number, data: Uint8Array) => void;

export type ObtainOptions = {
	readonly head: Head;
	/** Number of the head in requests. */
	readonly snapshot: number;
	readonly diffs: readonly HeadDiff[];
	/** The list to start from. */
	readonly known: KnownList | undefined;
	/** What is wanted is at this path and below; empty: all. More may come. */
	readonly path: Uint8Array;
	readonly early: EarlyObjects;
	readonly fetch: FetchObject;
	readonly sha256: Sha256;
	readonly onProgress?: (done: number, total: number) => void;
	/** Shown the pages of a list that is fetched whole, each as soon as it has come. */
	readonly onPage?: ((page: ProvenPage) => void) | undefined;
};

/** Octets that came with the answer or right behind it, by object: 0 the list, 1 … 8 the diffs. */
export class EarlyObjects {
	readonly #objects = new Map<number, {bytes: Uint8Array; have: RangeSet}>();
	readonly #sizes: readonly number[];
	/** Who waits for an object to become whole. */
	readonly #waiting: {readonly object: number; readonly then: (bytes: Uint8Array) => void}[] = [];

	constructor(head: Head, diffs: readonly HeadDiff[]) {
		this.#sizes = [head.size, ...diffs.map(({size}) => size)];
	}

	add(early: Early['early']): void {
		for (const {object, offset, data} of early) {
			const size = this.#sizes[object];
			if (size === undefined || size > earlySizeMax || offset + data.length > size) continue;
			let each = this.#objects.get(object);
			if (each === undefined) {
				each = {bytes: new Uint8Array(size), have: new RangeSet()};
				this.#objects.set(object, each);
			}
			each.bytes.set(data, offset);
			each.have.add(offset, offset + data.length);
		}
		for (const {object, then} of this.#waiting) {
			const bytes = this.whole(object);
			if (bytes !== undefined) then(bytes);
		}
	}

	/** The object, if all of it has come. */
	whole(object: number): Uint8Array | undefined {
		const each = this.#objects.get(object);
		return each?.have.missing(0, each.bytes.length) === 0 ? each.bytes : undefined;
	}

	/**
	 * The object, from whatever gives it first: the rest of the answer, which is a few datagrams
	 * behind its beginning if it comes at all, or `fetched`.
	 */
	orFetched<T>(object: number, fetched: Promise<T>): Promise<T | Uint8Array> {
		const early = new Promise<Uint8Array>(then => this.#waiting.push({object, then}));
		return Promise.race([early, fetched]);
	}
}

/** An answer is at most three times its hello, so a larger object cannot come with it whole. */
const earlySizeMax = 65_536;

/** Octets of a list of which a part is cheaper than the round trips of a descent to it. */
const sliceSizeMin = 131_072;

/** Octets of list that one request asks for: many are in flight at once. */
const requestSize = 65_536;

/** @throws ShoalError SNAPSHOT_INVALID, and what `fetch` throws */
export async function obtainList(options: ObtainOptions): Promise<List> {
	const {head, known, early, path} = options;
	const isHere = known !== undefined && same(known.list.root, head.root);
	if (isHere && known.list.holds(path)) return known.list;
	const found = early.whole(0) ?? (await early.orFetched(0, fetched(options)));
	const list = opened(found instanceof Uint8Array ? {bytes: found} : found, options);
	return list ?? opened(await byNodes(options, undefined), options, true)!;
}

/** Octets of a list, or those of a slice of it. */
type Obtained = {readonly bytes: Uint8Array; readonly slice?: Slice | undefined};

/** Undefined when it is not the list of the head, unless that must be said. */
function opened(
	{bytes, slice}: Obtained,
	{head, sha256}: ObtainOptions,
	last = false,
): List | undefined {
	const list = List.open(bytes, sha256, slice);
	if (list instanceof List && same(list.root, head.root)) return list;
	if (!last) return undefined;
	const why = list instanceof List ? 'its root is not the signed one' : list.problem;
	throw new ShoalError('SNAPSHOT_INVALID', `the source's list is not valid: ${why}`);
}

async function fetched(options: ObtainOptions): Promise<Obtained> {
	const bytes = await byDiffs(options);
	if (bytes !== undefined) return {bytes};
	const {known} = options;
	if (known === undefined && !isSliced(options)) return {bytes: await byRanges(options)};
	return byNodes(options, known?.list);
}

function isSliced({head, path}: ObtainOptions): boolean {
	return path.length > 0 && head.size >= sliceSizeMin;
}

/** Undefined when the diffs do not lead from here to there, or cost more than half the list. */
async function byDiffs(options: ObtainOptions): Promise<Uint8Array | undefined> {
	const {known, diffs, early, sha256, head} = options;
	const steps = known === undefined ? -1 : diffs.findIndex(d => d.sequence === known.sequence);
	// A diff counts all entries of the list that it is from.
	if (known === undefined || known.list.slice !== undefined || steps < 0) return undefined;
	const chain = diffs.slice(0, steps + 1);
	const missing = chain.filter((_, index) => early.whole(index + 1) === undefined);
	if (missing.reduce((sum, {size}) => sum + size, 0) > head.size / 2) return undefined;
	const octets = await Promise.all(
		chain.map(({size}, index) => {
			const here = early.whole(index + 1);
			const object = {kind: objectKind.diff, page: index, position: 0};
			return here ?? early.orFetched(index + 1, fetchWhole(options, object, size));
		}),
	);
	let list = known.list;
	for (let index = steps; index >= 0; index--) {
		const diff = octets[index]!;
		if (!same(sha256(diff), chain[index]!.digest)) return undefined;
		const bytes = applyDiff(list, diff, sha256);
		if (bytes === undefined) return undefined;
		if (index === 0) return bytes;
		const next = List.open(bytes, sha256);
		if (!(next instanceof List)) return undefined;
		list = next;
	}
	return undefined;
}

function byRanges(options: ObtainOptions): Promise<Uint8Array> {
	const {head, sha256, onPage} = options;
	const object = {kind: objectKind.list, page: 0, position: 0};
	if (onPage === undefined) return fetchWhole(options, object, head.size);
	const pages = new ProvenPages({root: head.root, topSize: head.top, sha256});
	return fetchWhole(options, object, head.size, (offset, size, list) =>
		pages.arrived(list, offset, offset + size, onPage),
	);
}

/** By descent from the root: only nodes that `known` lacks travel, each verified as it comes. */
async function byNodes(options: ObtainOptions, known: List | undefined): Promise<Obtained> {
	const {head, sha256} = options;
	const {root, top: topSize, size} = head;
	const path = isSliced(options) ? options.path : undefined;
	const descent = new ListFetch({root, topSize, size, sha256, known, path});
	let wrong = 0;
	const fetchNode = async ({level, page, size: length}: NodeWant): Promise<void> => {
		const object = {kind: objectKind.node, page, position: level};
		const bytes = await fetchWhole(options, object, length);
		if (!descent.handleNode(level, page, bytes)) wrong++;
		if (descent.problem !== undefined || wrong > wrongMax) {
			const why = descent.problem ?? 'its pages do not have the hashes that they should';
			throw new ShoalError('SNAPSHOT_INVALID', `the source's list is not valid: ${why}`);
		}
		await fetchMore();
	};
	const fetchMore = async (): Promise<void> => {
		const fetches: Promise<void>[] = [];
		for (let want = descent.pollWant(); want !== undefined; want = descent.pollWant()) {
			fetches.push(fetchNode(want));
		}
		await Promise.all(fetches);
	};
	await fetchMore();
	return {bytes: descent.finish(), slice: descent.slice};
}

/** Damaged nodes after which the source is not asked again: each was sealed, so it meant it. */
const wrongMax = 8;

async function fetchWhole(
	{fetch, snapshot, onProgress}: ObtainOptions,
	object: Pick<FetchRequest, 'kind' | 'page' | 'position'>,
	size: number,
	arrived?: (offset: number, size: number, bytes: Uint8Array) => void,
): Promise<Uint8Array> {
	const bytes = new Uint8Array(size);
	const take = (at: number, octets: Uint8Array): void => {
		bytes.set(octets, at);
		arrived?.(at, octets.length, bytes);
	};
	const fetches: Promise<void>[] = [];
	let done = 0;
	for (let offset = 0; offset < size; offset += requestSize) {
		const length = Math.min(requestSize, size - offset);
		const request = {...object, snapshot, count: 1, offset, length};
		fetches.push(
			fetch(request, arrived && take).then(octets => {
				if (arrived === undefined) take(offset, octets);
				done += octets.length;
				onProgress?.(done, size);
			}),
		);
	}
	await Promise.all(fetches);
	return bytes;
}
