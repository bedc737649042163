/** Reads the command line: commander, fed from the tables, and every failure a ShoalError. */
import {Command, CommanderError, Option} from 'commander';
import {ShoalError} from '../error.ts';
import {commandTable, unbuiltCommands} from './command.ts';
import {
	type CommandName,
	type OptionName,
	type OptionRow,
	type OptionValues,
	optionTable,
	unbuiltOptions,
} from './option.ts';
import {readValue} from './value.ts';

export type Invocation =
	| {readonly command: CommandName; readonly operands: string[]; readonly options: OptionValues}
	/** Help was asked for; nothing else is to be done. */
	| {readonly command: 'help'; readonly text: string};

/** @throws ShoalError OPTION_INVALID, OPTION_UNBUILT */
export function readArguments(words: readonly string[]): Invocation {
	let invocation: Invocation | undefined;
	let help = '';
	const program = new Command('shoal')
		.description('Mirrors directory trees over long, lossy networks.')
		.helpOption('-h, --help', 'Print this help.')
		.configureHelp({sortSubcommands: false, helpWidth: 80});
	const finish = (command: CommandName, operands: string[], options: OptionValues) => {
		invocation = {command, operands, options};
	};
	for (const name of Object.keys(commandTable) as CommandName[]) addCommand(program, name, finish);
	for (const [name, summary] of Object.entries(unbuiltCommands)) {
		program
			.command(`${name} [operand...]`)
			.summary(`${summary} (not built yet)`)
			.allowUnknownOption()
			.action(() => {
				throw new ShoalError('OPTION_UNBUILT', `shoal ${name} belongs to a later version`);
			});
	}
	for (const command of [program, ...program.commands]) {
		command.exitOverride();
		command.option('-V, --version', 'Print the version.');
		command.on('option:version', () => {
			throw new VersionAsked();
		});
		command.configureOutput({
			writeOut: text => {
				help += text;
			},
			writeErr: text => {
				help += text;
			},
			outputError: () => undefined,
		});
	}
	try {
		program.parse(words, {from: 'user'});
	} catch (error) {
		if (error instanceof VersionAsked) return {command: 'version', operands: [], options: {}};
		if (!(error instanceof CommanderError)) throw error;
		if (error.exitCode === 0) return {command: 'help', text: help};
		throw asShoalError(error);
	}
	if (invocation === undefined) throw new ShoalError('OPTION_INVALID', 'no command given');
	return invocation;
}

/** What -V throws out of the parser, whatever operands are missing. */
class VersionAsked extends Error {}

function addCommand(
	program: Command,
	name: CommandName,
	finish: (command: CommandName, operands: string[], options: OptionValues) => void,
): void {
	const row = commandTable[name];
	const values: OptionValues = {};
	const command = program
		.command(name)
		.summary(row.summary)
		.description(`${row.summary[0]!.toUpperCase()}${row.summary.slice(1)}.`)
		.helpOption('-h, --help', 'Print this help.')
		.configureHelp({helpWidth: 80})
		.action((...given: unknown[]) => {
			const operands = given.slice(0, row.operands.length).filter(word => word !== undefined);
			finish(name, operands as string[], values);
		});
	if (row.notes !== '') command.addHelpText('after', `\n${row.notes}`);
	for (const operand of row.operands) command.argument(operand.name, operand.help);
	for (const key of Object.keys(optionTable) as OptionName[]) {
		const option: OptionRow = optionTable[key];
		if (option.commands.includes(name)) {
			addOption(command, key, option, values);
		}
	}
	if (name !== 'pull') return;
	for (const {flags, reason} of unbuiltOptions) {
		const option = new Option(`${flags} [value]`).hideHelp();
		command.addOption(option);
		command.on(`option:${option.name()}`, () => {
			const detail = reason ?? 'an option of rsync that is not built';
			throw new ShoalError('OPTION_UNBUILT', `${flags.split(', ').at(-1)}: ${detail}`);
		});
	}
}

function addOption(command: Command, key: OptionName, row: OptionRow, values: OptionValues): void {
	const option = new Option(row.flags, row.help);
	const flag = option.long ?? row.flags;
	const store = values as Record<string, unknown>;
	command.addOption(option);
	command.on(`option:${option.name()}`, (text: string | null | undefined) => {
		if (row.value === undefined) {
			store[key] = ((store[key] as number | undefined) ?? 0) + 1;
			return;
		}
		const value = readValue(row.value, flag, text ?? '');
		store[key] = row.repeat ? [...((store[key] as unknown[] | undefined) ?? []), value] : value;
	});
}

function asShoalError(error: CommanderError): ShoalError {
	if (error.code === 'commander.help') return new ShoalError('OPTION_INVALID', 'no command given');
	const detail = error.message.replace(/^error: /, '').replaceAll(/\s*\n\s*/g, ' ');
	return new ShoalError('OPTION_INVALID', detail, {cause: error});
}
