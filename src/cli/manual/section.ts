/** What the manual page says beyond commands and options, section by section. */
import {literal, prose, tagged} from './mdoc.ts';

const says = (...text: string[]): string[] => prose(text.join(' '));

/** Text after a list or an example, which end without a paragraph of their own. */
const afterwards = (...text: string[]): string[] => ['.Pp', ...says(...text)];

/** What shoal is, for who has never seen it. */
export function description(): string[] {
	return says(
		'shoal makes a directory the image of another one across a long, lossy network.',
		'Data travels as independent, sealed UDP datagrams, each used when it arrives, so a loss',
		'delays nothing but what was lost.\n\n',
		'A source keeps the list of each tree that it serves, made once for each update, and signs',
		'it. A receiver asks for the newest list, compares it with what it has, searches its own',
		'older files for what it can use, and asks for the ranges that are nowhere there. A poll that',
		'finds nothing new costs one datagram each way. Everything is verified against the signed',
		'list before it is put in place.',
	);
}

export function sources(): string[] {
	return [
		...says('A source is named by a URL, or by the path of a local directory:'),
		...literal(['shoal://[KEY@]host[:port][/module[/path]]']),
		...tagged([
			[
				'Ar KEY',
				says(
					'The public key of the source, as serve and keygen print it. Whoever has the URL',
					'needs no other trust. Without it the host must be known from before; else the',
					'source is refused and its key shown, unless --trust-on-first-use is given.',
				),
			],
			['Ar host', says('A name or an address; an IPv6 address in brackets.')],
			['Ar port', says('8730 unless it is given.')],
			[
				'Ar module',
				says(
					'The name of a tree in the configuration of the source. Without one it is the tree',
					'that serve was given; a path in that has two slashes before it.',
				),
			],
			[
				'Ar path',
				says(
					'A directory or file in the module. Octets that a URL cannot hold are written as',
					'%xx. Only the parts of the list that it needs are fetched.',
				),
			],
		]),
		...afterwards(
			'A colon before the first slash makes a name remote to rsync. Such names are refused with',
			'a hint, never taken for a path; a local name with a colon is written ./NAME.\n\n A',
			'directory that was pulled, all of a module and without filters, can be served on at once:',
			'serve DEST makes a relay of it, under the KEY of the origin. Receivers put the host of the',
			'relay into the URL and leave the key as it is. What a relay lacks is unavailable there',
			'(exit 24); pull --check at the relay brings it back.\n\n A pull may name several sources of',
			'one key, module and path, an origin and its relays for instance. Each is asked for as much',
			'as it keeps up with; one that is away, has another snapshot or lies is named and asked no',
			'more, one that is far slower than another for nothing that another has; one that has',
			'changed since is named. --bwlimit is the limit of all of them together.',
		),
	];
}

export function filterRules(): string[] {
	return [
		...says(
			'These are those of rsync(1), evaluated by the receiver on the list; the source never sees',
			'them. All of --filter, --exclude, --include, --exclude-from and --include-from are one',
			'list, in the order of the command line. A path is held against each rule in turn, and the',
			'first that matches decides; a path that none matches is taken. What is left out is not',
			'deleted either, and nothing below a directory that is left out is looked at.\n\n A rule is',
			'a name or a letter, a space, and a pattern or a file:',
		),
		...tagged([
			['Cm \\- , exclude', says('Leave out, and protect from deletion.')],
			['Cm \\&+ , include', says('Take, whatever later rules say.')],
			['Cm H , hide', says('Leave out; what DEST has of that name may be deleted.')],
			['Cm S , show', says('Do not hide.')],
			['Cm P , protect', says('Do not delete in DEST.')],
			['Cm R , risk', says('Do not protect.')],
			['Cm \\&. , merge', says('Read the rules of a file of this machine here.')],
			['Cm \\&! , clear', says('Forget all rules before this one.')],
		]),
		...afterwards('In a pattern'),
		...tagged([
			['Cm /', says('in front anchors it at the module, or at the path of it that is pulled;')],
			['Cm /', says('at its end lets it match directories only;')],
			['Cm *', says('is any octets but a slash,')],
			['Cm **', says('is any octets,')],
			['Cm \\&?', says('is one octet but a slash, and')],
			['Cm \\&[a\\-z]', says('is one of some.')],
			['Cm name/***', says('is the directory of that name and all below it.')],
		]),
		...afterwards(
			'A pattern without a slash inside is held against the last part of a path, any other',
			'against its end. To take files of one kind from everywhere, take directories first:',
		),
		...literal(["--include='*/' --include='*.deb' --exclude='*'"]),
	];
}

export function environment(): string[] {
	return tagged([
		[
			'Ev XDG_CONFIG_HOME',
			says(
				'Keys and known sources are in the directory shoal below it. If it is not set: in',
				'/etc/shoal for root, in ~/.config/shoal for others.',
			),
		],
		[
			'Ev LC_ALL , LC_CTYPE , LANG',
			says('Say which octets of names ls --format rsync shows as they are, as they do for rsync.'),
		],
		['Ev TERM', says('A terminal that is called dumb is shown no line that is redrawn.')],
		['Ev NODE_OPTIONS', says('Read by node(1), which runs shoal.')],
	]);
}

export function files(): string[] {
	return [
		...tagged([
			['Pa .shoal', says('State of a tree at its root, unless --state is given: mode 0700.')],
			[
				'Pa .NAME.shoal',
				says('State, staging and trees of a DEST that is published as trees, beside it.'),
			],
			['Pa identity.key', says('Signs what this host offers. Back it up: receivers pin it.')],
			['Pa host.key', says('The key that is dialled; the identity vouches for it.')],
			['Pa known_sources', says('Keys of the sources that this user has accepted, by host.')],
			[
				'Pa known_heads',
				says('The newest snapshot seen of each module, so that an older one is refused.'),
			],
			[
				'Pa rotations',
				says('Which key of this host has succeeded which, signed by the former one.'),
			],
			[
				'Pa known_rotations',
				says('The same of sources, as they showed it: who was succeeded is believed no more.'),
			],
			[
				'Pa known_delegations',
				says('What hides the name of the module from the next contact with a host.'),
			],
			[
				'Pa known_webtransport',
				says('Where sources answer WebTransport, and the hashes of their certificates.'),
			],
			[
				'Pa known_paths',
				says('What the paths to sources carried within a day: half of it begins the next pull.'),
			],
			[
				'Pa webtransport.key',
				says('The certificates of serve --webtransport with their keys, made as needed.'),
			],
			['Pa shoal.toml', says('What serve --config reads: see below.')],
		]),
		...afterwards(
			'Keys and known files are in the configuration directory. They are opened without',
			'following links, and only if nobody else can write them. A configuration of modules:',
		),
		...literal([
			'listen = ["192.0.2.7:8730", "[2001:db8::7]:8730"]',
			'state = "/var/lib/shoal"     # a directory for each module below it',
			'bwlimit-total = "100MB"      # a second, for all clients together',
			'max-clients-per-address = 20',
			'webtransport = 443           # also answer at this port of TCP, where UDP is blocked',
			'',
			'[module.debian]              # shoal://KEY@host/debian',
			'path = "/srv/debian"',
			'comment = "a mirror"',
			'watch = true                 # as --watch',
			'history = 9                  # as --history; also history-days',
			'compress = false             # not even for receivers that ask; default: true',
			'max-clients = 200',
			'bwlimit = "20MB"             # a second, for each client',
			'bwlimit-total = "50MB"       # a second, for all clients of the module',
		]),
		...afterwards(
			'Relative paths in it begin at its directory. An unknown key is an error. bwlimit and',
			'max-clients may stand at the top, too. What the command line says goes before that.',
		),
	];
}

export function signals(): string[] {
	return tagged([
		[
			'Dv SIGINT , SIGTERM',
			says(
				'The first one stops cleanly: what has arrived is kept, and the exit code is 20. The',
				'second one ends the process at once, which is safe too: the next run rolls a publish',
				'forward that was begun. A server that is stopped exits with 0.',
			),
		],
		[
			'Dv SIGHUP',
			says(
				'A server reads the limits of its configuration again (bwlimit, bwlimit-total,',
				'max-clients and what begins so): they hold at once, also for sessions that are open.',
				'A file with a fault changes nothing. Without',
				'--config it ends the process, as it does every other command.',
			),
		],
		[
			'Dv SIGUSR1',
			says(
				'Prints what goes on to standard error: every task with its state, progress and jobs, and',
				'the lanes in which jobs wait. Nothing is interrupted.',
			),
		],
		['Dv SIGPIPE', says('Ignored; a reader that has seen enough of ls ends it.')],
	]);
}

export function examples(): string[] {
	return [
		...says('A mirror that is updated at its source, and followed every five minutes:'),
		...literal([
			'source$ rsync -a upstream:/debian/ /srv/debian/ && shoal snapshot /srv/debian',
			'source$ shoal serve --config /etc/shoal/shoal.toml',
			'mirror$ crontab -l',
			'*/5 * * * * shoal pull --delete shoal://KEY@source/debian /srv/debian',
		]),
		...afterwards('What would be deleted, by name:'),
		...literal(["$ shoal pull -n -i --delete shoal://KEY@source/debian /srv/debian | grep '^\\*'"]),
		...afterwards('How much of a pull was found in older versions of the files:'),
		...literal([
			'$ shoal pull --json shoal://KEY@source/debian /srv/debian | tail -n 1 | jq .bytesMatched',
		]),
	];
}

export function differences(): string[] {
	return tagged([
		[
			'Slashes',
			says('A slash at the end of a source means nothing: DEST becomes the image of it.'),
		],
		[
			'Options',
			says(
				'pull is rsync -aH from the start. An option of rsync that is not built is refused by',
				'name, never ignored. Short options may stand together.',
			),
		],
		[
			'Deletion',
			says(
				'Comes last, as with --delete-delay, and only from a whole list and without an error of',
				'the source. More than --max-delete, or by default more than half of over a hundred',
				'entries, publishes nothing and exits with 25.',
			),
		],
		[
			'Files',
			says(
				'Everything is staged and verified before any of it is put in place, as with',
				'--delay-updates; an interrupted run keeps what has arrived, as with --partial. With',
				'--publish tree nobody sees a mixture.',
			),
		],
		[
			'Filters',
			says(
				'Rules in files of the source (dir-merge, -F, -C) are refused: merge a file of your own.',
			),
		],
		[
			'Unchanged trees',
			says(
				'If the source has nothing new and the last pull was complete, DEST is not looked at;',
				'--check looks, and repairs.',
			),
		],
		[
			'The source',
			says(
				'Lists a tree once for each update, not once for each client: a change shows after',
				'shoal snapshot. It searches nothing, and learns nothing of what a receiver has.',
			),
		],
		[
			'Devices',
			says(
				'Devices, sockets and FIFOs are listed and skipped. ACLs and extended attributes',
				'are not carried.',
			),
		],
	]);
}

export function security(): string[] {
	return says(
		'The key in a URL names the source. Its identity (Ed25519) signs lists and the keys of hosts;',
		'the handshake is Noise, and each datagram is sealed by itself with AES-GCM or',
		'ChaCha20-Poly1305. Content is verified against the signed list before it is put in place,',
		'and nothing is deleted after an error of the source.\n\n',
		'There are no access rules: anyone who reaches the port can read what is served. The key in a',
		'URL says whom to trust, and is no password.\n\n',
		'In the first contact with a host (Noise NX) the name of the module is visible to who watches',
		'the path; later ones hide it. Addresses, times and amounts are visible always.\n\n',
		'A source learns which ranges of its files a receiver wants, and nothing else of its copy.',
		'Names are escaped in all output. No operation in DEST follows a symbolic link; on systems',
		'other than Linux another process that can write in DEST could lead a write out of it for',
		'an instant.',
	);
}
