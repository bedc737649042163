/**
 * What a run tells while it runs, and what it answers at its end. One closed set of events is the
 * only seam for observers: the progress line, `--json` and logs read the same ones. Every path in
 * it is escaped for output already.
 */
import type {ErrorCode} from '../error.ts';
import type {LinkName} from '../link-name.ts';
import type {TaskView} from '../scheduler/active-task.ts';
import type {NewLimits} from './options.ts';

/** One path or step that could not be done; the run went on. */
export type Problem = {
	readonly code: ErrorCode;
	readonly path?: string;
	readonly message: string;
	readonly hint: string;
};

/** How far the present phase of a run is. */
export type Progress = {
	readonly phase: 'scan' | 'hash' | 'connect' | 'list' | 'plan' | 'transfer' | 'publish';
	/** Entries (scan, plan, publish) or octets (hash, list, transfer) so far, and in all if known. */
	readonly done: number;
	readonly total: number | undefined;
	/** Transfer only: octets a second that came in the last two seconds. */
	readonly rate?: number;
	/** From a network only: milliseconds; ranges lost, and of these the ones that came since. */
	readonly roundTripMs?: number;
	readonly rangesLost?: number;
	readonly rangesRepaired?: number;
	readonly limitedBy?: LimitedBy;
};

/** One of several sources of a pull. */
export type SourceCounts = {
	readonly url: string;
	/** Octets of contents, leaf hashes and sums. */
	readonly bytes: number;
	/** Leaves, and stretches of leaf hashes, that were not what the snapshot says. */
	readonly lies: number;
	/** Objects that it refused because they have changed since its snapshot. */
	readonly stale: number;
	/** The code of why it was asked no more; SOURCE_STALLED: for what nobody else had alone. */
	readonly dropped?: ErrorCode;
};

/** What holds a transfer up: `limit` is the operator's, disk and CPU are this machine's. */
export type LimitedBy = 'path' | 'source' | 'disk' | 'CPU' | 'limit';

/** What a pull is about to do, once source and destination have been compared. */
export type PlanSummary = {
	readonly module: string;
	readonly snapshot: string;
	readonly sequence: number;
	readonly issuedMs: number;
	readonly entries: number;
	readonly created: number;
	readonly changed: number;
	readonly deleted: number;
	readonly bytesTotal: number;
	/** Octets of content that must travel, as far as known before sums are compared. */
	readonly bytesToFetch: number;
	/** Octets of changed or new files that DEST has under another name. */
	readonly bytesFound: number;
	readonly bytesFree: number;
};

/** What becomes of an entry; `metadata` keeps the content and changes the rest. */
export type ChangeKind = 'new' | 'changed' | 'metadata' | 'deleted';

/** What of an entry is not as it was. */
export type Difference = 'type' | 'content' | 'size' | 'time' | 'mode' | 'owner' | 'group';

/** One entry of DEST that is made, changed or removed: enough for a line of rsync's -i. */
export type Change = {
	readonly change: ChangeKind;
	readonly path: string;
	readonly type: 'file' | 'directory' | 'symlink' | 'device' | 'special';
	/** What is not as it was; empty for a new or deleted entry. `type`: something else was there. */
	readonly differs: readonly Difference[];
	/** First path of its group, if it is a further hard link. */
	readonly linkTo?: string;
	/** Of a symlink. */
	readonly target?: string;
	/** Between snapshots: the file whose content it has, which is gone. */
	readonly movedFrom?: string;
};

/** What a run tells while it runs: the member `event` says which of these it is. */
export type Event =
	| {readonly event: 'progress'; readonly progress: Progress}
	| {readonly event: 'problem'; readonly problem: Problem}
	/** Worth knowing even if nobody asks: something may need to be mended. */
	| {readonly event: 'notice'; readonly text: string}
	/** Worth knowing for who looks on. */
	| {readonly event: 'remark'; readonly text: string}
	/** An entry that no version can make here, left out as announced: no problem. */
	| ({readonly event: 'skipped'} & Problem)
	/** A task of this run has come onto the list of its scheduler, or has left it. */
	| {readonly event: 'task'; readonly change: 'opened' | 'ended'; readonly task: TaskView}
	| {readonly event: 'plan'; readonly plan: PlanSummary}
	/** How the source is reached, and why so. */
	| {readonly event: 'link'; readonly link: LinkName; readonly reason: string}
	| ({readonly event: 'change'} & Change)
	| {
			readonly event: 'listening';
			readonly url: string;
			readonly publicKey: string;
			/** For receivers that UDP does not reach: the URL with what it takes to be reached. */
			readonly webTransportUrl?: string;
	  }
	| {
			readonly event: 'serving';
			readonly module: string;
			readonly snapshot: string;
			readonly sequence: number;
			readonly entries: number;
	  }
	| {
			readonly event: 'session';
			readonly state: 'open' | 'closed';
			readonly peer: string;
			readonly module: string;
			readonly bytesOut: number;
			readonly elapsedMs: number;
			readonly reason?: string;
	  };

/** Takes each event at once, in order; what it throws ends the run. */
export type EventSink = (event: Event) => void;

/** What `takeSnapshot` answers. Sizes are octets; `exit` is what the command would exit with. */
export type SnapshotResult = {
	readonly ok: boolean;
	readonly exit: number;
	readonly snapshot: string;
	readonly sequence: number;
	readonly entries: number;
	readonly files: number;
	readonly bytesTotal: number;
	readonly filesHashed: number;
	readonly bytesHashed: number;
	/** False: the tree is as the last snapshot has it. */
	readonly changed: boolean;
	readonly elapsedMs: number;
	readonly errorCount: number;
	readonly errors: readonly Problem[];
};

/** What `pull` answers. Sizes are octets; `exit` is what the command would exit with. */
export type PullResult = {
	readonly ok: boolean;
	readonly exit: number;
	/** Root of the snapshot that DEST now is, in hexadecimal; empty if none was learnt. */
	readonly snapshot: string;
	/** The publish record matched: DEST was not examined. */
	readonly unchanged: boolean;
	readonly dryRun: boolean;
	readonly entries: number;
	readonly files: number;
	readonly created: number;
	readonly filesChanged: number;
	readonly filesMoved: number;
	readonly deleted: number;
	readonly bytesTotal: number;
	readonly bytesLiteral: number;
	readonly bytesMatched: number;
	/** Octets of compressed contents that came, and of the literal ones that they stood for. */
	readonly bytesCompressed: number;
	readonly bytesExpanded: number;
	readonly wireBytesIn: number;
	readonly wireBytesOut: number;
	readonly datagramsIn: number;
	readonly datagramsOut: number;
	readonly rangesLost: number;
	readonly rangesDuplicate: number;
	/** Network time of the run in smoothed round trips, rounded up. */
	readonly roundTrips: number;
	readonly roundTripMs: number;
	/** How the source was reached, and why so; absent if it is here, or was not reached. */
	readonly link?: LinkName;
	readonly linkReason?: string;
	readonly elapsedMs: number;
	readonly errorCount: number;
	/** The first hundred. */
	readonly errors: readonly Problem[];
	/** Paths that are not as the source has them, by what became of them. */
	readonly leftOut: readonly LeftOut[];
	/** Of a pull from several sources, what each gave. */
	readonly sources?: readonly SourceCounts[];
	/** Entries of the image, new ones, and those that went; absent where no list was read. */
	readonly entryTypes?: TypeCounts;
	readonly createdTypes?: TypeCounts;
	readonly deletedTypes?: TypeCounts;
};

/** How many entries were left out for one reason, which the code names. */
export type LeftOut = {readonly code: ErrorCode; readonly count: number};

/** How many there are of each type of entry. */
export type TypeCounts = Readonly<Record<Change['type'], number>>;

/** What `diffSnapshots` answers. */
export type DiffResult = {
	readonly ok: boolean;
	readonly exit: number;
	/** Roots of the two snapshots, in hexadecimal. */
	readonly from: string;
	readonly to: string;
	readonly entriesBefore: number;
	readonly entriesAfter: number;
	/** Entries that only the new snapshot has, those aside that `moved` counts. */
	readonly created: number;
	/** New paths of files that are gone from where they were. */
	readonly moved: number;
	readonly changed: number;
	/** Entries of which only attributes are others. */
	readonly metadataChanged: number;
	/** Paths that only the old snapshot has, those of moved files included. */
	readonly deleted: number;
	/** Octets of new and changed files. */
	readonly bytesNew: number;
	readonly elapsedMs: number;
};

/** A source that runs until it is closed. */
export type Server = {
	readonly urls: readonly string[];
	readonly publicKey: string;
	/** Sessions that exist now. */
	readonly sessionCount: number;
	/** Other limits from now on, for sessions that are open too; none is closed. */
	limit(limits: NewLimits): void;
	/** Tells the sessions that it ends, then closes. */
	close(): Promise<void>;
};
