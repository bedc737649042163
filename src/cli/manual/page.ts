/** The manual page shoal(1), in mdoc(7), made from the tables of the command line. */
import {errorTable} from '../../error.ts';
import {type CommandRow, commandTable} from '../command.ts';
import {exitTable} from '../exit-code.ts';
import {operandName, optionsByGroup} from '../help.ts';
import {type OptionName, optionTable, standardOptions} from '../option.ts';
import {type CommandName, type OptionRow, optionGroups} from '../option-row.ts';
import {flagMacros, literal, prose, tagged} from './mdoc.ts';
import {optionText} from './option-text.ts';
import * as text from './section.ts';

/** Of the words; a build that says the day it ran cannot be repeated. */
const date = 'November 22, 2026';

/** The whole page, for this version of the package. */
export function manualPage(version: string): string {
	const lines = [
		'.\\" Made by the build from the tables of the command line.',
		`.Dd ${date}`,
		'.Dt SHOAL 1',
		`.Os shoal ${version}`,
		...section('NAME', ['.Nm shoal', '.Nd mirror directory trees over long, lossy networks']),
		...section('SYNOPSIS', commandNames.flatMap(commandSynopsis)),
		...section('DESCRIPTION', text.description()),
		...section('COMMANDS', commandNames.flatMap(command)),
		...section('OPTIONS', options()),
		...section('SOURCES', text.sources()),
		...section('FILTER RULES', text.filterRules()),
		...section('SIGNALS', text.signals()),
		...section('ENVIRONMENT', text.environment()),
		...section('FILES', text.files()),
		...section('EXIT STATUS', exits()),
		...section('EXAMPLES', text.examples()),
		...section('DIAGNOSTICS', diagnostics()),
		...section('DIFFERENCES FROM RSYNC', text.differences()),
		...section('SEE ALSO', ['.Xr rsync 1 ,', '.Xr mtree 5 ,', '.Xr sysctl 8']),
		...section('SECURITY CONSIDERATIONS', text.security()),
	];
	return `${lines.join('\n')}\n`;
}

const commandNames = Object.keys(commandTable) as CommandName[];

function section(heading: string, body: readonly string[]): string[] {
	return [`.Sh ${heading}`, ...body];
}

function commandSynopsis(name: CommandName): string[] {
	return ['.Nm', ...synopsisWords(name)];
}

function synopsisWords(name: CommandName): string[] {
	const operands = commandTable[name].operands.map(operand =>
		operand.name.startsWith('[')
			? `.Op Ar ${operand.name.slice(1, -1)}`
			: `.Ar ${operand.name.slice(1, -1)}`,
	);
	return [`.Cm ${name}`, '.Op Ar options', ...operands];
}

function command(name: CommandName): string[] {
	const row: CommandRow = commandTable[name];
	const operands = row.operands.map(({name: word, help}) => {
		const operand = operandName(word).replace(/[[\]]/g, '');
		return [`Ar ${operand}`, prose(help)] as const;
	});
	const flags = optionsByGroup(name).flatMap(([, rows]) => rows.map(optionName));
	return [
		`.Ss shoal ${name}`,
		...prose(row.about),
		...(operands.length === 0 ? [] : tagged(operands)),
		'.Pp',
		...listOptions(flags),
		...row.examples.flatMap(({says, words}) => ['.Pp', ...prose(`${says}:`), ...literal([words])]),
	];
}

/** The long form, or the short one if there is no other. */
function optionName({flags}: OptionRow): string {
	const long = flags.split(', ').at(-1)!.split(' ')[0]!;
	return `.Fl ${long.slice(1)}`;
}

function listOptions(flags: readonly string[]): string[] {
	if (flags.length === 0) return ['It takes no options of its own.'];
	const words = flags.length === 1 ? 'Its only option is' : 'Its options are';
	return [words, ...flags.map((flag, index) => mark(flag, index, flags.length))];
}

function mark(line: string, index: number, count: number): string {
	if (index === count - 1) return `${line} .`;
	return index === count - 2 ? `${line}\nand` : `${line} ,`;
}

function options(): string[] {
	const all = Object.entries(optionTable) as [OptionName, OptionRow][];
	const groups = Object.entries(optionGroups).flatMap(([group, heading]) => {
		const rows = all.filter(([, row]) => row.group === group);
		return rows.length === 0 ? [] : [`.Ss ${heading}`, ...tagged(rows.map(optionItem))];
	});
	const standard = standardOptions.map(
		({flags, help}) => [flagMacros(flags), prose(help)] as const,
	);
	return [
		...prose(
			'Where rsync has the same option, name and meaning are its own. After each one stand the ' +
				'commands that take it.',
		),
		...groups,
		'.Ss Everywhere',
		...tagged(standard),
	];
}

function optionItem([name, row]: [OptionName, OptionRow]): readonly [string, readonly string[]] {
	const more = optionText[name];
	return [
		flagMacros(row.flags),
		[
			...prose(row.help),
			...(more === undefined ? [] : prose(more)),
			`.Pq ${row.commands.join(', ')}`,
		],
	];
}

function exits(): string[] {
	const rows = Object.entries(exitTable).map(([code, meaning]) => {
		const errors = Object.entries(errorTable).filter(([, row]) => row.exit === Number(code));
		const names = errors.map(([name]) => name).join(', ');
		return [code, [...prose(meaning), ...(names === '' ? [] : [`.Pq ${names}`])]] as const;
	});
	return [
		...prose(
			"They are rsync's where the meaning is the same. In brackets are the errors that lead to " +
				'a code.',
		),
		...tagged(rows),
	];
}

function diagnostics(): string[] {
	const rows = Object.entries(errorTable).map(
		([code, {hint}]) => [`Dv ${code}`, prose(hint)] as const,
	);
	return [
		...prose('An error is one line on standard error, and a member of errors with --json:'),
		...literal(['shoal: CODE: what happened to what. What to do about it.']),
		'.Pp',
		...prose('The codes are stable; scripts may rely on them. What to do about each:'),
		...tagged(rows),
	];
}
