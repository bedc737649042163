/**
 * Opens the sockets that a source listens on: one for each local address, because a socket bound to
 * all of them answers from whichever the system picks, and a receiver's socket is connected to the
 * one that it dialled.
 */
import {ShoalError} from '../error.ts';
import {portDefault} from '../limit.ts';
import type {DatagramLink} from '../platform/datagram.ts';
import type {OpenLink, Platform} from '../platform/platform.ts';

type Place = {readonly host: string; readonly port: number};

/**
 * `wanted`: `host:port`, `[v6]:port`, `host`, or `:port` for every local address.
 * @throws ShoalError OPTION_INVALID, LISTEN_FAILED
 */
export async function listen(
	platform: Platform,
	wanted: readonly string[],
	sizes: Pick<OpenLink, 'bufferSize' | 'mtu'>,
): Promise<DatagramLink[]> {
	const links: DatagramLink[] = [];
	try {
		for (const text of wanted.length === 0 ? [`:${portDefault}`] : wanted) {
			links.push(...(await listenAt(platform, text, sizes)));
		}
		return links;
	} catch (error) {
		for (const link of links) await link.close();
		throw error;
	}
}

async function listenAt(
	platform: Platform,
	text: string,
	sizes: Pick<OpenLink, 'bufferSize' | 'mtu'>,
): Promise<DatagramLink[]> {
	const {host, port} = parsePlace(text);
	const isWildcard = host === '' || host === '0.0.0.0' || host === '::';
	const hosts = isWildcard
		? platform
				.localAddresses()
				.filter(each => host === '' || each.includes(':') === (host === '::'))
		: [host];
	const links: DatagramLink[] = [];
	let shared = port;
	for (const each of hosts) {
		try {
			const link = await platform.openLink({host: each, port: shared, ...sizes});
			links.push(link);
			// A free port was taken: the other addresses get the same one.
			shared = portOf(link.local);
		} catch (error) {
			const isTemporary = isWildcard && links.length > 0 && each.startsWith('fe80:');
			if (isTemporary) continue;
			for (const link of links) await link.close();
			throw error;
		}
	}
	if (links.length === 0) throw new ShoalError('LISTEN_FAILED', `no local address for ${text}`);
	return links;
}

export function parsePlace(text: string): Place {
	const match = /^(?:\[([^[\]]+)\]|([^:]*))(?::(\d{1,5}))?$/.exec(text);
	const port = match?.[3] === undefined ? portDefault : Number(match[3]);
	if (match === null || port > 65_535) {
		throw new ShoalError('OPTION_INVALID', `${JSON.stringify(text)} is not HOST:PORT`);
	}
	return {host: match[1] ?? match[2] ?? '', port};
}

function portOf(address: string): number {
	return Number(address.slice(address.lastIndexOf(':') + 1));
}
