/**
 * What a bench takes of the machine and gives back: a lock, a directory, and the two settings of
 * the kernel that no namespace has for itself. All of it is returned also after a signal; what a
 * killed run left is returned by the next.
 */
import {
	accessSync,
	constants,
	existsSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statfsSync,
	writeFileSync,
} from 'node:fs';
import {createServer, type Server} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import type {World} from './world.ts';

const settings = ['rmem_max', 'wmem_max'];
/** A new kernel's limit on what a socket may ask for; and one that bounds nothing here. */
const bufferMax = {stock: 212_992, raised: 64 << 20};
/** Limits of TCP's own buffers, which have their own settings: least, first, most. */
const tcpBuffers = {
	stock: {tcp_rmem: '4096 131072 6291456', tcp_wmem: '4096 16384 4194304'},
	raised: {tcp_rmem: `4096 131072 ${64 << 20}`, tcp_wmem: `4096 16384 ${64 << 20}`},
};
/** All loads, a destination, and what a fairness run fetches. */
const roomMin = 4 << 30;

export class Host {
	/** For everything that is written; memory if there is enough. */
	readonly directory: string;
	readonly #lock: Server;

	private constructor(directory: string, lock: Server) {
		this.directory = directory;
		this.#lock = lock;
	}

	/** Waits for others with a lock of this name; undefined if they do not end in time. */
	static async take(name: string, waitMs: number): Promise<Host | undefined> {
		const endMs = performance.now() + waitMs;
		const prefix = `shoal-bench-${name}-`;
		for (;;) {
			const lock = await lockMachine(`shoal-bench-${name}`);
			if (lock !== undefined) {
				// Whoever holds the lock is alone: what is there was left by runs that were killed.
				for (const base of new Set([roomyDirectory(), tmpdir()])) removeLeftovers(base, prefix);
				const directory = mkdtempSync(join(roomyDirectory(), `${prefix}${process.pid}-`));
				return new Host(directory, lock);
			}
			if (performance.now() > endMs) return undefined;
			await sleep(200);
		}
	}

	/** Sets what bounds the buffers of sockets, for the whole machine. */
	setBuffers(buffers: World['buffers']): void {
		const kept = join(this.directory, 'settings.json');
		if (!existsSync(kept)) writeFileSync(kept, JSON.stringify(readSettings()));
		for (const name of settings) writeFileSync(settingPath(name), String(bufferMax[buffers]));
	}

	/** May be called at any instant, and more than once. */
	release(): void {
		returnAll(this.directory);
		this.#lock.close();
	}
}

/** What each namespace is told. */
export function namespaceWords(buffers: World['buffers']): string[] {
	return [
		'net/ipv6/conf/all/disable_ipv6=1',
		'net/ipv6/conf/default/disable_ipv6=1',
		'net/ipv4/tcp_no_metrics_save=1',
		// A daemon that outlives a killed bench notices that its client is gone.
		'net/ipv4/tcp_keepalive_time=60',
		...Object.entries(tcpBuffers[buffers]).map(([name, value]) => `net/ipv4/${name}=${value}`),
	];
}

/** Why this machine cannot run the bench, or undefined if it can. */
export function whyNot(): string | undefined {
	if (process.platform !== 'linux') return 'it needs Linux';
	if (process.getuid?.() !== 0) return 'it needs root, for network namespaces';
	try {
		accessSync('/dev/net/tun', constants.R_OK | constants.W_OK);
	} catch (error) {
		return `it needs /dev/net/tun (${(error as NodeJS.ErrnoException).code})`;
	}
	const missing = ['cc', 'ip'].filter(tool => !hasTool(tool));
	return missing.length === 0 ? undefined : `it needs ${missing.join(' and ')}`;
}

export function hasTool(name: string): boolean {
	const places = (process.env['PATH'] ?? '').split(':');
	return places.some(place => place !== '' && existsSync(join(place, name)));
}

/** A name in the abstract space of Unix sockets: gone with its process, however that ends. */
export function lockMachine(name: string): Promise<Server | undefined> {
	return new Promise((resolve, reject) => {
		const server = createServer();
		server.once('error', error => {
			if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') resolve(undefined);
			else reject(error);
		});
		server.listen(`\0${name}`, () => resolve(server.unref()));
	});
}

export function roomyDirectory(): string {
	if (process.env['TMPDIR'] !== undefined) return tmpdir();
	const memory = '/dev/shm';
	if (!existsSync(memory)) return tmpdir();
	const {bavail, bsize} = statfsSync(memory);
	return bavail * bsize >= roomMin ? memory : tmpdir();
}

function removeLeftovers(base: string, prefix: string): void {
	for (const name of readdirSync(base)) {
		if (name.startsWith(prefix)) returnAll(join(base, name));
	}
}

function returnAll(directory: string): void {
	const kept = join(directory, 'settings.json');
	if (existsSync(kept)) {
		const before = JSON.parse(readFileSync(kept, 'utf8')) as Record<string, string>;
		for (const name of settings) writeFileSync(settingPath(name), before[name]!);
	}
	rmSync(directory, {recursive: true, force: true});
}

function readSettings(): Record<string, string> {
	return Object.fromEntries(
		settings.map(name => [name, readFileSync(settingPath(name), 'utf8').trim()]),
	);
}

function settingPath(name: string): string {
	return `/proc/sys/net/core/${name}`;
}
