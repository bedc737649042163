/** Every command of the command line, its operands and the words of its help, as a table. */
import type {CommandName} from './option.ts';

export type CommandRow = {
	readonly operands: readonly {readonly name: string; readonly help: string}[];
	readonly summary: string;
	/** Stands below the options in the help. */
	readonly notes: string;
};

const source = {
	name: '<source>',
	help: 'shoal://[KEY@]host[:port][/module[/path]], or a local directory.',
};

export const commandTable: Record<CommandName, CommandRow> = {
	snapshot: {
		operands: [{name: '<dir>', help: 'The tree.'}],
		summary: 'look at a tree, hash what changed, and save its list',
		notes: 'A running serve offers the new snapshot within a second.',
	},
	ls: {
		operands: [
			{name: '<from>', help: 'A list file, a directory with a saved snapshot, or a source.'},
			{name: '[path]', help: 'Only this path and what is below it.'},
		],
		summary: 'print the list of a snapshot',
		notes: 'Names are escaped: an octet that does not print is \\#ooo in octal.',
	},
	serve: {
		operands: [{name: '[dir]', help: 'The tree; served as the module without a name.'}],
		summary: 'offer a tree to receivers',
		notes:
			'Anyone who reaches the port can read what is served. Keys are made when missing, in\n' +
			'$XDG_CONFIG_HOME/shoal (for root: /etc/shoal). Port 0 takes a free one; the URL shows it.',
	},
	pull: {
		operands: [source, {name: '<dest>', help: 'Becomes the image of the source.'}],
		summary: 'make a directory the image of a source',
		notes:
			'Works as rsync -aH does. Only the last part of DEST is created. What has arrived is kept\n' +
			'when a run is broken off; the same command goes on from there.',
	},
	keygen: {
		operands: [],
		summary: 'make the keys of this host, or print the ones it has',
		notes: '',
	},
	version: {operands: [], summary: 'print the version of shoal and of its protocol', notes: ''},
};

/** Commands whose time has not come: refused by name. */
export const unbuiltCommands: Readonly<Record<string, string>> = {
	diff: 'print what changed between two snapshots',
	push: 'make a remote directory the image of a local one',
	doctor: 'find out what a path does to datagrams',
};
