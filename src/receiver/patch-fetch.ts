/**
 * Patches that travel: what is lacked of leaves of which the rest is here. What comes of one is
 * kept until all of it has come; whether it is right is decided by the hash of the leaf that it
 * completes. How long one is, is known when it has ended: it is asked for as long as it may be.
 */
import {leafSize} from '../limit.ts';
import {leafLength} from '../snapshot/merkle.ts';
import type {ChangeTable} from '../task/change-table.ts';
import {RangeSet} from '../transfer/range-set.ts';
import {objectKind, refuseCode} from '../wire/frame.ts';
import {
	type LeafPart,
	packStretches,
	type Stretches,
	sizeOf,
	unpackStretches,
} from '../wire/patch.ts';
import type {RowRequest} from './request-queue.ts';

export type PatchFetchOptions = {
	readonly table: ChangeTable;
	/** Asks for a patch of at most so many octets, or for octets as they are. */
	readonly ask: (
		row: number,
		kind: 'patch' | 'content',
		offset: number,
		size: number,
		part?: LeafPart,
	) => void;
	/** A patch has come whole, for so many octets; it is the taker's. */
	readonly onPatch: (row: number, part: LeafPart, octets: Uint8Array, size: number) => void;
	/** Octets that will not come to `onPatch`, and octets that wait for others of their patch. */
	readonly onDropped: (octets: number) => void;
	readonly onHeld: (octets: number) => void;
};

/** Octets of incomplete patches that count as not taken; more would close the source's grant. */
const heldMax = 2 << 20;

const none = new Uint8Array(0);

type Piece = {octets: Uint8Array; readonly have: RangeSet};

export class PatchFetch {
	readonly #options: PatchFetchOptions;
	readonly #pieces = new Map<RowRequest, Piece>();
	/** Those that are done and have not come. */
	readonly #refused = new WeakSet<RowRequest>();
	#isRefused = false;
	#held = 0;
	/** Octets of patches that have come, and of the contents that they stand for. */
	octetsIn = 0;
	octetsOut = 0;

	constructor(options: PatchFetchOptions) {
		this.#options = options;
	}

	/** Asks for what is lacked of a leaf, in stretches of it; false: it is to come as it is. */
	want(row: number, leaf: number, stretches: Stretches): boolean {
		if (this.#isRefused) return false;
		const part = {leaf, lacked: packStretches(stretches)};
		this.#options.ask(row, 'patch', 0, 1 + sizeOf(this.#stretches(row, part)), part);
		return true;
	}

	block(request: RowRequest, offset: number, data: Uint8Array): void {
		const {onDropped, onHeld} = this.#options;
		let piece = this.#pieces.get(request);
		if (piece === undefined) {
			piece = {octets: new Uint8Array(data.length), have: new RangeSet()};
			this.#pieces.set(request, piece);
		}
		const end = offset + data.length;
		const added = piece.have.add(offset, end);
		if (added < data.length) onDropped(data.length - added);
		if (added === 0) return;
		piece.octets = withRoom(piece.octets, end, request.length);
		piece.octets.set(data, offset);
		if (this.#held > heldMax) onHeld(added);
		this.#held += added;
	}

	/** Every octet has come or was refused; where there are none at all, it is a wrong one. */
	done(request: RowRequest): void {
		if (this.#refused.has(request)) return;
		const piece = this.#take(request);
		const [row, part] = [request.rows[0]!, request.part!];
		const octets = piece?.octets.subarray(0, piece.have.total) ?? none;
		const size = sizeOf(this.#stretches(row, part));
		this.octetsIn += octets.length;
		this.octetsOut += size;
		this.#options.onPatch(row, part, octets, size);
	}

	/** It will not come; true: what it was to stand for is asked for. */
	refused(request: RowRequest, code: number): boolean {
		this.forget(request);
		this.#refused.add(request);
		if (code === refuseCode.stale || code === refuseCode.unreadable) return false;
		// A source that makes none says so of the first.
		if (code === refuseCode.invalid) this.#isRefused = true;
		const [row, part] = [request.rows[0]!, request.part!];
		const stretches = this.#stretches(row, part);
		for (let at = 0; at < stretches.length; at += 2) {
			const [from, to] = [stretches[at]!, stretches[at + 1]!];
			this.#options.ask(row, 'content', part.leaf * leafSize + from, to - from);
		}
		return true;
	}

	/** Nobody waits for it any more. */
	forget(request: RowRequest): void {
		this.#options.onDropped(this.#take(request)?.have.total ?? 0);
	}

	#stretches(row: number, {leaf, lacked}: LeafPart): readonly number[] {
		return unpackStretches(lacked, leafLength(this.#options.table.columns.size[row]!, leaf))!;
	}

	#take(request: RowRequest): Piece | undefined {
		const piece = this.#pieces.get(request);
		this.#pieces.delete(request);
		this.#held -= piece?.have.total ?? 0;
		return piece;
	}
}

/** Whether a request is of a patch. */
export function isPatch({kind}: RowRequest): boolean {
	return kind === objectKind.patch;
}

/** Patches are mostly much shorter than they may be. */
function withRoom(octets: Uint8Array, end: number, max: number): Uint8Array {
	if (end <= octets.length) return octets;
	const larger = new Uint8Array(Math.min(max, Math.max(end, 2 * octets.length)));
	larger.set(octets);
	return larger;
}
