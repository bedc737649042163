/** The programs that are measured, each as the two commands that a person would type. */
import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {setTimeout as sleep} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import type {LinkName} from '../../src/link-name.ts';
import {addresses, type Link, type TcpKind} from './link.ts';

const shoal = fileURLToPath(new URL('../../../bin/shoal.js', import.meta.url));
const shoalPort = 8730;
const rsyncPort = 8731;
const webTransportPort = 8443;
const startMsMax = 60_000;

export type ProgramName = 'shoal' | 'rsync-bbr' | 'rsync-cubic' | 'shoal-h2' | 'shoal-h3';

export type Program = {
	readonly name: ProgramName;
	readonly title: string;
	/** What TCP of both hosts uses; UDP does not mind. */
	readonly tcp: TcpKind;
	/** Offers a tree from the source and answers, when it listens, with how to fetch it. */
	serve(link: Link, tree: string, directory: string): Promise<Serving>;
};

export type Serving = {
	/** To be run at the receiver; `home` is what the client remembers things in. */
	command(destination: string): readonly string[];
};

const rsync = (tcp: TcpKind): Program => ({
	name: `rsync-${tcp}`,
	title: `rsync over ${tcp.toUpperCase()}`,
	tcp,
	serve: serveRsync,
});

export const programs: readonly Program[] = [
	{name: 'shoal', title: 'shoal', tcp: 'cubic', serve: serveShoal},
	rsync('bbr'),
	rsync('cubic'),
	// What Linux does unless told otherwise, and a program in Node cannot choose.
	{name: 'shoal-h2', title: 'shoal over HTTP/2', tcp: 'cubic', serve: serveShoalOver('h2')},
	{name: 'shoal-h3', title: 'shoal over HTTP/3', tcp: 'cubic', serve: serveShoalOver('h3')},
];

/** Where `shoal` of either side keeps keys: `home` for a receiver that has been here before. */
export function shoalEnvironment(home: string): NodeJS.ProcessEnv {
	return {...process.env, XDG_CONFIG_HOME: home};
}

function serveShoal(link: Link, tree: string, directory: string): Promise<Serving> {
	return startShoal(link, tree, directory, 'udp');
}

function serveShoalOver(name: LinkName): Program['serve'] {
	return (link, tree, directory) => startShoal(link, tree, directory, name);
}

async function startShoal(
	link: Link,
	tree: string,
	directory: string,
	over: LinkName,
): Promise<Serving> {
	const listen = `${addresses.source}:${shoalPort}`;
	const command = [
		...[process.execPath, shoal, 'serve', tree, '--json', '--listen', listen],
		...['--state', `${tree}.state`],
		...(over === 'udp' ? [] : ['--webtransport', String(webTransportPort)]),
	];
	const [file, words] = link.enter('source', command);
	const child = spawn(file, words, {
		stdio: ['ignore', 'pipe', 'pipe'],
		env: shoalEnvironment(join(directory, 'shoal-source')),
	});
	const errors = gatherErrors(child);
	const lines = createInterface({input: child.stdout!});
	const url = await new Promise<string>((resolve, reject) => {
		let url: string | undefined;
		lines.on('line', line => {
			const event = JSON.parse(line) as Record<string, unknown>;
			if (event['event'] === 'listening') url = String(event['webTransportUrl'] ?? event['url']);
			// Also what it serves is known: no client has to wait for a scan.
			if (event['event'] === 'serving' && url !== undefined) resolve(url);
		});
		child.once('close', exit => {
			reject(new Error(`shoal serve ended with ${exit}: ${errors()}`));
		});
		setTimeout(() => reject(new Error(`shoal serves nothing: ${errors()}`)), startMsMax).unref();
	});
	return {
		command: destination => [
			...[process.execPath, shoal, 'pull', url, destination, '--json', '--link', over],
		],
	};
}

async function serveRsync(link: Link, tree: string, directory: string): Promise<Serving> {
	const configuration = join(directory, 'rsyncd.conf');
	mkdirSync(directory, {recursive: true});
	writeFileSync(
		configuration,
		// A `timeout` would cost the client a round trip.
		['use chroot = no\nuid = 0\ngid = 0\nreverse lookup = no', `[tree]\npath = ${tree}\n`].join(
			'\n',
		),
	);
	const command = [
		...['rsync', '--daemon', '--no-detach', `--config=${configuration}`],
		...[`--address=${addresses.source}`, `--port=${rsyncPort}`],
	];
	const [file, words] = link.enter('source', command);
	const child = spawn(file, words, {stdio: ['ignore', 'ignore', 'pipe']});
	const errors = gatherErrors(child);
	await awaitListener(link, rsyncPort, () =>
		child.exitCode === null ? undefined : `rsync ended with ${child.exitCode}: ${errors()}`,
	);
	const url = `rsync://${addresses.source}:${rsyncPort}/tree/`;
	return {command: destination => ['rsync', '-a', url, destination]};
}

/** Waits until a port of the source is bound, without a packet. */
async function awaitListener(
	link: Link,
	port: number,
	failure: () => string | undefined,
): Promise<void> {
	const hex = port.toString(16).toUpperCase().padStart(4, '0');
	const listening = new RegExp(`:${hex} 00000000:0000 0A `);
	const endMs = performance.now() + startMsMax;
	for (;;) {
		const [file, words] = link.enter('source', ['cat', '/proc/net/tcp']);
		const child = spawn(file, words, {stdio: ['ignore', 'pipe', 'inherit']});
		let text = '';
		child.stdout.on('data', part => {
			text += String(part);
		});
		await once(child, 'close');
		if (listening.test(text)) return;
		const failed = failure();
		if (failed !== undefined) throw new Error(failed);
		if (performance.now() > endMs) throw new Error(`nothing listens at port ${port}`);
		await sleep(10);
	}
}

/** What a process has said on standard error so far. */
export function gatherErrors(child: ChildProcess): () => string {
	let errors = '';
	child.stderr!.on('data', part => {
		errors += String(part);
	});
	return () => errors.trim();
}
