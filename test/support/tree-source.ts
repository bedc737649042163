/** A directory as a source without a network: its list, and its contents in blocks of any order. */
import {readFileSync} from 'node:fs';
import {setTimeout as nextTurn} from 'node:timers/promises';
import {compression} from '../../native-free/compression.ts';
import {sha256} from '../../native-free/digest.ts';
import {saltSize} from '../../src/delta/shape.ts';
import {leafSize} from '../../src/limit.ts';
import type {Pool} from '../../src/pool/pool.ts';
import {scanTree} from '../../src/pool/scan-tree.ts';
import type {Update} from '../../src/receiver/update.ts';
import {entryType} from '../../src/snapshot/entry.ts';
import {List} from '../../src/snapshot/list.ts';
import {ListBuilder} from '../../src/snapshot/list-builder.ts';
import {contentDigest, leafHashes, makeLeaves} from '../../src/snapshot/merkle.ts';
import {TableEntry} from '../../src/source/table-entry.ts';
import {makePatch} from '../../src/task/patch.ts';
import type {FetchRequest} from '../../src/transfer/request.ts';
import {formOfKind, isSizes} from '../../src/wire/compressed.ts';
import {objectKind} from '../../src/wire/frame.ts';
import {unpackStretches} from '../../src/wire/patch.ts';
import {type CompressedObjects, compressedObjects, trimmed} from './compressed.ts';
import type {Prng} from './prng.ts';
import {makeSums} from './run-delta.ts';

const noNames = {
	user: () => undefined,
	group: () => undefined,
	uid: () => undefined,
	gid: () => undefined,
};

export class TreeSource {
	readonly list: List;
	/** What it says of a file's blocks. */
	sumsOf: (content: Uint8Array) => Uint8Array = content => makeSums(content, salt);
	/** What it says of a file's compressed leaves. */
	compressedOf: (content: Uint8Array, form: number) => CompressedObjects = compressedObjects;
	/** What it says of what is lacked of a leaf. */
	patchOf: (leaf: Uint8Array, lacked: Uint8Array) => Uint8Array = patchOf;
	readonly #sums = new WeakMap<Uint8Array, Uint8Array>();
	/** By place in the list. */
	readonly #contents: Map<string, Uint8Array>;

	private constructor(list: List, contents: Map<string, Uint8Array>) {
		this.list = list;
		this.#contents = contents;
	}

	/** `exclude`: names left out at the top; `unread`: paths that could not be read, or listed. */
	static async of(
		pool: Pool,
		directory: string,
		{exclude = ['.shoal'], unread = []}: {exclude?: string[]; unread?: string[]} = {},
	): Promise<TreeSource> {
		const names = exclude.map(name => Buffer.from(name));
		const table = await scanTree(pool, directory, {exclude: names});
		const {columns, count} = table;
		const columnsOf = {
			digests: new Uint8Array(count * 32),
			known: new Uint8Array(count),
			firstOf: new Uint32Array(count),
			names: new Uint32Array(count).fill(1),
		};
		const firsts = new Map<bigint, number>();
		const octets: Uint8Array[] = [];
		for (let index = 0; index < count; index++) {
			const isUnread = unread.includes(Buffer.from(table.path(index)).toString());
			if (columns.type[index] === entryType.directory) {
				if (isUnread) columns.unread[index] = 1;
				continue;
			}
			if (isUnread) continue;
			const first = firsts.get(columns.ino[index]!);
			if (first !== undefined) {
				columnsOf.firstOf[index] = first + 1;
				columnsOf.names[first]!++;
				continue;
			}
			firsts.set(columns.ino[index]!, index);
			if (columns.type[index] !== entryType.file) continue;
			const path = Buffer.concat([Buffer.from(`${directory}/`), table.path(index)]);
			octets[index] = new Uint8Array(readFileSync(path));
			columnsOf.digests.set(contentDigest(sha256, octets[index]!), index * 32);
			columnsOf.known[index] = 1;
		}
		const builder = new ListBuilder(sha256);
		const entry = new TableEntry(table, columnsOf, noNames);
		for (; entry.index < count; entry.index++) builder.add(entry);
		const list = List.open(builder.finish(), sha256);
		if ('problem' in list) throw new Error(list.problem);
		const contents = new Map<string, Uint8Array>();
		const cursor = list.cursor();
		for (let index = 0; cursor.next(); index++) {
			if (octets[index] !== undefined)
				contents.set(`${cursor.page}/${cursor.position}`, octets[index]!);
		}
		return new TreeSource(list, contents);
	}

	#sumsOf(content: Uint8Array): Uint8Array {
		const sums = this.#sums.get(content) ?? this.sumsOf(content);
		this.#sums.set(content, sums);
		return sums;
	}

	/** Octets of object `object` of a request, in whole. */
	object(request: FetchRequest, object: number): Uint8Array {
		const content = this.#contents.get(`${request.page}/${request.position + object}`);
		if (content === undefined) return new Uint8Array(0);
		if (request.kind === objectKind.content) return content;
		if (request.kind === objectKind.sums) return this.#sumsOf(content);
		if (request.part !== undefined) {
			const {leaf, lacked} = request.part;
			return this.patchOf(content.subarray(leaf * leafSize, (leaf + 1) * leafSize), lacked);
		}
		const form = formOfKind(request.kind);
		if (form > 0) {
			const {sizes, leaves} = this.compressedOf(content, form);
			return isSizes(request.kind) ? sizes : request.count > 1 ? trimmed(sizes, leaves) : leaves;
		}
		return makeLeaves(sha256, leafHashes(sha256, content));
	}
}

export type FeedOptions = {
	readonly prng: Prng;
	/** Requests that are answered at once, mixed. */
	readonly window?: number;
	/** Probabilities, per block: it comes twice, or with a wrong octet. */
	readonly repeats?: number;
	readonly spoils?: number;
	/** Probability of a wrong octet by request, instead. */
	readonly spoilOf?: (request: FetchRequest) => number;
	/** A refuse code for an object. */
	readonly refuses?: (request: FetchRequest, object: number) => number | undefined;
	/** Among how many blocks the next one is drawn. */
	readonly reach?: number;
	/** Stops in the middle after so many blocks. */
	readonly blocksMax?: number;
	readonly blockSize?: number;
	/** True: the update has failed. */
	readonly isOver?: () => boolean;
	/** Rung by the update: where nothing is under way, only then it is looked at again. */
	readonly bell: Bell;
};

/** What an update wakes its engine by, and may have while nobody listened. */
export class Bell {
	#isRung = false;
	#heard: (() => void) | undefined;

	readonly ring = (): void => {
		this.#isRung = true;
		this.#heard?.();
	};

	async wait(): Promise<void> {
		if (!this.#isRung) {
			await new Promise<void>(resolve => {
				this.#heard = resolve;
			});
		}
		this.#isRung = false;
	}
}

export type Fed = {
	readonly requests: number;
	readonly blocks: number;
	/** Of all kinds, of contents, and of compressed leaves and patches. */
	readonly octets: number;
	readonly contents: number;
	readonly compressed: number;
};

const salt = new Uint8Array(saltSize).fill(7);

export type Block = {request: FetchRequest; object: number; offset: number; data: Uint8Array};

/** Answers an update's requests until it is settled or fails. */
export async function feed(source: TreeSource, update: Update, options: FeedOptions): Promise<Fed> {
	const {prng, window = 16, repeats = 0, spoils = 0, refuses} = options;
	const {blocksMax = Infinity, reach = Infinity} = options;
	const counts = {requests: 0, blocks: 0, octets: 0, contents: 0, compressed: 0};
	const blocks: Block[] = [];
	const left = new Map<FetchRequest, number>();
	const isOver = (): boolean => options.isOver?.() === true || counts.blocks >= blocksMax;
	while (!update.settled && !isOver()) {
		while (left.size < window) {
			const request = update.nextRequest();
			if (request === undefined) break;
			counts.requests++;
			const cut = cutRequest(source, request, options.blockSize ?? 1100);
			const sent = cut.filter(block => {
				const code = refuses?.(request, block.object);
				if (code !== undefined) update.refused(request, block.object, code);
				return code === undefined;
			});
			left.set(request, sent.length);
			if (sent.length === 0) update.done(request);
			if (sent.length === 0) left.delete(request);
			blocks.push(...sent);
		}
		for (let turn = 0; turn < 64 && blocks.length > 0; turn++) {
			const [block] = blocks.splice(prng.below(Math.min(reach, blocks.length)), 1) as [Block];
			const data = block.data.slice();
			if (prng.chance(options.spoilOf?.(block.request) ?? spoils))
				data[prng.below(data.length)]! ^= 1;
			const times = prng.chance(repeats) ? 2 : 1;
			for (let time = 0; time < times; time++) {
				update.block(block.request, block.object, block.offset, data);
			}
			data.fill(0xee);
			counts.blocks++;
			counts.octets += data.length;
			const {kind} = block.request;
			if (kind === objectKind.content) counts.contents += data.length;
			const isPacked = formOfKind(kind) > 0 && !isSizes(kind);
			if (isPacked) counts.compressed += data.length;
			const rest = left.get(block.request)! - 1;
			left.set(block.request, rest);
			if (rest > 0) continue;
			left.delete(block.request);
			update.done(block.request);
		}
		if (blocks.length === 0 && !update.settled && !isOver()) await options.bell.wait();
		else await nextTurn();
	}
	return counts;
}

/** The blocks of a request, as datagrams would carry them. */
export function cutRequest(source: TreeSource, request: FetchRequest, blockSize: number): Block[] {
	const blocks: Block[] = [];
	for (let object = 0; object < request.count; object++) {
		const most = request.count === 1 ? request.length : (request.sizes?.[object] ?? 0);
		if (most === 0) continue;
		const octets = source.object(request, object);
		// A patch ends where it ends.
		const size = request.part === undefined ? most : octets.length;
		const from = request.offset;
		for (let at = 0; at < size; at += blockSize) {
			const end = Math.min(size, at + blockSize);
			const data = octets.subarray(from + at, from + end);
			if (data.length !== end - at) throw new Error('a request beyond its object');
			blocks.push({request, object, offset: from + at, data});
		}
	}
	return blocks;
}

function patchOf(leaf: Uint8Array, lacked: Uint8Array): Uint8Array {
	return makePatch(compression, leaf, unpackStretches(lacked, leaf.length)!);
}
