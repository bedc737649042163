import test from 'ava';
import {commandTable} from '../../../src/cli/command.ts';
import {helpText} from '../../../src/cli/help.ts';
import {optionTable} from '../../../src/cli/option.ts';
import {type CommandName, type OptionRow, optionGroups} from '../../../src/cli/option-row.ts';

const names = Object.keys(commandTable) as CommandName[];

test('help of a command has its options and no other, under headings in the order of groups', t => {
	for (const command of names) {
		const text = helpText(command);
		for (const row of Object.values(optionTable) as OptionRow[]) {
			const named = text.includes(`\n  ${row.flags} `) || text.includes(`\n  ${row.flags}\n`);
			t.is(named, row.commands.includes(command), `${command} ${row.flags}`);
		}
		const headings = [...text.matchAll(/^(.*):$/gm)].map(([, heading]) => heading!);
		const known = Object.values(optionGroups) as string[];
		const shown = headings.filter(heading => known.includes(heading));
		t.deepEqual(
			shown,
			known.filter(heading => shown.includes(heading)),
		);
		t.regex(text, /^shoal \S+( \[?[A-Z]+(?:\.{3})?\]?)* \[options\]\n\n[A-Z]/);
		t.regex(text, /\nExamples:\n {2}\S.*:\n {4}\$ .*\bshoal /);
		t.regex(text, /\nExit status:\n {2}0 +done\n/);
	}
});

test('help of shoal names every command, after a first minute', t => {
	const text = helpText(undefined);
	for (const command of names) t.regex(text, new RegExp(`\\n {2}${command} +[a-z]`), command);
	t.true(text.indexOf('A first minute') < text.indexOf('Commands'));
});

test('help fits the terminal: only a word, a term or a command to copy may be wider', t => {
	for (const command of [undefined, ...names]) {
		for (const width of [20, 40, 59, 60, 80, 100, 400]) {
			const most = Math.min(100, Math.max(30, width));
			for (const line of helpText(command, width).split('\n')) {
				const whole = /^ {4}\$ |^ {2}(-|\S+$)/.test(line) || !line.trim().includes(' ');
				t.true(line.length <= most || whole, `${width}: ${line}`);
				t.is(line, line.trimEnd());
			}
		}
	}
});

test('help is told at the width that is asked for', t => {
	const widest = (width: number) =>
		Math.max(
			...helpText('pull', width)
				.split('\n')
				.map(line => line.length),
		);
	t.true(widest(100) > 85);
	t.true(widest(80) > 70 && widest(80) <= 80);
	t.true(helpText('pull', 40).split('\n').length > helpText('pull', 80).split('\n').length);
});
