/** What a row of the table of options (`option.ts`) is made of. */
export type CommandName =
	| 'snapshot'
	| 'ls'
	| 'diff'
	| 'serve'
	| 'pull'
	| 'keygen'
	| 'doctor'
	| 'completion'
	| 'version';

/** Headings of help and manual, in their order. */
export const optionGroups = {
	run: 'What to do',
	compare: 'What counts as changed',
	filter: 'Which paths',
	delete: 'What to delete',
	attribute: 'Owners, permissions, times',
	publish: 'How DEST is changed',
	tree: 'Trees and lists',
	network: 'Network',
	trust: 'Trust',
	output: 'Output',
	machine: 'This machine',
} as const;

/** Values that are words of a list; `later` are known, and refused by name until they are built. */
export const choiceTable = {
	format: {words: ['long', 'jsonl', 'mtree', 'mtree-netbsd', 'rsync'], later: []},
	publish: {words: ['in-place', 'tree'], later: []},
	congestion: {words: ['model', 'cubic'], later: []},
	compress: {
		words: ['auto', 'brotli', 'zstd', 'deflate', 'zlib', 'zlibx', 'none'],
		later: [],
	},
	link: {words: ['auto', 'udp', 'h3', 'h2'], later: []},
} as const satisfies Record<string, {words: readonly string[]; later: readonly string[]}>;

export type ChoiceKind = keyof typeof choiceTable;

/** How the text after an option is read (`value.ts`), and what a shell offers for it. */
export type ValueKind =
	| ChoiceKind
	| 'address'
	| 'count'
	| 'directory'
	| 'file'
	| 'rate'
	| 'rule'
	| 'seconds'
	| 'text';

export type OptionRow = {
	readonly flags: string;
	readonly group: keyof typeof optionGroups;
	readonly commands: readonly CommandName[];
	readonly value?: ValueKind;
	/** May be given several times: the values are collected. */
	readonly repeat?: true;
	/** Its values are kept with those of all such options, in the order they were given. */
	readonly inOrder?: true;
	readonly help: string;
};
