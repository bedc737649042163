/**
 * Every option of the command line is a row of one table; commander is fed from it and the help is
 * made from it. A second table holds rsync's options that are not built: each is refused by name,
 * because a script that relies on one must not run as if it had been obeyed.
 */
export type CommandName = 'snapshot' | 'ls' | 'serve' | 'pull' | 'keygen' | 'version';

/** How the text after an option is read; `value.ts` has the readers. */
export type ValueKind = 'text' | 'count' | 'rate' | 'seconds' | 'format' | 'publish';

export type OptionRow = {
	/** As commander takes it; a placeholder makes it take a value. */
	readonly flags: string;
	readonly commands: readonly CommandName[];
	readonly value?: ValueKind;
	/** May be given several times: the values are collected. */
	readonly repeat?: true;
	readonly help: string;
};

const everyRun: readonly CommandName[] = ['snapshot', 'serve', 'pull'];
const talking: readonly CommandName[] = ['pull', 'ls'];

export const optionTable = {
	dryRun: {
		flags: '-n, --dry-run',
		commands: ['pull'],
		help: 'Say what would change; change nothing.',
	},
	itemize: {
		flags: '-i, --itemize-changes',
		commands: ['pull'],
		help: 'Print a line for each change, as rsync does.',
	},
	verbose: {
		flags: '-v, --verbose',
		commands: everyRun,
		help: 'Say more: the name of each change, and the totals.',
	},
	quiet: {flags: '-q, --quiet', commands: everyRun, help: 'Say nothing but errors.'},
	stats: {flags: '--stats', commands: ['pull'], help: 'Print figures of the run at its end.'},
	json: {
		flags: '--json',
		commands: ['snapshot', 'serve', 'pull', 'keygen', 'version'],
		help: 'Print results and events as JSON lines.',
	},

	archive: {flags: '-a, --archive', commands: ['pull'], help: 'What pull always does.'},
	hardLinks: {flags: '-H, --hard-links', commands: ['pull'], help: 'What pull always does.'},
	checksum: {
		flags: '-c, --checksum',
		commands: ['pull'],
		help: 'Hash the files of DEST again instead of trusting size and time.',
	},
	ignoreTimes: {
		flags: '-I, --ignore-times',
		commands: ['pull'],
		help: 'Do not skip files whose size and time match.',
	},
	sizeOnly: {
		flags: '--size-only',
		commands: ['pull'],
		help: 'Skip files whose size matches, whatever their time.',
	},
	wholeFile: {
		flags: '-W, --whole-file',
		commands: ['pull'],
		help: 'Fetch changed files whole, without block sums.',
	},
	delete: {
		flags: '--delete',
		commands: ['pull'],
		help: 'Remove what DEST has and SOURCE has not.',
	},
	deleteMax: {
		flags: '--max-delete <n>',
		commands: ['pull'],
		value: 'count',
		help: 'Publish nothing (exit 25) if more would go. Default: half of more than 100.',
	},
	numericIds: {
		flags: '--numeric-ids',
		commands: ['pull'],
		help: 'Owners and groups by number, not by name.',
	},
	noOwner: {flags: '--no-owner', commands: ['pull'], help: 'Leave owners alone.'},
	noGroup: {flags: '--no-group', commands: ['pull'], help: 'Leave groups alone.'},
	noPermissions: {flags: '--no-perms', commands: ['pull'], help: 'Leave permissions alone.'},
	noTimes: {flags: '--no-times', commands: ['pull'], help: 'Leave modification times alone.'},
	rateMax: {
		flags: '--bwlimit <rate>',
		commands: ['pull', 'serve'],
		value: 'rate',
		help: 'Limit the rate: KiB a second, or with a suffix K, M or G.',
	},
	timeout: {
		flags: '--timeout <seconds>',
		commands: ['pull'],
		value: 'seconds',
		help: 'Give up after this long without a datagram (exit 30).',
	},
	contactTimeout: {
		flags: '--contimeout <seconds>',
		commands: ['pull'],
		value: 'seconds',
		help: 'Give up after this long without a first answer (exit 35).',
	},
	fsync: {flags: '--fsync', commands: ['pull'], help: 'Flush contents to the disk too.'},
	logFile: {
		flags: '--log-file <file>',
		commands: ['pull', 'serve'],
		value: 'text',
		help: 'Also write what is done to this file.',
	},
	ipv4: {flags: '-4, --ipv4', commands: ['pull'], help: 'Use IPv4 only.'},
	ipv6: {flags: '-6, --ipv6', commands: ['pull'], help: 'Use IPv6 only.'},

	threads: {
		flags: '--threads <n>',
		commands: everyRun,
		value: 'count',
		help: 'Worker threads; changes nothing but speed. Default: one per core.',
	},
	state: {
		flags: '--state <dir>',
		commands: ['snapshot', 'serve', 'pull', 'ls'],
		value: 'text',
		help: 'Keep state there instead of in .shoal at the root of the tree.',
	},
	publish: {
		flags: '--publish <way>',
		commands: ['pull'],
		value: 'publish',
		help: 'How DEST takes the new tree: in-place.',
	},
	check: {
		flags: '--check',
		commands: ['pull'],
		help: 'Look at all of DEST, whatever the record of the last pull says, and repair it.',
	},
	strict: {
		flags: '--strict',
		commands: ['pull'],
		help: 'Publish nothing unless every file came.',
	},
	trustOnFirstUse: {
		flags: '--trust-on-first-use',
		commands: talking,
		help: 'Accept and remember the key of a source seen for the first time.',
	},
	allowRollback: {
		flags: '--allow-rollback',
		commands: talking,
		help: 'Accept an older snapshot than the last one seen.',
	},
	makePath: {
		flags: '--mkpath',
		commands: ['pull'],
		help: 'Create all missing parts of the path of DEST.',
	},

	output: {
		flags: '-o, --output <file>',
		commands: ['snapshot'],
		value: 'text',
		help: 'Also write the list to this file.',
	},
	format: {
		flags: '--format <format>',
		commands: ['ls'],
		value: 'format',
		help: 'long or jsonl. Default: long.',
	},
	config: {
		flags: '--config <file>',
		commands: ['serve'],
		value: 'text',
		help: 'Serve the modules of this file (shoal.toml).',
	},
	listen: {
		flags: '--listen <host:port>',
		commands: ['serve'],
		value: 'text',
		repeat: true,
		help: 'Listen here; may be repeated. Default: every address, port 8730.',
	},
	noScan: {
		flags: '--no-scan',
		commands: ['serve'],
		help: 'Serve the saved snapshot at once; do not look at the tree.',
	},
} as const satisfies Record<string, OptionRow>;

export type OptionName = keyof typeof optionTable;

type ValueOf<Row extends OptionRow> = Row extends {repeat: true}
	? readonly string[]
	: Row extends {value: 'count' | 'rate' | 'seconds'}
		? number
		: Row extends {value: ValueKind}
			? string
			: number;

/** What was given: an option without a value holds how often it was. Absent ones are undefined. */
export type OptionValues = {
	-readonly [Name in OptionName]?: ValueOf<(typeof optionTable)[Name]>;
};

type UnbuiltRow = {readonly flags: string; readonly reason?: string};

const always =
	'pull is rsync -aH already, and its parts are switched off with --no-perms and so on';
const later = 'it belongs to a later version';

/** Ours and rsync's (3.5.0, `rsync --help`) that are refused, in the order of rsync's help. */
export const unbuiltOptions: readonly UnbuiltRow[] = [
	{flags: '--trace', reason: later},
	...['--exclude', '--include', '-f, --filter', '--exclude-from', '--include-from'].map(filter),
	...['--files-from', '--delete-excluded', '-F', '-C, --cvs-exclude', '-0, --from0'].map(filter),
	...['--info', '--debug', '--stderr', '--no-motd'].map(plain),
	...['-r, --recursive', '-l, --links', '-p, --perms', '-o, --owner', '-g, --group'].map(part),
	...['-t, --times', '--inc-recursive', '--no-inc-recursive', '--i-r', '--no-i-r'].map(part),
	...['-D', '--devices', '--specials', '--copy-devices', '--write-devices'].map(plain),
	...['--drop-D', '-R, --relative', '--no-implied-dirs', '-b, --backup', '--backup-dir'].map(plain),
	...['--suffix', '-u, --update', '--inplace', '--append', '--append-verify'].map(plain),
	...['-d, --dirs', '--old-dirs', '--old-d', '-L, --copy-links'].map(plain),
	...['--copy-unsafe-links', '--safe-links', '--insecure-links', '--confine-root'].map(plain),
	...['--munge-links', '-k, --copy-dirlinks', '-K, --keep-dirlinks'].map(plain),
	...['-E, --executability', '--chmod', '-A, --acls', '-X, --xattrs'].map(plain),
	...['-U, --atimes', '--open-noatime', '-N, --crtimes', '-O, --omit-dir-times'].map(plain),
	...['-J, --omit-link-times', '--super', '--fake-super', '-S, --sparse'].map(plain),
	...['--preallocate', '--no-whole-file', '--no-W', '--checksum-choice', '--cc'].map(plain),
	...['-x, --one-file-system', '-B, --block-size', '--rsync-path'].map(plain),
	{flags: '-e, --rsh', reason: 'sources over ssh belong to a later version'},
	...['--existing', '--ignore-non-existing', '--ignore-existing'].map(plain),
	{flags: '--remove-source-files', reason: 'a source is never changed by who pulls from it'},
	...['--del', '--delete-before', '--delete-during', '--delete-delay', '--delete-after'].map(when),
	...['--ignore-missing-args', '--delete-missing-args', '--force'].map(plain),
	{flags: '--ignore-errors', reason: 'nothing is ever deleted after an error of the source'},
	...['--max-size', '--min-size', '--max-alloc'].map(plain),
	{flags: '--partial', reason: 'what has arrived is always kept for the next run'},
	{flags: '-P', reason: 'what has arrived is always kept, and a terminal shows progress'},
	{flags: '--progress', reason: 'a terminal shows progress, and -q switches it off'},
	{
		flags: '--delay-updates',
		reason: 'every file is staged and verified before any is put in place',
	},
	...['--partial-dir', '-m, --prune-empty-dirs', '--usermap', '--groupmap'].map(plain),
	...['--chown', '-@, --modify-window', '-T, --temp-dir', '-y, --fuzzy'].map(plain),
	...['--compare-dest', '--copy-dest', '--link-dest', '-z, --compress'].map(plain),
	...['--compress-choice', '--zc', '--compress-level', '--zl'].map(plain),
	...['--compress-threads', '--zt', '--skip-compress', '--old-args'].map(plain),
	...['-s, --secluded-args', '--trust-sender', '--copy-as', '--address', '--sockopts'].map(plain),
	{flags: '--port', reason: 'the port is a part of the URL'},
	...['--blocking-io', '--outbuf', '-8, --8-bit-output', '--human-readable'].map(plain),
	...['-M, --remote-option', '--out-format', '--log-file-format', '--password-file'].map(plain),
	{flags: '--list-only', reason: 'shoal ls SOURCE lists'},
	...['--early-input', '--stop-after', '--stop-at', '--write-batch'].map(plain),
	...['--only-write-batch', '--read-batch', '--protocol', '--iconv'].map(plain),
	...['--checksum-seed', '--no-o', '--no-g', '--no-p', '--no-t', '--no-D', '--no-H'].map(plain),
	...['--no-recursive', '--no-r', '--no-links', '--no-l', '--no-devices'].map(plain),
	...['--no-specials', '--daemon', '--server', '--sender'].map(plain),
];

function plain(flags: string): UnbuiltRow {
	return {flags};
}

function part(flags: string): UnbuiltRow {
	return {flags, reason: always};
}

function filter(flags: string): UnbuiltRow {
	return {flags, reason: 'filters belong to a later version'};
}

function when(flags: string): UnbuiltRow {
	return {flags, reason: 'deletion always comes last; ask for it with --delete'};
}
