/**
 * What this host knows of how large a datagram may be, on Linux: the MTU of an address's interface,
 * and how many datagrams the kernel has had to cut. Elsewhere nothing is known, and nothing larger
 * than every path carries is tried.
 */
import {openSync, readFileSync, readSync} from 'node:fs';
import {networkInterfaces} from 'node:os';
import {datagramSizeInitial, datagramSizeMax} from '../src/limit.ts';
import type {DatagramSizes} from '../src/platform/datagram.ts';

/** `host`: the local address of a socket. `mtu`: the largest packet that the operator allows. */
export function datagramSizes(host: string, mtu?: number): DatagramSizes {
	const six = host.includes(':');
	const counted = six ? countedSix : countedFour;
	const fragmentCount = (age: number) => counted.read(age);
	return sizesWithin({six, own: interfaceMtu(host), mtu, fragmentCount});
}

/** `own`: MTU of the interface; undefined like what `fragmentCount` answers: not known. */
export function sizesWithin(known: {
	readonly six: boolean;
	readonly own: number | undefined;
	readonly mtu: number | undefined;
	readonly fragmentCount: (age: number) => number | undefined;
}): DatagramSizes {
	const {six, own = Infinity, mtu, fragmentCount} = known;
	const headers = six ? 48 : 28;
	const max = Math.min(datagramSizeMax, Math.min(own, mtu ?? Infinity) - headers);
	const cut = fragmentCount(0);
	if (cut !== undefined) return {max, fragmentCount: age => fragmentCount(age) ?? cut};
	// A probe that the system cuts would pass for whole: only the operator can know better.
	return {max: mtu === undefined ? datagramSizeInitial : max};
}

/** Of the interface that has this address; undefined: not known. */
function interfaceMtu(host: string): number | undefined {
	const [address] = host.split('%');
	for (const [name, addresses] of Object.entries(networkInterfaces())) {
		if (!(addresses ?? []).some(each => each.address === address)) continue;
		const mtu = Number(unlessHidden(() => readFileSync(`/sys/class/net/${name}/mtu`, 'latin1')));
		return Number.isInteger(mtu) && mtu > 0 ? mtu : undefined;
	}
	return undefined;
}

/**
 * Fragments made in this network namespace so far (`FragCreates` of RFC 4293 §3.2.3). The kernel
 * writes its whole table for each read, 16 µs, and a source with hundreds of sessions would read
 * more of that than of files: so a count serves all who do not need a newer one.
 */
export class FragmentCount {
	readonly #table: () => string | undefined;
	/** Not a number: it does not say. */
	readonly #find: (table: string) => number;
	#count: number | undefined;
	#readAtMs = Number.NEGATIVE_INFINITY;

	constructor(table: () => string | undefined, find: (table: string) => number) {
		this.#table = table;
		this.#find = find;
	}

	/** No older than `age` microseconds; undefined: not known. */
	read(age: number): number | undefined {
		const nowMs = performance.now();
		if (1000 * (nowMs - this.#readAtMs) < age) return this.#count;
		const count = this.#find(this.#table() ?? '');
		this.#count = Number.isNaN(count) ? undefined : count;
		this.#readAtMs = nowMs;
		return this.#count;
	}
}

const countedFour = new FragmentCount(startOf('/proc/self/net/snmp', 640), table => {
	const [names, values] = table.split('\n').filter(line => line.startsWith('Ip: '));
	const at = names?.split(' ').indexOf('FragCreates') ?? -1;
	return Number(values?.split(' ')[at]);
});

const countedSix = new FragmentCount(startOf('/proc/self/net/snmp6', 1100), table =>
	Number(/^Ip6FragCreates\s+(\d+)/m.exec(table)?.[1]),
);

/** What a table of the kernel begins with, in so many octets; it is opened once. */
function startOf(path: string, size: number): () => string | undefined {
	const octets = Buffer.alloc(size);
	let file: number | undefined;
	return () =>
		unlessHidden(() => {
			file ??= openSync(path, 'r');
			return octets.toString('latin1', 0, readSync(file, octets, 0, size, 0));
		});
}

/** Undefined where this is not Linux, or is not to be seen from here: nothing is known. */
function unlessHidden(read: () => string): string | undefined {
	try {
		return read();
	} catch {
		return undefined;
	}
}
