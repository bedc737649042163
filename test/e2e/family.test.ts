/** A host with an address of each family, on real wires: the resolver's answer is a file. */
import {type ChildProcess, spawn} from 'node:child_process';
import process from 'node:process';
import {createInterface} from 'node:readline';
import test from 'ava';
import {contactTimeoutDefault} from '../../src/session/contact.ts';
import {lacksNamespaces, Namespaces} from '../support/namespaces.ts';
import {ended, program} from '../support/shoal-process.ts';
import {Workspace} from '../support/workspace.ts';

const missing = lacksNamespaces();
const title = missing === undefined ? '' : ` (left out: ${missing})`;
const check = missing === undefined ? test.serial : test.serial.skip;

/** When a receiver gives a host up. */
const giveUpMs = contactTimeoutDefault / 1000;
/** Nobody has it, on a network that the receiver is a part of. */
const dead = '2001:db8:91::99';

async function lineOf(child: ChildProcess): Promise<string> {
	for await (const line of createInterface({input: child.stdout!})) return line;
	throw new Error('it has printed nothing');
}

check(`a dead IPv6 address of a host gives way to IPv4, -4 and -6 hold${title}`, async t => {
	const hosts = new Namespaces('f');
	t.teardown(() => hosts.remove());
	hosts.run('receiver', 'ip', 'addr', 'add', '2001:db8:91::1/64', 'dev', 'wire', 'nodad');
	const space = new Workspace(t);
	space.write('tree/file', 'content');
	const names = space.write('hosts', `${dead} mirror\n${hosts.source} mirror\n`);
	const start = (role: 'source' | 'receiver', ...words: readonly string[]) => {
		const bound = ['unshare', '-m', 'sh', '-c', 'mount --bind "$0" /etc/hosts && exec "$@"', names];
		const [first, ...rest] = [...hosts.on(role), ...bound, process.execPath, program, ...words];
		const child = spawn(first!, [...rest, '--json'], {
			env: {...process.env, ...space.environment},
			stdio: ['ignore', 'pipe', 'pipe'],
		});
		t.teardown(() => child.kill('SIGKILL'));
		return child;
	};
	const server = start('source', 'serve', space.at('tree'), '--listen', `${hosts.source}:0`);
	const {url} = JSON.parse(await lineOf(server)) as {url: string};
	const named = url.replace(hosts.source, 'mirror');
	const pull = async (...words: readonly string[]) => {
		const {exit, output} = await ended(start('receiver', 'pull', named, ...words));
		const last = JSON.parse(output.trim().split('\n').at(-1)!) as Record<string, unknown>;
		const [error] = last['errors'] as {message: string}[];
		return {exit, elapsedMs: Number(last['elapsedMs']), message: error?.message ?? ''};
	};
	const both = await pull(space.at('both'));
	t.is(both.exit, 0, both.message);
	t.true(both.elapsedMs >= 245, `${both.elapsedMs} ms`);
	t.true(both.elapsedMs < giveUpMs, `${both.elapsedMs} ms: not when IPv6 was given up`);
	const four = await pull(space.at('four'), '-4');
	t.is(four.exit, 0, four.message);
	// Its host answers nothing, and the system may say after some seconds that nobody has it.
	const six = await pull(space.at('six'), '-6', '--contimeout', '2');
	t.true(six.exit === 35 || six.exit === 10, `${six.exit}`);
	t.true(six.message.includes(dead), six.message);
	t.true(six.elapsedMs < giveUpMs, `${six.elapsedMs} ms`);
});
