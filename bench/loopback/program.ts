/** What is measured: shoal, datagrams and their cipher alone, and rsync two ways. */
import {type ChildProcess, execFileSync} from 'node:child_process';
import {existsSync, mkdirSync, rmSync, writeFileSync} from 'node:fs';
import {type AddressInfo, createServer} from 'node:net';
import {userInfo} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {setTimeout as sleep} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import {hasTool} from '../wan/host.ts';
import {gatherErrors} from '../wan/program.ts';
import type {Place} from './place.ts';
import {startIn, stop} from './process.ts';
import {rawOverhead} from './raw-overhead.ts';

const shoal = fileURLToPath(new URL('../../../bin/shoal.js', import.meta.url));
const raw = fileURLToPath(new URL('./raw.js', import.meta.url));
const sshd = '/usr/sbin/sshd';
const startMsMax = 30_000;

export type ProgramName = 'shoal' | 'raw' | 'rsync' | 'rsync-ssh';

export type Running = {
	readonly pid: number;
	/** The client's command; with a destination that is not there. */
	command(destination: string): readonly string[];
	readonly environment: NodeJS.ProcessEnv;
	/** Whether the destination is an image of the tree afterwards. */
	readonly mirrors: boolean;
	stop(): Promise<void>;
};

export type Program = {
	readonly name: ProgramName;
	readonly title: string;
	/** Why it cannot be measured here; undefined: it can. */
	lacks(): string | undefined;
	/** Starts the source's side for a tree with so many octets of content. */
	serve(place: Place, tree: string, size: number, directory: string): Promise<Running>;
};

export const programs: readonly Program[] = [
	{name: 'shoal', title: 'shoal', lacks: () => undefined, serve: serveShoal},
	{name: 'raw', title: 'datagrams and cipher alone', lacks: () => undefined, serve: serveRaw},
	{
		name: 'rsync',
		title: 'rsync, plain',
		lacks: () => lacking(['rsync']),
		serve: serveRsync,
	},
	{
		name: 'rsync-ssh',
		title: 'rsync over ssh',
		lacks: () => lacking(['rsync', 'ssh', 'ssh-keygen'], sshd),
		serve: serveSsh,
	},
];

async function serveShoal(
	place: Place,
	tree: string,
	_size: number,
	directory: string,
): Promise<Running> {
	const environment = {XDG_CONFIG_HOME: join(directory, 'config')};
	const listen = ['--listen', `${place.address}:0`, '--state', join(directory, 'state')];
	const command = [process.execPath, shoal, 'serve', tree, '--json', ...listen];
	const child = startIn(place, 'source', command, environment);
	let url = '';
	await untilLine(child, line => {
		const event = JSON.parse(line) as Record<string, unknown>;
		if (event['event'] === 'listening') url = String(event['url']);
		// Only now is the tree scanned and hashed: that is no part of a transfer.
		return event['event'] === 'serving';
	});
	return {
		...running(child),
		environment,
		command: destination => [process.execPath, shoal, 'pull', url, destination, '--json'],
	};
}

async function serveRaw(place: Place, _tree: string, size: number): Promise<Running> {
	const {address, datagramSize} = place;
	const count = Math.ceil(size / (datagramSize - rawOverhead));
	const numbers = [datagramSize, count].map(String);
	const child = startIn(place, 'source', [process.execPath, raw, 'source', address, ...numbers]);
	let port = '';
	await untilLine(child, line => {
		port = line;
		return true;
	});
	return {
		...running(child),
		mirrors: false,
		command: () => [process.execPath, raw, 'receiver', address, port, ...numbers],
	};
}

async function serveRsync(
	place: Place,
	tree: string,
	_size: number,
	directory: string,
): Promise<Running> {
	const port = await freePort();
	const configuration = join(directory, 'rsyncd.conf');
	const global = 'use chroot = no\nreverse lookup = no\n';
	writeFileSync(configuration, `${global}[tree]\npath = ${tree}\n`);
	const words = ['--daemon', '--no-detach', `--config=${configuration}`];
	const command = ['rsync', ...words, `--address=${place.address}`, `--port=${port}`];
	const child = startIn(place, 'source', command);
	await untilListening(place, child, port);
	const url = `rsync://${place.address}:${port}/tree/`;
	return {...running(child), command: destination => ['rsync', '-a', url, destination]};
}

/** A server of ssh with keys of its own, which only the address of this place reaches. */
async function serveSsh(
	place: Place,
	tree: string,
	_size: number,
	directory: string,
): Promise<Running> {
	const port = await freePort();
	const at = (name: string): string => join(directory, `ssh-${name}`);
	for (const key of ['host', 'client']) {
		rmSync(at(key), {force: true});
		execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at(key)]);
	}
	const lines = [
		`Port ${port}`,
		`ListenAddress ${place.address}`,
		`HostKey ${at('host')}`,
		`AuthorizedKeysFile ${at('client')}.pub`,
		'PermitRootLogin prohibit-password',
		'PasswordAuthentication no',
		'StrictModes no',
		'UsePAM no',
		'PidFile none',
	];
	writeFileSync(at('config'), `${lines.join('\n')}\n`);
	// As its packages do at each start of a machine: it goes no further without.
	if (process.getuid?.() === 0 && !existsSync('/run/sshd')) mkdirSync('/run/sshd', {mode: 0o755});
	const child = startIn(place, 'source', [sshd, '-D', '-e', '-f', at('config')]);
	await untilListening(place, child, port);
	const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR'];
	const words = options.map(option => `-o ${option}`).join(' ');
	const shell = `ssh -F none -p ${port} -i ${at('client')} ${words}`;
	const from = `${userInfo().username}@${place.address}:${tree}/`;
	return {
		...running(child),
		command: destination => ['rsync', '-a', '-e', shell, from, destination],
	};
}

function running(child: ChildProcess) {
	return {pid: child.pid!, environment: {}, mirrors: true, stop: () => stop(child)};
}

function lacking(tools: readonly string[], file?: string): string | undefined {
	const missing = tools.filter(tool => !hasTool(tool));
	if (file !== undefined && !existsSync(file)) missing.push(file);
	return missing.length === 0 ? undefined : `no ${missing.join(', ')}`;
}

async function untilLine(child: ChildProcess, isIt: (line: string) => boolean): Promise<void> {
	const errors = gatherErrors(child);
	const lines = createInterface({input: child.stdout!});
	await new Promise<void>((resolve, reject) => {
		lines.on('line', line => {
			if (isIt(line)) resolve();
		});
		child.once('close', exit => reject(new Error(`it ended with ${exit}: ${errors()}`)));
		setTimeout(() => reject(new Error(`it is not ready: ${errors()}`)), startMsMax).unref();
	});
}

/** Looks as the receiver would, at most every 20 ms. */
async function untilListening(place: Place, child: ChildProcess, port: number): Promise<void> {
	const errors = gatherErrors(child);
	const look = `require('net').connect(${port}, '${place.address}').on('connect', () => process.exit())`;
	const endMs = performance.now() + startMsMax;
	while (child.exitCode === null && performance.now() < endMs) {
		const [file, words] = place.enter('receiver', [process.execPath, '-e', look]);
		try {
			execFileSync(file, words, {stdio: 'ignore'});
			return;
		} catch {
			await sleep(20);
		}
	}
	throw new Error(`nothing listens at port ${port}: ${errors()}`);
}

/** One that nobody has on the loopback: in a namespace of their own programs have all of them. */
function freePort(): Promise<number> {
	return new Promise((resolve, reject) => {
		const server = createServer();
		server.once('error', reject);
		server.listen(0, '127.0.0.1', () => {
			const {port} = server.address() as AddressInfo;
			server.close(() => resolve(port));
		});
	});
}
