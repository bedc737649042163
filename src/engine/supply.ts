/** Where a pull gets its list and contents from: a source on the network, or a local directory. */
import type {Origin} from '../receiver/update.ts';
import type {TaskFigures} from '../scheduler/active-task.ts';
import type {Head} from '../session/statement.ts';
import type {List} from '../snapshot/list.ts';
import type {ProvenPage} from '../snapshot/proven-pages.ts';
import type {FetchHandler, FetchRequest} from '../transfer/request.ts';
import type {LimitedBy} from './event.ts';

/** Takes contents as they arrive; the calls are those of FetchHandler. */
export type ContentHandler = Pick<FetchHandler, 'block' | 'refused' | 'done'>;

/** A list that is here already, and the sequence of its head. */
export type KnownList = {readonly list: List; readonly sequence: number};

/** Counts of one run, over all its sessions. */
export type SupplyStatistics = {
	datagramsIn: number;
	datagramsOut: number;
	bytesIn: number;
	bytesOut: number;
	rangesLost: number;
	/** Of these, the ones that came since. */
	rangesRepaired: number;
	rangesDuplicate: number;
	/** Microseconds, smoothed; 0 before the first. */
	roundTrip: number;
};

export type Supply = {
	readonly head: Head;
	/** `head` as it was signed, and where from; undefined: nobody signed it. */
	readonly origin: Origin | undefined;
	/** The source offers a newer snapshot by now: what of this one does not come never will. */
	readonly isOutlived: boolean;
	/**
	 * The list of `head`, or a slice of it that has all at `path` and below; empty: the whole list.
	 * `onPage` is shown its pages in order while the rest is still coming, each proven; if it comes
	 * in another way, none.
	 * @throws ShoalError SNAPSHOT_INVALID, SESSION_*
	 */
	obtainList(
		known: KnownList | undefined,
		path: Uint8Array,
		onProgress: (done: number, total: number) => void,
		onPage?: (page: ProvenPage) => void,
	): Promise<List>;
	/** True while more requests would help to keep the source busy. */
	readonly hungry: boolean;
	/** Requests that are not done. */
	readonly outstandingCount: number;
	/** Undefined: nothing is asked for. */
	readonly limitedBy: Exclude<LimitedBy, 'CPU'> | undefined;
	readonly statistics: SupplyStatistics;
	/** How it goes now, for who looks at its task. */
	readonly figures: TaskFigures;
	/** Who takes the contents from now on. */
	deliver(contents: ContentHandler): void;
	fetch(request: FetchRequest): void;
	/** So many octets of contents are on disk. */
	taken(octets: number): void;
	close(): Promise<void>;
};
