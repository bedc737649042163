/**
 * Every option of the command line is a row of one table. Commander, the help, the manual page and
 * the completions are made from it, and tests hold each against it. What a row needs:
 *
 * - `flags` as commander takes them: `-s, --long <value>`, the long one last;
 * - `group`: the heading under which help and manual show it, a key of `optionGroups`;
 * - `commands` that take it;
 * - `value`, if it takes one: how `value.ts` reads it, which is also what a shell completes;
 * - `help`: a sentence or two that say what it does, for people who know the option from rsync.
 *
 * What the help has no room for (units, defaults, how it goes with others, an example) is a
 * paragraph under the same key in `manual/option-text.ts`. An option of rsync that becomes a row
 * leaves `unbuilt-option.ts`, and the shells and the manual page know it after the next build.
 */
import {basisOptions} from './basis-option.ts';
import {compressOptions} from './compress-row.ts';
import type {CommandName, OptionRow, ValueKind} from './option-row.ts';

const everyRun: readonly CommandName[] = ['snapshot', 'serve', 'pull'];
const talking: readonly CommandName[] = ['pull', 'ls', 'diff'];

export const optionTable = {
	dryRun: {
		flags: '-n, --dry-run',
		group: 'run',
		commands: ['pull'],
		help: 'Say what would change; change nothing.',
	},
	archive: {
		flags: '-a, --archive',
		group: 'run',
		commands: ['pull'],
		help: 'What pull always does.',
	},
	hardLinks: {
		flags: '-H, --hard-links',
		group: 'run',
		commands: ['pull'],
		help: 'What pull always does.',
	},

	checksum: {
		flags: '-c, --checksum',
		group: 'compare',
		commands: ['pull'],
		help: 'Hash the files of DEST again instead of trusting size and time.',
	},
	ignoreTimes: {
		flags: '-I, --ignore-times',
		group: 'compare',
		commands: ['pull'],
		help: 'Do not skip files whose size and time match.',
	},
	sizeOnly: {
		flags: '--size-only',
		group: 'compare',
		commands: ['pull'],
		help: 'Skip files whose size matches, whatever their time.',
	},
	wholeFile: {
		flags: '-W, --whole-file',
		group: 'compare',
		commands: ['pull'],
		help: 'Fetch changed files whole, without block sums.',
	},

	...basisOptions,

	filter: {
		flags: '-f, --filter <rule>',
		group: 'filter',
		commands: ['pull'],
		value: 'rule',
		inOrder: true,
		help: "Add a filter rule, such as '- *.tmp', '+ /keep/***' or 'merge FILE'.",
	},
	exclude: {
		flags: '--exclude <pattern>',
		group: 'filter',
		commands: ['pull'],
		value: 'rule',
		inOrder: true,
		help: 'Leave out, and do not delete, what matches; the first rule that matches decides.',
	},
	include: {
		flags: '--include <pattern>',
		group: 'filter',
		commands: ['pull'],
		value: 'rule',
		inOrder: true,
		help: 'Do not leave out what matches, whatever rules after this one say.',
	},
	excludeFrom: {
		flags: '--exclude-from <file>',
		group: 'filter',
		commands: ['pull'],
		value: 'file',
		inOrder: true,
		help: 'Leave out what the patterns in this file match.',
	},
	includeFrom: {
		flags: '--include-from <file>',
		group: 'filter',
		commands: ['pull'],
		value: 'file',
		inOrder: true,
		help: 'Do not leave out what the patterns in this file match.',
	},
	filesFrom: {
		flags: '--files-from <file>',
		group: 'filter',
		commands: ['pull'],
		value: 'file',
		help: 'Pull only the paths in this file, and the directories on the way to them.',
	},
	recursive: {
		flags: '-r, --recursive',
		group: 'filter',
		commands: ['pull'],
		help: 'With --files-from: all below named directories. Else what pull always does.',
	},
	nulLines: {
		flags: '-0, --from0',
		group: 'filter',
		commands: ['pull', 'snapshot'],
		help: 'Lines of all these files end with a NUL, not where lines end.',
	},

	delete: {
		flags: '--delete',
		group: 'delete',
		commands: ['pull'],
		help: 'Remove what DEST has and SOURCE has not.',
	},
	deleteExcluded: {
		flags: '--delete-excluded',
		group: 'delete',
		commands: ['pull'],
		help: 'Delete what is left out, too: rules without a side protect nothing.',
	},
	deleteMax: {
		flags: '--max-delete <n>',
		group: 'delete',
		commands: ['pull'],
		value: 'count',
		help: 'Publish nothing (exit 25) if more would go. Default: half of more than 100.',
	},

	numericIds: {
		flags: '--numeric-ids',
		group: 'attribute',
		commands: ['pull'],
		help: 'Owners and groups by number, not by name.',
	},
	noOwner: {
		flags: '--no-owner',
		group: 'attribute',
		commands: ['pull'],
		help: 'Leave owners alone.',
	},
	noGroup: {
		flags: '--no-group',
		group: 'attribute',
		commands: ['pull'],
		help: 'Leave groups alone.',
	},
	noPermissions: {
		flags: '--no-perms',
		group: 'attribute',
		commands: ['pull'],
		help: 'Leave permissions alone.',
	},
	noTimes: {
		flags: '--no-times',
		group: 'attribute',
		commands: ['pull'],
		help: 'Leave modification times alone.',
	},

	fsync: {
		flags: '--fsync',
		group: 'publish',
		commands: ['pull'],
		help: 'Flush contents to the disk too.',
	},
	publish: {
		flags: '--publish <way>',
		group: 'publish',
		commands: ['pull'],
		value: 'publish',
		help: 'How DEST takes the new tree: in-place, or as the next tree behind a symlink.',
	},
	keep: {
		flags: '--keep <n>',
		group: 'publish',
		commands: ['pull'],
		value: 'count',
		help: 'Trees that stay whole, the current one among them. Default: 2.',
	},
	convert: {
		flags: '--convert',
		group: 'publish',
		commands: ['pull'],
		help: 'Make the directory DEST the first of its trees.',
	},
	check: {
		flags: '--check',
		group: 'publish',
		commands: ['pull'],
		help: 'Look at all of DEST, whatever the record of the last pull says, and repair it.',
	},
	strict: {
		flags: '--strict',
		group: 'publish',
		commands: ['pull'],
		help: 'Publish nothing unless every file came.',
	},
	makePath: {
		flags: '--mkpath',
		group: 'publish',
		commands: ['pull'],
		help: 'Create all missing parts of the path of DEST.',
	},

	state: {
		flags: '--state <dir>',
		group: 'tree',
		commands: ['snapshot', 'serve', 'pull', 'ls', 'diff', 'doctor'],
		value: 'directory',
		help: 'Keep state there instead of in .shoal at the root of the tree.',
	},
	output: {
		flags: '-o, --output <file>',
		group: 'tree',
		commands: ['snapshot'],
		value: 'file',
		help: 'Also write the list to this file.',
	},
	historyMax: {
		flags: '--history <n>',
		group: 'tree',
		commands: ['snapshot', 'serve'],
		value: 'count',
		help: 'Snapshots kept, so that who has one needs only what changed since. Default: 9.',
	},
	historyDays: {
		flags: '--history-days <n>',
		group: 'tree',
		commands: ['snapshot', 'serve'],
		value: 'count',
		help: 'Do not keep what was succeeded so many days ago. Default: however long ago.',
	},
	watch: {
		flags: '--watch',
		group: 'tree',
		commands: ['serve'],
		help: 'Take a snapshot whenever something of the tree has changed.',
	},
	scanRateMax: {
		flags: '--scan-bwlimit <rate>',
		group: 'tree',
		commands: ['serve'],
		value: 'rate',
		help: 'Limit the rate at which files are read to be hashed; as --bwlimit of snapshot.',
	},
	changed: {
		flags: '--changed <file>',
		group: 'tree',
		commands: ['snapshot'],
		value: 'file',
		help: 'Look only at the paths in this file (-: standard input), as the updater lists them.',
	},
	format: {
		flags: '--format <format>',
		group: 'tree',
		commands: ['ls'],
		value: 'format',
		help: 'long, jsonl, mtree, mtree-netbsd or rsync. Default: long.',
	},
	eightBit: {
		flags: '-8, --8-bit-output',
		group: 'tree',
		commands: ['ls'],
		help: 'With rsync: leave octets beyond ASCII as they are.',
	},
	config: {
		flags: '--config <file>',
		group: 'tree',
		commands: ['serve'],
		value: 'file',
		help: 'Serve the modules of this file (shoal.toml).',
	},
	sourceState: {
		flags: '--source-state <dir>',
		group: 'tree',
		commands: ['pull'],
		value: 'directory',
		help: 'Of a SOURCE that is a directory nobody may write in: keep its state there.',
	},
	noScan: {
		flags: '--no-scan',
		group: 'tree',
		commands: ['serve'],
		help: 'Serve the saved snapshot at once; do not look at the tree.',
	},

	rateMax: {
		flags: '--bwlimit <rate>',
		group: 'network',
		commands: ['pull', 'serve', 'snapshot'],
		value: 'rate',
		help: 'Limit the rate, of serve that of each client: KiB a second, or suffix K, M, G.',
	},
	rateFrom: {
		flags: '--bwlimit-from <file>',
		group: 'network',
		commands: ['pull'],
		value: 'file',
		help: 'Read the limit from this file, and again each time it changes.',
	},
	rateTotalMax: {
		flags: '--bwlimit-total <rate>',
		group: 'network',
		commands: ['serve'],
		value: 'rate',
		help: 'Limit the rate of all clients together; they share it fairly.',
	},
	sessionsMax: {
		flags: '--max-clients <n>',
		group: 'network',
		commands: ['serve'],
		value: 'count',
		help: 'Serve so many clients at a time; others are told when to come back.',
	},
	...compressOptions,
	timeout: {
		flags: '--timeout <seconds>',
		group: 'network',
		commands: ['pull'],
		value: 'seconds',
		help: 'Give up after this long without a datagram, or without progress (exit 30).',
	},
	contactTimeout: {
		flags: '--contimeout <seconds>',
		group: 'network',
		commands: ['pull', 'doctor'],
		value: 'seconds',
		help: 'Give up after this long without a first answer (exit 35).',
	},
	congestion: {
		flags: '--congestion <name>',
		group: 'network',
		commands: ['pull'],
		value: 'congestion',
		help: 'How the rate is found: model (of the path) or cubic. Default: model.',
	},
	link: {
		flags: '--link <name>',
		group: 'network',
		commands: talking,
		value: 'link',
		help: 'What carries datagrams: auto, udp, or WebTransport over HTTP/3 (h3) or HTTP/2 (h2).',
	},
	ipv4: {flags: '-4, --ipv4', group: 'network', commands: talking, help: 'Use IPv4 only.'},
	ipv6: {flags: '-6, --ipv6', group: 'network', commands: talking, help: 'Use IPv6 only.'},
	mtu: {
		flags: '--mtu <octets>',
		group: 'network',
		commands: ['serve'],
		value: 'count',
		help: 'Send no larger IP packets; where sizes are not searched for: up to this one.',
	},
	listen: {
		flags: '--listen <host:port>',
		group: 'network',
		commands: ['serve'],
		value: 'address',
		repeat: true,
		help: 'Listen here; may be repeated. Default: every address, port 8730.',
	},
	webTransport: {
		flags: '--webtransport <port>',
		group: 'network',
		commands: ['serve'],
		value: 'count',
		help: 'Also answer WebTransport at this port of TCP (and UDP), for who gets no UDP through.',
	},
	certificate: {
		flags: '--certificate <file>',
		group: 'network',
		commands: ['serve'],
		value: 'file',
		help: 'With --webtransport: show this certificate instead of ones that are made here.',
	},
	certificateKey: {
		flags: '--certificate-key <file>',
		group: 'network',
		commands: ['serve'],
		value: 'file',
		help: 'The key of --certificate.',
	},

	trustOnFirstUse: {
		flags: '--trust-on-first-use',
		group: 'trust',
		commands: talking,
		help: 'Accept and remember the key of a source seen for the first time.',
	},
	allowRollback: {
		flags: '--allow-rollback',
		group: 'trust',
		commands: talking,
		help: 'Accept an older snapshot than the last one seen.',
	},

	rotate: {
		flags: '--rotate',
		group: 'trust',
		commands: ['keygen'],
		help: 'Make new keys, which the old one names as its successors.',
	},

	itemize: {
		flags: '-i, --itemize-changes',
		group: 'output',
		commands: ['pull'],
		help: 'Print a line for each change, as rsync does.',
	},
	verbose: {
		flags: '-v, --verbose',
		group: 'output',
		commands: everyRun,
		help: 'Say more: the name of each change, and totals; twice: also what --stats does.',
	},
	quiet: {
		flags: '-q, --quiet',
		group: 'output',
		commands: [...everyRun, 'diff'],
		help: 'Say nothing but errors.',
	},
	stats: {
		flags: '--stats',
		group: 'output',
		commands: ['pull', 'diff'],
		help: 'Print figures of the run at its end.',
	},
	json: {
		flags: '--json',
		group: 'output',
		commands: ['snapshot', 'diff', 'serve', 'pull', 'keygen', 'doctor', 'version'],
		help: 'Print results and events as JSON lines.',
	},
	logFile: {
		flags: '--log-file <file>',
		group: 'output',
		commands: ['pull', 'serve'],
		value: 'file',
		help: 'Also write what is done to this file.',
	},

	threads: {
		flags: '--threads <n>',
		group: 'machine',
		commands: everyRun,
		value: 'count',
		help: 'Worker threads; changes nothing but speed. Default: one per core.',
	},
	trace: {
		flags: '--trace <file>',
		group: 'machine',
		commands: everyRun,
		value: 'file',
		help: 'Write what each thread does when to this file, for Perfetto.',
	},
} as const satisfies Record<string, OptionRow>;

/** What every command and shoal itself take; these end the reading of a command line. */
export const standardOptions = [
	{flags: '-h, --help', help: 'Print this help.'},
	{flags: '-V, --version', help: 'Print the version.'},
] as const;

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
} & {
	/** Values of the rows `inOrder`. */
	inOrder?: readonly {readonly option: OptionName; readonly text: string}[];
};
