/** Pulls over WebTransport, and what is done where UDP does not pass. */
import {spawn} from 'node:child_process';
import {createInterface} from 'node:readline';
import test, {type ExecutionContext} from 'ava';
import {compareTrees} from '../support/compare-trees.ts';
import {lacksNamespaces, Namespaces} from '../support/namespaces.ts';
import {Prng} from '../support/prng.ts';
import {ended, program, type Serving, startServe} from '../support/shoal-process.ts';
import {lacksMode} from '../support/webtransport-pair.ts';
import {Workspace} from '../support/workspace.ts';

const lacksHttp3 = await lacksMode('h3');

/** A tree of some hundred files, one of them large enough for many round trips. */
function plant(space: Workspace): void {
	const prng = new Prng(7);
	space.write('tree/large', prng.bytes(3 << 20));
	for (let count = 0; count < 300; count++) {
		space.write(`tree/${count % 7}/${count}`, prng.bytes(prng.below(3000)));
	}
}

const differences = (space: Workspace) =>
	compareTrees(space.at('tree'), space.at('copy'), {skip: ['.shoal']});

const urlOf = (server: Serving): string => String(server.listening['webTransportUrl']);

test('a pull over HTTP/2 makes the same tree, and says how it was reached and why', async t => {
	const space = new Workspace(t);
	plant(space);
	const server = await space.serve('tree', '--webtransport', '0');
	t.regex(urlOf(server), /\?webtransport=\d+&certificate=[0-9a-f]{64}&certificate=[0-9a-f]{64}$/);
	const {exit, lines, errors} = await space.run(
		...['pull', urlOf(server), space.at('copy'), '--link', 'h2'],
	);
	t.is(exit, 0, errors);
	t.is(errors, '');
	t.deepEqual(lines[0], {event: 'link', link: 'h2', reason: 'as asked for'});
	t.like(lines.at(-1), {link: 'h2', linkReason: 'as asked for', ok: true, rangesLost: 0});
	t.deepEqual(differences(space), []);
});

test('what a source says of WebTransport is remembered, and is enough the next time', async t => {
	const space = new Workspace(t);
	space.write('tree/a', 'content');
	const server = await space.serve('tree', '--webtransport', '0');
	const before = await space.run('pull', server.url, space.at('copy'), '--link', 'h2');
	t.is(before.exit, 1);
	t.regex(before.errors, /OPTION_INVALID: nothing says where 127\.0\.0\.1 answers WebTransport/);
	const first = await space.run('pull', server.url, space.at('copy'));
	t.like(first.lines.at(-1), {link: 'udp', linkReason: 'UDP answered'});
	const again = await space.run('pull', server.url, space.at('other'), '--link', 'h2');
	t.like(again.lines.at(-1), {link: 'h2', exit: 0});
	const listed = await space.runPlain('ls', server.url, '--link', 'h2');
	t.regex(listed.output, /\ba\n$/);
	t.is(listed.errors, '');
});

test('a port that refuses UDP is left for HTTP/2 at once', async t => {
	const space = new Workspace(t);
	space.write('tree/a', 'content');
	const server = await space.serve('tree', '--webtransport', '0');
	const closed = new URL(urlOf(server).replace('shoal:', 'http:'));
	closed.port = '9';
	const url = closed.href.replace('http:', 'shoal:').replace('/?', '?');
	const {exit, lines, errors} = await space.run('pull', url, space.at('copy'));
	t.is(exit, 0, errors);
	t.like(lines[0], {link: 'h2', reason: 'nothing answers at 127.0.0.1:9: ECONNREFUSED'});
	t.regex(errors, /^shoal: over HTTP\/2: nothing answers at 127\.0\.0\.1:9: ECONNREFUSED\n$/);
});

if (lacksHttp3 !== undefined) {
	test('--link h3 without its addon says at once what to install', async t => {
		const space = new Workspace(t);
		const key = '27eygo6oytgxtm35th2ltc2yxpqhnnp2emechutrnhzlt6pvzakmg6zg';
		const url = `shoal://${key}@192.0.2.1?webtransport=443`;
		const {exit, errors} = await space.run('pull', url, space.at('c'), '--link', 'h3');
		t.is(exit, 1);
		t.regex(errors, /^shoal: DRIVER_UNAVAILABLE: HTTP\/3 needs .* npm install @fails-components/);
		t.is(errors.split('\n').length, 2, 'one line');
	});
}

const check3 = lacksHttp3 === undefined ? test : test.skip;
check3('a pull over HTTP/3 makes the same tree', async t => {
	const space = new Workspace(t);
	plant(space);
	const server = await space.serve('tree', '--webtransport', '0');
	const {exit, lines, errors} = await space.run(
		...['pull', urlOf(server), space.at('copy'), '--link', 'h3'],
	);
	t.is(exit, 0, errors);
	t.like(lines.at(-1), {link: 'h3'});
	t.deepEqual(differences(space), []);
});

test('a source that is killed and started again goes on over HTTP/2, under its certificates', async t => {
	const space = new Workspace(t);
	plant(space);
	const first = await space.serve('tree', '--webtransport', '0', '--bwlimit', '1M');
	const port = /webtransport=(\d+)/.exec(urlOf(first))![1]!;
	const patient = ['--link', 'h2', '-v', '--contimeout', '60'];
	const pulling = space.run('pull', urlOf(first), space.at('copy'), ...patient);
	await first.opened;
	await new Promise(resolve => setTimeout(resolve, 500));
	first.kill('SIGKILL');
	const listen = /@([^?]+)/.exec(urlOf(first))![1]!;
	const second = await startServe(
		[space.at('tree'), '--listen', listen, '--webtransport', port, '--no-scan'],
		space.environment,
	);
	t.teardown(() => second.stop());
	t.is(urlOf(second), urlOf(first));
	const {exit, errors} = await pulling;
	t.is(exit, 0, errors);
	t.regex(errors, /the WebTransport session with 127\.0\.0\.1:\d+ has ended .*dialling again/);
	t.deepEqual(differences(space), []);
});

const missing = lacksNamespaces();
const title = missing === undefined ? '' : ` (left out: ${missing})`;
const check = missing === undefined ? test.serial : test.serial.skip;

/** A source behind a router that forwards no UDP from `when` on, a receiver on the other side. */
async function blocked(t: ExecutionContext, when: 'before' | 'later' = 'before') {
	const hosts = new Namespaces('u');
	t.teardown(() => hosts.remove());
	if (when === 'before') hosts.dropUdp();
	const space = new Workspace(t);
	plant(space);
	const start = (role: 'source' | 'receiver', ...rest: readonly string[]) => {
		const [first, ...before] = hosts.on(role);
		const child = spawn(first!, [...before, process.execPath, program, ...rest, '--json'], {
			env: {...process.env, ...space.environment},
			stdio: ['ignore', 'pipe', 'pipe'],
		});
		t.teardown(() => child.kill('SIGKILL'));
		return child;
	};
	const place = ['--listen', `${hosts.source}:0`, '--webtransport', '8443'];
	const server = start('source', 'serve', space.at('tree'), ...place);
	for await (const line of createInterface({input: server.stdout!})) {
		const event = JSON.parse(line) as Record<string, unknown>;
		if (event['event'] !== 'listening') continue;
		return {hosts, space, start, url: String(event['webTransportUrl'])};
	}
	throw new Error('it does not listen');
}

// That HTTP/2 is dialled a second after UDP was, and not later, test/sim/dial-any.test.ts holds.
check(`where UDP is dropped, a pull goes over HTTP/2 after a second of it${title}`, async t => {
	const {space, start, url} = await blocked(t);
	const began = performance.now();
	const {exit, output, errors} = await ended(start('receiver', 'pull', url, space.at('copy')));
	t.is(exit, 0, errors);
	const result = JSON.parse(output.trim().split('\n').at(-1)!) as Record<string, unknown>;
	t.like(result, {link: 'h2', linkReason: 'no answer over UDP within 1 s'});
	t.is(errors, 'shoal: over HTTP/2: no answer over UDP within 1 s\n');
	t.true(performance.now() - began < 120_000, 'however busy the machine is');
	t.deepEqual(differences(space), []);
});

check(`where UDP begins to be dropped, a pull goes on over HTTP/2${title}`, async t => {
	const {hosts, space, start, url} = await blocked(t, 'later');
	const words = [url, space.at('copy'), '--bwlimit', '1M', '--timeout', '2'];
	const puller = start('receiver', 'pull', ...words);
	const linked: string[] = [];
	puller.stdout!.on('data', (data: Buffer) => {
		for (const line of String(data).split('\n')) {
			if (!line.includes('"event":"link"')) continue;
			linked.push(JSON.parse(line).link);
			if (linked.length === 1) hosts.dropUdp();
		}
	});
	const {exit, output, errors} = await ended(puller);
	t.is(exit, 0, errors);
	t.deepEqual(linked, ['udp', 'h2']);
	const result = JSON.parse(output.trim().split('\n').at(-1)!) as Record<string, unknown>;
	t.like(result, {link: 'h2', linkReason: 'no answer over UDP within 1 s'});
	t.regex(errors, /^shoal: over HTTP\/2: no answer over UDP within 1 s$/m);
	t.deepEqual(differences(space), []);
});

check(`where UDP is dropped, --link udp says so within its time${title}`, async t => {
	const {space, start, url} = await blocked(t);
	const began = performance.now();
	const words = [url, space.at('copy'), '--link', 'udp', '--contimeout', '2'];
	const {exit, errors} = await ended(start('receiver', 'pull', ...words));
	t.is(exit, 35);
	t.regex(errors, /^shoal: PATH_SILENT: no answer from 10\.91\.1\.1:\d+ in 2 s\. /);
	t.true(performance.now() - began < 60_000, 'long before a link would be given up');
});
