/** The package as people install it: what is in it, its types, and the example of README.md. */
import {execFileSync} from 'node:child_process';
import {mkdirSync, symlinkSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import test from 'ava';
import {readText, repositoryRoot} from '../support/repository.ts';
import {tempDirectory} from '../support/temp-directory.ts';

const manifest = JSON.parse(readText('package.json')) as {
	readonly man: string;
	readonly bin: Record<string, string>;
	readonly exports: Record<string, string>;
	readonly dependencies: Record<string, string>;
};

const run = (command: string, words: readonly string[], cwd: string) =>
	execFileSync(command, words, {cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe']});

type Packed = {readonly filename: string; readonly files: readonly {readonly path: string}[]};

/** Packs the project and puts it where `npm install` would, beside the packages that it needs. */
function install(project: string): string[] {
	run(process.execPath, ['dist/src/cli/manual/build.js'], repositoryRoot);
	const words = ['pack', '--json', '--ignore-scripts', '--pack-destination', project];
	const [packed] = JSON.parse(run('npm', words, repositoryRoot)) as [Packed];
	const modules = join(project, 'node_modules');
	mkdirSync(join(modules, 'shoal'), {recursive: true});
	run(
		'tar',
		['-xzf', packed.filename, '-C', 'node_modules/shoal', '--strip-components=1'],
		project,
	);
	for (const name of [...Object.keys(manifest.dependencies), '@types/node']) {
		mkdirSync(dirname(join(modules, name)), {recursive: true});
		symlinkSync(join(repositoryRoot, 'node_modules', name), join(modules, name));
	}
	return packed.files.map(({path}) => path);
}

/** Compiler options under which the types must hold: both ways in which Node's rules are spelt. */
const compile = (mode: string) => [
	...[join(repositoryRoot, 'node_modules/.bin/tsc'), '--module', mode, '--moduleResolution', mode],
	...['--strict', '--exactOptionalPropertyTypes', '--target', 'es2023', '--types', 'node'],
	...['--ignoreConfig', 'example.mts'],
];

/** Without the page's own files and the compiler's: what a user has no use for. */
const unwanted = /\.map$|\.tsbuildinfo$|(^|\/)(test|bench)\/|\.tgz$/;

test('the example of README.md runs against the package as it is installed, and its types hold', t => {
	const project = tempDirectory(t);
	const files = install(project);
	t.deepEqual(
		files.filter(path => unwanted.test(path)),
		[],
	);
	const targets = [...Object.values(manifest.bin), ...Object.values(manifest.exports)];
	for (const target of [...targets, manifest.man, 'LICENSE', 'README.md']) {
		t.true(files.includes(target.replace(/^\.\//, '')), target);
	}
	const [, example] = /^## As a library\n[^`]*```ts\n(.*?)^```$/ms.exec(readText('README.md'))!;
	t.true(example!.trim().split('\n').length <= 22, 'it is short');
	writeFileSync(join(project, 'package.json'), '{"type": "module"}\n');
	writeFileSync(join(project, 'example.mts'), example!);
	for (const mode of ['node16', 'nodenext']) {
		t.notThrows(() => run(process.execPath, compile(mode), project), mode);
	}
	const output = run(process.execPath, ['example.mjs'], project);
	t.is(output, '2 new\ntrue 13 Hello, shoal.\n');

	writeFileSync(join(project, 'example.mts'), `${example}result.nonsense;\n`);
	const error = t.throws(() => run(process.execPath, compile('nodenext'), project));
	t.regex(String((error as unknown as {stdout: string}).stdout), /nonsense/, 'types are looked at');

	const bin = join(project, 'node_modules/shoal', manifest.bin['shoal']!);
	t.regex(run(process.execPath, [bin, 'version'], project), /^shoal \d/);
});
