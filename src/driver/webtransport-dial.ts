/** Dials a WebTransport session with a source, as a link that its session then runs over. */
import {isIPv6} from 'node:net';
import {formatAddress} from '../../native-free/address.ts';
import {clock} from '../../native-free/clock.ts';
import {ShoalError} from '../error.ts';
import {webTransportPath} from '../limit.ts';
import {linkTitles} from '../link-name.ts';
import type {Address, DatagramLink} from '../platform/datagram.ts';
import {WebTransportLink, type WebTransportMode} from './webtransport-link.ts';
import {
	type ClientInit,
	guardDialled,
	guardPing,
	http2Of,
	http3Package,
	loadWebTransport,
	type PackageSession,
} from './webtransport-package.ts';

export type WebTransportDial = {
	readonly mode: WebTransportMode;
	/** A name or an address, and the port. */
	readonly peer: Address;
	/** SHA-256 of the certificates to accept; none: what the system's authorities vouch for. */
	readonly certificateHashes: readonly Uint8Array[];
	readonly signal: AbortSignal;
};

/** Why sessions of that kind cannot be had here; undefined when they can. */
export async function lacksWebTransport(mode: WebTransportMode): Promise<ShoalError | undefined> {
	const {lacksHttp3} = await loadWebTransport();
	if (mode === 'h2' || lacksHttp3 === undefined) return undefined;
	return new ShoalError(
		'DRIVER_UNAVAILABLE',
		`HTTP/3 needs a native addon, and ${lacksHttp3}: npm install ${http3Package}`,
	);
}

/**
 * Resolves when the session is open, and is what was asked for.
 * @throws ShoalError DRIVER_UNAVAILABLE, PATH_UNREACHABLE, INTERRUPTED
 */
export async function dialWebTransport(options: WebTransportDial): Promise<DatagramLink> {
	const {mode, peer, certificateHashes, signal} = options;
	const missing = await lacksWebTransport(mode);
	if (missing !== undefined) throw missing;
	const {package: library} = await loadWebTransport();
	if (signal.aborted) throw interrupted();
	const session = new library.WebTransport(`https://${peer}${webTransportPath}`, {
		...(mode === 'h2' ? {forceReliable: true} : {requireUnreliable: true}),
		...(certificateHashes.length > 0 && {
			serverCertificateHashes: certificateHashes.map(value => ({algorithm: 'sha-256', value})),
		}),
		...(mode === 'h3' ? plainHost(peer) : {}),
		quicConnectTimeout: connectTimeoutMs,
		webTransportConnectTimeout: connectTimeoutMs,
	});
	session.closed.catch(() => undefined);
	const dialled = new Dialled(session);
	try {
		await dialled.until(signal);
		const isReliable = session.reliability === 'reliable-only';
		if (isReliable !== (mode === 'h2')) {
			const got = isReliable ? linkTitles.h2 : linkTitles.h3;
			throw new ShoalError('DRIVER_UNAVAILABLE', `${peer} gave ${got}, not ${linkTitles[mode]}`);
		}
		guardDialled(session);
		const local = dialled.local;
		return new WebTransportLink({session, mode, local, peer, clock});
	} catch (error) {
		dialled.abandon();
		if (error instanceof ShoalError) throw error;
		const why = dialled.failure ?? (certificateHashes.length > 0 ? unknownCertificate : undefined);
		const detail = why ?? (error as Error).message;
		throw new ShoalError('PATH_UNREACHABLE', `no ${linkTitles[mode]} at ${peer}: ${detail}`, {
			cause: error,
		});
	}
}

/** A session that is being opened: what the package does not tell of it, and how to give it up. */
class Dialled {
	readonly #session: PackageSession;
	readonly #http2: ReturnType<typeof http2Of>;
	/** In the words of the system, where there are any. */
	failure: string | undefined;

	constructor(session: PackageSession) {
		this.#session = session;
		this.#http2 = http2Of(session);
		if (this.#http2 !== undefined) guardPing(this.#http2);
		this.#http2?.on('error', (error: NodeJS.ErrnoException) => {
			this.failure ??= error.code ?? error.message;
		});
	}

	/** This end's address, where it can be seen. */
	get local(): Address {
		const socket = this.#http2?.socket;
		const {localAddress = '::', localPort = 0} = socket ?? {};
		return formatAddress(localAddress, localPort);
	}

	async until(signal: AbortSignal): Promise<void> {
		let quit = (): void => undefined;
		const aborted = new Promise<never>((_, reject) => {
			quit = () => reject(interrupted());
			signal.addEventListener('abort', quit, {once: true});
		});
		try {
			await Promise.race([this.#session.ready, aborted]);
		} finally {
			signal.removeEventListener('abort', quit);
		}
	}

	/** The package closes only what is open; what is still dialling is ended by an error. */
	abandon(): void {
		this.#session.ready.catch(() => undefined);
		this.#session.close({closeCode: 0, reason: ''});
		this.#http2?.destroy(new Error('given up'));
	}
}

/** Over HTTP/3 the package asks a resolver for what stands in the URL, brackets and all. */
function plainHost(peer: Address): Pick<ClientInit, 'host'> {
	const host = /^\[(.+)\]:\d+$/.exec(peer)?.[1];
	return host !== undefined && isIPv6(host) ? {host} : {};
}

function interrupted(): ShoalError {
	return new ShoalError('INTERRUPTED', 'stopped before the source answered');
}

/** Longer than anyone waits for a source: whoever dials gives up sooner, by the signal. */
const connectTimeoutMs = 60_000;

const unknownCertificate = 'it has another certificate than was said, or none';
