/**
 * Contents that travel compressed. Where contents would be asked for, the sizes of their compressed
 * leaves are asked for first; what these say decides, leaf by leaf: a leaf that has a compressed
 * form is wanted in it, all else as it is. What comes is a whole leaf or nothing: whether it is
 * right is decided by the hash of what it expands to.
 *
 * A leaf of which something is here already is never asked for in such a form, as it would come
 * whole: `PatchFetch` asks for what is lacked.
 */
import {leafSize} from '../limit.ts';
import {leafCount} from '../snapshot/merkle.ts';
import {noRow} from '../task/change-table.ts';
import {RangeSet} from '../transfer/range-set.ts';
import {
	compressedGroupCount,
	compressedGroupSize,
	compressedKind,
	formOfKind,
	sizeAt,
	sizeSize,
	sizesKind,
} from '../wire/compressed.ts';
import {objectKind, refuseCode} from '../wire/frame.ts';
import {isPatch, PatchFetch, type PatchFetchOptions} from './patch-fetch.ts';
import {RowRequest} from './request-queue.ts';
import type {CompressOptions} from './update-types.ts';

export type CompressedFetchOptions = CompressOptions &
	PatchFetchOptions & {
		/** A compressed leaf has come whole; `octets` are the taker's. */
		readonly onLeaf: (row: number, index: number, form: number, octets: Uint8Array) => void;
	};

/** Contents whose sizes are asked for: so much of the path's time is theirs, and no more. */
const pendingMax = 32 << 20;

/** Contents of less are in a datagram or two as they are. */
const lengthMin = 1024;

/** Octets of incomplete leaves that count as not taken; more would close the source's grant. */
const heldMax = 2 << 20;

/** One compressed leaf that is under way. */
type Piece = {
	readonly row: number;
	readonly leaf: number;
	/** Where it begins in its object. */
	readonly start: number;
	readonly size: number;
	readonly have: RangeSet;
	octets: Uint8Array | undefined;
};

type Asked = {
	/** What is wanted in the end. */
	readonly content: RowRequest;
	/** Of each of its objects, for a request of sizes. */
	readonly sizes: Uint8Array;
	/** There is no such form. */
	isRefused: boolean;
};

export class CompressedFetch {
	readonly #options: CompressedFetchOptions;
	#forms: readonly number[];
	readonly #plainRows = new Set<number>();
	/** Contents to be asked for as they are. */
	readonly #plain = new WeakSet<RowRequest>();
	#ready: RowRequest[] = [];
	readonly #sizes = new Map<RowRequest, Asked>();
	/** Requests of compressed leaves: by object, what comes of it. */
	readonly #leaves = new Map<RowRequest, {content: RowRequest; pieces: readonly Piece[][]}>();
	#pending = 0;
	#held = 0;
	readonly #patches: PatchFetch;
	#octetsIn = 0;
	#octetsOut = 0;

	constructor(options: CompressedFetchOptions) {
		this.#options = options;
		this.#forms = options.forms;
		this.#patches = new PatchFetch(options);
	}

	/** Octets of compressed leaves and patches that have come. */
	get octetsIn(): number {
		return this.#octetsIn + this.#patches.octetsIn;
	}

	/** Octets of the contents that they stand for. */
	get octetsOut(): number {
		return this.#octetsOut + this.#patches.octetsOut;
	}

	/** No more contents are to be taken on now. */
	get isFull(): boolean {
		return this.#pending >= pendingMax;
	}

	/** Asks for what is lacked of a leaf, in stretches of it; false: it is to come as it is. */
	wantPatch(row: number, leaf: number, stretches: Float64Array): boolean {
		return !this.#isPlain(row) && this.#patches.want(row, leaf, stretches);
	}

	/** From now on all of this row is asked for as it is; false: it has been already. */
	giveUp(row: number): boolean {
		const {size} = this.#plainRows;
		return this.#plainRows.add(row).size > size;
	}

	/** What can be asked for since sizes have come. */
	next(): RowRequest | undefined {
		return this.#ready.shift();
	}

	/** What to ask for first, when contents are wanted: the request itself if they come plain. */
	instead(request: RowRequest): RowRequest {
		const form = this.#forms[0];
		if (form === undefined || request.kind !== objectKind.content) return request;
		if (request.length < lengthMin || this.#plain.has(request)) return request;
		if (request.count > 1) return this.#sizesOfRun(request, form);
		const row = request.rows[0]!;
		if (row === noRow || this.#isPlain(row)) return request;
		const {offset, length} = request;
		const size = this.#options.table.columns.size[row]!;
		const first = Math.ceil(offset / leafSize);
		const isEnd = offset + length === size;
		const end = isEnd ? leafCount(size) : Math.floor((offset + length) / leafSize);
		if (first >= end) return request;
		const from = first * leafSize;
		const to = Math.min(size, end * leafSize);
		const rest = [this.#cut(request, offset, from), this.#cut(request, to, offset + length)];
		for (const edge of rest) if (edge !== undefined) this.#askPlain(edge);
		for (let at = from; at < to; ) {
			const next = Math.min(to, (Math.floor(at / compressedGroupSize) + 1) * compressedGroupSize);
			this.#ready.push(this.#sizesOfRange(this.#cut(request, at, next)!, form));
			at = next;
		}
		return this.#ready.shift()!;
	}

	/** Octets of a request that `instead` or `next` made; false: it is not of those. */
	block(request: RowRequest, object: number, offset: number, data: Uint8Array): boolean {
		if (isPatch(request)) {
			this.#patches.block(request, offset, data);
			return true;
		}
		const asked = this.#sizes.get(request);
		if (asked !== undefined) {
			const at = request.count > 1 ? sizeSize * object : 0;
			asked.sizes.set(data, at + offset - request.offset);
			this.#options.onDropped(data.length);
			return true;
		}
		const pieces = this.#leaves.get(request)?.pieces[object];
		if (pieces === undefined) return false;
		this.#octetsIn += data.length;
		for (const piece of pieces) this.#fill(piece, request, offset, data);
		return true;
	}

	/** The object will not come; true: it is asked for in another way. */
	refused(request: RowRequest, object: number, code: number): boolean {
		if (isPatch(request)) return this.#patches.refused(request, code);
		const isOurs = this.#sizes.has(request) || this.#leaves.has(request);
		if (!isOurs || code === refuseCode.stale || code === refuseCode.unreadable) return false;
		const form = formOfKind(request.kind);
		const asked = this.#sizes.get(request);
		if (asked === undefined) {
			this.#refuseLeaves(request, object);
		} else if (code === refuseCode.invalid) {
			// A source that has not got the form says so of the first that is wanted in it.
			if (this.#forms[0] === form) this.#forms = this.#forms.slice(1);
			asked.isRefused = true;
		} else {
			this.giveUp(request.rows[object]!);
		}
		return true;
	}

	/** Every octet has come or was refused; false: it is not of ours. */
	done(request: RowRequest): boolean {
		if (isPatch(request)) this.#patches.done(request);
		const asked = this.#sizes.get(request);
		if (asked === undefined) return this.#leaves.delete(request);
		this.#sizes.delete(request);
		this.#pending -= asked.content.length;
		if (asked.isRefused) this.#ready.push(this.instead(asked.content));
		else this.#order(request, asked);
		return true;
	}

	/** Nobody waits for this one any more. */
	forget(request: RowRequest): void {
		if (isPatch(request)) this.#patches.forget(request);
		const asked = this.#sizes.get(request);
		if (asked !== undefined) this.#pending -= asked.content.length;
		this.#sizes.delete(request);
		const leaves = this.#leaves.get(request);
		for (const {octets, have} of leaves?.pieces.flat() ?? []) {
			if (octets === undefined) continue;
			this.#held -= have.total;
			this.#options.onDropped(have.total);
		}
		this.#leaves.delete(request);
	}

	#isPlain(row: number): boolean {
		return this.#plainRows.has(row) || this.#options.skips(this.#options.table.path(row));
	}

	#askPlain(request: RowRequest): void {
		this.#plain.add(request);
		this.#ready.push(request);
	}

	#cut(request: RowRequest, from: number, to: number): RowRequest | undefined {
		return from < to ? new RowRequest({...request, offset: from, length: to - from}) : undefined;
	}

	#sizesOfRun(content: RowRequest, form: number): RowRequest {
		const rows = content.rows.filter(row => row !== noRow);
		if (rows.every(row => this.#isPlain(row))) return content;
		const sizes = content.sizes!.map(size => (size > 0 ? sizeSize : 0));
		return this.#askSizes(content, form, 0, sizeSize * rows.length, sizes);
	}

	/** Addresses of a group begin with its first leaf, so sizes are wanted from there on. */
	#sizesOfRange(content: RowRequest, form: number): RowRequest {
		const first = Math.floor(content.offset / compressedGroupSize) * compressedGroupCount;
		const end = leafCount(content.offset + content.length);
		return this.#askSizes(content, form, sizeSize * first, sizeSize * (end - first));
	}

	#askSizes(
		content: RowRequest,
		form: number,
		offset: number,
		length: number,
		sizes?: Float64Array,
	): RowRequest {
		const kind = sizesKind(form);
		const fields = {...content, kind, offset, length};
		const request = new RowRequest(sizes === undefined ? fields : {...fields, sizes});
		const octets = new Uint8Array(content.count > 1 ? sizeSize * content.count : length);
		this.#sizes.set(request, {content, sizes: octets, isRefused: false});
		this.#pending += content.length;
		return request;
	}

	/** Sizes have come: asks for what they say is compressed, and for the rest as it is. */
	#order(request: RowRequest, {content, sizes}: Asked): void {
		if (content.count > 1) this.#orderRun(content, request, sizes);
		// Given up meanwhile: of sizes that were refused, some may have come.
		else if (this.#plainRows.has(content.rows[0]!)) this.#askPlain(content);
		else this.#orderRange(content, request, sizes);
	}

	#orderRun(content: RowRequest, by: RowRequest, all: Uint8Array): void {
		const {rows, count} = content;
		const sizes = new Float64Array(count);
		const pieces: Piece[][] = [];
		let length = 0;
		for (let object = 0; object < count; object++) {
			const row = rows[object]!;
			const size = row === noRow || this.#plainRows.has(row) ? 0 : sizeAt(all, object);
			const isTaken = size > 0;
			sizes[object] = size;
			length += size;
			pieces.push(isTaken ? [pieceOf(row, 0, 0, size)] : []);
			if (isTaken || row === noRow) continue;
			const plain = {...content, position: content.position + object, count: 1, offset: 0};
			const own = {rows: Uint32Array.of(row), length: content.sizes![object]!};
			this.#askPlain(new RowRequest(single({...plain, ...own})));
		}
		if (length > 0) this.#askLeaves(content, by, {offset: 0, length, sizes}, pieces);
	}

	#orderRange(content: RowRequest, by: RowRequest, sizes: Uint8Array): void {
		const row = content.rows[0]!;
		const group = Math.floor(content.offset / compressedGroupSize);
		const base = group * compressedGroupCount;
		const first = content.offset / leafSize - base;
		const pieces: Piece[] = [];
		let at = group * compressedGroupSize;
		let offset = at;
		let plainFrom = -1;
		const end = sizes.length / sizeSize;
		for (let leaf = 0; leaf <= end; leaf++) {
			const size = leaf < end ? sizeAt(sizes, leaf) : 1;
			if (leaf === first) offset = at;
			if (leaf < first) at += size;
			else if (size === 0 && plainFrom < 0) plainFrom = leaf;
			else if (size > 0 && plainFrom >= 0) {
				const to = Math.min(content.offset + content.length, (base + leaf) * leafSize);
				this.#askPlain(this.#cut(content, (base + plainFrom) * leafSize, to)!);
				plainFrom = -1;
			}
			if (leaf < first || leaf === end || size === 0) continue;
			pieces.push(pieceOf(row, base + leaf, at, size));
			at += size;
		}
		if (at > offset) this.#askLeaves(content, by, {offset, length: at - offset}, [pieces]);
	}

	#askLeaves(
		content: RowRequest,
		by: RowRequest,
		range: {offset: number; length: number; sizes?: Float64Array},
		pieces: readonly Piece[][],
	): void {
		const kind = compressedKind(formOfKind(by.kind));
		const request = new RowRequest({...content, ...range, kind, sized: {by, content}});
		this.#leaves.set(request, {content, pieces});
		this.#ready.push(request);
	}

	#fill(piece: Piece, request: RowRequest, offset: number, data: Uint8Array): void {
		const {row, leaf, start, size, have} = piece;
		const from = Math.max(offset, start);
		const to = Math.min(offset + data.length, start + size);
		if (from >= to) return;
		const {onDropped, onHeld, onLeaf, table} = this.#options;
		const added = have.add(from - start, to - start);
		if (added < to - from) onDropped(to - from - added);
		if (added === 0) return;
		piece.octets ??= new Uint8Array(size);
		piece.octets.set(data.subarray(from - offset, to - offset), from - start);
		if (this.#held > heldMax) onHeld(added);
		this.#held += added;
		if (have.total < size) return;
		this.#held -= size;
		const {octets} = piece;
		piece.octets = undefined;
		this.#octetsOut += Math.min(leafSize, table.columns.size[row]! - leaf * leafSize);
		onLeaf(row, leaf, formOfKind(request.kind), octets);
	}

	/** Leaves that were to come compressed and have not: they come as they are. */
	#refuseLeaves(request: RowRequest, object: number): void {
		const {content, pieces} = this.#leaves.get(request)!;
		for (const {row, leaf, size, have, octets} of pieces[object]!) {
			if (have.total === size) continue;
			if (octets !== undefined) {
				this.#held -= have.total;
				this.#options.onDropped(have.total);
			}
			const offset = leaf * leafSize;
			const length = Math.min(leafSize, this.#options.table.columns.size[row]! - offset);
			const position = content.position + object;
			const fields = {...content, position, count: 1, offset, length, rows: Uint32Array.of(row)};
			this.#askPlain(new RowRequest(single(fields)));
		}
	}
}

function pieceOf(row: number, leaf: number, start: number, size: number): Piece {
	return {row, leaf, start, size, have: new RangeSet(), octets: undefined};
}

/** A request of one object has no list of sizes. */
function single<Fields extends {sizes?: Float64Array}>(fields: Fields): Omit<Fields, 'sizes'> {
	const {sizes: _, ...rest} = fields;
	return rest;
}
