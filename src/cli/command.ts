/**
 * Every command, as a row of a table from which commander, help, manual page and completions are
 * made. Placeholders are in angle brackets, or in square ones where they may be left out.
 */
import type {CommandName} from './option-row.ts';

/** What a shell offers for an operand. */
export type OperandKind = 'directory' | 'file' | 'none';

export type OperandRow = {
	readonly name: string;
	readonly kind: OperandKind;
	/** The only values that it may have. */
	readonly words?: readonly string[];
	readonly help: string;
};

export type Example = {
	/** What it is for, up to a colon. */
	readonly says: string;
	/** Without the prompt. */
	readonly words: string;
};

export type CommandRow = {
	readonly operands: readonly OperandRow[];
	/** Its line in the list of commands. */
	readonly summary: string;
	/** What it does, in a sentence, and what else one must know to use it. */
	readonly about: string;
	readonly examples: readonly Example[];
	/** Those of its exit codes that a script may meet in a good installation. */
	readonly exits: readonly number[];
};

const url = 'shoal://KEY@host';

export const commandTable: Record<CommandName, CommandRow> = {
	snapshot: {
		operands: [{name: '<dir>', kind: 'directory', help: 'The tree.'}],
		summary: 'look at a tree, hash what changed, and save its list',
		about:
			'Looks at every entry of a tree, hashes the files that changed since the last time, and ' +
			'saves list, block sums and the difference from the last list. A running serve offers ' +
			'the new snapshot within a second. Run it after each update of a mirror.',
		examples: [
			{says: 'After an update', words: 'shoal snapshot /srv/debian'},
			{
				says: 'A tree that must not be written in keeps its state elsewhere',
				words: 'shoal snapshot /srv/debian --state /var/lib/shoal/debian',
			},
			{says: 'The list as a file of its own', words: 'shoal snapshot /srv/debian -o debian.list'},
		],
		exits: [0, 1, 11, 20, 22, 23, 24],
	},
	ls: {
		operands: [
			{
				name: '<from>',
				kind: 'file',
				help: 'A list file, a directory with a saved snapshot, or a source.',
			},
			{name: '[path]', kind: 'none', help: 'Only this path and what is below it.'},
		],
		summary: 'print the list of a snapshot',
		about:
			'Prints the list of a snapshot: of a tree, of a file that snapshot -o wrote, or of a ' +
			'source, without fetching any content. long is for people: names are escaped, an octet ' +
			'that does not print is \\#ooo in octal. jsonl has all there is, base64 where octets are ' +
			'not UTF-8. mtree is mtree(5), as bsdtar makes an archive from; mtree-netbsd is for ' +
			'mtree -p DIR, which takes *, ? and [ in a name for a pattern. rsync is what ' +
			'rsync -a --list-only DIR/ prints, with 4,096 for every directory, since a list has no ' +
			'size of it. With PATH, mtree and rsync name things as seen from there.',
		examples: [
			{says: 'What a source offers', words: `shoal ls ${url}/debian`},
			{says: 'One directory of a local tree', words: 'shoal ls /srv/debian dists/stable'},
			{says: 'For a program', words: 'shoal ls /srv/debian --format jsonl | jq .path'},
			{
				says: 'Whether a tree is still as its snapshot says',
				words: 'shoal ls /srv/debian --format mtree-netbsd | mtree -p /srv/debian',
			},
		],
		exits: [0, 1, 5, 10, 11, 12, 30, 35],
	},
	diff: {
		operands: [
			{
				name: '<old>',
				kind: 'file',
				help: 'A list file, a directory with a saved snapshot, or a source.',
			},
			{name: '<new>', kind: 'file', help: 'The same, of the later snapshot.'},
		],
		summary: 'print what changed between two snapshots',
		about:
			'Prints a line for each path that differs, as pull -i would for a pull of NEW onto OLD: ' +
			'what is new has +, what is gone is *deleting, and a file that was moved is shown as ' +
			'cf+++++++++ NEW <= OLD beside the deletion of its old name. Nothing is printed when ' +
			'nothing differs. Exit codes say whether it could be done, not whether there was a ' +
			'difference: with --json the last line has the counts.',
		examples: [
			{
				says: 'What the next pull from a source would find',
				words: `shoal diff debian.list ${url}/debian`,
			},
			{says: 'Counts alone', words: 'shoal diff --stats -q old.list /srv/debian'},
		],
		exits: [0, 1, 5, 10, 11, 12, 30, 35],
	},
	serve: {
		operands: [
			{name: '[dir]', kind: 'directory', help: 'The tree; served as the module without a name.'},
		],
		summary: 'offer a tree to receivers',
		about:
			'Offers a tree, or the modules of a configuration file, to receivers until it is stopped. ' +
			'A tree is looked at first; modules are served as snapshot saved them. Anyone who ' +
			'reaches the port can read what is served. Keys are made when missing, in ' +
			'$XDG_CONFIG_HOME/shoal (for root: /etc/shoal). Port 0 takes a free one; the URL shows it.',
		examples: [
			{says: 'One tree, on every address, port 8730', words: 'shoal serve /srv/mirror'},
			{
				says: 'One tree, for this machine alone',
				words: 'shoal serve /srv/mirror --listen 127.0.0.1:0',
			},
			{says: 'Several trees as modules', words: 'shoal serve --config /etc/shoal/shoal.toml'},
		],
		exits: [0, 1, 5, 10, 11, 20],
	},
	pull: {
		operands: [
			{
				name: '<source...>',
				kind: 'directory',
				help:
					'shoal://[KEY@]host[:port][/module[/path]], or a local directory. Several URLs with ' +
					'one key and module share the work.',
			},
			{name: '<dest>', kind: 'directory', help: 'Becomes the image of the source.'},
		],
		summary: 'make a directory the image of a source',
		about:
			'Makes DEST the image of SOURCE, as rsync -aH would: nothing is removed without --delete, ' +
			'a slash at the end means nothing, and only the last part of DEST is created. What has ' +
			'arrived is kept when a run is broken off; the same command goes on from there.',
		examples: [
			{
				says: 'The URL, with the key in it, is what serve prints',
				words: `shoal pull ${url} mirror`,
			},
			{
				says: 'See what would change, deletions included',
				words: `shoal pull -n -i --delete ${url}/debian /srv/debian`,
			},
			{
				says: 'From cron: silent on success, at most 4 MiB a second',
				words: `shoal pull --delete --bwlimit 4M ${url}/debian /srv/debian`,
			},
			{says: 'A part of a module', words: `shoal pull ${url}/debian/dists /srv/dists`},
			{
				says: 'Without what nobody here needs, and leaving alone what is only here',
				words: `shoal pull --delete -f '- *.iso' -f 'P /own/' ${url} mirror`,
			},
		],
		exits: [0, 1, 2, 5, 10, 11, 12, 20, 22, 23, 24, 25, 30, 35],
	},
	keygen: {
		operands: [],
		summary: 'make the keys of this host, or print the ones it has',
		about:
			'Makes what keys of this host are missing, and prints the public one: the KEY of its URLs. ' +
			'serve does so by itself; a key that is made before can be handed out before.',
		examples: [
			{says: 'The key that receivers pin', words: 'shoal keygen'},
			{says: 'New keys, to which receivers follow', words: 'shoal keygen --rotate'},
		],
		exits: [0, 5, 11],
	},
	doctor: {
		operands: [
			{
				name: '[source]',
				kind: 'directory',
				help: 'Also look at this directory, or ask this source a question.',
			},
		],
		summary: 'find out what this machine, a directory or a source lacks',
		about:
			'Looks at what makes shoal slow or keeps it from working: sockets, ports, clock, timers, ' +
			'ciphers, limits and keys, and at a directory or a source if one is named. Each line has a ' +
			'verdict (ok, note, warn or fail), what was found, and what mends it. A few small files ' +
			'are made in a directory and removed again; nothing else is changed. It exits with 1 if ' +
			'any verdict is fail.',
		examples: [
			{says: 'Before serving from a machine', words: 'shoal doctor /srv/mirror'},
			{says: 'A source that does not answer', words: 'shoal doctor shoal://KEY@host/debian'},
			{
				says: 'What is wrong, for a program',
				words: 'shoal doctor --json | grep \'"verdict":"fail"\'',
			},
		],
		exits: [0, 1, 20],
	},
	completion: {
		operands: [
			{name: '<shell>', kind: 'none', words: ['bash', 'zsh', 'fish'], help: 'bash, zsh or fish.'},
		],
		summary: 'print what makes a shell complete commands and options',
		about:
			'Prints a script that makes a shell complete the commands of shoal, their options and ' +
			'operands. It is made from the same table as the options themselves.',
		examples: [
			{says: 'In ~/.bashrc', words: 'source <(shoal completion bash)'},
			{
				says: 'In a directory of $fpath, before compinit runs',
				words: 'shoal completion zsh > ~/.zfunc/_shoal',
			},
			{
				says: 'For fish',
				words: 'shoal completion fish > ~/.config/fish/completions/shoal.fish',
			},
		],
		exits: [0, 1],
	},
	version: {
		operands: [],
		summary: 'print the version of shoal and of its protocol',
		about: 'Prints the version of shoal, of the protocol that it speaks, and of what it runs on.',
		examples: [{says: 'What to name in a report', words: 'shoal version'}],
		exits: [0],
	},
};

/** Commands whose time has not come: refused by name. */
export const unbuiltCommands: Readonly<Record<string, string>> = {
	push: 'make a remote directory the image of a local one',
};
