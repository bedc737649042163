/**
 * Trouble that operators meet: each ends with one clear error and its exit code, soon, and with
 * the destination as it was.
 */
import {spawnSync} from 'node:child_process';
import {createSocket} from 'node:dgram';
import {
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	writeFileSync,
} from 'node:fs';
import test, {type ExecutionContext} from 'ava';
import {formatKey} from '../../src/session/key-text.ts';
import {Prng} from '../support/prng.ts';
import {ended, start, startServe} from '../support/shoal-process.ts';
import {Workspace} from '../support/workspace.ts';

/** The identity of nobody. */
const strangerKey = formatKey(new Prng(9).bytes(32));

/** Runs a pull that must fail, and holds what it says and leaves behind. */
async function fails(
	t: ExecutionContext,
	space: Workspace,
	words: readonly string[],
	code: string,
	exit: number,
): Promise<void> {
	const before = contents(space);
	const result = await space.run('pull', ...words);
	t.is(result.exit, exit, result.errors);
	const last = result.lines.at(-1)!;
	t.like(last, {ok: false, exit});
	const [first] = last['errors'] as Record<string, string>[];
	t.is(first!['code'], code);
	const line = new RegExp(`^shoal: ${code}: .+[.!?] [A-Z].*\\.$`, 'm');
	t.regex(result.errors, line);
	t.log(result.errors.trimEnd());
	t.is(contents(space), before);
}

/** Names in the destination but that of the state directory; undefined if there is none. */
function contents(space: Workspace): string | undefined {
	if (!existsSync(space.at('mirror'))) return undefined;
	return readdirSync(space.at('mirror'))
		.filter(name => name !== '.shoal')
		.sort()
		.join(' ');
}

const portOf = (url: string) => Number(/:(\d+)/.exec(url)![1]);

test('a source whose key is not the one of the URL', async t => {
	const space = new Workspace(t);
	space.write('tree/file', '');
	const server = await space.serve('tree');
	const url = `shoal://${strangerKey}@127.0.0.1:${portOf(server.url)}`;
	await fails(t, space, [url, space.at('mirror')], 'PEER_AUTH_FAILED', 5);
});

test('a source that is not known, and one that is trusted on first use', async t => {
	const space = new Workspace(t);
	space.write('tree/file', 'content');
	const server = await space.serve('tree');
	const url = server.url.replace(/\/\/.*@/, '//');
	const key = /\/\/(.*)@/.exec(server.url)![1]!;
	await fails(t, space, [url, space.at('mirror')], 'PEER_UNKNOWN', 5);
	const told = await space.runPlain('pull', url, space.at('mirror'));
	t.true(told.errors.includes(key), 'the fingerprint is shown');
	const trusted = await space.runPlain('pull', '--trust-on-first-use', url, space.at('mirror'));
	t.is(trusted.exit, 0, trusted.errors);
	const known = await space.runPlain('pull', url, space.at('mirror'));
	t.is(known.exit, 0, known.errors);
});

test('a port where nobody listens', async t => {
	const space = new Workspace(t);
	const socket = createSocket('udp4');
	await new Promise<void>(resolve => socket.bind(0, '127.0.0.1', resolve));
	const {port} = socket.address();
	await new Promise<void>(resolve => socket.close(() => resolve()));
	const url = `shoal://${strangerKey}@127.0.0.1:${port}`;
	await fails(t, space, [url, space.at('mirror')], 'PATH_UNREACHABLE', 10);
});

test('a host that says nothing', async t => {
	const space = new Workspace(t);
	const socket = createSocket('udp4');
	await new Promise<void>(resolve => socket.bind(0, '127.0.0.1', resolve));
	t.teardown(() => socket.close());
	const url = `shoal://${strangerKey}@127.0.0.1:${socket.address().port}`;
	await fails(t, space, ['--contimeout', '1', url, space.at('mirror')], 'PATH_SILENT', 35);
});

test('a module that is not there', async t => {
	const space = new Workspace(t);
	space.write('tree/file', '');
	const server = await space.serve('tree');
	await fails(t, space, [`${server.url}/nonsense`, space.at('mirror')], 'MODULE_UNKNOWN', 5);
});

test('a destination whose parent is missing, and --mkpath', async t => {
	const space = new Workspace(t);
	space.write('tree/file', 'content');
	const server = await space.serve('tree');
	const deep = space.at('a/b/mirror');
	await fails(t, space, [server.url, deep], 'DESTINATION_INVALID', 1);
	t.false(existsSync(space.at('a')));
	const made = await space.runPlain('pull', '--mkpath', server.url, deep);
	t.is(made.exit, 0, made.errors);
	t.is(readFileSync(`${deep}/file`, 'utf8'), 'content');
});

test('a tree that is not there, or is no directory', async t => {
	const space = new Workspace(t);
	space.write('file', '');
	for (const path of [space.at('missing'), space.at('file')]) {
		const {exit, errors} = await space.runPlain('serve', path, '--listen', '127.0.0.1:0');
		t.is(exit, 1);
		t.regex(errors, /^shoal: TREE_MISSING: /m);
	}
});

test('an address that is taken', async t => {
	const space = new Workspace(t);
	space.write('tree/file', '');
	const server = await space.serve('tree');
	const address = `127.0.0.1:${portOf(server.url)}`;
	const {exit, errors} = await space.runPlain('serve', space.at('tree'), '--listen', address);
	t.is(exit, 10);
	t.regex(errors, /^shoal: LISTEN_FAILED: /m);
});

test('more deletions than allowed publish nothing', async t => {
	const space = new Workspace(t);
	space.write('tree/file', 'content');
	const server = await space.serve('tree');
	for (let index = 0; index < 120; index++) space.write(`mirror/${index}`, 'mine');
	const words = ['--delete', server.url, space.at('mirror')];
	await fails(t, space, words, 'DELETE_REFUSED', 25);
	t.false(existsSync(space.at('mirror/file')));
	await fails(t, space, ['--max-delete=119', ...words], 'DELETE_REFUSED', 25);
	const allowed = await space.run('pull', '--max-delete=120', ...words);
	t.is(allowed.exit, 0, allowed.errors);
	t.is(allowed.lines.at(-1)!['deleted'], 120);
});

test('a file that changed under the source is left as it was, the rest arrives', async t => {
	const space = new Workspace(t);
	space.write('tree/file', 'content');
	space.write('tree/other', 'other');
	const server = await space.serve('tree');
	await space.run('pull', server.url, space.at('mirror'));
	writeFileSync(space.at('tree/other'), 'other 2');
	const taken = await space.run('snapshot', space.at('tree'));
	await server.offers(String(taken.lines.at(-1)!['snapshot']));
	writeFileSync(space.at('tree/other'), 'changed since');
	space.write('mirror/mine', 'not of the source');
	const stale = await space.run('pull', '--delete', server.url, space.at('mirror'));
	t.is(stale.exit, 24, stale.errors);
	t.regex(stale.errors, /^shoal: SOURCE_STALE: .*other/m);
	t.is(readFileSync(space.at('mirror/other'), 'utf8'), 'other');
	t.true(existsSync(space.at('mirror/mine')), 'nothing is deleted after an error of the source');
});

test('a destination without room for what is to come', async t => {
	const space = new Workspace(t);
	space.write('tree/big', new Prng(1).bytes(4_000_000));
	mkdirSync(space.at('mirror'));
	const small = ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', space.at('mirror')];
	if (spawnSync('mount', small).status !== 0) {
		t.log('no file system may be mounted here');
		t.pass();
		return;
	}
	t.teardown(() => spawnSync('umount', [space.at('mirror')]));
	const server = await space.serve('tree');
	await fails(t, space, [server.url, space.at('mirror')], 'DESTINATION_FULL', 11);
});

test('two pulls at once into one destination', async t => {
	const space = new Workspace(t);
	space.write('tree/big', new Prng(1).bytes(20_000_000));
	const server = await space.serve('tree');
	const words = ['pull', '--bwlimit=2000', server.url, space.at('mirror')];
	const first = start(words, space.environment);
	t.teardown(() => first.kill('SIGKILL'));
	await begun(space);
	const {exit, errors} = await space.runPlain(...words);
	t.is(exit, 11, errors);
	t.regex(errors, /^shoal: STORE_LOCKED: /m);
});

test('Ctrl-C stops cleanly, says how to go on, and the next run goes on', async t => {
	const space = new Workspace(t);
	space.write('tree/big', new Prng(1).bytes(8_000_000));
	const server = await space.serve('tree');
	const words = ['pull', server.url, space.at('mirror')];
	const child = start([...words, '--bwlimit=3000', '--json'], space.environment);
	const end = ended(child);
	await begun(space, 2_000_000);
	child.kill('SIGINT');
	const {exit, output, errors} = await end;
	t.is(exit, 20, errors);
	t.regex(errors, /^shoal: INTERRUPTED: .* Run it again: what has arrived is kept\.$/m);
	const stopped = JSON.parse(output.trimEnd().split('\n').at(-1)!) as {bytesLiteral: number};
	t.like(stopped, {ok: false, exit: 20});
	t.true(stopped.bytesLiteral >= 1_000_000, `${stopped.bytesLiteral} octets had come`);
	t.false(existsSync(space.at('mirror/big')));
	const again = await space.run(...(words as [string]));
	t.is(again.exit, 0, again.errors);
	const {bytesLiteral} = again.lines.at(-1) as {bytesLiteral: number};
	t.true(bytesLiteral < 7_000_000, `${bytesLiteral} octets travelled again`);
	t.deepEqual(readFileSync(space.at('mirror/big')), readFileSync(space.at('tree/big')));
});

test('a second Ctrl-C ends at once', async t => {
	const space = new Workspace(t);
	space.write('tree/big', new Prng(1).bytes(8_000_000));
	const server = await space.serve('tree');
	const words = ['pull', '--bwlimit=500', server.url, space.at('mirror')];
	const child = start(words, space.environment);
	const end = ended(child);
	await begun(space);
	child.kill('SIGINT');
	child.kill('SIGINT');
	t.is((await end).exit, 20);
});

for (const [age, version] of [
	['an older', 0],
	['a newer', 9],
] as const) {
	test(`a source that speaks only ${age} version`, async t => {
		const space = new Workspace(t);
		const socket = createSocket('udp4');
		await new Promise<void>(resolve => socket.bind(0, '127.0.0.1', resolve));
		t.teardown(() => socket.close());
		socket.on('message', (hello, {port, address}) => {
			const connectionId = hello.subarray(5, 9);
			socket.send(Uint8Array.of(0, ...connectionId, 1, version), port, address);
		});
		const url = `shoal://${strangerKey}@127.0.0.1:${socket.address().port}`;
		await fails(t, space, [url, space.at('mirror')], 'PEER_VERSION_UNKNOWN', 2);
	});
}

test('a damaged head of a source’s state is named, and made again once it is removed', async t => {
	const space = new Workspace(t);
	space.write('tree/file', 'content');
	await space.run('snapshot', space.at('tree'));
	const head = space.write('tree/.shoal/head', 'garbage');
	for (const words of [
		['snapshot', space.at('tree')],
		['ls', space.at('tree')],
		['serve', '--no-scan', space.at('tree'), '--listen', '127.0.0.1:0'],
	]) {
		const {exit, errors} = await space.runPlain(...words);
		t.is(exit, 11, words[0]);
		t.regex(errors, /^shoal: STORE_CORRUPT: .*\.shoal\/head .*Remove the file/m);
	}
	rmSync(head);
	t.is((await space.runPlain('snapshot', space.at('tree'))).exit, 0);
});

test('a damaged record of a pull costs no content', async t => {
	const space = new Workspace(t);
	space.write('tree/file', 'content');
	await space.run('snapshot', space.at('tree'));
	const pull = () => space.run('pull', space.at('tree'), space.at('mirror'));
	await pull();
	for (const name of readdirSync(space.at('mirror/.shoal'))) {
		space.write(`mirror/.shoal/${name}`, 'garbage');
		const {exit, lines, errors} = await pull();
		t.is(exit, 0, errors);
		t.like(lines.at(-1), {ok: true, bytesLiteral: 0});
	}
});

test('a configuration with an unknown key names its line', async t => {
	const space = new Workspace(t);
	const path = space.write('shoal.toml', 'listen = "127.0.0.1:0"\nlisen = "x"\n');
	const {exit, errors} = await space.runPlain('serve', '--config', path);
	t.is(exit, 1);
	t.true(errors.includes('shoal.toml:2: lisen'), errors);
});

test('modules of a configuration are served as they were saved', async t => {
	const space = new Workspace(t);
	space.write('tree/file', 'content');
	mkdirSync(space.at('state'));
	const config = '[module.m]\npath = "tree"\n';
	space.write('shoal.toml', `listen = "127.0.0.1:0"\n${config}`);
	const words = ['--config', space.at('shoal.toml')];
	const missing = await space.runPlain('serve', ...words);
	t.is(missing.exit, 1, missing.errors);
	t.regex(missing.errors, /^shoal: SNAPSHOT_MISSING: /m);
	await space.run('snapshot', space.at('tree'));
	const server = await startServe(words, space.environment);
	t.teardown(() => server.stop());
	const url = `${server.url.replace(/\/m$/, '')}/m`;
	const {exit, errors} = await space.runPlain('pull', url, space.at('mirror'));
	t.is(exit, 0, errors);
	t.is(readFileSync(space.at('mirror/file'), 'utf8'), 'content');
});

/** Resolves when a pull has so many octets in staging. */
async function begun(space: Workspace, octets = 1): Promise<void> {
	const stage = space.at('mirror/.shoal/stage');
	const staged = () =>
		readdirSync(stage).reduce((sum, name) => sum + statSync(`${stage}/${name}`).size, 0);
	while (!existsSync(stage) || staged() < octets) await pause(20);
}

function pause(milliseconds: number): Promise<void> {
	return new Promise(resolve => setTimeout(resolve, milliseconds));
}
