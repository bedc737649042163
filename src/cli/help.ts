/**
 * The help: what a command does, examples to start from, its options by group, and what its exit
 * codes mean. Made from the tables at the width of the terminal.
 */
import {commandTable, type Example} from './command.ts';
import {exitTable} from './exit-code.ts';
import {optionTable, standardOptions} from './option.ts';
import {type CommandName, type OptionRow, optionGroups} from './option-row.ts';

/** Columns of what is not a terminal. */
export const helpWidthDefault = 80;
/** Longer lines are hard to read, shorter ones cannot hold an option. */
const widthMax = 100;
const widthMin = 30;
/** Below it, what is said of a term stands under the term. */
const widthOfTwoColumns = 60;
/** A term that is wider than this has its text on the next line. */
const termWidthMax = 28;
const indent = '  ';

type Item = readonly [term: string, text: string];

/** Of one command; of shoal itself if none is named. Ends with a new line. */
export function helpText(command: CommandName | undefined, width = helpWidthDefault): string {
	const columns = Math.min(widthMax, Math.max(widthMin, width));
	const blocks = command === undefined ? overview(columns) : helpOf(command, columns);
	return `${blocks.map(lines => lines.join('\n')).join('\n\n')}\n`;
}

/** `pull SOURCE... DEST [options]`. */
export function synopsis(command: CommandName): string {
	const operands = commandTable[command].operands.map(({name}) => operandName(name));
	return [command, ...operands, '[options]'].join(' ');
}

/** `<dest>` as DEST, `[path]` as [PATH]. */
export function operandName(name: string): string {
	return name.replace(/^<(.*)>$/, '$1').toUpperCase();
}

/** Options of a command by group, in the order of the tables; groups without any left out. */
export function optionsByGroup(command: CommandName): [heading: string, rows: OptionRow[]][] {
	const rows = (Object.values(optionTable) as OptionRow[]).filter(row =>
		row.commands.includes(command),
	);
	return Object.entries(optionGroups)
		.map(([group, heading]): [string, OptionRow[]] => [
			heading,
			rows.filter(row => row.group === group),
		])
		.filter(([, found]) => found.length > 0);
}

function overview(width: number): string[][] {
	const commands = Object.entries(commandTable).map(([name, {summary}]): Item => [name, summary]);
	return [
		wrap('shoal mirrors directory trees over long, lossy networks.', width, ''),
		section('A first minute', examples(firstMinute, width)),
		section('Commands', items(commands, width)),
		section('Options', items(standardItems(), width)),
		wrap(
			'shoal COMMAND --help has the options of a command, with examples; man shoal has it all. ' +
				'Where rsync has the same option, name and meaning are its own.',
			width,
			'',
		),
	];
}

/** What leads from nothing to a mirror that is kept up to date. */
const firstMinute: readonly Example[] = [
	{says: 'On the machine that has the tree; it prints a URL', words: 'shoal serve /srv/mirror'},
	{says: 'On the machine that wants it', words: 'shoal pull shoal://KEY@host ./mirror'},
	{says: 'After the tree has changed, where it is', words: 'shoal snapshot /srv/mirror'},
	{
		says: 'And again: only what changed travels',
		words: 'shoal pull --delete shoal://KEY@host ./mirror',
	},
];

function helpOf(name: CommandName, width: number): string[][] {
	const row = commandTable[name];
	const operands = row.operands.map(({name: word, help}): Item => [operandName(word), help]);
	const exits = row.exits.map((code): Item => [String(code), exitTable[code]!]);
	const groups: [string, Item[]][] = [
		...optionsByGroup(name).map(([heading, rows]): [string, Item[]] => [
			heading,
			rows.map(({flags, help}) => [flags, help]),
		]),
		['Help', standardItems()],
	];
	const column = columnOf(groups.flatMap(([, list]) => list));
	return [
		wrap(`shoal ${synopsis(name)}`, width, ''),
		wrap(row.about, width, ''),
		...(operands.length === 0 ? [] : [items(operands, width)]),
		section('Examples', examples(row.examples, width)),
		...groups.map(([heading, list]) => section(heading, items(list, width, column))),
		section('Exit status', items(exits, width)),
		wrap('More: man shoal.', width, ''),
	];
}

function standardItems(): Item[] {
	return standardOptions.map(({flags, help}) => [flags, help]);
}

function section(heading: string, lines: readonly string[]): string[] {
	return [`${heading}:`, ...lines];
}

/** Commands are never wrapped: they are there to be copied. */
function examples(list: readonly Example[], width: number): string[] {
	return list.flatMap(({says, words}) => [...wrap(`${says}:`, width, '  '), `    $ ${words}`]);
}

function items(list: readonly Item[], width: number, column = columnOf(list)): string[] {
	if (width < widthOfTwoColumns) {
		return list.flatMap(([term, text]) => [indent + term, ...wrap(text, width, indent.repeat(3))]);
	}
	return list.flatMap(([term, text]) => {
		const lines = wrap(text, width, ' '.repeat(column));
		const head = indent + term;
		if (head.length + indent.length > column) return [head, ...lines];
		return [head.padEnd(column) + lines[0]!.slice(column), ...lines.slice(1)];
	});
}

/** Where the texts of a list begin. */
function columnOf(list: readonly Item[]): number {
	const fitting = list.map(([term]) => term.length).filter(size => size <= termWidthMax);
	return Math.max(...fitting, 0) + 2 * indent.length;
}

/** Lines of at most `width` columns, each after `margin`; a word is never broken. */
function wrap(text: string, width: number, margin: string): string[] {
	const lines: string[] = [];
	let line = '';
	for (const word of text.split(' ')) {
		const longer = line === '' ? margin + word : `${line} ${word}`;
		if (line !== '' && longer.length > width) {
			lines.push(line);
			line = margin + word;
		} else line = longer;
	}
	return [...lines, line];
}
