/** What stands in the place of `start.js` in a build: the program as a script, and its code. */
import {execFileSync} from 'node:child_process';
import {copyFileSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {repositoryRoot} from '../support/repository.ts';
import {tempDirectory} from '../support/temp-directory.ts';

/** A program of a few lines where the bundle would be. */
const textOf = (word: string) => `(function (require, resolveImport, importModule) {
	const {basename} = require('node:path');
	function say(path) { return '${word} ' + basename(path); }
	console.log(say(resolveImport('#thing')));
	importModule('#thing').then(({thing}) => console.log(thing));
})`;

/** Runs it, then `more`; answers what was said. */
function run(directory: string, more: string): string[] {
	const words = ['-e', `import('./bundled.js').then(all => { ${more} })`];
	const said = execFileSync(process.execPath, words, {cwd: directory, encoding: 'utf8'});
	return said.trim().split('\n').sort();
}

const keep =
	"require('fs').writeFileSync(all.codePath, all.keptCode(all.script.createCachedData()))";
const tell = 'console.log(all.script.cachedDataRejected)';

function place(t: ExecutionContext): string {
	const directory = tempDirectory(t);
	const bundled = join(repositoryRoot, 'dist/src/cli/bundled.js');
	copyFileSync(bundled, join(directory, 'bundled.js'));
	const manifest = {type: 'module', imports: {'#thing': './thing.js'}};
	writeFileSync(join(directory, 'package.json'), JSON.stringify(manifest));
	writeFileSync(join(directory, 'thing.js'), 'export const thing = 1;');
	writeFileSync(join(directory, 'start.cjs'), textOf('one'));
	return directory;
}

test('the program runs without code, and with it', t => {
	const directory = place(t);
	t.deepEqual(run(directory, tell), ['1', 'one thing.js', 'undefined']);
	run(directory, keep);
	t.deepEqual(run(directory, tell), ['1', 'false', 'one thing.js']);
});

test('code of another text is left aside, also where V8 would take it', t => {
	const directory = place(t);
	run(directory, keep);
	// V8 compares lengths.
	writeFileSync(join(directory, 'start.cjs'), textOf('two'));
	t.deepEqual(run(directory, tell), ['1', 'two thing.js', 'undefined']);
});

test('code that V8 does not take costs nothing but the time to compile', t => {
	const directory = place(t);
	const other = 'all.keptCode(all.script.createCachedData().fill(0x5a, 0, 16))';
	run(directory, `require('fs').writeFileSync(all.codePath, ${other})`);
	t.deepEqual(run(directory, tell), ['1', 'one thing.js', 'true']);
});

test('damaged code is left aside, of which V8 may see nothing but the length', t => {
	const directory = place(t);
	run(directory, keep);
	const path = join(directory, 'start.code');
	const code = readFileSync(path);
	const damaged = [
		Buffer.from(code).fill(0, code.length >> 1),
		Buffer.from(code).fill(0x5a, 200, 264),
		code.subarray(0, 40),
		Buffer.alloc(0),
	];
	for (const each of damaged) {
		writeFileSync(path, each);
		t.deepEqual(run(directory, tell), ['1', 'one thing.js', 'undefined']);
	}
});

test('code that cannot be read is left aside', t => {
	const directory = place(t);
	mkdirSync(join(directory, 'start.code'));
	t.deepEqual(run(directory, tell), ['1', 'one thing.js', 'undefined']);
});
