/** Addresses as text: `192.0.2.1:8730` and `[2001:db8::1]:8730`. RFC 5952 §6. */
import {isIP} from 'node:net';
import {ShoalError} from '../src/error.ts';
import type {Address} from '../src/platform/datagram.ts';

export type HostPort = {readonly host: string; readonly port: number};

/** `host` is a literal address: looking for a colon spares what node:net takes to compile. */
export function formatAddress(host: string, port: number): Address {
	return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** @throws ShoalError PATH_UNREACHABLE unless it is a literal address and a port */
export function parseAddress(address: Address): HostPort {
	const [, six, four, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(address) ?? [];
	const host = six ?? four ?? '';
	const port = Number(digits);
	const family = six === undefined ? 4 : 6;
	if (isIP(host) !== family || !(port <= 65_535)) {
		throw new ShoalError('PATH_UNREACHABLE', `not an address: ${JSON.stringify(address)}`);
	}
	return {host, port};
}
