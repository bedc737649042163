/** Answers WebTransport at a port: each session that is opened becomes a link. */
import {randomBytes} from 'node:crypto';
import type {Http2SecureServer, Http2Session} from 'node:http2';
import {isIPv6} from 'node:net';
import type {Duplex} from 'node:stream';
import {formatAddress} from '../../native-free/address.ts';
import {clock} from '../../native-free/clock.ts';
import {nodeCode} from '../../native-free/tree-error.ts';
import {ShoalError} from '../error.ts';
import {webTransportPath} from '../limit.ts';
import {linkTitles} from '../link-name.ts';
import type {Address, DatagramLink} from '../platform/datagram.ts';
import type {Certificate} from './certificate.ts';
import {WebTransportLink, type WebTransportMode} from './webtransport-link.ts';
import {
	beginsToListen,
	guardAccepted,
	guardPing,
	http2ServerOf,
	loadWebTransport,
	type PackageServer,
	type PackageSession,
	stopServer,
} from './webtransport-package.ts';

export type WebTransportListen = {
	readonly mode: WebTransportMode;
	readonly host: string;
	/** 0 takes a free one. */
	readonly port: number;
	readonly certificate: Certificate;
	/** Told of each session; from then on it is the caller's to close. */
	readonly accepted: (link: DatagramLink) => void;
};

/** The package, and how long its server may take to listen. */
type Surroundings = {
	readonly load?: typeof loadWebTransport;
	readonly withinMs?: number;
};

/** Milliseconds until a server that says nothing is judged by what there is of it. */
const listenWithinMs = 2000;

/** Connections at a time: each costs a socket and what TLS keeps, some 60 KB. */
const connectionsMax = 1024;

/** Milliseconds in which a connection must have opened a session. */
const openWithinMs = 10_000;

/** Codes of wire/README.md §4 that a session is closed with before anything runs over it. */
const beyondLimit = 4;

export class WebTransportListener {
	readonly mode: WebTransportMode;
	readonly host: string;
	readonly port: number;
	readonly #server: PackageServer;
	readonly #http2: Http2SecureServer | undefined;
	readonly #accepted: (link: DatagramLink) => void;
	/** Connections of HTTP/2, each with the timer that ends it unless a session is opened. */
	readonly #connections = new Map<Http2Session, NodeJS.Timeout>();
	#sessionCount = 0;
	#isClosed = false;

	private constructor(
		server: PackageServer,
		sessions: ReadableSessions,
		{mode, host, accepted}: WebTransportListen,
		port: number,
	) {
		this.#server = server;
		this.mode = mode;
		this.host = host;
		this.#accepted = accepted;
		this.port = port;
		this.#http2 = http2ServerOf(server);
		if (this.#http2 !== undefined) {
			this.#http2.maxConnections = connectionsMax;
			this.#http2.on('session', session => this.#watch(session));
			// The package would also take WebSockets over HTTP/1; nothing here dials those.
			this.#http2.removeAllListeners('upgrade');
			this.#http2.on('upgrade', (_request, socket: Duplex) => socket.destroy());
		}
		void this.#accept(sessions);
	}

	/** @throws ShoalError LISTEN_FAILED, DRIVER_UNAVAILABLE */
	static async open(
		options: WebTransportListen,
		{load = loadWebTransport, withinMs = listenWithinMs}: Surroundings = {},
	): Promise<WebTransportListener> {
		const {mode, host, port, certificate} = options;
		const {package: library} = await load();
		const Server = mode === 'h2' ? library.Http2Server : library.Http3Server;
		const server = new Server({
			host,
			port,
			secret: randomBytes(32).toString('hex'),
			cert: certificate.certificate,
			privKey: certificate.privateKey,
		});
		guardAccepted(server);
		const sessions = server.sessionStream(webTransportPath).getReader();
		server.startServer();
		const where = `${formatAddress(host, port)} for WebTransport (${mode})`;
		try {
			if (!(await beginsToListen(server, withinMs))) {
				stopServer(server);
				const detail = `${linkTitles[mode]} does not begin to listen on ${where}`;
				throw new ShoalError('DRIVER_UNAVAILABLE', detail);
			}
		} catch (error) {
			if (error instanceof ShoalError) throw error;
			throw new ShoalError('LISTEN_FAILED', `cannot listen on ${where}: ${nodeCode(error)}`, {
				cause: error,
			});
		}
		return new WebTransportListener(server, sessions, options, server.address()?.port ?? port);
	}

	/** New connections are shown this one. False: this server cannot change it while it runs. */
	renew({certificate, privateKey}: Certificate): boolean {
		if (this.mode !== 'h2') return false;
		this.#server.updateCert(certificate, privateKey, true);
		return true;
	}

	/** Takes no more; sessions that were accepted are whoever's they were given to. */
	close(): void {
		if (this.#isClosed) return;
		this.#isClosed = true;
		stopServer(this.#server);
		for (const [session, timer] of this.#connections) {
			clearTimeout(timer);
			session.close();
		}
	}

	async #accept(sessions: ReadableSessions): Promise<void> {
		for (;;) {
			const {done, value} = await sessions.read();
			if (done || value === undefined) return;
			void this.#admit(value);
		}
	}

	async #admit(session: PackageSession): Promise<void> {
		session.closed.catch(() => undefined);
		try {
			await session.ready;
		} catch {
			return;
		}
		if (this.#isClosed || this.#sessionCount >= connectionsMax) {
			session.close({closeCode: beyondLimit, reason: 'too many sessions'});
			return;
		}
		this.#sessionCount++;
		const gone = (): void => {
			this.#sessionCount--;
		};
		session.closed.then(gone, gone);
		const peer = parsePeer(session.peerAddress ?? '', this.#sessionCount);
		const local = formatAddress('::', this.port);
		const link = new WebTransportLink({session, mode: this.mode, local, peer, clock});
		this.#accepted(link);
	}

	/** Who connects and opens nothing is let go. */
	#watch(session: Http2Session): void {
		guardPing(session);
		const end = (): void => session.destroy();
		const timer = setTimeout(end, openWithinMs).unref();
		this.#connections.set(session, timer);
		session.once('stream', () => clearTimeout(timer));
		session.once('close', () => {
			clearTimeout(timer);
			this.#connections.delete(session);
		});
	}
}

type ReadableSessions = ReturnType<ReturnType<PackageServer['sessionStream']>['getReader']>;

/** `host:port` as the package writes it: IPv6 without brackets, IPv4 perhaps inside of it. */
function parsePeer(text: string, fallback: number): Address {
	const cut = text.lastIndexOf(':');
	const host = text
		.slice(0, cut)
		.replace(/^::ffff:(?=\d+\.)/, '')
		.replace(/^\[|\]$/g, '');
	const port = Number(text.slice(cut + 1));
	if (cut < 0 || !Number.isInteger(port)) return formatAddress('::', fallback);
	return isIPv6(host) || host.includes('.') ? formatAddress(host, port) : formatAddress('::', port);
}
