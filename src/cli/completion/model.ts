/** What a shell can complete: the tables of the command line in the terms of completion. */
import {type CommandRow, commandTable, type OperandKind} from '../command.ts';
import {optionTable, standardOptions} from '../option.ts';
import {type CommandName, choiceTable, type OptionRow} from '../option-row.ts';

/** What stands after an option or as an operand: a path, one of some words, or anything. */
export type Completed = {readonly kind: OperandKind; readonly words: readonly string[]};

export type CompletedOption = {
	/** Without its dash. */
	readonly short: string | undefined;
	/** Without its dashes. */
	readonly long: string;
	/** Undefined: it takes no value. */
	readonly value: (Completed & {readonly name: string}) | undefined;
	readonly repeat: boolean;
	readonly help: string;
};

export type CompletedCommand = {
	readonly name: CommandName;
	readonly summary: string;
	readonly options: readonly CompletedOption[];
	readonly operands: readonly (Completed & {readonly name: string})[];
};

export const standard: readonly CompletedOption[] = standardOptions.map(readRow);

/** Every command with all that it takes, in the order of the tables. */
export function completedCommands(): CompletedCommand[] {
	const rows = Object.values(optionTable) as OptionRow[];
	return (Object.entries(commandTable) as [CommandName, CommandRow][]).map(([name, row]) => ({
		name,
		summary: row.summary,
		options: [...rows.filter(option => option.commands.includes(name)).map(readRow), ...standard],
		operands: row.operands.map(operand => ({
			name: operand.name.slice(1, -1),
			kind: operand.kind,
			words: operand.words ?? [],
		})),
	}));
}

function readRow(row: Pick<OptionRow, 'flags' | 'help' | 'value' | 'repeat'>): CompletedOption {
	const match = /^(?:-(\w), )?--([\w-]+)(?: <(.*)>)?$/.exec(row.flags);
	if (match === null) throw new Error(`${row.flags} are no flags`);
	const [, short, long, name] = match;
	const {value} = row;
	return {
		short,
		long: long!,
		value: value === undefined ? undefined : {name: name!, ...completedValue(value)},
		repeat: row.repeat === true,
		help: row.help,
	};
}

function completedValue(kind: NonNullable<OptionRow['value']>): Completed {
	if (kind in choiceTable) {
		return {kind: 'none', words: choiceTable[kind as keyof typeof choiceTable].words};
	}
	return {kind: kind === 'file' || kind === 'directory' ? kind : 'none', words: []};
}
