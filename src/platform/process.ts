/** Who runs this process, and what a lock needs to know of processes. */
export type ProcessInfo = {
	/** May give files to other users. */
	readonly isRoot: boolean;
	/** Effective user and group. */
	readonly uid: number;
	readonly gid: number;
	/**
	 * Names this process among all that ever ran here: one line of printable ASCII, at most 255
	 * octets; where the system tells, it covers host, boot, process namespace, number and start.
	 */
	readonly identity: string;
	/**
	 * Whether the process so named still runs: `gone` only when that is certain (same host, and
	 * another boot or no such process), `unknown` when it cannot be seen from here.
	 */
	state(identity: string): 'running' | 'gone' | 'unknown';
	usage(): ProcessUsage;
};

/** Since this process started, in microseconds. */
export type ProcessUsage = {
	/** CPU time of all its threads. */
	readonly cpu: number;
	/** Time in which the main thread had something to do. */
	readonly busy: number;
};
