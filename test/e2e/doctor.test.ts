/** The doctor on the machine that runs the tests, and what the floor tells it. */
import {createSocket} from 'node:dgram';
import {chmodSync, mkdirSync, readdirSync, statSync} from 'node:fs';
import test from 'ava';
import platform from '#platform';
import {Workspace} from '../support/workspace.ts';

const machine = await platform.machine();

test('looks at machine, directory and state, and leaves nothing behind', async t => {
	const space = new Workspace(t);
	mkdirSync(space.at('tree'));
	const before = statSync(space.at('tree'));
	const {exit, lines} = await space.run('doctor', space.at('tree'));
	const findings = lines.filter(({event}) => event === 'finding');
	const failed = findings.filter(({verdict}) => verdict === 'fail');
	t.deepEqual(failed, []);
	t.is(exit, 0);
	const checks = findings.map(({check}) => check);
	for (const check of [
		'node',
		'socket buffers',
		'clock',
		'cipher',
		'keys',
		'file system',
		'state',
	]) {
		t.true(checks.includes(check), check);
	}
	t.like(lines.at(-1), {event: 'result', ok: true, exit: 0, verdicts: {fail: 0}});
	t.deepEqual(readdirSync(space.at('tree')), []);
	t.true(Math.abs(statSync(space.at('tree')).mtimeMs - before.mtimeMs) < 0.01);
});

test('finds keys that others can read, and a source that is not there: exit 1', async t => {
	const space = new Workspace(t);
	await space.run('keygen');
	chmodSync(space.at('config/shoal/identity.key'), 0o644);
	const {exit, output} = await space.runPlain('doctor', 'shoal://127.0.0.1:9', '--contimeout', '2');
	t.is(exit, 1);
	t.regex(output, /^fail {2}keys .*identity\.key.*\n +> chmod go-rwx -- \S+identity\.key$/m);
	t.regex(output, /^fail {2}source +PATH_(UNREACHABLE|SILENT)/m);
});

test('asks a source one question, and remembers nothing of it', async t => {
	const space = new Workspace(t);
	space.write('tree/file', 'content');
	const server = await space.serve('tree');
	const known = await space.runPlain('doctor', server.url);
	t.is(known.exit, 0, known.output);
	t.regex(known.output, /^ok {4}source +127\.0\.0\.1:\d+ answers, protocol 1, /m);
	t.regex(
		known.output,
		/^ok {4}path +carries datagrams of [\d,]+ octets whole: an MTU of [\d,]+$/m,
	);
	t.regex(known.output, /^ok {4}source's list +2 entries/m);
	const unknown = await space.runPlain('doctor', server.url.replace(/\/\/.*@/, '//'));
	t.regex(unknown.output, /^warn {2}source's key +it is not known here/m);
	t.false(readdirSync(space.at('config/shoal')).some(name => name.startsWith('known_')));
});

test('a port that is taken is seen, with who has it', async t => {
	const socket = createSocket('udp4');
	t.teardown(() => socket.close());
	await new Promise<void>(resolve => socket.bind(0, '127.0.0.1', resolve));
	const facts = await machine.inspect(socket.address().port, 1 << 16);
	t.is(facts.port.code, 'EADDRINUSE');
	if (process.platform === 'linux') t.true(facts.port.holder?.endsWith(`(${process.pid})`));
	t.true(facts.buffers.receive >= 1 << 16);
	t.true(facts.interfaces.some(({isInternal}) => isInternal));
});

test('a directory is tried out: what it holds, what it lets be made, what it is not', t => {
	const space = new Workspace(t);
	const facts = machine.directory(space.path);
	t.true(typeof facts.tried === 'object' && facts.tried.hardLinks && facts.tried.renameReplaces);
	t.true(facts.freeBytes > 0);
	t.like(machine.directory(space.at('missing')), {folder: undefined, tried: 'ENOENT'});
	t.is(machine.directory(space.write('file', '')).tried, 'ENOTDIR');
	const files = machine.files(space.path);
	t.like(files, {folder: {kind: 'directory'}, files: [{name: 'file', kind: 'file'}]});
});

test('of a directory that is not there nothing else is said', async t => {
	const space = new Workspace(t);
	const {exit, output} = await space.runPlain('doctor', space.at('nowhere'));
	t.is(exit, 1);
	t.regex(output, /^fail {2}directory .*nowhere/m);
	t.notRegex(output, /^\w+ +state /m);
});
