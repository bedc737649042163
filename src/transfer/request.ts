/** What a receiver asks of its fetcher, and what it is told. Objects: wire/README.md §6. */
import type {Micros} from '../unit.ts';
import type {ObjectKind} from '../wire/frame.ts';
import type {LeafPart} from '../wire/patch.ts';

/**
 * A line of octets to fetch. `count` = 1: the range [offset, offset + length) of one object.
 * `count` > 1: the whole objects of entries position … position + count − 1 of a page, one after
 * another; then `offset` is 0, `sizes` has the octets of each (0 where there is none) and `length`
 * is their sum. The fetcher hands it back as it is and changes nothing in it. With `part`: a patch,
 * of which `length` is the most that it may have; what comes may end before.
 */
export type FetchRequest = {
	readonly snapshot: number;
	readonly kind: ObjectKind;
	readonly page: number;
	readonly position: number;
	readonly count: number;
	readonly offset: number;
	readonly length: number;
	readonly sizes?: Float64Array;
	readonly part?: LeafPart;
	readonly sized?: Sized;
};

/** Of compressed leaves: the request that told their sizes, and the contents they stand for. */
export type Sized = {readonly by: FetchRequest; readonly content: FetchRequest};

export type FetchHandler = {
	/**
	 * Octets that are new, as they arrive, in any order; each is handed over once. `object` counts
	 * from the request's first, `offset` is within the object, `data` is a view valid in the call.
	 */
	block(request: FetchRequest, object: number, offset: number, data: Uint8Array, now: Micros): void;
	/** The object will not come: a `refuseCode` of wire/frame.ts. It stands for all its octets. */
	refused(request: FetchRequest, object: number, code: number): void;
	/** Every octet arrived or was refused: the last call for this request. */
	done(request: FetchRequest): void;
	/** The source has a newer snapshot, number `snapshot` in requests. The octets are views. */
	head(snapshot: number, statement: Uint8Array, diffs: readonly HeadDiff[]): void;
	/** The session ended: what is outstanding does not come. */
	closed(code: number, text: string): void;
};

/** A diff that a head names: the sequence of the snapshot that it starts from, size, SHA-256. */
export type HeadDiff = {
	readonly sequence: number;
	readonly size: number;
	readonly digest: Uint8Array;
};

/** Running counts of one fetcher. */
export type FetchStatistics = {
	/** Data packets, and octets of blocks in them. */
	packetsIn: number;
	bytesIn: number;
	/** Octets handed to the handler, and octets that came again. */
	bytesNew: number;
	bytesDuplicate: number;
	/** Octets of blocks for wants that are long over, dropped. */
	bytesStray: number;
	feedbacksOut: number;
	wantsOut: number;
	/** Ranges declared lost, their octets, and octets of them that arrived after all. */
	rangesLost: number;
	/** Stretches declared lost that have not come since. */
	rangesMissing: number;
	bytesLost: number;
	bytesLate: number;
	/** Blocks of which nothing was new. */
	rangesDuplicate: number;
	/** Times that the source was silent for longer than expected. */
	silences: number;
};
