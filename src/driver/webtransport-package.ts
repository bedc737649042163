/**
 * The package `@fails-components/webtransport`, as much of it as is used, with its habits kept
 * from the rest of the program. HTTP/2 is its own JavaScript; HTTP/3 is a native addon in a package
 * of its own, which is there or not. Nothing of it is loaded before it is asked for.
 *
 * What is not part of its documented surface is reached for in this file alone, and every such
 * reach may come back empty: then something is slower or closes later, and nothing else.
 */
import type {Http2SecureServer, Http2Session, Http2Stream} from 'node:http2';
import {setImmediate, setTimeout} from 'node:timers/promises';
import {CapsuleChannel} from './capsule-channel.ts';

/** The streams of a session, as `node:stream/web` has them. */
type DatagramWriter = {
	write(datagram: Uint8Array): Promise<void>;
};
type Reader<T> = {
	read(): Promise<{readonly done: boolean; readonly value?: T}>;
};

export type CloseInfo = {readonly closeCode?: number; readonly reason?: string};

/** A session of either end. */
export type PackageSession = {
	readonly ready: Promise<unknown>;
	readonly closed: Promise<CloseInfo>;
	readonly datagrams: {
		readonly readable: {getReader(): Reader<Uint8Array>};
		createWritable(): {getWriter(): DatagramWriter};
	};
	/** At the end that dialled only: `reliable-only` is HTTP/2, whatever was asked for. */
	readonly reliability: string;
	/** At the end that was dialled only: `host:port`, an IPv6 host without brackets. */
	readonly peerAddress?: string;
	close(info: CloseInfo): void;
	/** Over HTTP/2 all zeros. */
	getStats(): Promise<PackageStatistics>;
};

export type PackageStatistics = {
	/** Bits a second. */
	readonly estimatedSendRate?: number | bigint;
	readonly datagrams: {readonly expiredOutgoing: number | bigint};
};

export type PackageServer = {
	readonly ready: Promise<unknown>;
	address(): {readonly port: number; readonly host: string} | null;
	sessionStream(path: string): {getReader(): Reader<PackageSession>};
	startServer(): void;
	stopServer(): void;
	updateCert(certificate: string, privateKey: string, isHttp2Only: boolean): void;
};

export type ServerInit = {
	readonly host: string;
	readonly port: number;
	readonly secret: string;
	readonly cert: string;
	readonly privKey: string;
};

export type ClientInit = {
	/** HTTP/2 alone. The package's own type does not have it. */
	readonly forceReliable?: boolean;
	/** HTTP/3 alone: it falls back all the same, so `reliability` is to be looked at. */
	readonly requireUnreliable?: boolean;
	readonly serverCertificateHashes?: readonly {
		readonly algorithm: 'sha-256';
		readonly value: Uint8Array;
	}[];
	/** An IPv6 address without the brackets that it has in a URL. */
	readonly host?: string;
	readonly quicConnectTimeout?: number;
	readonly webTransportConnectTimeout?: number;
};

export type WebTransportPackage = {
	readonly WebTransport: new (url: string, init: ClientInit) => PackageSession;
	readonly Http2Server: new (init: ServerInit) => PackageServer;
	readonly Http3Server: new (init: ServerInit) => PackageServer;
};

/** What there is on this machine. */
export type WebTransportSupport = {
	readonly package: WebTransportPackage;
	/** Why there is no HTTP/3; undefined when there is. */
	readonly lacksHttp3: string | undefined;
};

/** What carries HTTP/3: found out by importing it, since it may be there without its binary. */
export const http3Package = '@fails-components/webtransport-transport-http3-quiche';

let support: Promise<WebTransportSupport> | undefined;

/** Loads the package, once. */
export function loadWebTransport(): Promise<WebTransportSupport> {
	support ??= load();
	return support;
}

async function load(): Promise<WebTransportSupport> {
	const unmute = muteConsole();
	try {
		const imported: unknown = await import('@fails-components/webtransport');
		// Resolves whether or not the addon is there; what it says then comes a turn later.
		await (imported as {quicheLoaded: Promise<unknown>}).quicheLoaded;
		await setImmediate();
		return {
			package: imported as WebTransportPackage,
			lacksHttp3: await whyNoHttp3(),
		};
	} finally {
		unmute();
	}
}

async function whyNoHttp3(): Promise<string | undefined> {
	try {
		await import('@fails-components/webtransport-transport-http3-quiche');
		return undefined;
	} catch (error) {
		const {code} = error as NodeJS.ErrnoException;
		if (code === 'ERR_MODULE_NOT_FOUND') return 'it is not installed';
		if (code === 'MODULE_NOT_FOUND') return 'it is installed without its binary';
		return `it cannot be loaded (${code ?? (error as Error).name})`;
	}
}

/** While it is imported, the package prints stack traces of what it does not find. */
function muteConsole(): () => void {
	const names = ['log', 'info', 'warn', 'error', 'debug'] as const;
	const loud = names.map(name => console[name]);
	for (const name of names) console[name] = () => undefined;
	return () => {
		for (const [index, name] of names.entries()) console[name] = loud[index]!;
	};
}

/** What the package has of a session in either mode; over HTTP/2, that it is a stream. */
type Native = {
	readonly stream?: Http2Stream;
	readonly capsParser?: {parseData(data: Uint8Array): void};
};

/** Members that the package does not document. */
type Inside = {
	/** Of the end that dialled: a wrapper around what the other end is itself. */
	readonly sessionint?: Inside;
	readonly objint?: Native;
	readonly parentobj?: {readonly transportInt?: {readonly clientInt?: Http2Session}};
};

/** The HTTP/2 connection that carries a session, from either end; undefined over HTTP/3. */
export function http2Of(session: PackageSession): Http2Session | undefined {
	const inside = session as unknown as Inside;
	const own = inside.sessionint ?? inside;
	return own.objint?.stream?.session ?? own.parentobj?.transportInt?.clientInt;
}

/**
 * The package measures round trips once a second by pings that nothing uses, also of a connection
 * that has just been destroyed: there Node throws, and nobody would catch it.
 */
export function guardPing(http2: Http2Session): void {
	const ping = http2.ping.bind(http2) as (...words: readonly unknown[]) => boolean;
	const guarded = (...words: readonly unknown[]): boolean => !http2.destroyed && ping(...words);
	http2.ping = guarded as Http2Session['ping'];
}

/**
 * Octets of the largest datagram over HTTP/2. The package takes no larger ones, and would drop them
 * without a word.
 */
export const http2DatagramMax = 16_384;

/** What carries the datagrams of a session over HTTP/2, once it is guarded. */
const channels = new WeakMap<Native, CapsuleChannel>();

/** Datagrams past the package; undefined: over HTTP/3, or where it is built otherwise. */
export function channelOf(session: PackageSession): CapsuleChannel | undefined {
	const inside = session as unknown as Inside;
	const native = (inside.sessionint ?? inside).objint;
	return native && channels.get(native);
}

/**
 * What the other end sends may be anything: the package is given what ends a session, and if it
 * cannot read that, the session ends. Called before anything of a session has been read.
 */
export function guardDialled(session: PackageSession): void {
	guardParser((session as unknown as Inside).sessionint?.objint);
}

/** The same for each session that a server is about to have. */
export function guardAccepted(server: PackageServer): void {
	type Visit = (told: {readonly session?: Native}) => void;
	const inside = server as unknown as {onHttpWTSessionVisitor?: Visit};
	const visit = inside.onHttpWTSessionVisitor?.bind(server);
	if (visit === undefined) return;
	inside.onHttpWTSessionVisitor = told => {
		guardParser(told.session);
		visit(told);
	};
}

function guardParser(native: Native = {}): void {
	const {capsParser, stream} = native;
	if (capsParser === undefined || stream === undefined) return;
	const parse = capsParser.parseData.bind(capsParser);
	const control = (capsule: Uint8Array): void => {
		try {
			parse(Buffer.from(capsule.buffer));
		} catch (error) {
			if (!(error instanceof Error)) throw error;
			stream.destroy();
		}
	};
	const channel = new CapsuleChannel({stream, datagramMax: http2DatagramMax, control});
	channels.set(native, channel);
	capsParser.parseData = data => channel.push(data);
}

/** What listens inside of a server of the package; undefined: nothing, it could not be made. */
type Listening = {readonly serverInt?: Http2SecureServer};

const listeningOf = (server: PackageServer): Listening | undefined =>
	(server as unknown as {readonly transportInt?: Listening}).transportInt;

/** The server of Node inside a server of the package, once that is ready. */
export function http2ServerOf(server: PackageServer): Http2SecureServer | undefined {
	return listeningOf(server)?.serverInt;
}

/**
 * Whether a server that was started listens. One that could not be made is neither ready nor
 * fails, so nobody waits for it longer than this; one that was made and says nothing counts as
 * listening, because sessions come from it all the same. Fails with the system's error.
 */
export async function beginsToListen(server: PackageServer, withinMs: number): Promise<boolean> {
	const late = new AbortController();
	const silence = setTimeout(withinMs, undefined, {signal: late.signal});
	silence.catch(() => undefined);
	try {
		await Promise.race([server.ready, silence]);
		return listeningOf(server) !== undefined;
	} finally {
		late.abort();
	}
}

/** The package throws where there is nothing to stop, or not yet. */
export function stopServer(server: PackageServer): void {
	try {
		server.stopServer();
	} catch (error) {
		if (!(error instanceof TypeError)) throw error;
	}
}
