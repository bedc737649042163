/**
 * The source's side of a transfer: it answers wants with blocks, as fast as it is granted and as
 * the receipts prove. It does no work per client beyond reading the ranges that are asked for.
 * wire/README.md §5.
 */
import type {Payload, SessionHandle} from '../session/payload.ts';
import type {Micros} from '../unit.ts';
import type {Writer} from '../wire/codec.ts';
import type {FrameValue, ObjectKind} from '../wire/frame.ts';
import type {HeadDiff} from './request.ts';

export type Want = FrameValue<'want'>;

/** Answers from memory: nothing here may wait for a disk. */
export type SenderSource = {
	/** Sizes of the objects of a want, `want.count` of them, 0 where there is none; or a refuse code. */
	resolve(want: Want): {readonly sizes: ArrayLike<number>} | number;
	/** The receiver asks for the newest statement: answer with `Sender.offerHead`. */
	asked?(module: Uint8Array, sequence: number): void;
};

/** A stretch of one object to read: at most 256 KiB. Given back to `handleRead` as it is. */
export type ReadRequest = {
	readonly snapshot: number;
	readonly kind: ObjectKind;
	readonly page: number;
	/** Of the entry itself, the want's first plus the object's place in it. */
	readonly position: number;
	readonly offset: number;
	readonly length: number;
};

export type SenderOptions = {
	readonly session: SessionHandle;
	readonly source: SenderSource;
	readonly now: Micros;
	/** Octets a second never to be exceeded, as the network counts them. */
	readonly rateMax?: number | undefined;
	/** Octets read or being read and not yet sent; default 1 MiB. */
	readonly readAheadMax?: number | undefined;
};

export type SendStatistics = {
	packetsOut: number;
	bytesOut: number;
	/** Octets of blocks. */
	blockBytesOut: number;
	feedbacksIn: number;
	wantsIn: number;
	refusals: number;
};

export declare class Sender implements Payload {
	readonly skips: boolean;
	readonly statistics: SendStatistics;
	constructor(options: SenderOptions);
	/** The next stretch to read; its answer may change after every other call. */
	pollRead(): ReadRequest | undefined;
	/**
	 * What was read, exactly `length` octets that are not changed any more, or a refuse code. Reads
	 * may end in any order. The caller wakes the session.
	 */
	handleRead(request: ReadRequest, result: Uint8Array | number): void;
	/** A newer snapshot: tells the receiver, and repeats it until that is receipted. */
	offerHead(statement: Uint8Array, diffs: readonly HeadDiff[]): void;
	/** At most so many octets a second from now on; undefined: as granted. */
	limitRate(rateMax: number | undefined): void;
	/** Nothing is wanted that has not been sent. */
	readonly idle: boolean;

	handlePacket(
		number: number,
		payload: Uint8Array,
		datagramSize: number,
		now: Micros,
	): number | undefined;
	pollPacket(number: number, to: Writer, now: Micros): boolean;
	pathChanged(now: Micros): void;
	handleTimeout(now: Micros): void;
	pollTimeout(): Micros;
	closed(code: number, text: string): void;
}
