import {execFileSync} from 'node:child_process';
import test from 'ava';
import {readArguments} from '../../../src/cli/arguments.ts';
import {commandTable} from '../../../src/cli/command.ts';
import {optionTable} from '../../../src/cli/option.ts';
import type {CommandName, OptionRow} from '../../../src/cli/option-row.ts';
import {ShoalError} from '../../../src/error.ts';

const refusal = (words: readonly string[]): ShoalError => {
	try {
		readArguments(words);
	} catch (error) {
		if (error instanceof ShoalError) return error;
		throw error;
	}
	throw new Error(`accepted: ${words.join(' ')}`);
};

test('short options may stand together, and each is counted', t => {
	const invocation = readArguments(['pull', '-anvv', 'a', 'b']);
	t.deepEqual(invocation, {
		command: 'pull',
		operands: ['a', 'b'],
		options: {archive: 1, dryRun: 1, verbose: 2},
	});
});

test('values are read as rsync reads them', t => {
	const words = ['pull', '--bwlimit=1.5M', '--max-delete', '3', '--no-owner', 'a', 'b'];
	const invocation = readArguments(words);
	t.like(invocation, {options: {rateMax: 1_572_864, deleteMax: 3, noOwner: 1}});
});

test('after -- everything is an operand', t => {
	t.like(readArguments(['pull', '--', '-a', '--json']), {operands: ['-a', '--json'], options: {}});
});

test('an option that may be repeated is collected', t => {
	const invocation = readArguments(['serve', '--listen', 'a:1', '.', '--listen', 'b:2']);
	t.like(invocation, {operands: ['.'], options: {listen: ['a:1', 'b:2']}});
});

test('an option without a value is counted for each command that has it', t => {
	for (const [key, row] of Object.entries(optionTable) as [string, OptionRow][]) {
		if (row.value !== undefined) continue;
		const flag = row.flags.split(', ').at(-1)!;
		for (const command of row.commands) {
			const invocation = readArguments([command, flag, ...operandsOf(command)]);
			t.like(invocation, {command, options: {[key]: 1}}, `${command} ${flag}`);
		}
	}
});

test('an option is refused by a command that does not have it', t => {
	for (const row of Object.values(optionTable) as OptionRow[]) {
		const flag = row.flags.split(/, | /).find(word => word.startsWith('--'))!;
		for (const command of Object.keys(commandTable) as CommandName[]) {
			if (row.commands.includes(command)) continue;
			const error = refusal([command, flag, '1', ...operandsOf(command)]);
			t.regex(error.code, /^OPTION_(INVALID|UNBUILT)$/, `${command} ${flag}`);
		}
	}
});

test('options of rsync that are not built are refused by name', t => {
	for (const words of [
		['-b'],
		['-avb'],
		['-e', 'ssh'],
		['--rsh=ssh'],
		['-F'],
		['-C'],
		['--backup-dir=../old'],
		['--partial'],
		['-P'],
		['-p'],
	]) {
		const error = refusal(['pull', ...words, 'a', 'b']);
		t.is(error.code, 'OPTION_UNBUILT', words.join(' '));
		t.is(error.exit, 1);
	}
	t.regex(refusal(['pull', '-avb', 'a', 'b']).message, /--backup/);
});

test('an unknown option is refused, with the nearest one', t => {
	const error = refusal(['pull', '--delet', 'a', 'b']);
	t.is(error.code, 'OPTION_INVALID');
	t.regex(error.message, /--delet\b.*--delete/);
});

test('operands too few or too many, no command, an unknown one, a value missing', t => {
	for (const words of [
		[],
		['frob'],
		['pull', 'a'],
		['ls', 'a', 'b', 'c'],
		['pull', '--max-delete'],
		['pull', '--max-delete', 'many', 'a', 'b'],
		['pull', '--json=yes', 'a', 'b'],
		['ls', '--format', 'xml', 'a'],
	]) {
		t.is(refusal(words).code, 'OPTION_INVALID', words.join(' '));
	}
});

test('commands and formats of a later version say so', t => {
	for (const words of [['push', '--delete', 'a', 'b']]) {
		t.is(refusal(words).code, 'OPTION_UNBUILT', words.join(' '));
	}
});

test('help is asked for in three ways, whatever else is missing', t => {
	t.deepEqual(readArguments(['--help']), {command: 'help', about: undefined});
	t.deepEqual(readArguments(['help']), {command: 'help', about: undefined});
	for (const command of Object.keys(commandTable) as CommandName[]) {
		for (const words of [
			[command, '-h'],
			[command, '--help'],
			['help', command],
		]) {
			t.deepEqual(readArguments(words), {command: 'help', about: command}, words.join(' '));
		}
	}
	t.is(refusal(['help', 'frob']).code, 'OPTION_INVALID');
});

test('-V answers the version whatever else is missing', t => {
	for (const words of [['-V'], ['--version'], ['pull', '--version']]) {
		t.is(readArguments(words).command, 'version');
	}
});

test('every option of the rsync that is installed is known: taken, or refused by name', t => {
	let help: string;
	try {
		help = execFileSync('rsync', ['--help'], {encoding: 'utf8'});
	} catch {
		t.log('rsync is not installed');
		t.pass();
		return;
	}
	const options = help.matchAll(/^(-[\w-]+)(?:=\S+)?(?:, (-[\w@-]+))?\s{2,}/gm);
	const words = [...options].flatMap(([, long, short]) => (short ? [long!, short] : [long!]));
	t.true(words.length > 100);
	for (const word of words) {
		if (['--no-OPTION', '-h', '--help', '--version', '-V'].includes(word)) continue;
		try {
			readArguments(['pull', word, '1', '2']);
		} catch (error) {
			const missing = /argument|wants|knows/.test((error as Error).message);
			t.true(missing || (error as ShoalError).code === 'OPTION_UNBUILT', word);
		}
	}
});

function operandsOf(command: CommandName): string[] {
	return commandTable[command].operands.map((_operand, index) => String(index));
}
