/** What a person or a script meets at the command line, without a network. */
import {execFileSync} from 'node:child_process';
import {existsSync, lstatSync, readFileSync, statSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import test from 'ava';
import {ended, start} from '../support/shoal-process.ts';
import {Workspace} from '../support/workspace.ts';

/** `shoal: CODE: what happened to what. Hint.` */
const errorForm = /^shoal: [A-Z_]+: .+[.!?] [A-Z].*\.$/;

test('a usage error is one line on standard error, and exit 1', async t => {
	const space = new Workspace(t);
	for (const words of [
		[],
		['pull', '--nonsense', 'a', 'b'],
		['pull', '-avX', 'a', 'b'],
		['pull', 'host::module', 'b'],
		['pull', 'user@host:/path', 'b'],
		['pull', 'shoal://-oProxyCommand=x/', 'b'],
		['diff', 'a', 'b'],
		['snapshot', space.at('missing')],
	]) {
		const {exit, output, errors} = await space.runPlain(...words);
		t.is(exit, 1, words.join(' '));
		t.is(output, '');
		const lines = errors.trimEnd().split('\n');
		t.is(lines.length, 1, errors);
		t.regex(lines[0]!, errorForm);
	}
});

test('with --json a failure ends with a line of results too', async t => {
	const space = new Workspace(t);
	const {exit, lines} = await space.run('pull', '--nonsense', 'a', 'b');
	t.is(exit, 1);
	t.is(lines.length, 1);
	t.like(lines[0], {ok: false, exit: 1, snapshot: '', entries: 0, bytesLiteral: 0, errorCount: 1});
	const errors = lines[0]!['errors'] as Record<string, string>[];
	t.is(errors[0]!['code'], 'OPTION_INVALID');
	t.truthy(errors[0]!['hint']);
});

test('names of the command line are escaped in what is printed', async t => {
	const space = new Workspace(t);
	const {errors} = await space.runPlain('snapshot', space.at('a\n\u001b[31mred'));
	t.is(errors.trimEnd().split('\n').length, 1);
	t.false(errors.includes('\u001b'));
});

test('keygen makes keys that are the user’s alone, once', async t => {
	const space = new Workspace(t);
	const first = await space.runPlain('keygen');
	t.is(first.exit, 0);
	t.regex(first.output, /^[a-z2-7]{56}\n$/);
	t.is(first.errors, '');
	t.is(statSync(space.at('config/shoal')).mode & 0o777, 0o700);
	t.is(statSync(space.at('config/shoal/identity.key')).mode & 0o777, 0o600);
	const again = await space.run('keygen');
	t.is(again.lines.at(-1)!['publicKey'], first.output.trim());
});

test('version and help', async t => {
	const space = new Workspace(t);
	const manifest = JSON.parse(
		readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
	);
	const {output} = await space.runPlain('version');
	t.true(output.startsWith(`shoal ${(manifest as {version: string}).version}, protocol 1, node `));
	const {lines} = await space.run('version');
	t.deepEqual(lines[0]!['protocols'], [1]);
	const help = await space.runPlain('pull', '--help');
	t.is(help.exit, 0);
	t.regex(help.output, /--delete/);
});

test('snapshot is silent on success, and again when nothing changed', async t => {
	const space = new Workspace(t);
	space.write('tree/a/file', 'content');
	// A file that changed two seconds before it is read may change unseen: it is read again.
	await new Promise(resolve => setTimeout(resolve, 3200));
	const first = await space.runPlain('snapshot', space.at('tree'));
	t.deepEqual(first, {exit: 0, output: '', errors: ''});
	t.is(lstatSync(space.at('tree/.shoal')).mode & 0o777, 0o700);
	const {lines} = await space.run('snapshot', space.at('tree'));
	t.like(lines.at(-1), {ok: true, exit: 0, changed: false, entries: 3, files: 1, filesHashed: 0});
});

test('ls prints long lines and JSON lines, of all or of what is below a path', async t => {
	const space = new Workspace(t);
	space.write('tree/a/file', 'content');
	space.write('tree/b/two\nlines', 'x');
	await space.run('snapshot', space.at('tree'));
	const long = await space.runPlain('ls', space.at('tree'));
	t.is(long.exit, 0, long.errors);
	t.deepEqual(
		long.output
			.trimEnd()
			.split('\n')
			.map(line => line.split(' ').at(-1)),
		['.', 'a', 'a/file', 'b', 'b/two\\#012lines'],
	);
	const below = await space.runPlain('ls', space.at('tree'), 'a', '--format', 'jsonl');
	const entries = below.output
		.trimEnd()
		.split('\n')
		.map(line => JSON.parse(line) as Record<string, unknown>);
	t.deepEqual(
		entries.map(entry => entry['path']),
		['a', 'a/file'],
	);
	t.like(entries[1], {type: 'file', size: 7});
});

test('a reader of ls that has seen enough ends it without a fuss', async t => {
	const space = new Workspace(t);
	for (let index = 0; index < 3000; index++) space.write(`tree/${index}`, '');
	await space.run('snapshot', space.at('tree'));
	const child = start(['ls', space.at('tree')], space.environment);
	child.stdout!.once('data', () => child.stdout!.destroy());
	const {exit, errors} = await ended(child);
	t.is(exit, 0);
	t.is(errors, '');
});

test('ls without a snapshot says how to make one', async t => {
	const space = new Workspace(t);
	space.write('tree/file', '');
	const {exit, errors} = await space.runPlain('ls', space.at('tree'));
	t.is(exit, 1);
	t.regex(errors, /^shoal: SNAPSHOT_MISSING: .*shoal snapshot DIR\.\n$/);
});

test('bin/shoal.js can be run as it is', t => {
	const program = fileURLToPath(new URL('../../../bin/shoal.js', import.meta.url));
	const output = execFileSync(program, ['version'], {encoding: 'utf8'});
	t.regex(output, /^shoal \d/);
});

test('a run that nothing can go on with has not succeeded', async t => {
	const space = new Workspace(t);
	space.write('tree/file', 'content');
	const stopper = `import timers from 'node:timers/promises';
		import {syncBuiltinESMExports} from 'node:module';
		timers.setImmediate = () => new Promise(() => undefined);
		syncBuiltinESMExports();`;
	space.write('stopper.mjs', stopper);
	const environment = {...space.environment, NODE_OPTIONS: `--import=${space.at('stopper.mjs')}`};
	const words = ['snapshot', '--threads', '0', space.at('tree')];
	const {exit, output, errors} = await ended(start(words, environment));
	t.is(exit, 70);
	t.is(output, '');
	t.regex(errors, /^shoal: INTERNAL: .*stopped short.*\n$/);
});

test('more threads than memory could hold are refused; -vv adds the figures', async t => {
	const space = new Workspace(t);
	space.write('tree/file', 'content');
	const words = [space.at('tree'), space.at('mirror')];
	const refused = await space.runPlain('pull', '--threads', '257', ...words);
	t.is(refused.exit, 1);
	t.regex(refused.errors, /OPTION_INVALID: .*257/);
	const {exit, output} = await space.runPlain('pull', '-vv', ...words);
	t.is(exit, 0);
	t.regex(output, /^file\n\nNumber of files: 2/m);
	t.regex(output, /^sent 0 bytes {2}received 7 bytes/m);
	const {output: less} = await space.runPlain('pull', '-v', '--check', ...words);
	t.notRegex(less, /Number of files/);
});

test('a SOURCE that is here goes by --bwlimit, and keeps its state where it is told', async t => {
	const space = new Workspace(t);
	space.write('tree/file', 'x'.repeat(50_000));
	const words = ['--bwlimit', '100K', '--source-state', space.at('state')];
	const start = Date.now();
	const {exit} = await space.runPlain('pull', ...words, space.at('tree'), space.at('mirror'));
	t.is(exit, 0);
	t.true(Date.now() - start > 450);
	t.false(existsSync(space.at('tree/.shoal')));
	t.true(existsSync(space.at('state/head')));
	const refused = await space.runPlain('pull', ...words, 'shoal://here', space.at('mirror'));
	t.regex(refused.errors, /OPTION_INVALID: --source-state/);
});
