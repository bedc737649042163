/** What an update asks of a way to publish, and what a way is given to put in place. */
import type {ShoalError} from '../error.ts';
import type {DirHandle} from '../platform/tree.ts';
import type {Pool} from '../pool/pool.ts';
import type {ActiveTask} from '../scheduler/active-task.ts';
import type {List} from '../snapshot/list.ts';
import type {StateDir} from '../store/state-dir.ts';
import type {Image} from './image.ts';
import type {Planned} from './planner.ts';
import type {ProblemList} from './problem-list.ts';
import type {PublishRecord, RecordHead} from './publish-record.ts';
import type {Staging} from './staging.ts';

/**
 * How DEST takes what has been staged. A way holds DEST and its lock from its opening until
 * `close`, keeps its record, and knows where content is staged.
 */
export type Way = {
	/** What plans are made from; undefined while there is nothing. */
	readonly root: DirHandle | undefined;
	/** A path to `root`, or to where it will be. */
	readonly path: string;
	/** Files of `root` have names elsewhere: none of them is ever changed, only replaced. */
	readonly sharesInodes: boolean;
	/** Of the last pull, if DEST is still what that left. */
	readonly head: RecordHead | undefined;
	/** Read, and validated, when first asked for; one that is damaged says nothing. */
	readonly record: PublishRecord | undefined;
	/** Holds notes and staging of a pull that is cut off; undefined before DEST is there. */
	readonly home: StateDir | undefined;
	/** Where the record is, and what else is kept of the image; locked while it is pulled. */
	readonly state: StateDir | undefined;

	/** @throws ShoalError PATH_MISSING, DESTINATION_INVALID */
	imageOf(list: List): Image;
	/** On the file system of DEST, or of what will hold it. */
	freeSpace(): number;
	/** DESTINATION_FULL if what is to be staged, `octets` in all, has no room. */
	refuseSize(planned: Planned, octets: number): ShoalError | undefined;
	/**
	 * Makes what is missing to stage. Undefined: there is nothing to do, and nothing left over.
	 * @throws ShoalError DESTINATION_INVALID, DESTINATION_DENIED
	 */
	stage(planned: Planned, hasSteps: boolean): Staging | undefined;
	/** Puts rows in place, empties staging, and keeps a record of what DEST is then. */
	put(order: Order): Promise<void>;
	close(): void;
};

/** Rows that can be done: their contents are staged. */
export type Order = {
	readonly pool: Pool;
	readonly planned: Planned;
	readonly problems: ProblemList;
	/** Undefined: there is nothing to stage. */
	readonly staging: Staging | undefined;
	readonly rows: readonly number[];
	/** False: nothing goes, of what the image has not; not even what no record knows. */
	readonly removes: boolean;
	/** Rows that were given up; those that fail now are added, with a problem for each. */
	readonly failed: Set<number>;
	/** Of image and options, and of the head of the list. */
	readonly key: Uint8Array;
	readonly sequence: number;
	/** What the jobs belong to; told how many rows are done. */
	readonly task: ActiveTask;
};
