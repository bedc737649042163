/** Reads the command line: commander, fed from the tables, and every failure a ShoalError. */
import {Command, CommanderError, Option} from 'commander';
import {ShoalError} from '../error.ts';
import {commandTable, unbuiltCommands} from './command.ts';
import {operandName} from './help.ts';
import {type OptionName, type OptionValues, optionTable, standardOptions} from './option.ts';
import type {CommandName, OptionRow} from './option-row.ts';
import {unbuiltOptions} from './unbuilt-option.ts';
import {readValue} from './value.ts';

export type Invocation =
	| {readonly command: CommandName; readonly operands: string[]; readonly options: OptionValues}
	/** Help was asked for, of a command or of shoal; nothing else is to be done. */
	| {readonly command: 'help'; readonly about: CommandName | undefined};

type Finish = (command: CommandName, operands: string[], options: OptionValues) => void;

/** @throws ShoalError OPTION_INVALID, OPTION_UNBUILT */
export function readArguments(words: readonly string[]): Invocation {
	let invocation: Invocation | undefined;
	const program = new Command('shoal').helpCommand(false).enablePositionalOptions();
	prepare(program, undefined);
	const names = Object.keys(commandTable) as CommandName[];
	const chosen = names.find(name => name === words[0]);
	// Words of a command meet no other one: what these take need not be known then.
	for (const name of chosen === undefined ? names : [chosen]) {
		addCommand(program, name, (command, operands, options) => {
			invocation = {command, operands, options};
		});
	}
	addHelpCommand(program);
	for (const name of Object.keys(unbuiltCommands)) {
		prepare(program.command(`${name} [operand...]`), undefined)
			.allowUnknownOption()
			.action(() => {
				throw new ShoalError('OPTION_UNBUILT', `shoal ${name} belongs to a later version`);
			});
	}
	try {
		program.parse(words, {from: 'user'});
	} catch (error) {
		if (error instanceof Asked) return error.invocation;
		if (!(error instanceof CommanderError)) throw error;
		throw asShoalError(error);
	}
	if (invocation === undefined) throw new ShoalError('OPTION_INVALID', 'no command given');
	return invocation;
}

/** What -h and -V throw out of the parser, whatever operands are missing. */
class Asked extends Error {
	readonly invocation: Invocation;

	constructor(invocation: Invocation) {
		super(invocation.command);
		this.invocation = invocation;
	}
}

/** Errors are thrown, never printed; help and version are answered by us. */
function prepare(command: Command, name: CommandName | undefined): Command {
	const [help, version] = standardOptions;
	return command
		.exitOverride()
		.configureOutput({writeOut: () => undefined, writeErr: () => undefined})
		.helpOption(false)
		.option(help.flags)
		.option(version.flags)
		.on('option:help', () => {
			throw new Asked({command: 'help', about: name});
		})
		.on('option:version', () => {
			throw new Asked({command: 'version', operands: [], options: {}});
		});
}

function addHelpCommand(program: Command): void {
	prepare(program.command('help [command]'), undefined).action((name: string | undefined) => {
		const about = Object.keys(commandTable).find(known => known === name);
		if (name !== undefined && about === undefined) {
			throw new ShoalError('OPTION_INVALID', `there is no command ${name}`);
		}
		throw new Asked({command: 'help', about: about as CommandName | undefined});
	});
}

function addCommand(program: Command, name: CommandName, finish: Finish): void {
	const row = commandTable[name];
	const values: OptionValues = {};
	const isVariadic = row.operands.some(operand => operand.name.includes('...'));
	const command = prepare(program.command(name), name).action((...given: unknown[]) => {
		const words = given.slice(0, isVariadic ? 1 : row.operands.length).flat();
		const operands = words.filter(word => word !== undefined) as string[];
		if (isVariadic && operands.length < row.operands.length) {
			const missing = operandName(row.operands[operands.length]!.name);
			throw new ShoalError('OPTION_INVALID', `missing required argument ${missing}`);
		}
		finish(name, operands, values);
	});
	// Which of several words is the last, the commander cannot be told.
	if (isVariadic) command.argument(row.operands[0]!.name);
	else for (const operand of row.operands) command.argument(operand.name);
	for (const key of Object.keys(optionTable) as OptionName[]) {
		const option: OptionRow = optionTable[key];
		if (option.commands.includes(name)) addOption(command, key, option, values);
	}
	if (name !== 'pull') return;
	for (const {flags, reason} of unbuiltOptions) {
		const option = new Option(`${flags} [value]`);
		command.addOption(option);
		command.on(`option:${option.name()}`, () => {
			const detail = reason ?? 'an option of rsync that is not built';
			throw new ShoalError('OPTION_UNBUILT', `${flags.split(', ').at(-1)}: ${detail}`);
		});
	}
}

function addOption(command: Command, key: OptionName, row: OptionRow, values: OptionValues): void {
	const option = new Option(row.flags);
	const flag = option.long ?? row.flags;
	const store = values as Record<string, unknown>;
	command.addOption(option);
	command.on(`option:${option.name()}`, (text: string | null | undefined) => {
		if (row.value === undefined) {
			store[key] = ((store[key] as number | undefined) ?? 0) + 1;
			return;
		}
		const value = readValue(row.value, flag, text ?? '');
		if (row.inOrder === true) {
			values.inOrder = [...(values.inOrder ?? []), {option: key, text: String(value)}];
			return;
		}
		store[key] = row.repeat ? [...((store[key] as unknown[] | undefined) ?? []), value] : value;
	});
}

function asShoalError(error: CommanderError): ShoalError {
	if (error.code === 'commander.help') return new ShoalError('OPTION_INVALID', 'no command given');
	const detail = error.message.replace(/^error: /, '').replaceAll(/\s*\n\s*/g, ' ');
	return new ShoalError('OPTION_INVALID', detail, {cause: error});
}
