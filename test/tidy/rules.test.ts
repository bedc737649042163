// biome-ignore-all lint/suspicious/noTemplateCurlyInString: planted faults are texts
import test from 'ava';
import {listFiles, readText} from '../support/repository.ts';
import {checkBans, checkCitations, checkName, checkPlaces, checkSize, checkWidth} from './rules.ts';

const texts = listFiles()
	.filter(path => !/\.(png|snap|wasm|bin|db)$/.test(path))
	.map(path => [path, readText(path)] as const);

const headings = (document: string): readonly string[] | undefined => {
	const text = texts.find(([path]) => path === document)?.[1];
	if (text === undefined) return undefined;
	return [...text.matchAll(/^#+ (\d+(?:\.\d+)*)\.? /gm)].map(([, number]) => number!);
};
const checkDocuments = (path: string, text: string) => checkCitations(path, text, headings);

const checks = {
	'files of the program have at most 500 lines': checkSize,
	'no room uses what it must not': checkBans,
	'no machine, no registry and nothing unfinished is named': checkPlaces,
	'files are named by their concept': checkName,
	'documents and sections that are cited exist': checkDocuments,
	'lines of the program have at most 100 columns': checkWidth,
};
for (const [title, check] of Object.entries(checks)) {
	test(title, t => {
		t.deepEqual(
			texts.flatMap(([path, text]) => check(path, text)),
			[],
		);
	});
}

test('sizes: passes at the limit, fails one past it', t => {
	t.deepEqual(checkSize('src/wire/a.ts', 'x\n'.repeat(500)), []);
	t.is(checkSize('src/wire/a.ts', 'x\n'.repeat(501)).length, 1);
	t.is(checkSize('native-free/a.ts', 'x\n'.repeat(501)).length, 1);
	t.deepEqual(checkSize('test/a.ts', 'x\n'.repeat(501)), []);
	t.deepEqual(checkWidth('src/wire/a.ts', `\t${'x'.repeat(98)}\n`), []);
	t.deepEqual(checkWidth('src/wire/a.ts', `a\n\t${'x'.repeat(99)}\n`), [
		'src/wire/a.ts:2: is 101 columns wide',
	]);
});

const banned: [string, string][] = [
	['src/session/a.ts', 'export async function a() {}'],
	['src/wire/a.ts', 'const a = () => { await b; }'],
	['src/transfer/a.ts', 'new Promise(a)'],
	['src/delta/a.ts', 'const now = Date.now();'],
	['src/engine/a.ts', 'new Date()'],
	['src/pool/a.ts', 'performance.now()'],
	['src/task/a.ts', 'Math.random()'],
	['src/store/a.ts', 'setTimeout(a, 1)'],
	['src/receiver/a.ts', 'Buffer.from(a)'],
	['src/engine/a.ts', 'process.exit()'],
	['src/congestion/a.ts', 'console.log(`${a}`)'],
	['native-free/a.ts', 'Buffer.allocUnsafe(3)'],
	['native-free/a.ts', "generateKeyPairSync('x25519')"],
	['src/cli/a.ts', 'spawn(a, {shell: true})'],
	['src/cli/a.ts', 'try { a(); } catch {}'],
	['test/a.ts', 'try { a(); } catch (error) { /* nothing */ }'],
	['src/cli/a.ts', 'const a: any = 3'],
	['test/a.ts', 'new Map<string, x>() as any'],
];
for (const [path, text] of banned) {
	test(`sees in ${path}: ${text}`, t => {
		t.is(checkBans(path, text).length, 1);
	});
}

test('a banned word in a comment, in a string, or where it is allowed is none', t => {
	const allowed: [string, string][] = [
		['src/session/a.ts', "// no Promise, no setTimeout\nconst a = 'await Date';"],
		['src/engine/a.ts', 'async () => { await new Promise(a); }'],
		['src/cli/a.ts', 'process.exit(); setTimeout(a); Buffer.from(a)'],
		['native-free/a.ts', 'Date.now(); Buffer.alloc(3)'],
		['src/session/a.ts', 'this.process.next(); let any = false; any = many;'],
	];
	for (const [path, text] of allowed) t.deepEqual(checkBans(path, text), []);
});

test('sees places of machines and registries', t => {
	const slash = '/';
	for (const text of [
		`read ${slash}home/someone/x`,
		`cd ${slash}work/main`,
		`'${slash}root/.npmrc'`,
		`file://${slash}Users/me`,
		`(${slash}tmp/wt/a)`,
		`http://registry${'.'}example.org`,
		`www.npm${'js.com'}`,
		`"resolved${'"'}: "x"`,
		`// TO${'DO'}: more`,
	]) {
		t.is(checkPlaces('a', `ok\n${text}\n`).length, 1, text);
	}
	for (const text of [
		'this.#root/2',
		`tree${slash}root/x`,
		`../wor${'k/'}`,
		'a registry of tasks',
	]) {
		t.deepEqual(checkPlaces('a', text), [], text);
	}
});

test('sees names that are no concept', t => {
	t.is(checkName('src/wire/Codec.ts').length, 1);
	t.is(checkName('src/wire/code_c.ts').length, 1);
	t.is(checkName('src/wire/index.ts').length, 1);
	t.deepEqual(checkName('native-free/index.ts'), []);
	t.deepEqual(checkName('test/unit/wire/codec-size.test.ts'), []);
});

test('sees citations of what is not there', t => {
	const known = (document: string) =>
		document === 'src/wire/README.md' ? ['1', '2', '2.1'] : undefined;
	const check = (text: string) => checkCitations('a', text, known).length;
	t.is(check('as wire/README.md §2.1 says'), 0);
	t.is(check('as src/wire/README.md §1, says'), 0);
	t.is(check('as wire/README.md §3 says'), 1);
	t.is(check('as NOTES.md says'), 1);
	t.is(check('as old/README.md says'), 1);
});
