import {execFileSync} from 'node:child_process';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {commandTable} from '../../../src/cli/command.ts';
import {exitTable} from '../../../src/cli/exit-code.ts';
import {flagMacros, literal, prose} from '../../../src/cli/manual/mdoc.ts';
import {manualPage} from '../../../src/cli/manual/page.ts';
import {optionTable, standardOptions} from '../../../src/cli/option.ts';
import type {OptionRow} from '../../../src/cli/option-row.ts';
import {errorTable} from '../../../src/error.ts';
import {tempDirectory} from '../../support/temp-directory.ts';

const page = manualPage('1.2.3');

/** Lines of one section of a page. */
function sectionOf(text: string, heading: string): string {
	const begin = text.indexOf(`\n.Sh ${heading}\n`);
	const end = text.indexOf('\n.Sh ', begin + 1);
	return text.slice(begin, end < 0 ? undefined : end);
}

/** Differences between the options that a page explains and those of the tables. */
function compareOptions(text: string): string[] {
	const rows = [...(Object.values(optionTable) as OptionRow[]), ...standardOptions];
	const known = rows.map(({flags}) => `.It ${flagMacros(flags)}`);
	const items = [...sectionOf(text, 'OPTIONS').matchAll(/^\.It .*$/gm)].map(([line]) => line);
	return [
		...known.filter(line => !items.includes(line)).map(line => `${line} is missing`),
		...items.filter(line => !known.includes(line)).map(line => `${line} is no option`),
		...(new Set(items).size < items.length ? ['an option stands there twice'] : []),
	];
}

test('the manual page explains every option, once, and nothing else', t => {
	t.deepEqual(compareOptions(page), []);
});

test('sees an option that is missing, that is none, or that stands there twice', t => {
	t.is(compareOptions(page.replace('.It Fl -delete\n', '')).length, 1);
	t.is(compareOptions(page.replace('.It Fl -delete\n', '.It Fl -wipe\n')).length, 2);
	t.is(compareOptions(page.replace(/(\.It Fl -delete\n)/, '$1$1')).length, 1);
});

test('the manual page lists with each command the options that it takes', t => {
	const commands = sectionOf(page, 'COMMANDS').split('\n.Ss shoal ').slice(1);
	t.is(commands.length, Object.keys(commandTable).length);
	for (const text of commands) {
		const [name] = text.split('\n');
		const named = [...text.matchAll(/^\.Fl (-\S+)(?: [,.])?$/gm)].map(([, flag]) => flag!);
		for (const row of Object.values(optionTable) as OptionRow[]) {
			const takes = (row.commands as readonly string[]).includes(name!);
			const flag = /-(-[\w-]+)/.exec(row.flags)![1]!;
			if (takes) t.true(named.includes(flag), `${name} ${flag}`);
		}
	}
});

test('the manual page has every exit code and every error', t => {
	const codes = [...sectionOf(page, 'EXIT STATUS').matchAll(/^\.It (\d+)$/gm)];
	t.deepEqual(
		codes.map(([, code]) => code!),
		Object.keys(exitTable),
	);
	const errors = [...sectionOf(page, 'DIAGNOSTICS').matchAll(/^\.It Dv (\w+)$/gm)];
	t.deepEqual(
		errors.map(([, code]) => code!),
		Object.keys(errorTable),
	);
});

test('prose names options as options, begins sentences on lines, and escapes what roff would read', t => {
	t.deepEqual(prose('Use (--delete), or -n. Then\n\n.dots and back\\slashes in 1-2.'), [
		'Use',
		'.Fl ( -delete ) ,',
		'or',
		'.Fl n .',
		'Then',
		'.Pp',
		'\\&.dots and back\\eslashes in 1\\-2.',
	]);
	t.deepEqual(literal(["'x' ~ ^ `y`"]), [
		'.Bd -literal -offset indent',
		'\\(aqx\\(aq \\(ti \\(ha \\(gay\\(ga',
		'.Ed',
	]);
	t.is(flagMacros('-o, --output <file>'), 'Fl o , Fl -output Ar file');
	t.is(flagMacros('--strict'), 'Fl -strict');
});

test('mandoc has nothing to say against the page', t => {
	const path = join(tempDirectory(t), 'shoal.1');
	writeFileSync(path, page);
	const lint = () => run(t, 'mandoc', ['-Tlint', '-Wwarning', path]);
	const found = lint();
	if (found === undefined) return;
	t.is(found, '');
	writeFileSync(path, `${page}.Xx\n`);
	t.throws(lint, undefined, 'it would say so');
});

test('man shows the page', t => {
	const path = join(tempDirectory(t), 'shoal.1');
	writeFileSync(path, page);
	const text = run(t, 'man', ['-P', 'cat', '-l', path]);
	if (text === undefined) return;
	for (const words of ['--max-delete n', 'OPTION_UNBUILT', 'shoal pull -n -i --delete']) {
		t.true(text.includes(words), words);
	}
});

/** What a tool prints; undefined (and a log line) where it is not installed. */
function run(t: ExecutionContext, tool: string, words: readonly string[]): string | undefined {
	try {
		const environment = {...process.env, MANWIDTH: '120', LC_ALL: 'C'};
		return execFileSync(tool, words, {encoding: 'utf8', env: environment, stdio: 'pipe'});
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
		t.log(`${tool} is not installed`);
		t.pass();
		return undefined;
	}
}
