import {networkInterfaces} from 'node:os';

/**
 * IP addresses of this machine, those that others may reach first, IPv4 before IPv6. A link-local
 * IPv6 address needs its interface to be of use, so it comes with it (RFC 4007 §11).
 */
export function localAddresses(): string[] {
	const found: {address: string; rank: number}[] = [];
	for (const [name, addresses] of Object.entries(networkInterfaces())) {
		for (const {address, family, internal, scopeid} of addresses ?? []) {
			const rank = (internal ? 2 : 0) + (family === 'IPv6' ? 1 : 0);
			found.push({address: scopeid ? `${address}%${name}` : address, rank});
		}
	}
	return found.sort((a, b) => a.rank - b.rank).map(({address}) => address);
}
