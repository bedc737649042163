/**
 * Options of rsync (and of ours) that are not built: each is refused by name, because a script that
 * relies on one must not run as if it had been obeyed.
 */
export type UnbuiltRow = {readonly flags: string; readonly reason?: string};

const always =
	'pull is rsync -aH already, and its parts are switched off with --no-perms and so on';

/** Ours and rsync's (3.5.0, `rsync --help`) that are refused, in the order of rsync's help. */
export const unbuiltOptions: readonly UnbuiltRow[] = [
	...['-F', '-C, --cvs-exclude'].map(inTree),
	...['--info', '--debug', '--stderr', '--no-motd'].map(plain),
	...['-l, --links', '-p, --perms', '-o, --owner', '-g, --group'].map(part),
	...['-t, --times', '--inc-recursive', '--no-inc-recursive', '--i-r', '--no-i-r'].map(part),
	...['-D', '--devices', '--specials', '--copy-devices', '--write-devices'].map(plain),
	...['--drop-D', '-R, --relative', '--no-implied-dirs', '-b, --backup', '--backup-dir'].map(plain),
	...['--suffix', '-u, --update', '--inplace', '--append', '--append-verify'].map(plain),
	...['-d, --dirs', '--old-dirs', '--old-d', '-L, --copy-links'].map(plain),
	...['--copy-unsafe-links', '--safe-links', '--insecure-links', '--confine-root'].map(plain),
	...['--munge-links', '-k, --copy-dirlinks', '-K, --keep-dirlinks'].map(plain),
	...['-E, --executability', '--chmod', '-A, --acls', '-X, --xattrs'].map(plain),
	...['-U, --atimes', '--open-noatime', '-N, --crtimes', '-O, --omit-dir-times'].map(plain),
	...['-J, --omit-link-times', '--super', '--fake-super'].map(plain),
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
	...['--chown', '-@, --modify-window', '-T, --temp-dir'].map(plain),
	...['--compress-threads', '--zt', '--no-z', '--old-args'].map(plain),
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

function inTree(flags: string): UnbuiltRow {
	const reason = 'rules in files of the source cannot be read here; merge a file of your own';
	return {flags, reason};
}

function when(flags: string): UnbuiltRow {
	return {flags, reason: 'deletion always comes last; ask for it with --delete'};
}
