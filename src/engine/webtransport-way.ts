/** How a source is reached inside of WebTransport: what is loaded and dialled for it, and when. */
import type {WebTransportMode} from '../driver/webtransport-link.ts';
import {ShoalError} from '../error.ts';
import {linkTitles} from '../link-name.ts';
import type {Address} from '../platform/datagram.ts';
import type {Platform} from '../platform/platform.ts';
import type {WebTransportPlace} from '../session/answer.ts';
import type {SourceUrl} from '../session/source-url.ts';
import {pause} from './connection.ts';
import type {Way} from './dial-any.ts';

/** The driver and the package behind it: nothing of them is loaded before somebody asks. */
const loadDriver = () => import('../driver/webtransport-dial.ts');

/** `udp`: how the host is dialled without it. */
export function webTransportWay(
	platform: Platform,
	mode: WebTransportMode,
	{host}: SourceUrl,
	{port, certificates}: WebTransportPlace,
	udp: Way['dial'],
): Way {
	const atPort = (address: Address): Address => address.replace(/:\d+$/, `:${port}`);
	// What an authority vouches for is a name.
	const named = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
	const addresses = certificates.length > 0 ? udp.addresses.map(atPort) : [named];
	const openLink = async (peer: Address, stop: AbortSignal) => {
		const {dialWebTransport} = await loadDriver();
		const over = new AbortController();
		const signal = AbortSignal.any([stop, over.signal]);
		const silence = async (): Promise<never> => {
			await pause(platform, (udp.contactTimeout ?? 0) / 1000, signal);
			throw new ShoalError('PATH_SILENT', `no answer from ${peer} over ${linkTitles[mode]}`);
		};
		const dialled = dialWebTransport({mode, peer, certificateHashes: certificates, signal});
		try {
			return await Promise.race([dialled, silence()]);
		} finally {
			over.abort();
		}
	};
	return {link: mode, dial: {...udp, addresses, openLink}};
}

/** @throws ShoalError DRIVER_UNAVAILABLE if this machine has no such links */
export async function demandWebTransport(mode: WebTransportMode): Promise<void> {
	const {lacksWebTransport} = await loadDriver();
	const missing = await lacksWebTransport(mode);
	if (missing !== undefined) throw missing;
}
