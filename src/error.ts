/**
 * Every expected failure of the world is a row of one table: code, kind, exit code, whether trying
 * again can help, and a hint that says what to do next. Codes are stable API; messages are not.
 * Exit codes follow rsync's errcode.h where a meaning exists there.
 */

/** What went wrong: words, peer, network, file or state; or the run was stopped. */
export type ErrorKind = 'usage' | 'peer' | 'network' | 'file' | 'store' | 'stop';

/** What is known of an error by its code alone. */
export type ErrorRow = {
	readonly kind: ErrorKind;
	readonly exit: number;
	readonly retry: boolean;
	readonly hint: string;
};

/** Every code with its kind, its exit code, whether trying again can help, and a hint. */
export const errorTable = {
	OPTION_INVALID: row('usage', 1, 'See the options that exist with: shoal COMMAND --help.'),
	OPTION_UNBUILT: row(
		'usage',
		1,
		'Do without it, and see what is built with: shoal COMMAND --help.',
	),
	SOURCE_INVALID: row('usage', 1, 'Write the source as shoal://[KEY@]host[:port][/module[/path]].'),
	TREE_MISSING: row('usage', 1, 'Check the path; it must exist and be a directory.'),
	DESTINATION_INVALID: row('usage', 1, 'Name a directory; only its last component is created.'),
	DESTINATION_WAY: row('usage', 1, 'Pull with --publish tree; add --convert once for a directory.'),
	CONFIG_INVALID: row('usage', 1, 'Mend the line of the configuration that is named.'),

	PEER_VERSION_UNKNOWN: row('peer', 2, 'Bring both sides to versions that share a protocol.'),
	PEER_FRAME_INVALID: row('peer', 2, 'Compare shoal version on both sides.'),
	PEER_MISBEHAVED: row('peer', 2, 'Do not trust this peer; report what was shown.'),
	SNAPSHOT_INVALID: row('peer', 12, 'Ask the operator of the source to run shoal snapshot again.'),
	CONTENT_INVALID: row('peer', 12, 'Pull again; if it recurs, do not trust this source.'),
	PEER_AUTH_FAILED: row('peer', 5, 'Compare the key in the URL with what the source prints.'),
	PEER_UNKNOWN: row('peer', 5, 'Put the key in the URL, or accept it: --trust-on-first-use.'),
	MODULE_UNKNOWN: row('peer', 5, 'Ask the operator of the source for the names of its modules.'),
	ACCESS_DENIED: row('peer', 5, 'Ask the operator of the source for access.'),
	HEAD_ROLLED_BACK: row('peer', 5, 'If the source was restored on purpose: --allow-rollback.'),
	HEAD_EXPIRED: row('peer', 5, 'Ask the operator of the source to run it again; check the clock.'),

	PATH_UNREACHABLE: row('network', 10, 'Check host and port, and that the source runs.', true),
	PATH_SILENT: row('network', 35, 'Check that UDP passes, and the key in the URL.', true),
	SESSION_IDLE: row('network', 30, 'Run it again: what has arrived is kept.', true),
	SESSION_CLOSED: row('network', 30, 'Run it again: what has arrived is kept.', true),
	SOURCE_STALLED: row('network', 30, 'Look at the disk and the log of the source.', true),
	SOURCE_BUSY: row('network', 10, 'Try again later.', true),
	DRIVER_UNAVAILABLE: row('network', 1, 'Use another link, or install what is named.'),
	LISTEN_FAILED: row('network', 10, 'Choose another address or port with --listen.'),

	WATCH_FAILED: row('file', 11, 'Raise fs.inotify.max_user_watches with sysctl.'),
	FILE_UNREADABLE: row('file', 23, 'Give the user that runs shoal the right to read it.'),
	FILE_UNWRITABLE: row(
		'file',
		23,
		'Look at its directory: who runs shoal must be able to write there.',
	),
	DIRECTORY_FILLED: row(
		'file',
		23,
		'Move away what is in it; --delete removes what no filter protects.',
	),
	FILE_UNSUPPORTED: row('file', 23, 'Leave it out, or wait for a version that carries it.'),
	NAME_UNSUPPORTED: row('file', 23, 'Rename it at the source, or use another file system.'),
	NAME_MISSING: row('file', 23, 'Take it off the list, or look at what is there with: shoal ls.'),
	SOURCE_STALE: row('file', 24, 'Run shoal snapshot at the source, then pull again.', true),
	SOURCE_UNAVAILABLE: row('file', 24, 'Pull from another source.', true),
	DESTINATION_DENIED: row('file', 11, 'Give the user that runs shoal the right to write there.'),
	DESTINATION_FULL: row('file', 11, 'Free space on the file system of the destination.'),
	DESTINATION_FAILED: row('file', 11, 'Check the disk of the destination.'),
	DELETE_REFUSED: row('file', 25, 'Look at what would go with -n, then raise --max-delete.'),

	OUTPUT_FAILED: row('file', 11, 'Make room where standard output goes.'),

	STORE_CORRUPT: row('store', 11, 'Remove the file that is named; it is made again.'),
	STORE_LOCKED: row('store', 11, 'Wait for the other shoal on this tree, then run again.', true),
	STORE_FAILED: row(
		'store',
		11,
		'Check disk and rights of the state directory, or keep it elsewhere: --state, --source-state.',
	),
	RELAY_UNFIT: row(
		'store',
		1,
		'Pull all of it; or serve it as a source of its own, after: shoal snapshot DIR.',
	),
	SNAPSHOT_MISSING: row('store', 1, 'Make one first: shoal snapshot DIR.'),
	PATH_MISSING: row('usage', 1, 'Look at what is there with: shoal ls.'),
	KEY_UNSAFE: row('store', 5, 'Make what is named yours alone: chown it, then chmod go-rwx.'),
	KEY_INVALID: row('store', 5, 'Make a new key with: shoal keygen.'),
	KEY_EXISTS: row('store', 1, 'Move the key away first, if you mean to make a new one.'),

	INTERRUPTED: row('stop', 20, 'Run it again: what has arrived is kept.', true),
	THREAD_LOST: row('stop', 22, 'Give it more memory, or run fewer --threads.', true),
	THREAD_HUNG: row('stop', 11, 'Look at the disk, or the server of files, that it works on.', true),
	SESSION_DEFECT: row(
		'stop',
		70,
		'This is a bug in shoal: report this line; others are served on.',
	),
	PARTIAL: row('stop', 23, 'Look at the errors above; the rest is in place.'),
} as const satisfies Record<string, ErrorRow>;

/** Stable names of errors. */
export type ErrorCode = keyof typeof errorTable;

/** An expected failure of the world, never a bug. `code` is stable API; `message` is not. */
export class ShoalError extends Error {
	override readonly name = 'ShoalError';
	/** Stable, unlike the message. */
	readonly code: ErrorCode;
	/** What it happened to, as bytes where it is a file's path. */
	readonly path: Uint8Array | undefined;

	/** When to try again, in milliseconds, as the peer said; 0: it said nothing. */
	readonly retryMs: number;

	constructor(
		code: ErrorCode,
		detail: string,
		options?: ErrorOptions & {path?: Uint8Array; retryMs?: number},
	) {
		super(detail, options);
		this.code = code;
		this.path = options?.path;
		this.retryMs = options?.retryMs ?? 0;
	}

	/** What to do next, in a sentence. */
	get hint(): string {
		return errorTable[this.code].hint;
	}

	/** What the command line exits with. */
	get exit(): number {
		return errorTable[this.code].exit;
	}
}

function row(kind: ErrorKind, exit: number, hint: string, retry = false): ErrorRow {
	return {kind, exit, retry, hint};
}
