/** A running link (link.c) and the processes on its two hosts. */
import {type ChildProcess, execFileSync, spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {readdirSync, readlinkSync} from 'node:fs';
import {join} from 'node:path';
import {createInterface, type Interface} from 'node:readline';
import {fileURLToPath} from 'node:url';
import {type Host, namespaceWords} from './host.ts';
import type {Histogram} from './statistics.ts';
import {linkWords, type World} from './world.ts';

/** Sources of what is compiled stand beside the sources of this. */
const here = fileURLToPath(new URL('../../../bench/wan/', import.meta.url));
const programs = ['link', 'enter', 'probe'] as const;
const compilerWords = ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror'];

export type Side = 'source' | 'receiver';
export type TcpKind = 'bbr' | 'cubic';

export const addresses: Readonly<Record<Side, string>> = {
	source: '10.83.0.1',
	receiver: '10.83.0.2',
};

/** What happened in one direction. Octets are those of whole IP packets. */
export type Way = {
	/** From the sender's interface. */
	readonly packetsIn: number;
	readonly octetsIn: number;
	/** To the other's interface. */
	readonly packetsOut: number;
	readonly octetsOut: number;
	/** Dropped on purpose; dropped by the full queue; not taken by the other's interface. */
	readonly lost: number;
	readonly overflowed: number;
	readonly refused: number;
	/** Never seen by the link, because it was too slow: above zero, the run means nothing. */
	readonly overrun: number;
	readonly queuedUs: Histogram;
	/** How much later than meant the link passed packets on. */
	readonly lateUs: Histogram;
};

export type Flow = {
	readonly protocol: number;
	readonly sourcePort: number;
	readonly receiverPort: number;
	/** Octets that arrived, and packets that did not. */
	readonly down: number;
	readonly up: number;
	readonly downLost: number;
	readonly upLost: number;
};

export type LinkReport = {
	readonly elapsedUs: number;
	readonly cpuUs: number;
	readonly down: Way;
	readonly up: Way;
	readonly flows: readonly Flow[];
};

/** Compiles what runs besides Node; answers where. */
export function compile(directory: string): void {
	for (const name of programs) {
		execFileSync('cc', [...compilerWords, '-o', join(directory, name), join(here, `${name}.c`)]);
	}
}

type Started = {
	/** The link's first line. */
	readonly ready: string;
	readonly lines: Interface;
	readonly ended: Promise<never>;
};

export class Link {
	readonly realTime: boolean;
	readonly #directory: string;
	readonly #process: ChildProcess;
	readonly #lines: Interface;
	/** Never resolves: says why nothing will be said any more. */
	readonly #ended: Promise<never>;
	readonly #namespaces: Readonly<Record<Side, string>>;

	private constructor(directory: string, process: ChildProcess, started: Started) {
		const said = JSON.parse(started.ready) as Record<Side, string> & {realTime: boolean};
		this.#directory = directory;
		this.#process = process;
		this.#lines = started.lines;
		this.#ended = started.ended;
		this.#namespaces = said;
		this.realTime = said.realTime;
	}

	/** Both hosts are up and reach each other; TCP of both uses `tcp`. */
	static async open(host: Host, world: World, tcp: TcpKind, seed: number): Promise<Link> {
		host.setBuffers(world.buffers);
		const words = [...linkWords(world, seed), ...namespaceWords(world.buffers)];
		const child = spawn(join(host.directory, 'link'), words, {
			stdio: ['pipe', 'pipe', 'inherit'],
		});
		const lines = createInterface({input: child.stdout!});
		const ended = once(child, 'close').then(([exit]) => {
			throw new Error(`the link ended with ${exit}`);
		});
		// Who waits for a line is told; a link that is closed as it should be is no failure.
		ended.catch(() => undefined);
		const ready = await nextLine(lines, ended);
		const link = new Link(host.directory, child, {ready, lines, ended});
		link.#configure('source', 'receiver', tcp);
		link.#configure('receiver', 'source', tcp);
		return link;
	}

	/** A command that runs on a host, to be spawned. It ends with this process at the latest. */
	enter(side: Side, command: readonly string[]): readonly [string, string[]] {
		return [join(this.#directory, 'enter'), [this.#namespaces[side], ...command]];
	}

	/** What happened since the last report, or since the start. */
	async report(): Promise<LinkReport> {
		const line = nextLine(this.#lines, this.#ended);
		this.#process.stdin!.write('\n');
		return JSON.parse(await line) as LinkReport;
	}

	/** Ends whatever runs on the hosts, then the link. */
	async close(): Promise<void> {
		for (const side of ['source', 'receiver'] as const) endAllIn(this.#namespaces[side]);
		if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
		const closed = once(this.#process, 'close');
		this.#process.stdin!.end();
		await closed;
	}

	#configure(side: Side, other: Side, tcp: TcpKind): void {
		const [file, words] = this.enter(side, ['ip', '-batch', '-']);
		const {status, stderr} = spawnSync(file, words, {
			input: [
				'link set lo up',
				`addr add ${addresses[side]} peer ${addresses[other]} dev path`,
				// The queue that counts is the link's; the device's own only has to be longer.
				'link set path mtu 1500 txqueuelen 20000 up',
				`route replace ${addresses[other]} dev path src ${addresses[side]} congctl ${tcp}`,
				'',
			].join('\n'),
			encoding: 'utf8',
		});
		if (status !== 0) throw new Error(`the ${side} cannot be set up with ${tcp}: ${stderr}`);
	}
}

/** Whether TCP can be told to use this. */
export async function offersTcp(host: Host, world: World, tcp: TcpKind): Promise<boolean> {
	try {
		await (await Link.open(host, world, tcp, 1)).close();
		return true;
	} catch (error) {
		if (error instanceof Error && error.message.includes(`with ${tcp}`)) return false;
		throw error;
	}
}

async function nextLine(lines: Interface, ended: Promise<never>): Promise<string> {
	const waiting = new AbortController();
	try {
		const line = once(lines, 'line', {signal: waiting.signal});
		line.catch(() => undefined);
		return String((await Promise.race([line, ended]))[0]);
	} finally {
		waiting.abort();
	}
}

/** Kills every process in a network namespace; one of the link's own, so nobody else's. */
function endAllIn(namespace: string): void {
	const wanted = readLink(namespace);
	if (wanted === undefined) return;
	for (const name of readdirSync('/proc')) {
		if (!/^\d+$/.test(name) || readLink(`/proc/${name}/ns/net`) !== wanted) continue;
		try {
			process.kill(Number(name), 'SIGKILL');
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
		}
	}
}

/** Undefined if it is no more. */
function readLink(path: string): string | undefined {
	try {
		return readlinkSync(path);
	} catch (error) {
		const {code} = error as NodeJS.ErrnoException;
		if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES') return undefined;
		throw error;
	}
}
