/** What a run of the engine is asked for. The command line fills these; so may a program. */

import type {ControllerName} from '../congestion/controllers.ts';
import type {LinkName} from '../link-name.ts';
import type {AlternateOptions, CompressOptions, TreesOptions} from '../receiver/update.ts';
import type {Scheduler} from '../scheduler/scheduler.ts';
import type {SourceUrl} from '../session/source-url.ts';
import type {FilterRoots} from '../snapshot/filter.ts';
import type {FilterRule} from '../snapshot/filter-rule.ts';
import type {ListedName} from '../snapshot/name-list.ts';
import type {RsyncCharset} from '../snapshot/rsync-line.ts';
import type {AdmissionLimits} from '../source/admission.ts';
import type {ModuleLimits} from '../source/module.ts';
import type {Change, EventSink} from './event.ts';
import type {RateDial} from './rate-dial.ts';
import type {WebTransportOptions} from './webtransport-port.ts';

/** What every run takes. */
export type RunOptions = {
	/** Worker threads; 0 runs all on the calling thread. Default: one per core. */
	readonly threads?: number;
	/** Stops the run cleanly: what has arrived is kept. */
	readonly signal?: AbortSignal;
	readonly on?: EventSink;
	/** Where keys and known sources live. */
	readonly configDirectory: string;
	/** Shows what goes on; runs that are given the same one are on one list. Default: its own. */
	readonly scheduler?: Scheduler;
};

/** What `takeSnapshot` takes. */
export type SnapshotOptions = RunOptions & {
	readonly directory: string;
	/** Default: `.shoal` at the tree's root. */
	readonly state?: string;
	/** Also write the list to this file. */
	readonly output?: string;
	/** Paths that may have changed since the last snapshot; absent: any. See `parseChanged`. */
	readonly changed?: readonly Uint8Array[];
	/** Octets of contents that are read a second. */
	readonly rateMax?: number;
	/** Snapshots kept, so that receivers that have them need only what changed. Default: 9. */
	readonly historyMax?: number | undefined;
	/** Days after which one that was succeeded is not kept. Default: for ever. */
	readonly historyDays?: number | undefined;
};

/** A tree that a source offers. */
export type ServeModule = {
	/** The empty name is what `serve DIR` serves. */
	readonly name: string;
	readonly directory: string;
	readonly state?: string;
	readonly comment?: string;
	/** Bring the snapshot up to date first. */
	readonly scan: boolean;
	/** Take a snapshot whenever something of the tree has changed. */
	readonly watch?: boolean;
	/** False: contents are never compressed for receivers. Default: for those who ask for it. */
	readonly compress?: boolean;
	/** Octets of contents read a second when its snapshot is taken. */
	readonly scanRateMax?: number | undefined;
	/** Snapshots kept, so that receivers that have them need only what changed. Default: 9. */
	readonly historyMax?: number | undefined;
	/** Days after which one that was succeeded is not kept. Default: for ever. */
	readonly historyDays?: number | undefined;
} & ModuleLimits;

/** What all modules together may give, and what each does that has no limit of its own. */
export type ServeLimits = AdmissionLimits & {
	/** Octets a second for each session. */
	readonly rateMax?: number | undefined;
};

/** What `Server.limit` takes: modules by name; one that is not named keeps what it has. */
export type NewLimits = ServeLimits & {
	readonly modules: readonly (ModuleLimits & {readonly name: string})[];
};

/** What `serve` takes. */
export type ServeOptions = RunOptions &
	ServeLimits & {
		readonly modules: readonly ServeModule[];
		/** `host:port`, `[v6]:port`, `:port`, one or more; none: both families, port 8730. */
		readonly listen: readonly string[];
		/** Also answer WebTransport, for receivers that UDP does not reach. */
		readonly webTransport?: WebTransportOptions;
		/**
		 * Octets of the largest IP packet to send, 1280 to 65535. Default: as large as is found to
		 * arrive whole; 1228 or so where the system does not tell whether it cuts packets.
		 */
		readonly mtu?: number | undefined;
	};

/** What `pull` takes; `pullDefaults` has what `rsync -aH` would do. */
export type PullOptions = RunOptions & {
	/** A parsed URL, or a local directory. */
	readonly source: SourceUrl | {readonly directory: string};
	/** Others that have the same: key, module and path are those of `source`, if that is a URL. */
	readonly moreSources?: readonly SourceUrl[];
	readonly destination: string;
	readonly state?: string;
	/** False: changes are not told one by one, which takes 2 µs for each. */
	readonly changes?: boolean;

	/** What of the source is pulled, and what of DEST is kept: see `parseFilterRules`. */
	readonly filters?: readonly FilterRule[];
	/** Of a local source: where its state is kept. Default: `.shoal` at its root. */
	readonly sourceState?: string;
	/** Absolute paths of a local source and of DEST, for rules that are held against such. */
	readonly filterRoots?: FilterRoots;
	/** Only these and the directories on the way to them: see `parseNames`. */
	readonly files?: readonly ListedName[];
	/** With all that is below the directories among `files`. */
	readonly recursive?: boolean;

	readonly dryRun: boolean;
	readonly delete: boolean;
	/** Undefined: refuse above half of more than 100 entries. */
	readonly deleteMax?: number;
	/** Look at all of DEST, whatever the record says, and repair it. */
	readonly check: boolean;
	/** Hash what DEST has again. */
	readonly checksum: boolean;
	readonly ignoreTimes: boolean;
	readonly sizeOnly: boolean;
	/** No delta: changed files travel whole. */
	readonly wholeFile: boolean;
	/** Runs of zeros become holes also in files that have none at the source. */
	readonly sparse?: boolean;
	/** Contents are asked for compressed. Undefined: as they are. */
	readonly compress?: CompressOptions;
	/**
	 * A file that is new may resemble one of DEST: 1; or of an alternate directory, too: 2. With
	 * `compress`, where nothing is said, one of several leaves of a URL may: 1.
	 */
	readonly fuzzy?: 0 | 1 | 2;
	/** Directories that may have what DEST lacks. */
	readonly alternates?: AlternateOptions;
	/** DEST is a symlink to the newest of several trees. Undefined: a directory. */
	readonly trees?: TreesOptions;
	readonly makePath: boolean;
	readonly owner: boolean;
	readonly group: boolean;
	readonly permissions: boolean;
	readonly times: boolean;
	readonly numericIds: boolean;
	/** Publish nothing unless everything is there. */
	readonly strict: boolean;
	readonly fsync: boolean;
	readonly trustOnFirstUse: boolean;
	readonly allowRollback: boolean;
	/** Octets a second; a dial can be turned while the run goes on. */
	readonly rateMax?: number | RateDial;
	/** Seconds of silence after which a session ends. */
	readonly timeoutSeconds?: number;
	/** Seconds to wait for the first answer. */
	readonly contactTimeoutSeconds?: number;
	/** How the rate is found; default: by a model of the path. */
	readonly congestion?: ControllerName;
	readonly family?: 4 | 6;
	/** What carries datagrams; default: `auto`, UDP and what gets through where that does not. */
	readonly link?: LinkName | 'auto';
};

/** A list file or a directory with a saved snapshot, or a source. */
export type ListOrigin = SourceUrl | {readonly path: string};

/** How lists that are elsewhere are opened. */
export type ListOriginOptions = RunOptions & {
	/** Of a directory. Default: `.shoal` at its root. */
	readonly state?: string;
	readonly trustOnFirstUse: boolean;
	readonly allowRollback: boolean;
	/** Of a source's addresses. Default: both, whichever answers first. */
	readonly family?: 4 | 6;
	/** As for a pull. */
	readonly link?: LinkName | 'auto';
};

/** What `diffSnapshots` takes. */
export type DiffOptions = ListOriginOptions & {
	readonly from: ListOrigin;
	readonly to: ListOrigin;
	/** Called in the order of the paths; a promise makes the walk wait. */
	readonly onChange: (change: Change) => void | Promise<void>;
};

/** Takes a piece of text that ends with a whole line; a promise makes the writer wait. */
export type TextSink = (text: string | Uint8Array) => void | Promise<void>;

/** Forms in which a list is written; all but `jsonl` have a line of text for each entry. */
export type ListFormat = 'long' | 'jsonl' | 'mtree' | 'mtree-netbsd' | 'rsync';

/** What `list` takes. */
export type ListOptions = ListOriginOptions & {
	readonly from: ListOrigin;
	readonly format: ListFormat;
	/** Only this path and what is below it. */
	readonly path?: string;
	/** For `rsync`: octets beyond ASCII. Default: UTF-8 stands as it is. */
	readonly charset?: RsyncCharset;
	/** For `rsync`: seconds that local time is ahead of UTC at a Unix time. Default: none. */
	readonly zoneOffset?: (unixSec: number) => number;
	readonly write: TextSink;
};
