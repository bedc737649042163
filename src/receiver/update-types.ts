/** What the engine and an update say to each other. */
import type {ShoalError} from '../error.ts';
import type {Platform} from '../platform/platform.ts';
import type {Pool} from '../pool/pool.ts';
import type {ActiveTask} from '../scheduler/active-task.ts';
import type {FilterRoots} from '../snapshot/filter.ts';
import type {FilterRule} from '../snapshot/filter-rule.ts';
import type {List} from '../snapshot/list.ts';
import type {ListedName} from '../snapshot/name-list.ts';
import type {FetchRequest} from '../transfer/request.ts';
import type {ProblemSummary} from './problem-list.ts';

/** What the plan compares and the publish sets. rsync's names and meanings. */
export type ApplyOptions = {
	readonly owner: boolean;
	readonly group: boolean;
	readonly permissions: boolean;
	readonly times: boolean;
	readonly numericIds: boolean;
};

/** What of the source the image has; all of it without rules and names. */
export type SelectOptions = {
	readonly filters: readonly FilterRule[];
	/** Only these and what is on the way to them; a file of `--files-from`. */
	readonly names: readonly ListedName[] | undefined;
	/** With all that is below directories that are named. */
	readonly recursive: boolean;
	/** Absolute paths that rules with `/` go by; a module begins at its own root: empty. */
	readonly roots: FilterRoots;
};

export type PlanOptions = ApplyOptions &
	SelectOptions & {
		readonly delete: boolean;
		/** Undefined: refuse above half of more than 100 entries. */
		readonly deleteMax: number | undefined;
		/** Look at all of DEST, whatever the record says. */
		readonly check: boolean;
		/** Hash what DEST has, whatever size and time say. */
		readonly checksum: boolean;
		readonly ignoreTimes: boolean;
		readonly sizeOnly: boolean;
		readonly wholeFile: boolean;
		/** Runs of zeros become holes also in files that have none at the source. */
		readonly sparse: boolean;
		/** A file that is new may resemble one of DEST: 1; or of an alternate directory, too: 2. */
		readonly fuzzy: 0 | 1 | 2;
		/** Of files of fewer octets none does. */
		readonly fuzzySizeMin?: number;
		readonly alternates: AlternateOptions | undefined;
		/** Publish nothing unless every file came. */
		readonly strict: boolean;
	};

/** What becomes of files that an alternate directory has: rsync's names and meanings. */
export type AlternateKind = 'compare' | 'copy' | 'link';

/** Directories outside the image, by absolute paths, the first that has a file serves it. */
export type AlternateOptions = {
	readonly kind: AlternateKind;
	readonly directories: readonly string[];
};

/** How contents are asked for where they travel. */
export type CompressOptions = {
	/** Numbers of forms, the one to ask for first: others follow when a source has not got it. */
	readonly forms: readonly number[];
	/** Whether to ask for the content of this path as it is. */
	readonly skips: (path: Uint8Array) => boolean;
};

/** Names one image: a record made under another name says nothing about this one. */
export type ImageName = {
	readonly identity: Uint8Array;
	readonly module: Uint8Array;
	/** Path of the image's root within the snapshot; empty: all of it. */
	readonly subPath: Uint8Array;
};

export type PlanCounts = {
	/** Of the image. */
	entries: number;
	files: number;
	bytesTotal: number;
	created: number;
	/** Existing entries whose content, type or link changes. */
	changed: number;
	/** Existing entries of which only mode, owner or time change. */
	metadata: number;
	deleted: number;
	/** By `entryType`: entries of the image, and of these new ones; those that go. */
	readonly entryTypes: number[];
	readonly createdTypes: number[];
	readonly deletedTypes: number[];
	/** Regular files whose content changes or is new. */
	filesChanged: number;
	/** Of those, files whose content is elsewhere in DEST. */
	filesMoved: number;
	/** Octets of content to fetch, taken from DEST, and staying as they are. */
	bytesToFetch: number;
	bytesLocal: number;
	bytesKept: number;
};

/** What a plan says; the entries themselves stay in flat tables. */
export type Plan = {
	readonly root: Uint8Array;
	readonly counts: PlanCounts;
	/** Octets free on DEST's file system when the plan was made. */
	readonly bytesFree: number;
	/** False: the record answered for everything that the diff does not touch. */
	readonly examined: boolean;
	/** DELETE_REFUSED or DESTINATION_FULL: `begin` throws it. */
	readonly refusal: ShoalError | undefined;
	/** What cannot be done, as far as known before anything is fetched. */
	readonly problems: ProblemSummary;
	/** In path order; octets are borrowed views. */
	forEachChange(tell: TellChange): void;
};

/** `details` are `changeDetail` bits. */
export type TellChange = (
	kind: PlannedChange,
	path: Uint8Array,
	entryType: number,
	details: number,
	/** Of a symlink; and the first path of its group, if it becomes a further hard link. */
	target: Uint8Array,
	leader: Uint8Array,
) => void;

export type PlannedChange = 'new' | 'changed' | 'metadata' | 'deleted';

export type PublishResult = ProblemSummary & {
	/** False: nothing in DEST was changed (dry run, strict). */
	readonly published: boolean;
	/** DEST is the image, whole: the next run may end at an equal root. */
	readonly complete: boolean;
	readonly deleted: number;
	readonly filesChanged: number;
	readonly filesMoved: number;
	/** Octets of content that came from the source, and that DEST already had. */
	readonly bytesLiteral: number;
	readonly bytesMatched: number;
};

export type FetchedSoFar = {
	/** Octets of content that came from the source. */
	readonly bytesLiteral: number;
	/** Those and the ones still to come: fewer as more is found here. */
	readonly bytesToCome: number;
	/** Octets that came compressed, and of the content that they stood for. */
	readonly bytesCompressed: number;
	readonly bytesExpanded: number;
	/** Older versions of files are being searched. */
	readonly isSearching: boolean;
};

/** A range that the plan needs. What `nextRequest` answered comes back in the other calls as is. */
export type UpdateRequest = FetchRequest;

/** Facts told to the engine, never from within one of its own calls. */
export type UpdateHandler = {
	/** So many octets are on disk or dropped: they no longer count as backlog. */
	taken(octets: number): void;
	/**
	 * The octets that came for this stretch of an object were not what the snapshot says. True: the
	 * next ones come from somebody else, or from one in place of two.
	 */
	lied?(
		kind: number,
		page: number,
		position: number,
		offset: number,
		length: number,
		isCompressed: boolean,
	): boolean | undefined;
	/** `nextRequest` may answer again, or `settled` has become true. */
	wake(): void;
	/** Nothing more can be done: `publish` would throw this. No ShoalError: a bug. */
	failed(error: Error): void;
};

export type UpdatePlatform = Pick<
	Platform,
	'tree' | 'clock' | 'crypto' | 'process' | 'copy' | 'readOwners'
>;

/** A list that DEST was made from, and the sequence of its head. */
export type RecordedList = {readonly list: List; readonly sequence: number};

/** DEST is to be a symlink to the newest of several trees. */
export type TreesOptions = {
	/** Trees that stay whole: the current one, and those before it. At least 1. */
	readonly keep: number;
	/** A DEST that is a directory becomes the first tree. */
	readonly convert: boolean;
};

export type OpenOptions = {
	readonly platform: UpdatePlatform;
	readonly pool: Pool;
	readonly destination: string;
	/** The operator's state directory; default: `.shoal` in DEST. */
	readonly state?: string;
	readonly image: ImageName;
	/** Undefined: DEST is a directory, and files are put in place in it. */
	readonly trees?: TreesOptions;
	readonly makePath: boolean;
	/** Neither locks nor writes anything: only `plan` may follow. */
	readonly dryRun: boolean;
	/** Undefined: contents are asked for as they are. */
	readonly compress?: CompressOptions | undefined;
	/** Contents are on the disk before they are published. */
	readonly fsync: boolean;
	/** The pull: what is done for it becomes parts of it. */
	readonly task: ActiveTask;
	readonly handler: UpdateHandler;
};
