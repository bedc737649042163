/**
 * Reads the datagrams that wait at a connected UDP socket past node:dgram, which has the kernel
 * write each to 64 KiB of new memory and makes five objects for it: 3.7 us. Here it is one read(2)
 * to memory that is kept: 1.7 us. On Linux only, whose /proc says which descriptor is a socket's.
 */
import {readdirSync, readFileSync, readlinkSync, readSync} from 'node:fs';
import {nodeCode} from './tree-error.ts';

/** No datagram is larger, with a length of 16 bits. */
const datagramMax = 65_536;

/**
 * What is read at once: sixteen of the largest, and of Ethernet's MTU as many as are taken in
 * within two milliseconds, so that feedback does not wait for all that came.
 */
const memorySize = 1 << 20;
const countMax = 192;

/** Memory that was not given back: after that often it is not tried any more. */
const keptMax = 8;

/** Each datagram begins on a cache line of its own. */
const alignment = 64;

export class SocketReader {
	readonly #file: number;
	#memory: Uint8Array | undefined;
	#filled = 0;
	/** Datagrams in `#memory` that somebody may still look at. */
	#lent = 0;
	#keptCount = 0;

	constructor(file: number) {
		this.#file = file;
	}

	/**
	 * Calls `each` with every datagram that waits, as long as there is room for it: what it is given
	 * must be given back by `release` before the next `read`. Answers false if it is of no use any
	 * more, since it never is.
	 * @throws Error of Node's: what the kernel tells of the socket, as that its peer refuses
	 */
	read(each: (data: Uint8Array) => void): boolean {
		if (this.#lent > 0) {
			if (++this.#keptCount >= keptMax) return false;
			this.#memory = undefined;
			this.#lent = 0;
		}
		this.#memory ??= new Uint8Array(memorySize);
		this.#filled = 0;
		const memory = this.#memory;
		// Those of no octets count too: else who sends them fast enough ends no turn.
		for (let count = 0; count < countMax; count++) {
			if (memory.length - this.#filled < datagramMax) return true;
			const size = this.#readOne(memory, this.#filled);
			if (size < 0) return true;
			if (size === 0) continue;
			this.#lent++;
			each(memory.subarray(this.#filled, this.#filled + size));
			this.#filled = Math.ceil((this.#filled + size) / alignment) * alignment;
		}
		return true;
	}

	/** Nobody looks at it any more; false if it does not come from here. */
	release({buffer}: Uint8Array): boolean {
		if (buffer !== this.#memory?.buffer) return false;
		this.#lent--;
		return true;
	}

	/** Octets of the next datagram; -1: none waits. */
	#readOne(into: Uint8Array, at: number): number {
		try {
			return readSync(this.#file, into, at, datagramMax, null);
		} catch (error) {
			if (nodeCode(error) === 'EAGAIN') return -1;
			throw error;
		}
	}
}

/**
 * The descriptor of this process's UDP socket between two ports; undefined: not to be found. A
 * socket is found by its number in the kernel's table, not by what was opened last.
 */
export function findSocket(local: number, peer: number, six: boolean): number | undefined {
	if (process.platform !== 'linux') return undefined;
	try {
		const table = readFileSync(six ? '/proc/self/net/udp6' : '/proc/self/net/udp', 'latin1');
		const inodes = inodesBetween(table, local, peer);
		if (inodes.length !== 1) return undefined;
		const name = `socket:[${inodes[0]}]`;
		for (const file of readdirSync('/proc/self/fd')) {
			if (linkOf(`/proc/self/fd/${file}`) === name) return Number(file);
		}
		return undefined;
	} catch (error) {
		if (nodeCode(error) === undefined) throw error;
		return undefined;
	}
}

/** Lines are `sl local remote state queues timer retransmits uid timeout inode …`. */
function inodesBetween(table: string, local: number, peer: number): string[] {
	const inodes: string[] = [];
	for (const line of table.split('\n').slice(1)) {
		const fields = line.trim().split(/\s+/);
		if (portOf(fields[1]) === local && portOf(fields[2]) === peer) inodes.push(fields[9]!);
	}
	return inodes;
}

/** Of `address:port`, both hexadecimal. */
function portOf(field = ''): number {
	return Number.parseInt(field.slice(field.lastIndexOf(':') + 1), 16);
}

/** The descriptor that the directory was listed by is gone meanwhile. */
function linkOf(path: string): string | undefined {
	try {
		return readlinkSync(path);
	} catch (error) {
		if (nodeCode(error) === 'ENOENT') return undefined;
		throw error;
	}
}
