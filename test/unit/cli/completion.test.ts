import {execFileSync} from 'node:child_process';
import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {commandTable} from '../../../src/cli/command.ts';
import {completedCommands} from '../../../src/cli/completion/model.ts';
import {shellScript, shells} from '../../../src/cli/completion/shell.ts';
import {optionTable} from '../../../src/cli/option.ts';
import type {CommandName, OptionRow} from '../../../src/cli/option-row.ts';
import {tempDirectory} from '../../support/temp-directory.ts';

const commands = Object.keys(commandTable) as CommandName[];

/** Long options of a command, as the table has them, sorted. */
function optionsOf(command: CommandName): string[] {
	const rows = (Object.values(optionTable) as OptionRow[]).filter(row =>
		row.commands.includes(command),
	);
	const flags = rows.map(({flags}) => /--[\w-]+/.exec(flags)![0]);
	return [...flags, '--help', '--version'].sort();
}

/** Runs a shell with the completion in a file; undefined, and said, where there is no such shell. */
function run(
	t: ExecutionContext,
	shell: keyof typeof shells,
	words: (script: string) => readonly string[],
): string | undefined {
	const cwd = tempDirectory(t);
	const script = join(cwd, shells[shell].file);
	writeFileSync(script, shellScript(shell));
	writeFileSync(join(cwd, 'a file'), '');
	mkdirSync(join(cwd, 'a directory'));
	try {
		return execFileSync(shell, words(script), {cwd, encoding: 'utf8', env: environmentOf(cwd)});
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
		t.log(`${shell} is not installed`);
		t.pass();
		return undefined;
	}
}

const environmentOf = (home: string) => ({
	PATH: process.env['PATH'],
	HOME: home,
	LC_ALL: 'C.UTF-8',
});

/** What bash offers for the last of `words`. */
function bash(t: ExecutionContext, lines: readonly (readonly string[])[]): string[][] | undefined {
	const asks = lines.map(words => {
		const quoted = ['shoal', ...words].map(word => `'${word}'`).join(' ');
		return `COMP_WORDS=(${quoted}); COMP_CWORD=${words.length}; _shoal; printf '%s\\n' "\${COMPREPLY[@]}"; echo --`;
	});
	const text = run(t, 'bash', script => ['--norc', '-c', `source ${script}\n${asks.join('\n')}`]);
	return text
		?.split('--\n')
		.slice(0, -1)
		.map(answer => answer.split('\n').filter(line => line !== ''));
}

test('bash completes the options of each command, and no other', t => {
	const answers = bash(
		t,
		commands.map(command => [command, '--']),
	);
	for (const [index, command] of commands.entries()) {
		if (answers !== undefined) t.deepEqual(answers[index]!.sort(), optionsOf(command), command);
	}
});

test('bash completes commands, values and operands', t => {
	const asked: [words: string[], answer: string[]][] = [
		[['pu'], ['pull']],
		[['help', 'sn'], ['snapshot']],
		[
			['pull', '--del'],
			['--delete', '--delete-excluded'],
		],
		[['ls', '--format', 'lo'], ['long']],
		[['ls', '--format', '=', 'js'], ['jsonl']],
		[
			['ls', '--format', '='],
			['jsonl', 'long', 'mtree', 'mtree-netbsd', 'rsync'],
		],
		[['pull', '--state', 'a'], ['a directory']],
		[
			['ls', 'a'],
			['a directory', 'a file'],
		],
		[['pull', '-n', 'a'], ['a directory']],
		[['pull', '--max-delete', ''], []],
		[['keygen', ''], []],
		[['completion', 'z'], ['zsh']],
		[['frob', ''], []],
	];
	const answers = bash(
		t,
		asked.map(([words]) => words),
	);
	for (const [index, [words, answer]] of asked.entries()) {
		if (answers === undefined) break;
		t.deepEqual(answers[index]!.sort(), answer, words.join(' '));
	}
});

test('fish completes the options of each command, and no other', t => {
	for (const command of commands) {
		const text = run(t, 'fish', script => [
			'--no-config',
			'-c',
			`source ${script}; complete -C 'shoal ${command} --'`,
		]);
		if (text === undefined) return;
		const found = text.split('\n').map(line => line.split(/[\t=]/)[0]!);
		t.deepEqual(found.filter(word => word.startsWith('--')).sort(), optionsOf(command), command);
	}
});

test('fish completes commands and values', t => {
	for (const [line, word] of [
		['pu', 'pull'],
		['ls --format lo', 'long'],
		['pull --state a', 'a directory/'],
		['completion z', 'zsh'],
	] as const) {
		const text = run(t, 'fish', script => [
			'--no-config',
			'-c',
			`source ${script}; complete -C 'shoal ${line}'`,
		]);
		if (text === undefined) return;
		t.true(
			text.split('\n').some(answer => answer.split('\t')[0] === word),
			`${line}: ${text}`,
		);
	}
});

test('zsh reads its completion, which has the options of each command', t => {
	t.is(run(t, 'zsh', script => ['-f', '-n', script]) ?? '', '');
	const parts = shellScript('zsh').split(/^\t\t(\w+)\)$/m);
	for (const command of commands) {
		const text = parts[parts.indexOf(command) + 1]!;
		const specs = text.split(' \\\n').map(spec => spec.replaceAll(/\(.*?\)|\[.*\]/g, ''));
		const found = specs.flatMap(spec => spec.match(/--[a-z\d-]+/) ?? []);
		t.deepEqual(found.sort(), optionsOf(command), command);
	}
});

test('no word of the tables needs quoting in a shell', t => {
	for (const {name, options, operands} of completedCommands()) {
		const words = [...options.map(option => option.value), ...operands].flatMap(
			value => value?.words ?? [],
		);
		for (const word of [name, ...words]) t.regex(word, /^[\w-]+$/);
	}
});
