/**
 * One request as a line of octets: what has arrived, what is thought lost, and how a stretch of it
 * is cut into wants. Positions count from the start of the line.
 */
import {wantEntriesMax} from '../limit.ts';
import {RangeSet} from './range-set.ts';
import type {FetchRequest} from './request.ts';

/** A stretch of a line as one want names it. */
export type Piece = {
	/** The first object, counted from the request's; how many; where in a single one. */
	object: number;
	count: number;
	offset: number;
	length: number;
};

export class Line {
	readonly request: FetchRequest;
	/** What has arrived or was refused. */
	readonly arrived = new RangeSet();
	/** What was declared lost and has not arrived since. */
	readonly lost = new RangeSet();
	/** Everything before it has been asked for once. */
	askedTo = 0;
	cancelled = false;
	/** Start of each object and the end of the last; undefined for a single object. */
	readonly #starts: Float64Array | undefined;

	constructor(request: FetchRequest) {
		this.request = request;
		if (request.count > 1) this.#starts = startsOf(request);
	}

	/** Octets that have neither arrived nor been refused. */
	get missing(): number {
		return this.request.length - this.arrived.total;
	}

	/** The object at `position`; empty objects have no position. */
	objectAt(position: number): number {
		const starts = this.#starts;
		if (starts === undefined) return 0;
		let low = 0;
		let high = starts.length - 2;
		while (low < high) {
			const middle = (low + high + 1) >> 1;
			if (starts[middle]! <= position) low = middle;
			else high = middle - 1;
		}
		return low;
	}

	/** Where the object's octets stand in the line. */
	startOf(object: number): number {
		return this.#starts === undefined ? 0 : this.#starts[object]!;
	}

	endOf(object: number): number {
		return this.#starts === undefined ? this.request.length : this.#starts[object + 1]!;
	}

	/** Offset within its object of what stands at `position`. */
	offsetAt(position: number, object: number): number {
		return this.#starts === undefined
			? this.request.offset + position
			: position - this.#starts[object]!;
	}

	/**
	 * The longest want that starts at `from` and ends at or before `to`, about `sizeMax` octets:
	 * a run of whole objects, or a range of one.
	 */
	cut(from: number, to: number, sizeMax: number, into: Piece): void {
		const object = this.objectAt(from);
		const end = this.endOf(object);
		into.object = object;
		into.count = 1;
		into.offset = this.offsetAt(from, object);
		// Of a patch most of the line never comes: its end is told once.
		const most = this.request.part === undefined ? sizeMax : Infinity;
		into.length = Math.min(to, end, from + most) - from;
		if (this.#starts === undefined || from > this.startOf(object)) return;
		let last = object;
		while (last + 1 < this.request.count && last + 1 - object < wantEntriesMax) {
			const nextEnd = this.endOf(last + 1);
			if (nextEnd > to || nextEnd - from > sizeMax) break;
			last++;
		}
		if (last === object) return;
		into.count = last + 1 - object;
		into.offset = 0;
		into.length = this.endOf(last) - from;
	}
}

function startsOf({count, sizes}: FetchRequest): Float64Array {
	const starts = new Float64Array(count + 1);
	let at = 0;
	for (let object = 0; object < count; object++) {
		starts[object] = at;
		at += sizes?.[object] ?? 0;
	}
	starts[count] = at;
	return starts;
}
