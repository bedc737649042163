/** Tables that stand in two places are compared, and tables of words are read as people would. */
import test from 'ava';
import {exitTable} from '../../src/cli/exit-code.ts';
import {errorTable} from '../../src/error.ts';
import {frameTable} from '../../src/wire/frame.ts';
import {readText} from '../support/repository.ts';

type Rows = Record<string, {type: number; fields: Record<string, {notation: string}>}>;

/** What is wrong with the frame table of a document. */
function compareFrames(document: string, frames: Rows): string[] {
	const row = /^\| (0x[0-9a-f]{2}) *\| (\w+) *\| (.*?) *\| (\w+) *\|$/gm;
	const rows = document.matchAll(row);
	const written = new Map([...rows].map(([, type, name, fields]) => [name!, {type, fields}]));
	const faults: string[] = [];
	for (const [name, {type, fields}] of Object.entries(frames)) {
		const row = written.get(name);
		const notation = Object.entries(fields)
			.map(([field, codec]) => `${field}: ${codec.notation}`)
			.join(', ');
		if (row === undefined) faults.push(`${name} is not in the document`);
		else if (Number(row.type) !== type) faults.push(`${name} has type ${type}`);
		else if (row.fields!.trim() !== notation) faults.push(`${name} has fields ${notation}`);
		written.delete(name);
	}
	return [...faults, ...[...written.keys()].map(name => `${name} is not in the table`)];
}

test('the frame table of wire/README.md is the one of the code', t => {
	t.deepEqual(compareFrames(readText('src/wire/README.md'), frameTable), []);
});

test('sees each difference between the frame tables', t => {
	const document = readText('src/wire/README.md');
	const changes: [RegExp, string][] = [
		[/^\| 0x21 +\| block .*\n/m, ''],
		[/\| 0x12 +\| want /, '| 0x13 | want '],
		[/snapshot: varint, kind: u8/, 'kind: u8, snapshot: varint'],
		[/ranges: list\((.*), 256\)/, 'ranges: list($1, 255)'],
		[/data: octets\(8\)/, 'data: octets(9)'],
		[/^(\| 0x05 +\| probe .*)$/m, '$1\n| 0x06 | wave | | both |'],
	];
	for (const [from, to] of changes) {
		const changed = document.replace(from, to);
		t.not(changed, document, String(from));
		t.is(compareFrames(changed, frameTable).length, 1, String(from));
	}
});

/** Exit codes that scripts may rely on: those of rsync where the meaning is the same; 70 a bug. */
const exits = [1, 2, 5, 10, 11, 12, 20, 22, 23, 24, 25, 30, 35, 70];

test('every error has a hint of one sentence, and an exit code of the list', t => {
	for (const [code, {hint, exit}] of Object.entries(errorTable)) {
		t.regex(hint, sentence, code);
		t.true(hint.length <= 100, code);
		t.true(exits.includes(exit), code);
		t.regex(code, /^[A-Z]+(_[A-Z]+)+$|^[A-Z]+$/);
	}
});

test('every error has an exit code with a meaning, and README.md tells the same ones', t => {
	const known = new Set([0, 70, ...Object.values(errorTable).map(({exit}) => exit)]);
	const codes = Object.keys(exitTable).map(Number);
	t.deepEqual(
		[...known].sort((a, b) => a - b),
		codes,
	);
	const cells = readText('README.md').matchAll(/(?<=\| )(\d+) \| ([a-z][^|]*?) (?=\|)/g);
	const written = [...cells].map(([, code, meaning]) => [code!, meaning!] as const);
	t.deepEqual(Object.fromEntries(written), exitTable);
});

/** Capital first, one full stop, last. A dot inside a word (a file's name) ends nothing. */
const sentence = /^[A-Z](?:[^.!?\n]|\.(?=\S))*\.$/;

test('what is no sentence is seen', t => {
	for (const text of ['No stop', 'lower case.', 'Two. Sentences.', 'Asks?', '', 'A\nb.']) {
		t.notRegex(text, sentence);
	}
	t.regex('Look into shoal.toml; then run it.', sentence);
});
