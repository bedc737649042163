/** Habits that a machine can hold, as checks from a file's path and text to what is wrong with it. */
import {pureRooms} from './import-table.ts';
import {strip} from './strip.ts';

const lineCountMax = 500;
const columnMax = 100;
/** As the formatter counts it. */
const tabWidth = 2;

/** A file of the program is short enough to be read at one sitting. */
export function checkSize(path: string, text: string): string[] {
	if (!/^(src|native-free)\/.*\.ts$/.test(path)) return [];
	const count = text.split('\n').length - 1;
	return count > lineCountMax ? [`${path} has ${count} lines, more than ${lineCountMax}`] : [];
}

/** Lines of code fit beside a second window. */
export function checkWidth(path: string, text: string): string[] {
	if (!/^(src|native-free)\/.*\.ts$/.test(path)) return [];
	return numbered(text, line => {
		const width = line.replaceAll('\t', ' '.repeat(tabWidth)).length;
		return width > columnMax ? `is ${width} columns wide` : undefined;
	}).map(found => `${path}:${found}`);
}

type Ban = {readonly what: RegExp; readonly where: RegExp; readonly why: string};

const pure = new RegExp(`^src/(${pureRooms.join('|')})/`);
const core = /^src\/(?!cli\/|driver\/)/;
const program = /^(src|native-free)\//;

/** Words that code (comments and strings aside) must not have. */
const bans: readonly Ban[] = [
	{what: /\b(?:async|await)\b/, where: pure, why: 'a state machine does not wait'},
	{what: /\bPromise\b/, where: pure, why: 'a state machine does not wait'},
	{what: /\bDate\b|\bperformance\b/, where: core, why: 'the time is an argument'},
	{what: /\bMath\.random\b/, where: program, why: 'randomness comes in by argument'},
	{what: /\bset(?:Timeout|Interval|Immediate)\b/, where: core, why: 'the clock calls back'},
	{what: /\bqueueMicrotask\b/, where: pure, why: 'a state machine does not wait'},
	{what: /\bBuffer\b/, where: core, why: 'octets are Uint8Array'},
	{what: /(?<![.#])\bprocess\s*[.[]/, where: core, why: 'the process belongs to the command line'},
	{what: /\bconsole\s*\./, where: program, why: 'output goes through the terminal'},
	{what: /\ballocUnsafe(?:Slow)?\b/, where: program, why: 'such memory holds old secrets'},
	{what: /\bgenerateKeyPair/, where: program, why: 'exporting what it made can stand still'},
	{what: /\bshell\s*:/, where: program, why: 'no shell anywhere'},
	{what: /\beval\b|\bnew\s+Function\b/, where: program, why: 'no code is made from text'},
	{what: /\bcatch\s*(?:\([^)]*\))?\s*\{\s*\}/, where: /\.ts$/, why: 'an error is never swallowed'},
	{what: /(?:[:<|&]|\bas)\s*any\b/, where: /\.ts$/, why: 'every type is known'},
];

export function checkBans(path: string, text: string): string[] {
	if (!path.endsWith('.ts')) return [];
	const code = strip(text, {strings: true});
	return bans.flatMap(({what, where, why}) => {
		const found = where.test(path) ? new RegExp(what, 'm').exec(code) : null;
		if (found === null) return [];
		const line = code.slice(0, found.index).split('\n').length;
		return [`${path}:${line}: ${found[0].trim()}: ${why}`];
	});
}

/** Written in parts, so that this file passes its own checks. */
const machine = ['home', 'root', 'work', 'farm', 'Users', 'tmp/wt'].join('|');
const machinePath = new RegExp(`(?<![\\w.)\\]}$*-])/(?:${machine})/`);
const hosts = [
	['registry', '[.]\\w'],
	['npm', 'js[.](?:com|org)'],
	['"resolved', '"\\s*:'],
	['_auth', 'Token'],
];
const registryHost = new RegExp(hosts.map(parts => parts.join('')).join('|'), 'i');
const unfinished = new RegExp(`\\b(?:${['TO', 'DO'].join('')}|FIX${'ME'}|XX${'X'})\\b`);

/** Of every text file: nothing of the machine it was written on, nothing unfinished. */
export function checkPlaces(path: string, text: string): string[] {
	return numbered(text, line => {
		if (machinePath.test(line)) return 'names a path of some machine';
		if (registryHost.test(line)) return 'names a registry';
		return unfinished.test(line) ? 'is not finished' : undefined;
	}).map(found => `${path}:${found}`);
}

/** Names of files are kebab-case, and only two of the program are barrels. */
export function checkName(path: string): string[] {
	if (!/^(src|native-free|test|bench)\/.*\.ts$/.test(path)) return [];
	const faults: string[] = [];
	const name = path.slice(path.lastIndexOf('/') + 1);
	if (!/^[a-z0-9]+(-[a-z0-9]+)*(\.test|\.d)?\.ts$/.test(name))
		faults.push(`${path} is not kebab-case`);
	const barrel = name === 'index.ts' && program.test(path);
	if (barrel && !['src/index.ts', 'native-free/index.ts'].includes(path)) {
		faults.push(`${path} is a barrel`);
	}
	return faults;
}

/**
 * Documents that are cited exist, and so does the section: `wire/README.md §5`, `ARCHITECTURE.md`.
 * `headings` answers the section numbers of a document by its path, undefined if there is none.
 */
export function checkCitations(
	path: string,
	text: string,
	headings: (document: string) => readonly string[] | undefined,
): string[] {
	if (path.startsWith('test/tidy/')) return [];
	const folder = path.slice(0, path.lastIndexOf('/') + 1);
	const cited = /(?<![\w/.-])((?:\w[\w-]*\/)*[A-Z][A-Z]+\.md)(?: §(\d+(?:\.\d+)*))?/g;
	return numbered(text, line => {
		for (const [, document, section] of line.matchAll(cited)) {
			const places = [`${folder}${document}`, document!, `src/${document}`];
			const known = places.map(headings).find(list => list !== undefined);
			if (known === undefined) return `cites ${document}, which is not there`;
			if (section !== undefined && !known.includes(section)) {
				return `cites ${document} §${section}, which is not there`;
			}
		}
		return undefined;
	}).map(found => `${path}:${found}`);
}

function numbered(text: string, check: (line: string) => string | undefined): string[] {
	return text.split('\n').flatMap((line, index) => {
		const fault = check(line);
		return fault === undefined ? [] : [`${index + 1}: ${fault}`];
	});
}
