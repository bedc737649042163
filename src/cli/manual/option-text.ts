/**
 * What the manual page says of an option after its line of the help: units, defaults, how it goes
 * with others. Paragraphs are separated by an empty line; a word like --delete is set as an option.
 */
import type {OptionName} from '../option.ts';

export const optionText: Readonly<Partial<Record<OptionName, string>>> = {
	archive:
		'Taken so that habits carry over: pull is rsync -aH, and --no-perms, --no-times, --no-owner ' +
		'and --no-group switch parts of it off. Devices, sockets and FIFOs are listed and skipped.',
	dryRun:
		'The list is fetched and compared, and the figures are those of a real run as far as they ' +
		'are known before any content is fetched. With -i each change has a line.',
	checksum:
		'Everything in DEST is read. Nothing of that travels: the list has a digest of each file. ' +
		'What is damaged is fetched again.',
	wholeFile:
		'Cheaper where the versions of a file have nothing in common, as compressed or encrypted ' +
		'files have.',
	sparse:
		'A file that is sparse at SOURCE is sparse in DEST without this: each 4,096 octets of it, ' +
		'from a multiple of 4,096 on, that are all zeros are not written. With this, the same holds ' +
		'for every file that is written. Files that do not change stay as they are.',
	compress:
		'The receiver decides: a source compresses a file when it is first asked for it so, leaf by ' +
		'leaf of 64 KiB, and keeps that for all. What does not shrink comes as it is, and costs two ' +
		'octets for each 64 KiB. Of a changed file, what DEST lacks of a leaf is compressed with ' +
		'what it has of it; a new one of more than 64 KiB is searched for in a similar one, as ' +
		'with --fuzzy. Worth it on slow paths; a fast one may be faster than the codec. It ' +
		'has no effect on a SOURCE that is a directory here, or of a module with compress = false.',
	compressChoice:
		'auto is Brotli. zlib and zlibx are other names of deflate, which every source has and which ' +
		'takes the place of what a source has not; zstd needs Node 22.15 on both sides.',
	compressLevel:
		'A source makes a quick and a usual form of each codec; the nearest one is asked for: with ' +
		'brotli 1 and 5, deflate 1 and 6, zstd 1 and 6.',
	skipCompress:
		'Suffixes without their dots, separated by slashes; letters in brackets stand for one of ' +
		'them. Case does not matter, and an empty list skips nothing. The default is the list of ' +
		'rsync(1) without ts, which is TypeScript more often than film.',
	fuzzy:
		'A new file is searched for in one of its directory that has the same size and time, else in ' +
		'the one of the nearest name, as rsync(1) reckons it; an archive also in the files of the ' +
		'directory that has its name. Where very many are new, of a directory the names next to it ' +
		'in order are looked at. Given twice, directories of --link-dest and its like are ' +
		'looked into as well. What is found is proven like what travels.',
	compareDest:
		'May be given up to 20 times; a relative path begins at DEST. What DIR has with the same ' +
		'content, owner, mode and time is left out of DEST, and taken from it. The three options of ' +
		'this kind exclude each other, and with any of them all of DEST is looked at.',
	copyDest:
		'As --compare-dest, but DEST gets a copy, proven by its digest, and becomes the whole image. ' +
		'The only one of the three that goes with --publish tree.',
	linkDest:
		'As --compare-dest, but DEST gets a further name of the file, also in place of one of its ' +
		'own, and becomes the whole image. Where no link can be made the file is copied.',
	delete:
		'Deletion comes last, after everything has been fetched, verified and put in place, and ' +
		'never after an error of the source or from a list that is not whole. See --max-delete.',
	deleteMax:
		'Rsync deletes up to the cap and goes on; here the cap is looked at before anything is ' +
		'changed. 0 means that nothing may be deleted.',
	filter:
		"The rules are those of rsync(1), FILTER RULES: a rule's name or its letter (+ include, " +
		'- exclude, H hide, S show, P protect, R risk, . merge, ! clear), modifiers, one space or ' +
		'_, and a pattern or a file. They are evaluated here, on the list, and the source never sees ' +
		'them. A pattern with a slash in front is anchored at the module, or at the path of it that ' +
		'is pulled; with the modifier / it is held against the path from the root of the module, and ' +
		'in DEST against the absolute path.\n\n' +
		'Files of rules are read once, when the pull begins; - is standard input. Rules kept in ' +
		'directories of the source (dir-merge, -F, -C) are refused: a receiver sees names, not ' +
		'contents, before it decides. So are the modifiers C of a pattern, and x.',
	filesFrom:
		'One path a line; - is standard input. A directory is made without what it holds, unless its ' +
		'name ends with a slash (its entries, not those below them) or -r is given (everything). ' +
		'With --delete, only directories that are pulled with what they hold lose anything. A path ' +
		'that the source does not have is an error (exit 23), and nothing is deleted then. A name ' +
		'with /./ in it is refused: rsync would shorten its path in DEST.',
	deleteExcluded:
		'Implies --delete. Rules that name a side (protect, or the modifier r) still protect.',
	rateMax:
		'As rsync reads it: 500 is 500 KiB a second, 1.5M one and a half MiB, 2MB two million ' +
		'octets; 0 is no limit. It counts what is on the network, headers included, and holds in ' +
		'every second. For serve it is the limit of each client, where its module has none of its ' +
		'own; see also --bwlimit-total. Of a SOURCE that is here, what is read of it is limited, and ' +
		'so is what snapshot reads of files to hash them.',
	contactTimeout:
		'Default: 15. It is the time for looking the name up, and for all addresses of it together: ' +
		'each begins 250 ms after the one before, or when that has failed, IPv6 and IPv4 in turn. A ' +
		'source that is full says when to come back: within this time it is asked again then, else ' +
		'the exit code is 10. So --contimeout 3600 waits for a place for up to an hour.',
	rateFrom:
		'A file that holds one rate, as --bwlimit takes it. It is looked at every second, so that ' +
		'echo 2M > FILE slows a run that goes on, and echo 0 > FILE lets it go.',
	rateTotalMax:
		'Clients that want more than their share have equal ones, and what a slow one leaves is for ' +
		'the others. In shoal.toml it is bwlimit-total, of the whole server or of a module; on ' +
		'SIGHUP limits are read again from there, and hold for sessions that are open as well.',
	mtu:
		'1280 to 65535, with IP headers, as interfaces have it. On Linux a server finds out for each ' +
		'client how large packets may be, so this is needed only where a part of the way cuts or ' +
		'loses large ones now and then. Other systems do not say when they cut packets, so there ' +
		'only small ones are sent, unless --mtu names what every way to the clients carries.',
	sessionsMax:
		'One that comes when there is no room is told so in the answer to its first datagram, with ' +
		'the time after which to come back; a poll that finds nothing new is always answered. In ' +
		'shoal.toml: max-clients of the server or of a module (1,024 for each where none is given), ' +
		'and of the server max-clients-per-address (an IPv6 network of 64 bits counts as one) and ' +
		'max-clients-per-key, of receivers that show a key.',
	congestion:
		'The model follows the delivery rate and the round trip, takes a growing queue for ' +
		'congestion, and is not slowed by the loss that a path has of its own. CUBIC (RFC 9438) is ' +
		'what TCP does: it takes any loss for congestion. It is here to compare with.',
	link:
		'auto begins with UDP. Where nothing has come back within a second, HTTP/3 (if its addon is ' +
		'installed) and HTTP/2 are tried as well, and what answers first carries the run; which it ' +
		'is, and why, is said and stands in the output of --json. That takes a source that serves ' +
		'with --webtransport: where it answers is learnt with every run that reaches it, or stands ' +
		'in the URL behind the question mark that serve prints. Whatever carries it, datagrams are ' +
		'sealed and the source proves its key as over UDP. h3 needs a package with native code: npm ' +
		'install @fails-components/webtransport-transport-http3-quiche.',
	webTransport:
		'443 passes most firewalls; 0 takes a free one. Over HTTP/2 always, over HTTP/3 where its ' +
		'addon is installed. Certificates are made for twelve days each, the next one in advance, ' +
		'and kept beside the keys; receivers learn their hashes with each answer and in the second ' +
		'URL that serve prints, so one that was here within the last twelve days gets through. In ' +
		'shoal.toml: webtransport, certificate and certificate-key.',
	certificate:
		'In PEM, with those of the authorities between. The files are looked at again every ten ' +
		'seconds, so a renewed certificate is shown from then on; over HTTP/3 sessions are dialled ' +
		'again for it. Receivers check it against the host name of the URL and the authorities that ' +
		'their system trusts.',
	threads:
		'With 0 all work is done in one thread; 256 is the most. The result is the same with any ' +
		'number.',
	trace:
		'Events of the form that chrome://tracing and https://ui.perfetto.dev open: a track for each ' +
		'thread and for each task. What has been written is whole at any instant, also after a kill.',
	historyMax:
		'9 is the most. Of these, the newest whose differences together are no larger than the list ' +
		'are kept, since a receiver that is further behind fetches the list. A running serve has ' +
		'what it offers in memory: nothing that is removed is missed by it or by its sessions.',
	watch:
		'A path is looked at once nothing has been told of it for a quarter of a second, so what is ' +
		'being written is not offered half done. Each directory needs a watch of the system ' +
		'(sysctl fs.inotify.max_user_watches); where there are too few, or on systems without ' +
		'inotify, all of the tree is looked at every minute, and serve says so. Once a day all is ' +
		'looked at in any case. An updater that knows what it touched does better with ' +
		'snapshot --changed.',
	changed:
		'One path a line, or with -0 each ended by a NUL; relative to the tree, or absolute and ' +
		'below it. In a line \\#ooo is an octet in octal, as rsync and shoal write names. A ' +
		'path that is gone is deleted, a directory stands for all that is below it, and the ' +
		'directories above are looked at without being named, so a log of rsync needs no lines ' +
		'that end with a slash: rsync -a --out-format=%n ... | grep -v /$ | shoal snapshot ' +
		'--changed - DIR. Of a file with several names the others are looked at too. Nothing ' +
		'else of the tree is, so what is not listed stays as the last snapshot has it until one ' +
		'without this option. Without a last snapshot, all is looked at.',
	rotate:
		'The secret of the old key is gone then; what it signed last leads receivers to the new one, ' +
		'also those whose URL has the old one. They say so once, move on, and believe the old one no ' +
		'more. A running serve goes on under the new keys within a second. A receiver that was away ' +
		'for more than three changes of the key must be told the new one.',
	state:
		'For trees that must not be written in. The directory is made if it is missing, can be read ' +
		'by its owner alone, and belongs to one tree. It holds no secret, and may be deleted: the ' +
		'next run reads the tree again.',
	check:
		'Without it, a poll that finds nothing new does not look at DEST at all, so a file that ' +
		'somebody else changed there stays as it is. Sizes and times are compared; -c compares ' +
		'content.',
	publish:
		'in-place renames files into DEST one by one, driven by a journal: until that is done, a ' +
		'reader may see old and new files side by side. With tree, DEST is a symlink to a tree in ' +
		'.NAME.shoal/trees beside it (NAME: the last part of DEST). The next tree is made there, of ' +
		'hard links to what did not change, and one rename of the symlink shows it: whoever opens ' +
		'DEST sees one whole tree or the next. Files are shared between trees, so nothing may be ' +
		'changed in them by hand; what is put there by hand is left behind with --delete. Without ' +
		'--delete each publish has to look at all of the tree.\n\n' +
		'A poll that finds nothing new makes no tree. Going back to an older one is a matter of ' +
		'ln -sfn .NAME.shoal/trees/N DEST; the next pull then goes on from that one.',
	keep:
		'With --publish tree. A reader that holds a directory of an older tree open sees it whole ' +
		'until so many newer ones were shown; then the next tree is made out of it. One tree more ' +
		'than this number is on the disk, for that purpose.',
	convert:
		'With --publish tree, once, for a DEST that was pulled in place until now. Nothing is ' +
		'copied, and nothing is fetched again. Between two renames, for less than a millisecond, ' +
		'there is no DEST; if the machine stops just there, the next pull puts it back.',
	fsync:
		'The journal of a publish is always synced, so that a crash leaves no mixture. With this ' +
		'option the contents of files are synced before they are put in place, which matters when ' +
		'the power fails, and takes longer.',
	format:
		'long is a line as of ls -l for each path, in the order of its octets: times are UTC, -> is ' +
		'before the target of a symlink, = before the first name of a hard link, and (unread) marks ' +
		'what the source could not read.\n\n' +
		'jsonl is an object for each path with path, type (file, directory, symlink, fifo, socket, ' +
		'blockDevice, charDevice), mode (octal digits), mtime (seconds and nine digits of ' +
		'nanoseconds, as text), uid and gid; and where there is one: owner, group, size, target, ' +
		'major and minor, link (first path of the hard link), linkCount (of a first path: names), ' +
		'digest (the root of its leaves), sha256, xattr, unread. What is not UTF-8 stands in base64 ' +
		'under the name with 64 after it: path64.\n\n' +
		'mtree has type, mode, owner, group, size, time, link, device, nlink of hard links, and ' +
		'sha256digest where the list has a plain one. An owner who is not known where mtree runs ' +
		'ends it; with its -W it looks at no owner. mtree-netbsd differs in names with *, ? or [ ' +
		'only.\n\n' +
		'rsync is equal to the output of rsync 3.5, order, separators and escapes included, in local ' +
		'time and the letters of the locale, but for the size of directories (4,096) and for ' +
		'characters that steer a terminal, which stay escaped; see -8.',
	trustOnFirstUse:
		'Without it a source whose key is neither in the URL nor in known_sources is refused, and ' +
		'its key is shown.',
	allowRollback:
		'A source that shows an older snapshot than one seen before was restored from a backup, or ' +
		'somebody is replaying what it once signed.',
	listen:
		'An IPv6 address stands in brackets. Port 0 takes a free one, and the URL that is printed ' +
		'has its number.',
	json:
		'One object a line on standard output. The last line of a pull has event result, and is ' +
		'there when the run failed, too. Fields may be added, but keep their meaning.',
};
