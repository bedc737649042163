/**
 * What this host knows of how large a datagram may be, on Linux: the MTU of an address's interface,
 * and how many datagrams the kernel has had to cut. Elsewhere nothing is known, and nothing larger
 * than every path carries is tried.
 */
import {readFileSync} from 'node:fs';
import {networkInterfaces} from 'node:os';
import {datagramSizeInitial, datagramSizeMax} from '../src/limit.ts';
import type {DatagramSizes} from '../src/platform/datagram.ts';

/** `host`: the local address of a socket. `mtu`: the largest packet that the operator allows. */
export function datagramSizes(host: string, mtu?: number): DatagramSizes {
	return sizesWithin({six: host.includes(':'), own: interfaceMtu(host), mtu, fragmentCount});
}

/** `own`: MTU of the interface; undefined like `fragmentCount()`: not known. */
export function sizesWithin(known: {
	readonly six: boolean;
	readonly own: number | undefined;
	readonly mtu: number | undefined;
	readonly fragmentCount: () => number | undefined;
}): DatagramSizes {
	const {six, own = Infinity, mtu, fragmentCount} = known;
	const headers = six ? 48 : 28;
	const max = Math.min(datagramSizeMax, Math.min(own, mtu ?? Infinity) - headers);
	const cut = fragmentCount();
	if (cut !== undefined) return {max, fragmentCount: () => fragmentCount() ?? cut};
	// A probe that the system cuts would pass for whole: only the operator can know better.
	return {max: mtu === undefined ? datagramSizeInitial : max};
}

/** Of the interface that has this address; undefined: not known. */
function interfaceMtu(host: string): number | undefined {
	const [address] = host.split('%');
	for (const [name, addresses] of Object.entries(networkInterfaces())) {
		if (!(addresses ?? []).some(each => each.address === address)) continue;
		const mtu = Number(read(`/sys/class/net/${name}/mtu`));
		return Number.isInteger(mtu) && mtu > 0 ? mtu : undefined;
	}
	return undefined;
}

/**
 * Fragments made in this network namespace so far (`FragCreates` of RFC 4293 §3.2.3, IPv4 and
 * IPv6): about 60 µs, so it is asked around a probe, never for a packet.
 */
function fragmentCount(): number | undefined {
	const four = read('/proc/self/net/snmp');
	if (four === undefined) return undefined;
	const [names, values] = four.split('\n').filter(line => line.startsWith('Ip: '));
	const at = names?.split(' ').indexOf('FragCreates') ?? -1;
	const six = /^Ip6FragCreates\s+(\d+)/m.exec(read('/proc/self/net/snmp6') ?? '');
	const count = at < 0 ? Number.NaN : Number(values?.split(' ')[at]);
	return Number.isNaN(count) ? undefined : count + Number(six?.[1] ?? 0);
}

function read(path: string): string | undefined {
	try {
		return readFileSync(path, 'latin1');
	} catch {
		// Not Linux, or not to be seen from here: nothing is known.
		return undefined;
	}
}
